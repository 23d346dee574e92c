package terminal

import (
	"bytes"
	"io"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"
)

// Writer escapes what is written through it.
type Writer struct {
	to io.Writer
	// tail is the beginning of a character that the next write completes.
	tail []byte
}

// Wrap gives a writer that escapes; a Writer is returned as it is.
func Wrap(w io.Writer) *Writer {
	if already, ok := w.(*Writer); ok {
		return already
	}
	return &Writer{to: w}
}

// Raw is what is behind a Writer: for binary formats, and for a progress bar,
// which moves the cursor on purpose.
func Raw(w io.Writer) io.Writer {
	if wrapped, ok := w.(*Writer); ok {
		return wrapped.to
	}
	return w
}

func (w *Writer) Write(p []byte) (int, error) {
	text := p
	if len(w.tail) > 0 {
		text = slices.Concat(w.tail, p)
	}
	whole := completed(text)
	w.tail = bytes.Clone(text[whole:])
	if _, err := io.WriteString(w.to, w.escape(string(text[:whole]))); err != nil {
		return 0, err
	}
	return len(p), nil
}

// escape leaves this product's own colours in, and only on a terminal: they are
// written nowhere else.
func (w *Writer) escape(s string) string {
	if !strings.Contains(s, "\x1b") || !IsTerminal(w.to) {
		return Escape(s)
	}
	var b strings.Builder
	for s != "" {
		i := strings.IndexByte(s, '\x1b')
		if i < 0 {
			b.WriteString(Escape(s))
			break
		}
		b.WriteString(Escape(s[:i]))
		s = s[i:]
		n := ownPrefix(s)
		if n == 0 {
			b.WriteString(escaped('\x1b'))
			n = 1
		} else {
			b.WriteString(s[:n])
		}
		s = s[n:]
	}
	return b.String()
}

func ownPrefix(s string) int {
	for _, sequence := range own {
		if strings.HasPrefix(s, sequence) {
			return len(sequence)
		}
	}
	return 0
}

// completed is how much of b ends with a whole character.
func completed(b []byte) int {
	for i := 1; i <= min(utf8.UTFMax-1, len(b)); i++ {
		if c := b[len(b)-i]; utf8.RuneStart(c) {
			if !utf8.FullRune(b[len(b)-i:]) {
				return len(b) - i
			}
			break
		}
	}
	return len(b)
}

// IsTerminal says whether people watch w.
func IsTerminal(w io.Writer) bool {
	f, ok := Raw(w).(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// Width is how many columns w has, 0 where nobody says.
func Width(w io.Writer) int {
	if f, ok := Raw(w).(*os.File); ok {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil {
			return width
		}
	}
	return 0
}

// Colored says whether w shows colour: only a terminal, and not where NO_COLOR
// is set to anything (no-color.org) or TERM is "dumb".
func Colored(w io.Writer, getenv func(string) string) bool {
	return IsTerminal(w) && getenv("NO_COLOR") == "" && getenv("TERM") != "dumb"
}
