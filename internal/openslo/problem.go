package openslo

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Level says how bad a problem is.
type Level string

// The levels.
const (
	Refused Level = "error"   // nothing of the files is used
	Warning Level = "warning" // allowed and probably not meant
	Note    Level = "note"    // worth knowing
)

// Problem is something in a file that its author should know.
type Problem struct {
	Level   Level  `json:"level"`
	File    string `json:"file"`
	Line    int    `json:"line,omitempty"` // 1 is the first; 0 where the problem is of the file as a whole
	Column  int    `json:"column,omitempty"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

func (p Problem) String() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", p.Line, p.Column)
	}
	b.WriteString(": ")
	if p.Level != Refused {
		b.WriteString(string(p.Level) + ": ")
	}
	b.WriteString(p.Message)
	if p.Hint != "" {
		b.WriteString("; " + p.Hint)
	}
	return b.String()
}

// Problems are all there is to say, in the order of the files.
type Problems []Problem //nolint:errname // a list that prints like an error

// Error prints one problem a line.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, problem := range p {
		lines[i] = problem.String()
	}
	return strings.Join(lines, "\n")
}

// Of gives the problems of a level.
func (p Problems) Of(l Level) Problems {
	return slices.DeleteFunc(slices.Clone(p), func(p Problem) bool { return p.Level != l })
}

func (p Problems) sorted() Problems {
	slices.SortStableFunc(p, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return slices.Compact(p)
}

// place is where something stands.
type place struct {
	file         string
	line, column int
}

func (at place) problem(l Level, message, hint string) Problem {
	return Problem{Level: l, File: at.file, Line: at.line, Column: at.column, Message: message, Hint: hint}
}
