package engine

import "strings"

// statement is what has to be known of a text before it runs. The engine's own
// parser has the last word (see session.go); this is only about what it cannot
// tell or would already do while telling.
type statement struct {
	// keyword is the first word in capitals, behind opening brackets.
	keyword string
	// format is the FORMAT clause's name as written, "" without one.
	format string
	// several says that more follows behind a semicolon.
	several bool
	// localFile is "INTO OUTFILE" or "FROM INFILE" if the text has it: ClickHouse
	// clients run these themselves, and the engine is its own client.
	localFile string
	// outside is a function or a source that reads files or runs programs.
	// Grants do not cover these (see confine_linux.go, the wall behind this one).
	outside string

	// insert says that data follows the statement: INSERT, but not INSERT SELECT.
	insert bool
	// head is an insert up to FORMAT or VALUES, which the engine's streaming
	// insert does not want to see.
	head string
	// data is where an insert's own data begins.
	data int
}

// parseStatement reads text until its end or until an insert's data begins.
func parseStatement(text []byte) statement {
	s := scanner{text: text}
	st := statement{data: len(text)}
	t := s.next()
	for s.is(t, "(") {
		t = s.next()
	}
	if t.kind == tokenWord {
		st.keyword = s.upper(t)
	}
	if st.keyword == "INSERT" {
		if s.parseInsert(&st); st.insert {
			return st
		}
	}
	s.parseRest(&st)
	return st
}

// parseInsert stands behind INSERT. It returns at the data, or where a SELECT
// begins.
func (s *scanner) parseInsert(st *statement) {
	t := s.next()
	for s.is(t, "INTO") || s.is(t, "TABLE") || s.is(t, "FUNCTION") {
		t = s.next()
	}
	// The table's name may be a keyword: it is behind us before keywords count.
	for end := false; !end; {
		mark := s.pos
		if end = !s.is(s.next(), "."); end {
			s.pos = mark
		} else {
			s.next()
		}
	}
	depth := 0
	for {
		mark := s.pos
		switch t = s.next(); {
		case t.kind == tokenEnd, depth == 0 && s.is(t, ";"):
			// No clause at all means VALUES, with the data in the request's body.
			st.several = t.kind != tokenEnd && s.next().kind != tokenEnd
			st.insert, st.format, st.head = true, "Values", string(s.text[:mark])
			return
		case s.is(t, "("):
			depth++
			ahead := scanner{s.text, s.pos}
			if w := ahead.next(); depth == 1 && (ahead.is(w, "SELECT") || ahead.is(w, "WITH")) {
				return
			}
		case s.is(t, ")"):
			depth--
		case depth != 0:
		case s.is(t, "SELECT"), s.is(t, "WITH"), s.is(t, "WATCH"), s.is(t, "FROM"):
			s.pos = mark
			return
		case s.is(t, "VALUES"):
			st.insert, st.format, st.head, st.data = true, "Values", string(s.text[:mark]), s.pos
			return
		case s.is(t, "FORMAT"):
			name := s.next()
			st.insert, st.format, st.head = true, s.name(name), string(s.text[:mark])
			st.data = s.dataBehind(name.end)
			return
		}
	}
}

// dataBehind skips what ClickHouse skips between the format's name and the
// data: blanks up to a line's end, and that.
func (s *scanner) dataBehind(i int) int {
	for i < len(s.text) && (s.text[i] == ' ' || s.text[i] == '\t' || s.text[i] == '\f') {
		i++
	}
	if i < len(s.text) && s.text[i] == ';' && len(strings.TrimSpace(string(s.text[i+1:]))) == 0 {
		return len(s.text)
	}
	if i < len(s.text) && s.text[i] == '\r' {
		i++
	}
	if i < len(s.text) && s.text[i] == '\n' {
		i++
	}
	return i
}

// parseRest looks for a second statement, for local files and for the FORMAT
// clause at the end.
func (s *scanner) parseRest(st *statement) {
	depth := 0
	var before, last token
	for t := s.next(); ; t = s.next() {
		if st.several = s.is(last, ";") && t.kind != tokenEnd && !s.is(t, ";"); st.several {
			return
		}
		if t.kind == tokenEnd {
			return
		}
		s.lookOutside(st, before, last, t)
		switch {
		case s.is(last, "INTO") && s.is(t, "OUTFILE"), s.is(last, "FROM") && s.is(t, "INFILE"):
			st.localFile = s.upper(last) + " " + s.upper(t)
		case s.is(t, "("):
			depth++
		case s.is(t, ")"):
			depth--
		case depth == 0 && s.is(last, "FORMAT") && !s.is(before, ".") && !s.is(before, "AS") && (t.kind == tokenWord || t.kind == tokenName):
			st.format = s.name(t)
		}
		before, last = last, t
	}
}

func (s *scanner) upper(t token) string { return strings.ToUpper(string(s.text[t.start:t.end])) }

// is compares a word without regard to case, or a single character. A quoted
// name is never a keyword.
func (s *scanner) is(t token, word string) bool {
	return (t.kind == tokenWord || t.kind == tokenOther) && strings.EqualFold(string(s.text[t.start:t.end]), word)
}

func (s *scanner) name(t token) string {
	return strings.Trim(string(s.text[t.start:t.end]), "`\"")
}

// lookOutside knows file(…), APPLY(file), and a dictionary's SOURCE(…).
func (s *scanner) lookOutside(st *statement, before, last, t token) {
	isFile := func(t token) bool {
		return (t.kind == tokenWord || t.kind == tokenName) && strings.EqualFold(s.name(t), "file")
	}
	switch {
	case isFile(last) && s.is(t, "(") && !s.is(before, "INTO") && !s.is(before, "TABLE"),
		isFile(t) && (s.is(last, "APPLY") || s.is(last, "(") && s.is(before, "APPLY")):
		st.outside = "file()"
	case s.is(before, "SOURCE") && s.is(last, "(") && t.kind == tokenWord && !s.is(t, "CLICKHOUSE") && !s.is(t, "NULL"):
		st.outside = "SOURCE(" + s.upper(t) + "(…))"
	}
}

// moreBehindSemicolon says whether the text is more than one statement.
func moreBehindSemicolon(text []byte) bool {
	s := scanner{text: text}
	ended := false
	for t := s.next(); t.kind != tokenEnd; t = s.next() {
		semicolon := s.is(t, ";")
		if ended && !semicolon {
			return true
		}
		ended = ended || semicolon
	}
	return false
}
