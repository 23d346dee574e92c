package engine

import "bytes"

type tokenKind uint8

const (
	tokenEnd tokenKind = iota
	tokenWord
	tokenQuoted // 'string', $tag$heredoc$tag$
	tokenName   // `name`, "name"
	tokenOther  // one byte of anything else
)

type token struct {
	kind       tokenKind
	start, end int
}

// scanner cuts SQL into ClickHouse's tokens, as far as it takes to know what is
// a keyword and what is inside a string, a quoted name or a comment. It never
// fails: an unclosed literal reaches to the end of the text.
type scanner struct {
	text []byte
	pos  int
}

func (s *scanner) next() token {
	s.skipBlank()
	start := s.pos
	if start >= len(s.text) {
		return token{tokenEnd, start, start}
	}
	kind := tokenOther
	switch c := s.text[start]; {
	case c == '\'':
		kind = tokenQuoted
		s.skipQuoted(c)
	case c == '`' || c == '"':
		kind = tokenName
		s.skipQuoted(c)
	case c == '$':
		if s.skipHeredoc() {
			kind = tokenQuoted
		} else {
			s.pos++
		}
	case s.at("‘"):
		kind = tokenQuoted
		s.skipPast("’")
	case s.at("“"):
		kind = tokenName
		s.skipPast("”")
	case isWordByte(c):
		kind = tokenWord
		for s.pos < len(s.text) && isWordByte(s.text[s.pos]) {
			s.pos++
		}
	default:
		s.pos++
	}
	return token{kind, start, s.pos}
}

func (s *scanner) at(prefix string) bool {
	return bytes.HasPrefix(s.text[s.pos:], []byte(prefix))
}

// skipPast moves behind the next occurrence, or to the end.
func (s *scanner) skipPast(mark string) {
	if i := bytes.Index(s.text[s.pos:], []byte(mark)); i >= 0 {
		s.pos += i + len(mark)
	} else {
		s.pos = len(s.text)
	}
}

func (s *scanner) skipBlank() {
	for s.pos < len(s.text) {
		switch {
		case isBlank(s.text[s.pos]):
			s.pos++
		case s.at("\u00a0"):
			s.pos += len("\u00a0")
		case s.at("\ufeff"):
			s.pos += len("\ufeff")
		case s.at("--"), s.at("# "), s.at("#!"):
			s.skipPast("\n")
		case s.at("/*"):
			s.skipComment()
		default:
			return
		}
	}
}

// skipComment knows that ClickHouse lets these comments nest.
func (s *scanner) skipComment() {
	depth := 0
	for s.pos < len(s.text) {
		switch {
		case s.at("/*"):
			depth++
			s.pos += 2
		case s.at("*/"):
			depth--
			s.pos += 2
			if depth == 0 {
				return
			}
		default:
			s.pos++
		}
	}
}

// skipQuoted knows both escapes: a backslash, and the quote doubled (which
// reads as two literals side by side, to the same end).
func (s *scanner) skipQuoted(quote byte) {
	for s.pos++; s.pos < len(s.text); s.pos++ {
		switch s.text[s.pos] {
		case '\\':
			s.pos++
		case quote:
			s.pos++
			return
		}
	}
	s.pos = len(s.text)
}

func (s *scanner) skipHeredoc() bool {
	i := s.pos + 1
	for i < len(s.text) && isWordByte(s.text[i]) {
		i++
	}
	if i >= len(s.text) || s.text[i] != '$' {
		return false
	}
	tag := string(s.text[s.pos : i+1])
	if !bytes.Contains(s.text[i+1:], []byte(tag)) {
		return false
	}
	s.pos = i + 1
	s.skipPast(tag)
	return true
}

func isBlank(c byte) bool {
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v'
}

func isWordByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
