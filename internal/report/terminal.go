package report

import (
	"io"

	"github.com/fivekeys/fivekeys/internal/terminal"
)

// Terminal says what w can show. A pipe gets the full width without colour.
func Terminal(w io.Writer, getenv func(string) string) TableOptions {
	if !terminal.IsTerminal(w) {
		return TableOptions{}
	}
	return TableOptions{Color: terminal.Colored(w, getenv), Width: terminal.Width(w)}
}
