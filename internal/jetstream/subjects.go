package jetstream

import (
	"strconv"
	"strings"
)

// subjectMatches tells whether a stream's subject (with * and >) covers subject.
func subjectMatches(pattern, subject string) bool {
	for {
		pw, prest, pmore := strings.Cut(pattern, ".")
		sw, srest, smore := strings.Cut(subject, ".")
		if pw == ">" {
			return true
		}
		if pw != "*" && pw != sw {
			return false
		}
		if !pmore || !smore {
			return pmore == smore
		}
		pattern, subject = prest, srest
	}
}

// publishable tells whether one may publish to subject: the server would close
// the connection over one with a space or a line break in it.
func publishable(subject string) bool {
	if subject == "" {
		return false
	}
	for word := range strings.SplitSeq(subject, ".") {
		if word == "" || word == "*" || word == ">" || strings.ContainsFunc(word, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
			return false
		}
	}
	return true
}

func formatToken(n uint64) string { return strconv.FormatUint(n, 36) }
