package otlpwire

import (
	"cmp"
	"fmt"
	"math"

	"github.com/fivekeys/fivekeys/schemas"
)

// UnknownService is the name of a service that doesn't tell its own, as
// OpenTelemetry's resource conventions have it.
const UnknownService = schemas.UnknownService

// Decoder takes chunks apart. Its zero value is ready; it is not for concurrent
// use.
//
// The span it hands out, its slices and its strings are valid until the function
// returns: the slices are used again for the next span, strings point into the
// chunk or into a buffer that is used again. Keep clones. The chunk must not be
// changed meanwhile.
type Decoder struct {
	span schemas.Span

	attributes      []schemas.Attribute
	events          []schemas.SpanEvent
	eventAttributes []schemas.Attribute
	text            text // what this span's values that aren't strings look like

	resource     []schemas.Attribute
	resourceText text
}

// Decode calls fn for every span of a chunk, in order; fn's error ends it and is
// returned as it is. An empty chunk has no spans.
//
// Values become text as OpenTelemetry prescribes for backends without types:
// numbers and booleans as they are written, bytes in base64, arrays and maps as
// JSON. A span that names itself as its parent is a root.
func (d *Decoder) Decode(chunk []byte, fn func(*schemas.Span) error) error {
	c := at(chunk)
	for c.next() {
		if c.tag != tracesResourceSpans {
			continue
		}
		if err := d.resourceSpans(c.body(), fn); err != nil {
			return err
		}
	}
	return c.err
}

func (d *Decoder) resourceSpans(b []byte, fn func(*schemas.Span) error) error {
	d.resource = d.resource[:0]
	d.resourceText.reset()
	c := at(b)
	for c.next() {
		if c.tag != resourceSpansResource {
			continue
		}
		if err := d.resourceAttributes(c.body()); err != nil {
			return err
		}
	}
	if c.err != nil {
		return c.err
	}
	d.span = schemas.Span{Service: UnknownService, Resource: d.resource}
	var environment, oldEnvironment string
	for i := range d.resource {
		a := &d.resource[i]
		switch a.Key {
		case "service.name":
			d.span.Service = cmp.Or(a.Value, UnknownService)
		case "service.version":
			d.span.Version = a.Value
		case "deployment.environment.name":
			environment = a.Value
		case "deployment.environment":
			oldEnvironment = a.Value
		}
	}
	// Names that can't be read are cleaned: nobody can be asked for better ones.
	d.span.Service, d.span.Version = schemas.CleanName(d.span.Service), schemas.CleanName(d.span.Version)
	d.span.Environment = schemas.CleanName(cmp.Or(environment, oldEnvironment))
	for c = at(b); c.next(); {
		if c.tag != resourceSpansScope {
			continue
		}
		if err := d.scopeSpans(c.body(), fn); err != nil {
			return err
		}
	}
	return nil
}

func (d *Decoder) resourceAttributes(b []byte) error {
	c := at(b)
	for c.next() {
		if c.tag != resourceAttribute {
			continue
		}
		a, err := attribute(c.body(), &d.resourceText)
		if err != nil {
			return err
		}
		d.resource = append(d.resource, a)
	}
	return c.err
}

func (d *Decoder) scopeSpans(b []byte, fn func(*schemas.Span) error) error {
	c := at(b)
	for c.next() {
		if c.tag != scopeSpansSpan {
			continue
		}
		if err := d.decodeSpan(c.body()); err != nil {
			return err
		}
		if err := fn(&d.span); err != nil {
			return err
		}
	}
	return c.err
}

// decodeSpan fills what belongs to the span; the rest is its resource's.
func (d *Decoder) decodeSpan(b []byte) error {
	s := &d.span
	s.TraceID, s.SpanID, s.ParentID = schemas.TraceID{}, schemas.SpanID{}, schemas.SpanID{}
	s.Name, s.Kind, s.Status, s.StatusMessage, s.Peer = "", schemas.KindUnspecified, schemas.StatusUnset, "", ""
	d.attributes, d.events, d.eventAttributes = d.attributes[:0], d.events[:0], d.eventAttributes[:0]
	d.text.reset()

	var start, end uint64
	c := at(b)
	for c.next() {
		var err error
		switch c.tag {
		case spanTraceID:
			if len(c.body()) != len(s.TraceID) {
				return fmt.Errorf("%w: %w", ErrMalformed, errTraceID)
			}
			s.TraceID = schemas.TraceID(c.body())
		case spanID:
			if len(c.body()) != len(s.SpanID) {
				return fmt.Errorf("%w: %w", ErrMalformed, errSpanID)
			}
			s.SpanID = schemas.SpanID(c.body())
		case spanParentID:
			s.ParentID = schemas.SpanID{}
			if len(c.body()) == len(s.ParentID) {
				s.ParentID = schemas.SpanID(c.body())
			}
		case spanName:
			s.Name = view(c.body())
		case spanKind:
			s.Kind = schemas.KindUnspecified
			if c.bits <= uint64(schemas.KindConsumer) {
				s.Kind = schemas.SpanKind(c.bits)
			}
		case spanStart:
			start = c.bits
		case spanEnd:
			end = c.bits
		case spanAttribute:
			err = d.spanAttribute(c.body())
		case spanEvent:
			err = d.event(c.body())
		case spanStatus:
			err = d.status(c.body())
		}
		if err != nil {
			return err
		}
	}
	switch {
	case c.err != nil:
		return c.err
	case start > end || end > math.MaxInt64:
		return fmt.Errorf("%w: %w", ErrMalformed, errNegative)
	case s.ParentID == s.SpanID:
		s.ParentID = schemas.SpanID{}
	}
	s.Name, s.Peer = schemas.CleanName(s.Name), schemas.CleanName(s.Peer)
	s.Start, s.Duration = int64(start), int64(end-start)
	s.Attributes, s.Events = d.attributes, d.events
	return nil
}

func (d *Decoder) spanAttribute(b []byte) error {
	a, err := attribute(b, &d.text)
	if err != nil {
		return err
	}
	d.attributes = append(d.attributes, a)
	switch a.Key {
	case "service.peer.name":
		d.span.Peer = cmp.Or(a.Value, d.span.Peer)
	case "peer.service": // the older name
		d.span.Peer = cmp.Or(d.span.Peer, a.Value)
	}
	return nil
}

func (d *Decoder) event(b []byte) error {
	var e schemas.SpanEvent
	first := len(d.eventAttributes)
	c := at(b)
	for c.next() {
		switch c.tag {
		case eventTime:
			e.Time = int64(min(c.bits, math.MaxInt64))
		case eventName:
			e.Name = view(c.body())
		case eventAttribute:
			a, err := attribute(c.body(), &d.text)
			if err != nil {
				return err
			}
			d.eventAttributes = append(d.eventAttributes, a)
		}
	}
	if last := len(d.eventAttributes); last > first {
		e.Attributes = d.eventAttributes[first:last:last]
	}
	d.events = append(d.events, e)
	return c.err
}

func (d *Decoder) status(b []byte) error {
	c := at(b)
	for c.next() {
		switch c.tag {
		case statusMessage:
			d.span.StatusMessage = view(c.body())
		case statusCode:
			d.span.Status = schemas.StatusUnset
			if c.bits <= uint64(schemas.StatusError) {
				d.span.Status = schemas.SpanStatus(c.bits)
			}
		}
	}
	return c.err
}
