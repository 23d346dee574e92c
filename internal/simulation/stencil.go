package simulation

import "bytes"

// stencil is an encoded payload with places to fill in. Every place has the
// width of what goes there, so filling is a copy and a few overwrites.
type stencil struct {
	body   []byte
	places []place
}

type place struct{ at, mark int }

// cut finds the marks in a payload; marks are told apart by their index.
func cut(body []byte, marks []string) stencil {
	s := stencil{body: body}
	for m, mark := range marks {
		for from := 0; ; {
			i := bytes.Index(body[from:], []byte(mark))
			if i < 0 {
				break
			}
			s.places = append(s.places, place{from + i, m})
			from += i + len(mark)
		}
	}
	return s
}

// fill gives a copy with each mark overwritten by the value of its index.
func (s stencil) fill(values [][]byte) []byte {
	out := bytes.Clone(s.body)
	for _, p := range s.places {
		copy(out[p.at:], values[p.mark])
	}
	return out
}
