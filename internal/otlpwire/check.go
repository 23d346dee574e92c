package otlpwire

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/fivekeys/fivekeys/schemas"
)

// The reasons for which a single span is left out.
var (
	errTraceID   = errors.New("the trace id is not 16 bytes with one that isn't zero")
	errSpanID    = errors.New("the span id is not 8 bytes with one that isn't zero")
	errParentID  = errors.New("the parent's id is neither empty nor 8 bytes")
	errNoStart   = fmt.Errorf("the start time is missing or before the year %d; is it in the right unit?", schemas.EarliestTime.Year())
	errNegative  = errors.New("it ends before it starts")
	errTimeRange = fmt.Errorf("a time is not before the year %d; is it in the right unit?", schemas.LatestTime.Year())
	errUTF8      = errors.New("a text is not UTF-8")
	errTooDeep   = errors.New("an attribute is nested more than 32 deep")
	errSpanSize  = errors.New("it is larger than 768 KiB")
	errMany      = errors.New("it has more than 1024 attributes, events or links")
	errHeader    = errors.New("its resource or scope is larger than 64 KiB")
)

const (
	maxDepth = 32
	// maxEntries bounds the attributes of anything that has some, and the events and
	// links of a span: eight times what SDKs write unless told otherwise.
	maxEntries = 1024
)

// The accepted times of spans are those of events, in ns.
var (
	earliest = uint64(schemas.EarliestTime.UnixNano())
	latest   = uint64(schemas.LatestTime.UnixNano())
)

// checker looks at every byte of a span as Decoder will. It keeps the first
// reason and goes on, since malformed bytes further on matter more: its methods
// say whether the protobuf is well-formed.
type checker struct {
	reason   error
	accepted Range
	trace    schemas.TraceID
	id       schemas.SpanID
}

func (k *checker) reject(reason error) {
	if k.reason == nil && reason != nil {
		k.reason = reason
	}
}

func (k *checker) text(b []byte) {
	if !utf8.Valid(b) {
		k.reject(errUTF8)
	}
}

func (k *checker) count(n *int) {
	if *n++; *n > maxEntries {
		k.reject(errMany)
	}
}

func (k *checker) span(b []byte) bool {
	var start, end uint64
	var attributes, events, links int
	k.trace, k.id = schemas.TraceID{}, schemas.SpanID{}
	if len(b) > maxSpan {
		k.reject(errSpanSize)
	}
	c := at(b)
	for c.next() {
		ok := true
		switch c.tag {
		case spanTraceID:
			if len(c.body()) != len(k.trace) {
				k.reject(errTraceID)
				break
			}
			k.trace = schemas.TraceID(c.body())
		case spanID:
			if len(c.body()) != len(k.id) {
				k.reject(errSpanID)
				break
			}
			k.id = schemas.SpanID(c.body())
		case spanParentID:
			if len(c.body()) != 0 && len(c.body()) != len(k.id) {
				k.reject(errParentID)
			}
		case spanState, spanName:
			k.text(c.body())
		case spanStart:
			start = c.bits
		case spanEnd:
			end = c.bits
		case spanAttribute:
			k.count(&attributes)
			ok = k.attribute(c.body(), 0)
		case spanEvent:
			k.count(&events)
			ok = k.event(c.body())
		case spanLink:
			k.count(&links)
			ok = k.link(c.body())
		case spanStatus:
			ok = k.status(c.body())
		}
		if !ok {
			return false
		}
	}
	switch {
	case k.trace == schemas.TraceID{}:
		k.reject(errTraceID)
	case k.id.IsZero():
		k.reject(errSpanID)
	case start < earliest:
		k.reject(errNoStart)
	case end < start:
		k.reject(errNegative)
	case end >= latest:
		k.reject(errTimeRange)
	default:
		k.reject(k.accepted.check(int64(end)))
	}
	return c.err == nil
}

func (k *checker) event(b []byte) bool {
	var attributes int
	c := at(b)
	for c.next() {
		switch c.tag {
		case eventTime:
			if c.bits >= latest {
				k.reject(errTimeRange)
			}
		case eventName:
			k.text(c.body())
		case eventAttribute:
			k.count(&attributes)
			if !k.attribute(c.body(), 0) {
				return false
			}
		}
	}
	return c.err == nil
}

func (k *checker) link(b []byte) bool {
	var attributes int
	c := at(b)
	for c.next() {
		switch c.tag {
		case linkState:
			k.text(c.body())
		case linkAttribute:
			k.count(&attributes)
			if !k.attribute(c.body(), 0) {
				return false
			}
		}
	}
	return c.err == nil
}

func (k *checker) status(b []byte) bool {
	c := at(b)
	for c.next() {
		if c.tag == statusMessage {
			k.text(c.body())
		}
	}
	return c.err == nil
}

func (k *checker) resource(b []byte) bool {
	var attributes int
	c := at(b)
	for c.next() {
		if c.tag != resourceAttribute {
			continue
		}
		k.count(&attributes)
		if !k.attribute(c.body(), 0) {
			return false
		}
	}
	return c.err == nil
}

func (k *checker) scope(b []byte) bool {
	var attributes int
	c := at(b)
	for c.next() {
		switch c.tag {
		case scopeName, scopeVersion:
			k.text(c.body())
		case scopeAttribute:
			k.count(&attributes)
			if !k.attribute(c.body(), 0) {
				return false
			}
		}
	}
	return c.err == nil
}

func (k *checker) attribute(b []byte, depth int) bool {
	c := at(b)
	for c.next() {
		switch c.tag {
		case keyValueKey:
			k.text(c.body())
		case keyValueValue:
			if !k.value(c.body(), depth) {
				return false
			}
		}
	}
	return c.err == nil
}

func (k *checker) value(b []byte, depth int) bool {
	c := at(b)
	for c.next() {
		ok := true
		switch c.tag {
		case valueString:
			k.text(c.body())
		case valueArray:
			ok = k.list(c.body(), depth+1, (*checker).value)
		case valueMap:
			ok = k.list(c.body(), depth+1, (*checker).attribute)
		}
		if !ok {
			return false
		}
	}
	return c.err == nil
}

// list looks no deeper than maxDepth: the span is left out anyway, and a
// stranger doesn't decide how far we recurse.
func (k *checker) list(b []byte, depth int, element func(*checker, []byte, int) bool) bool {
	if depth > maxDepth {
		k.reject(errTooDeep)
		return true
	}
	c := at(b)
	for c.next() {
		if c.tag == listElement && !element(k, c.body(), depth) {
			return false
		}
	}
	return c.err == nil
}
