package report

import (
	"io"
	"os"

	"golang.org/x/term"
)

// Terminal says what w can show: colour only on a terminal, and not where
// NO_COLOR is set to anything (no-color.org) or TERM is "dumb". A pipe gets
// the full width without colour.
func Terminal(w io.Writer, getenv func(string) string) TableOptions {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return TableOptions{}
	}
	o := TableOptions{Color: getenv("NO_COLOR") == "" && getenv("TERM") != "dumb"}
	if width, _, err := term.GetSize(int(f.Fd())); err == nil {
		o.Width = width
	}
	return o
}
