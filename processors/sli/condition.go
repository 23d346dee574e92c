package sli

import (
	"slices"
	"strings"

	"github.com/fivekeys/fivekeys/schemas"
)

// condition is a selector, ready to be tried on spans. Service and operation
// are tried by the index and not by holds.
type condition struct {
	service, operation string
	kinds              uint8 // a bit per kind
	status             schemas.SpanStatus
	anyStatus          bool
	least, most        int64 // ns; most 0 is no bound
	attributes         []attribute
}

type attribute struct {
	key   string
	exact []string
	globs []string
	not   bool
}

func compile(s *schemas.SpanSelector) condition {
	c := condition{
		service: s.Service, operation: s.Operation, anyStatus: s.Status == "",
		least: int64(s.MinDuration), most: int64(s.MaxDuration),
	}
	if s.Status == schemas.StatusError.String() {
		c.status = schemas.StatusError
	}
	for kind := schemas.KindUnspecified; kind <= schemas.KindConsumer; kind++ {
		if slices.Contains(s.Kinds, kind.String()) || len(s.Kinds) == 0 && kind.Entry() {
			c.kinds |= 1 << kind
		}
	}
	for _, m := range s.Attributes {
		a := attribute{key: m.Key, not: m.Not}
		for _, v := range m.Values {
			if isGlob(v) {
				a.globs = append(a.globs, v)
			} else {
				a.exact = append(a.exact, v)
			}
		}
		c.attributes = append(c.attributes, a)
	}
	return c
}

// holds says whether a span of the right service and operation is selected.
func (c *condition) holds(span *schemas.Span) bool {
	if c.kinds&(1<<min(span.Kind, 7)) == 0 || span.Duration < c.least || c.most > 0 && span.Duration > c.most {
		return false
	}
	// A span that says neither went well, as OTLP has it.
	if !c.anyStatus && (span.Status == schemas.StatusError) != (c.status == schemas.StatusError) {
		return false
	}
	for i := range c.attributes {
		if !c.attributes[i].holds(span) {
			return false
		}
	}
	return true
}

// holds says whether the attribute has one of the values; one that the span
// does not have is not any value.
func (a *attribute) holds(span *schemas.Span) bool {
	value, ok := span.Attribute(a.key)
	if !ok {
		return a.not
	}
	return a.matches(value) != a.not
}

func (a *attribute) matches(value string) bool {
	for _, v := range a.exact {
		if strings.EqualFold(v, value) {
			return true
		}
	}
	return slices.ContainsFunc(a.globs, func(g string) bool { return schemas.MatchGlob(g, value) })
}
