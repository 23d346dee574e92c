package dora

import (
	"strings"
	"unicode"
)

// revertedCommits gives the SHAs that a message says it reverts. git writes
// "This reverts commit <sha>." and, of a merge, "This reverts commit <sha>,
// reversing changes made to <sha>.", where the second one is not reverted.
func revertedCommits(message string) []string {
	const says = "reverts commit"
	var found []string
	for {
		i := strings.Index(message, says)
		if i < 0 {
			return found
		}
		message = strings.TrimPrefix(message[i+len(says):], "s")
		rest := message
		for first := true; ; first = false {
			rest = strings.TrimLeft(rest, " \t\r\n,:")
			if !first {
				rest = strings.TrimPrefix(rest, "and ")
			}
			end := strings.IndexFunc(rest, func(r rune) bool {
				return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '-' && r != '_'
			})
			if end < 0 {
				end = len(rest)
			}
			word := rest[:end]
			// The first word is taken as it is; a further one has to look like a SHA.
			if word == "" || (!first && (len(word) < minPrefix || !isHex(word))) {
				break
			}
			if sha := normalSHA(word); sha != "" {
				found = append(found, strings.Clone(sha))
			}
			rest = rest[end:]
		}
	}
}

// closedReferences gives what a text says it closes, in lower case: "#12",
// "acme/shop#12", "pd-123". The keywords are GitHub's: close, fix, resolve.
func closedReferences(text string) []string {
	var found []string
	keyword := false
	for word := range strings.FieldsFuncSeq(text, separates) {
		if keyword {
			if ref := reference(word); ref != "" {
				found = append(found, ref)
			}
		}
		keyword = isClosing(strings.TrimRight(word, ":"))
	}
	return found
}

func separates(r rune) bool {
	switch r {
	case ' ', '\t', '\n', '\r', ',', ';', '(', ')', '[', ']', '<', '>', '"', '\'', '`', '*':
		return true
	}
	return r > unicode.MaxASCII && unicode.IsSpace(r)
}

func isClosing(word string) bool {
	if len(word) < 3 || len(word) > 8 {
		return false
	}
	switch strings.ToLower(word) {
	case "close", "closes", "closed", "fix", "fixes", "fixed", "resolve", "resolves", "resolved":
		return true
	}
	return false
}

// reference gives the reference in a word, or nothing. A bare word or a bare
// number is none: "fix: 500 on checkout" is not about incident 500.
func reference(word string) string {
	word = strings.ToLower(strings.Trim(word, ".:!?"))
	if _, path, isURL := strings.Cut(word, "://"); isURL {
		parts := strings.Split(strings.Trim(path, "/"), "/")
		n := len(parts)
		if n >= 5 && (parts[n-2] == "issues" || parts[n-2] == "pull") {
			return parts[n-4] + "/" + parts[n-3] + "#" + parts[n-1]
		}
		word = parts[n-1]
	}
	hasDigit := strings.ContainsFunc(word, unicode.IsDigit)
	hasOther := strings.ContainsFunc(word, func(r rune) bool { return unicode.IsLetter(r) || r == '#' })
	if !hasDigit || !hasOther {
		return ""
	}
	return strings.Clone(word)
}

// revertedTitle gives what a title says it reverts: X of `Revert "X"`.
func revertedTitle(title string) (string, bool) {
	inner, ok := strings.CutPrefix(withoutNumber(title), `Revert "`)
	if !ok {
		return "", false
	}
	return withoutNumber(strings.TrimSuffix(inner, `"`)), true
}

// withoutNumber cuts the " (#12)" that GitHub appends to a squash's title.
func withoutNumber(title string) string {
	if i := strings.LastIndex(title, " (#"); i >= 0 && strings.HasSuffix(title, ")") &&
		strings.Trim(title[i+3:len(title)-1], "0123456789") == "" {
		return title[:i]
	}
	return title
}

// revertedNumber gives the pull request that a branch of GitHub's revert button
// is named for: 12 of "revert-12-feature".
func revertedNumber(branch string) (int, bool) {
	rest, ok := strings.CutPrefix(branch, "revert-")
	if !ok {
		return 0, false
	}
	digits, _, ok := strings.Cut(rest, "-")
	if !ok || digits == "" || len(digits) > 9 {
		return 0, false
	}
	n := 0
	for _, d := range digits {
		if d < '0' || d > '9' {
			return 0, false
		}
		n = n*10 + int(d-'0')
	}
	return n, true
}
