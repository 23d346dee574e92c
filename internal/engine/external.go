package engine

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime/multipart"
	"net/url"
	"strconv"
	"strings"
)

// externalMemory bounds the data of a request's external tables.
const externalMemory = 64 << 20

// externalTable is a client's data to be joined with: a temporary table of the
// request's own session.
type externalTable struct {
	name, format, structure string
	data                    []byte
}

// readForm takes external tables from a multipart body. clickhouse-go sends
// them as files with an empty name, which Go's own form reader takes for
// values. It returns the URL parameters that described them.
func (r *request) readForm(form *multipart.Reader, values url.Values) (consumed []string, err error) {
	left := int64(externalMemory)
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			return consumed, nil
		}
		if err != nil {
			return nil, bodyError(err)
		}
		data, err := io.ReadAll(io.LimitReader(part, left+1))
		if err != nil {
			return nil, bodyError(err)
		}
		if left -= int64(len(data)); left < 0 {
			return nil, codeTooLarge.errorf("External tables are larger than %d bytes; insert the data into a table instead", externalMemory)
		}
		name := part.FormName()
		structure := values.Get(name + "_structure")
		if types := values.Get(name + "_types"); structure == "" && types != "" {
			structure = numbered(types)
		}
		switch {
		case structure != "":
			r.external = append(r.external, externalTable{name, first(values.Get(name+"_format"), "TabSeparated"), structure, data})
			consumed = append(consumed, name+"_structure", name+"_types", name+"_format")
		default: // a parameter that was sent in the form
			values.Set(name, string(data))
		}
	}
}

// numbered gives the types of name_types the names ClickHouse gives them.
func numbered(types string) string {
	s := scanner{text: []byte(types)}
	var b strings.Builder
	depth, column, from := 0, 1, 0
	add := func(to int) {
		if column > 1 {
			b.WriteString(", ")
		}
		b.WriteString("_" + strconv.Itoa(column) + " " + strings.TrimSpace(types[from:to]))
		column++
	}
	for t := s.next(); t.kind != tokenEnd; t = s.next() {
		switch {
		case s.is(t, "("):
			depth++
		case s.is(t, ")"):
			depth--
		case s.is(t, ",") && depth == 0:
			add(t.start)
			from = t.end
		}
	}
	add(len(types))
	return b.String()
}

// loadExternal creates and fills the temporary tables, before the session
// becomes read-only.
func (s *session) loadExternal(ctx context.Context, req *request) error {
	for _, t := range req.external {
		if !settingName.MatchString(t.name) || !s.server.plainColumns(t.structure) {
			return codeBadArguments.errorf("External table %s: its name or structure is not one; write the structure as name Type, name Type", quoteString(t.name))
		}
		if err := s.exec("CREATE TEMPORARY TABLE " + quoteName(t.name) + " (" + t.structure + ") ENGINE = Memory"); err != nil {
			return err
		}
		if _, err := s.load(ctx, "INSERT INTO "+quoteName(t.name), t.format, bytes.NewReader(t.data), nil); err != nil {
			return err
		}
	}
	return nil
}

// plainColumns says that a structure is nothing but names and types, divided by
// commas: no default that is computed, and nothing that leaves the brackets it
// is put into.
func (s *server) plainColumns(structure string) bool {
	if strings.ContainsAny(structure, "\n;#") || strings.Contains(structure, "--") || strings.Contains(structure, "/*") {
		return false
	}
	sc := scanner{text: []byte(structure)}
	for {
		if name := sc.next(); name.kind != tokenWord && name.kind != tokenName {
			return false
		}
		if kind := sc.next(); kind.kind != tokenWord || !s.types[strings.ToLower(structure[kind.start:kind.end])] {
			return false
		}
		t := sc.next()
		if sc.is(t, "(") {
			if !sc.skipBrackets() {
				return false
			}
			t = sc.next()
		}
		if t.kind == tokenEnd {
			return true
		}
		if !sc.is(t, ",") {
			return false
		}
	}
}

// skipBrackets moves behind the bracket that closes the one just read.
func (s *scanner) skipBrackets() bool {
	for depth := 1; depth > 0; {
		switch t := s.next(); {
		case t.kind == tokenEnd:
			return false
		case s.is(t, "("):
			depth++
		case s.is(t, ")"):
			depth--
		}
	}
	return true
}
