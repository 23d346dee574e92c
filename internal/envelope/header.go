package envelope

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// The headers of CloudEvents' binary mode.
const (
	headerSpecVersion = "ce-specversion"
	headerID          = "ce-id"
	headerSource      = "ce-source"
	headerType        = "ce-type"
	headerTime        = "ce-time"
	headerSubject     = "ce-subject"
	headerContentType = "content-type"

	specVersion = "1.0"
	contentJSON = "application/json"
)

// Our own headers.
const (
	headerKnownAt    = "Fivekeys-Known-At"
	headerDelivery   = "Fivekeys-Delivery-Id"
	headerSourceName = "Fivekeys-Source"
	headerKind       = "Fivekeys-Kind"
	headerReceivedAt = "Fivekeys-Received-At"
	headerEncoding   = "content-encoding"
	// headerRequest precedes the name of a request header that was kept.
	headerRequest = "Fivekeys-Request-"
)

// ErrMalformed marks a message that was not written by this package, or was
// damaged since: trying again is no use.
var ErrMalformed = errors.New("malformed message")

func malformed(what, header string, err error) error {
	if err != nil {
		return fmt.Errorf("%w: %s: header %s: %w", ErrMalformed, what, header, err)
	}
	return fmt.Errorf("%w: %s: header %s is missing", ErrMalformed, what, header)
}

// headers collects single-valued headers; all values share one backing array.
type headers struct {
	set    map[string][]string
	values []string
}

func newHeaders(n int) headers {
	return headers{set: make(map[string][]string, n), values: make([]string, 0, n)}
}

// add percent-encodes the value, as CloudEvents' binding asks: a line break
// from a foreign id must not become a header of its own.
func (h *headers) add(name, value string) {
	i := len(h.values)
	h.values = append(h.values, escape(value))
	h.set[name] = h.values[i : i+1 : i+1]
}

func (h *headers) addTime(name string, t time.Time) {
	i := len(h.values)
	h.values = append(h.values, t.UTC().Format(time.RFC3339Nano))
	h.set[name] = h.values[i : i+1 : i+1]
}

func get(h map[string][]string, name string) string {
	if v := h[name]; len(v) > 0 {
		return unescape(v[0])
	}
	return ""
}

func getTime(h map[string][]string, what, name string) (time.Time, error) {
	v := h[name]
	if len(v) == 0 {
		return time.Time{}, malformed(what, name, nil)
	}
	t, err := time.Parse(time.RFC3339Nano, v[0])
	if err != nil {
		return time.Time{}, malformed(what, name, err)
	}
	return t.UTC(), nil
}

const hexDigits = "0123456789ABCDEF"

// plain tells the bytes that stand for themselves in a header: printable ASCII
// without space, double quote and percent.
func plain(c byte) bool { return c > ' ' && c < 0x7f && c != '"' && c != '%' }

func escape(s string) string {
	i := 0
	for i < len(s) && plain(s[i]) {
		i++
	}
	if i == len(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 2*(len(s)-i))
	b.WriteString(s[:i])
	for ; i < len(s); i++ {
		if c := s[i]; plain(c) {
			b.WriteByte(c)
		} else {
			b.WriteByte('%')
			b.WriteByte(hexDigits[c>>4])
			b.WriteByte(hexDigits[c&15])
		}
	}
	return b.String()
}

// unescape is the reverse; a percent sign without two hex digits stands for
// itself, as a sender that never escapes would have it.
func unescape(s string) string {
	if strings.IndexByte(s, '%') < 0 {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			hi, hiOK := unhex(s[i+1])
			lo, loOK := unhex(s[i+2])
			if hiOK && loOK {
				b.WriteByte(hi<<4 | lo)
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func unhex(c byte) (digit byte, ok bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10, true
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}

// identity joins a source and an id so that no two pairs give the same text:
// escaped, neither holds a space.
func identity(source, id string) string { return escape(source) + " " + escape(id) }
