package terminal

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestHostileTextIsMadeVisible(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"plain text":               {"checkout — ok ✓", "checkout — ok ✓"},
		"lines and tabs":           {"a\tb\nc", "a\tb\nc"},
		"a joined emoji":           {"👩‍💻", "👩‍💻"},
		"an escape sequence":       {"\x1b[2Jgone", `\u001b[2Jgone`},
		"a colour nobody here has": {"\x1b[8mhidden", `\u001b[8mhidden`},
		"a carriage return":        {"safe\rEVIL", `safe\u000dEVIL`},
		"a bell, a backspace":      {"\a\b", `\u0007\u0008`},
		"NUL and DEL":              {"\x00\x7f", `\u0000\u007f`},
		"C1, a one-byte CSI":       {"\u009b2J", `\u009b2J`},
		"a text turned round":      {"exe.\u202egpj", `exe.\u202egpj`},
		"an isolate":               {"\u2066a\u2069", `\u2066a\u2069`},
		"an invisible tag":         {"a\U000e0041", `a\udb40\udc41`},
		"a line separator":         {"a\u2028b", `a\u2028b`},
		"what is not UTF-8":        {"a\xffb", "a\ufffdb"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Escape(c.in); got != c.want {
				t.Errorf("Escape(%q) = %q, want %q", c.in, got, c.want)
			}
			var b bytes.Buffer
			w := Wrap(&b)
			for i := range len(c.in) { // every character is split over writes
				if n, err := w.Write([]byte{c.in[i]}); n != 1 || err != nil {
					t.Fatalf("write: %d, %v", n, err)
				}
			}
			if got := b.String(); got != c.want && utf8.ValidString(c.in) {
				t.Errorf("written one byte at a time: %q, want %q", got, c.want)
			}
		})
	}
}

func TestALineStaysOnItsLine(t *testing.T) {
	if got := Line("a\nb\tc\x1b"); got != `a\nb\tc\u001b` {
		t.Error(got)
	}
}

// A document that passes through is the same document to whoever parses it.
func TestJSONPassesUnchangedInMeaning(t *testing.T) {
	in := map[string]string{"name": "a\u202eb\U000e0041\u0085\x7f\x00\x1b", "ok": "é\n"}
	document, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := Wrap(&b).Write(document); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsRune(b.String(), '\u202e') {
		t.Errorf("a direction character passed: %q", b.String())
	}
	var out map[string]string
	if err := json.Unmarshal(b.Bytes(), &out); err != nil {
		t.Fatal(err)
	}
	if out["name"] != in["name"] || out["ok"] != in["ok"] {
		t.Errorf("got %q, want %q", out, in)
	}
}

func TestAWriterIsWrappedOnce(t *testing.T) {
	var b bytes.Buffer
	w := Wrap(&b)
	if Wrap(w) != w || Raw(w) != &b || Raw(&b) != &b {
		t.Error("a writer was wrapped twice, or what is behind it is lost")
	}
}
