package otlpwire

import (
	"encoding/base64"
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"
	"unsafe"

	"github.com/fivekeys/fivekeys/schemas"
)

// text collects what is written for values that aren't strings. The strings
// handed out point into it; when it grows, earlier ones keep the array they were
// made of.
type text struct{ buf []byte }

func (t *text) reset() { t.buf = t.buf[:0] }

// view makes a string of bytes without copying them: Decoder's contract is that
// nobody changes them while the string is in use.
func view(b []byte) string {
	return unsafe.String(unsafe.SliceData(b), len(b)) //nolint:gosec // a copy of each would double the cost of decoding
}

// attribute reads a KeyValue. Of a field that is there twice, the last counts.
func attribute(b []byte, t *text) (schemas.Attribute, error) {
	var a schemas.Attribute
	c := at(b)
	for c.next() {
		switch c.tag {
		case keyValueKey:
			a.Key = view(c.body())
		case keyValueValue:
			v, err := parseValue(c.body())
			if err != nil {
				return a, err
			}
			if a.Value, err = v.text(t); err != nil {
				return a, err
			}
		}
	}
	return a, c.err
}

// value is an AnyValue: its tag says which of the two others holds it.
type value struct {
	tag  uint64 // 0: none
	body []byte
	bits uint64
}

func parseValue(b []byte) (value, error) {
	var v value
	c := at(b)
	for c.next() {
		switch c.tag {
		case valueString, valueBool, valueInt, valueDouble, valueArray, valueMap, valueBytes:
			v = value{tag: c.tag, body: c.body(), bits: c.bits}
		}
	}
	return v, c.err
}

// text is the value as an attribute has it.
func (v value) text(t *text) (string, error) {
	start := len(t.buf)
	switch v.tag {
	case valueString:
		return view(v.body), nil
	case valueBool:
		return strconv.FormatBool(v.bits != 0), nil
	case valueInt:
		t.buf = strconv.AppendInt(t.buf, int64(v.bits), 10)
	case valueDouble:
		t.buf = appendDouble(t.buf, math.Float64frombits(v.bits))
	case valueBytes:
		t.buf = base64.StdEncoding.AppendEncode(t.buf, v.body)
	case valueArray, valueMap:
		var err error
		if t.buf, err = v.appendJSON(t.buf, 0); err != nil {
			return "", err
		}
	default:
		return "", nil
	}
	return view(t.buf[start:]), nil
}

// appendJSON keeps the order of maps as it was sent.
func (v value) appendJSON(out []byte, depth int) ([]byte, error) {
	if depth > maxDepth {
		return out, fmt.Errorf("%w: %w", ErrMalformed, errTooDeep)
	}
	switch v.tag {
	case valueString:
		return appendQuoted(out, v.body), nil
	case valueBool:
		return strconv.AppendBool(out, v.bits != 0), nil
	case valueInt:
		return strconv.AppendInt(out, int64(v.bits), 10), nil
	case valueDouble:
		f := math.Float64frombits(v.bits)
		if math.IsNaN(f) || math.IsInf(f, 0) {
			// JSON has no number for these.
			return append(appendDouble(append(out, '"'), f), '"'), nil
		}
		return appendDouble(out, f), nil
	case valueBytes:
		out = base64.StdEncoding.AppendEncode(append(out, '"'), v.body)
		return append(out, '"'), nil
	case valueArray:
		return v.appendElements(out, '[', ']', depth, appendElement)
	case valueMap:
		return v.appendElements(out, '{', '}', depth, appendEntry)
	default:
		return append(out, "null"...), nil
	}
}

func (v value) appendElements(out []byte, open, end byte, depth int, element func([]byte, []byte, int) ([]byte, error)) ([]byte, error) {
	out = append(out, open)
	var err error
	c := at(v.body)
	for first := true; c.next(); {
		if c.tag != listElement {
			continue
		}
		if !first {
			out = append(out, ',')
		}
		first = false
		if out, err = element(out, c.body(), depth+1); err != nil {
			return out, err
		}
	}
	return append(out, end), c.err
}

func appendElement(out, b []byte, depth int) ([]byte, error) {
	v, err := parseValue(b)
	if err != nil {
		return out, err
	}
	return v.appendJSON(out, depth)
}

func appendEntry(out, b []byte, depth int) ([]byte, error) {
	var key []byte
	var v value
	var err error
	c := at(b)
	for c.next() {
		switch c.tag {
		case keyValueKey:
			key = c.body()
		case keyValueValue:
			if v, err = parseValue(c.body()); err != nil {
				return out, err
			}
		}
	}
	if c.err != nil {
		return out, c.err
	}
	return v.appendJSON(append(appendQuoted(out, key), ':'), depth)
}

// appendDouble writes a number as JSON does: exponents only where they help.
func appendDouble(out []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(out, "NaN"...)
	case math.IsInf(f, 1):
		return append(out, "Infinity"...)
	case math.IsInf(f, -1):
		return append(out, "-Infinity"...)
	}
	if abs := math.Abs(f); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		out = strconv.AppendFloat(out, f, 'e', -1, 64)
		if n := len(out); out[n-4] == 'e' && out[n-2] == '0' {
			// e-09 is written e-9.
			out[n-2] = out[n-1]
			out = out[:n-1]
		}
		return out
	}
	return strconv.AppendFloat(out, f, 'f', -1, 64)
}

// appendQuoted writes a JSON string. What isn't UTF-8 becomes U+FFFD, as in
// encoding/json.
func appendQuoted(out, s []byte) []byte {
	const hex = "0123456789abcdef"
	out = append(out, '"')
	for i := 0; i < len(s); {
		b := s[i]
		switch {
		case b == '"' || b == '\\':
			out = append(out, '\\', b)
		case b < ' ':
			out = append(out, '\\', 'u', '0', '0', hex[b>>4], hex[b&15])
		case b < utf8.RuneSelf:
			out = append(out, b)
		default:
			r, n := utf8.DecodeRune(s[i:])
			out = utf8.AppendRune(out, r)
			i += n
			continue
		}
		i++
	}
	return append(out, '"')
}
