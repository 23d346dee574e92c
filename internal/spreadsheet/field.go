// Package spreadsheet writes text that spreadsheets show and do not run.
package spreadsheet

import "strings"

// Field is a text for a CSV field. Spreadsheets take a field that begins with
// one of these characters for a formula, whoever wrote it, so an apostrophe
// stands before it, which they don't show. Numbers are not texts: don't pass
// them.
func Field(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r＝＋－＠", []rune(s)[0]) {
		return "'" + s
	}
	return s
}
