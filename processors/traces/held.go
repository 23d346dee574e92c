package traces

import (
	"encoding/binary"

	"github.com/fivekeys/fivekeys/schemas"
)

// appendSpan adds a span to a trace's buffer, field by field: one allocation
// for all spans of a trace instead of one for each string of each span.
func appendSpan(b []byte, s *schemas.Span) []byte {
	b = append(b, s.TraceID[:]...)
	b = append(b, s.SpanID[:]...)
	b = append(b, s.ParentID[:]...)
	b = append(b, byte(s.Kind), byte(s.Status))
	b = binary.AppendVarint(b, s.Start)
	b = binary.AppendVarint(b, s.Duration)
	for _, text := range [...]string{s.Service, s.Version, s.Environment, s.Name, s.StatusMessage, s.Peer} {
		b = appendText(b, text)
	}
	b = appendAttributes(b, s.Attributes)
	b = appendAttributes(b, s.Resource)
	b = binary.AppendUvarint(b, uint64(len(s.Events)))
	for _, e := range s.Events {
		b = binary.AppendVarint(b, e.Time)
		b = appendText(b, e.Name)
		b = appendAttributes(b, e.Attributes)
	}
	return b
}

func appendText(b []byte, text string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

func appendAttributes(b []byte, attributes []schemas.Attribute) []byte {
	b = binary.AppendUvarint(b, uint64(len(attributes)))
	for _, a := range attributes {
		b = appendText(appendText(b, a.Key), a.Value)
	}
	return b
}

// readSpan reads the first span of a buffer that appendSpan wrote and gives
// the rest. The span's slices are used again.
func readSpan(b []byte, s *schemas.Span) []byte {
	r := reader(b)
	copy(s.TraceID[:], r.take(len(s.TraceID)))
	copy(s.SpanID[:], r.take(len(s.SpanID)))
	copy(s.ParentID[:], r.take(len(s.ParentID)))
	s.Kind, s.Status = schemas.SpanKind(r.take(1)[0]), schemas.SpanStatus(r.take(1)[0])
	s.Start, s.Duration = r.number(), r.number()
	for _, text := range [...]*string{&s.Service, &s.Version, &s.Environment, &s.Name, &s.StatusMessage, &s.Peer} {
		*text = r.text()
	}
	s.Attributes = r.attributes(s.Attributes[:0])
	s.Resource = r.attributes(s.Resource[:0])
	s.Events = s.Events[:0]
	for range r.count() {
		s.Events = append(s.Events, schemas.SpanEvent{Time: r.number(), Name: r.text(), Attributes: r.attributes(nil)})
	}
	return r
}

// reader reads what this process wrote: there is nothing to doubt.
type reader []byte

func (r *reader) take(n int) []byte {
	taken := (*r)[:n]
	*r = (*r)[n:]
	return taken
}

func (r *reader) number() int64 {
	v, n := binary.Varint(*r)
	*r = (*r)[n:]
	return v
}

func (r *reader) count() uint64 {
	v, n := binary.Uvarint(*r)
	*r = (*r)[n:]
	return v
}

func (r *reader) text() string { return string(r.take(int(r.count()))) }

func (r *reader) attributes(into []schemas.Attribute) []schemas.Attribute {
	for range r.count() {
		into = append(into, schemas.Attribute{Key: r.text(), Value: r.text()})
	}
	return into
}
