package schemas

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// CheckName says why a text can't be a name: of a service, an environment, a
// team, a version, an id. A name is compared, grouped by and printed on one
// line, so what no reader can see must not be in it: control characters, line
// ends, and marks that turn the direction of writing. Text that is only read,
// such as a title, may hold anything but NUL; see CleanJSON.
func CheckName(s string) error {
	if plain(s) {
		return nil
	}
	for _, r := range s {
		if hidden(r) {
			return fmt.Errorf("holds the character U+%04X, which can't be seen; leave it out", r)
		}
	}
	if !utf8.ValidString(s) {
		return fmt.Errorf("is not UTF-8")
	}
	return nil
}

// CleanName gives a name that passes CheckName: what can't be in one becomes �,
// so that two names that differ stay two. It is for senders who can't be asked
// for a better one.
func CleanName(s string) string {
	if CheckName(s) == nil {
		return s
	}
	return strings.Map(func(r rune) rune {
		if hidden(r) {
			return utf8.RuneError
		}
		return r
	}, s)
}

// plain is true of most names, and quickly told.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

// hidden tells characters that have no place in a name. Joiners are not among
// them: emoji and several scripts are written with them.
func hidden(r rune) bool {
	switch {
	case r < ' ', r >= 0x7f && r <= 0x9f: // control characters
		return true
	case r == 0x061c, r == 0x200e, r == 0x200f, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069: // directions
		return true
	case r == 0x2028, r == 0x2029: // line and paragraph ends
		return true
	case r == 0x200b, r == 0x2060, r == 0xfeff: // nothing at all, without width
		return true
	}
	return false
}

// CleanJSON replaces, in place, what JSON can spell and a store can't keep in a
// text: NUL, and one half of a surrogate pair. Both become �.
func CleanJSON(data []byte) []byte {
	const escape = len(`\u0000`)
	for i := 0; i < len(data); {
		next := bytes.IndexByte(data[i:], '\\')
		if next < 0 {
			break
		}
		i += next
		r, ok := escaped(data[i:])
		switch {
		case !ok:
			i += 2 // \\, \" and the like
			continue
		case r >= 0xd800 && r < 0xdc00:
			if low, ok := escaped(data[i+escape:]); ok && low >= 0xdc00 && low < 0xe000 {
				i += 2 * escape
				continue
			}
		case r != 0 && (r < 0xdc00 || r >= 0xe000):
			i += escape
			continue
		}
		copy(data[i:], `\ufffd`)
		i += escape
	}
	return data
}

// escaped reads \uXXXX at the beginning of data.
func escaped(data []byte) (r rune, ok bool) {
	if len(data) < 6 || data[0] != '\\' || data[1] != 'u' {
		return 0, false
	}
	for _, c := range data[2:6] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}
