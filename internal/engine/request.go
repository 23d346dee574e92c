package engine

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
)

const (
	// maxStatementText bounds a statement without its data, like ClickHouse's
	// max_query_size, but generous: long IN lists are text as well.
	maxStatementText = 16 << 20
	// statementWindow is how far into a body an insert's head may reach.
	statementWindow = 1 << 20
)

// request is one statement with all that came along with it.
type request struct {
	role      role
	queryID   string
	database  string
	format    string // default_format
	settings  []parameter
	params    []parameter
	external  []externalTable
	statement statement
	text      string    // the whole statement, unless it is an insert with data
	data      io.Reader // an insert's data, already whole on our side
	wait      bool      // wait_end_of_query: no byte before the end is known
	revision  int       // client_protocol_version
	encoding  responseEncoding

	upload *upload
}

// notSettings are URL parameters with a meaning of their own. Sessions, quotas
// and roles do not exist here: every request is a session.
var notSettings = []string{
	"query", "user", "password", "database", "default_format", "query_id", "compress", "decompress",
	"client_protocol_version", "wait_end_of_query", "buffer_size", "quota_key", "stacktrace", "role",
	"session_id", "session_timeout", "session_check", "close_session",
	"enable_http_compression", "http_zlib_compression_level", "network_compression_method",
	"network_zstd_compression_level", "send_progress_in_http_headers", "http_write_exception_in_output_format",
	// Inserts are always synchronous here: what is acknowledged is on disk.
	"async_insert", "wait_for_async_insert",
}

var settingName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.]*$`)

// readRequest takes everything off the wire, the upload included, before the
// engine is touched: a cut-off upload commits nothing, and a slow one holds no
// place among the statements.
func (s *server) readRequest(w http.ResponseWriter, r *http.Request, as role) (req *request, err error) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, codeBadArguments.errorf("Cannot read URL parameters: %v", err)
	}
	req = &request{
		role: as, database: first(values.Get("database"), r.Header.Get("X-ClickHouse-Database")),
		format:  first(values.Get("default_format"), r.Header.Get("X-ClickHouse-Format")),
		queryID: values.Get("query_id"), wait: truthy(values.Get("wait_end_of_query")),
	}
	req.revision, _ = strconv.Atoi(values.Get("client_protocol_version")) // anything else is no revision
	if req.encoding, err = newResponseEncoding(values, r.Header); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			req.close()
		}
	}()
	if req.upload, err = s.receive(w, r, as); err != nil {
		return nil, err
	}
	query := values.Get("query")
	body, err := req.upload.decoded(r.Header.Get("Content-Encoding"), truthy(values.Get("decompress")))
	if err != nil {
		return nil, err
	}
	var forms []string
	if kind, attributes, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind == "multipart/form-data" {
		if forms, err = req.readForm(multipart.NewReader(body, attributes["boundary"]), values); err != nil {
			return nil, err
		}
		query, body = first(query, values.Get("query")), bytes.NewReader(nil)
	}
	req.takeParameters(values, forms)
	return req, req.takeStatement(query, body)
}

func (r *request) close() {
	if r != nil && r.upload != nil {
		r.upload.close()
	}
}

// takeParameters sorts URL parameters into query parameters and settings.
func (r *request) takeParameters(values url.Values, consumed []string) {
	for name, all := range values {
		value := all[len(all)-1]
		switch param, isParam := strings.CutPrefix(name, "param_"); {
		case isParam:
			r.params = append(r.params, parameter{param, value})
		case slices.Contains(notSettings, name) || slices.Contains(consumed, name):
		default:
			r.settings = append(r.settings, parameter{name, value})
		}
	}
	// One order, so that one request always gives the same error.
	sort.Slice(r.settings, func(i, j int) bool { return r.settings[i].name < r.settings[j].name })
}

// takeStatement finds the statement in the URL, in the body, or begun in the
// one and continued in the other, as ClickHouse does: joined by a line feed.
func (r *request) takeStatement(query string, body io.Reader) error {
	if query != "" {
		if r.statement = parseStatement([]byte(query)); r.statement.insert {
			inline := ""
			if strings.TrimSpace(query[r.statement.data:]) != "" {
				inline = query[r.statement.data:] + "\n"
			}
			return r.takeData(io.MultiReader(strings.NewReader(inline), body))
		}
		body = io.MultiReader(strings.NewReader(query+"\n"), body)
	}
	window, err := io.ReadAll(io.LimitReader(body, statementWindow))
	if err != nil {
		return bodyError(err)
	}
	if r.statement = parseStatement(window); r.statement.insert {
		return r.takeData(io.MultiReader(bytes.NewReader(window[r.statement.data:]), body))
	}
	rest, err := io.ReadAll(io.LimitReader(body, maxStatementText-statementWindow+1))
	if err != nil {
		return bodyError(err)
	}
	if len(rest) > maxStatementText-statementWindow {
		return codeTooLarge.errorf("Statement is larger than %d bytes; send data with INSERT … FORMAT or as an external table", maxStatementText)
	}
	if len(rest) > 0 {
		window = append(window, rest...)
		r.statement = parseStatement(window)
	}
	if r.text = strings.TrimSpace(string(window)); r.text == "" {
		return codeSyntax.errorf("Empty query")
	}
	return nil
}

// takeData looks at the beginning of VALUES, the one format that is SQL itself:
// the engine would read it up to a semicolon and silently drop the rest.
func (r *request) takeData(data io.Reader) error {
	r.data = data
	if !strings.EqualFold(r.statement.format, "Values") {
		return nil
	}
	window, err := io.ReadAll(io.LimitReader(data, statementWindow))
	if err != nil {
		return bodyError(err)
	}
	r.statement.several = r.statement.several || moreBehindSemicolon(window)
	r.data = io.MultiReader(bytes.NewReader(window), data)
	return nil
}

// bodyError gives a body that cannot be read or decoded a ClickHouse code.
func bodyError(err error) error {
	var e *exception
	if errors.As(err, &e) {
		return e
	}
	return codeCannotRead.errorf("Cannot read all data of the request: %v", err)
}

func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

func truthy(s string) bool { return s == "1" || strings.EqualFold(s, "true") }

// quoteString is a ClickHouse string literal.
func quoteString(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\x00", `\0`).Replace(s) + "'"
}

func quoteName(s string) string {
	return "`" + strings.NewReplacer(`\`, `\\`, "`", "\\`").Replace(s) + "`"
}

// setStatement is one SET of several settings.
func setStatement(settings []parameter) (string, error) {
	assignments := make([]string, len(settings))
	for i, p := range settings {
		if !settingName.MatchString(p.name) {
			return "", (errorCode{115, "UNKNOWN_SETTING"}).errorf("Unknown setting %s", quoteString(p.name))
		}
		assignments[i] = fmt.Sprintf("%s = %s", p.name, quoteString(p.value))
	}
	return "SET " + strings.Join(assignments, ", "), nil
}
