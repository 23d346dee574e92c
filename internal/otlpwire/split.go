package otlpwire

import (
	"errors"
	"fmt"
	"time"

	"github.com/fivekeys/fivekeys/schemas"
)

const (
	// chunkSize is what a chunk grows to: large enough that its header costs
	// nothing, small enough that one can be read again cheaply.
	chunkSize = 256 << 10
	// A NATS server takes messages of 1 MiB unless told otherwise, so a span that
	// is larger than a chunk goes alone, with its resource and scope:
	// maxSpan + 2*maxHeader = 896 KiB.
	maxSpan = 768 << 10
	// maxHeader bounds a resource and a scope: each is repeated in every chunk.
	maxHeader = 64 << 10
	// A body whose resources are repeated for many partitions may become this
	// much and so many times larger, and not more.
	growthBase, growthFactor = 16 << 20, 4
)

// ErrGrowth says that a body, regrouped, would be many times its size.
var ErrGrowth = errors.New("its resources are too large for its spans; send more spans of one resource together")

// Chunk is a part of a body: OTLP TracesData bytes of one partition.
type Chunk struct {
	Partition int
	Spans     int
	Data      []byte
}

// Report says what became of a body's spans.
type Report struct {
	Accepted, Rejected int
	// Reason says which span was the first to be left out and why.
	Reason error
}

// Splitter regroups bodies for a number of partitions.
type Splitter struct {
	Partitions int
	// More is asked for memory before chunks are made; its error ends the work and is
	// returned as it is. nil: there is enough.
	More func(bytes int) error
	// Accepted are the times at which spans may end; others are left out.
	Accepted Range
}

// Range is a range of times, open where an end is zero.
type Range struct{ From, To time.Time }

func (r Range) check(end int64) error {
	switch {
	case !r.From.IsZero() && end < r.From.UnixNano():
		return fmt.Errorf("it ended at %s, and spans are kept from %s on", told(time.Unix(0, end)), told(r.From))
	case !r.To.IsZero() && end > r.To.UnixNano():
		return fmt.Errorf("it ends at %s, and the clock here and an hour more is %s", told(time.Unix(0, end)), told(r.To))
	}
	return nil
}

func told(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// Split is a Splitter's, without a bound on memory besides the body's own.
func Split(body []byte, partitions int) ([]Chunk, Report, error) {
	return Splitter{Partitions: partitions}.Split(body)
}

// Split checks an ExportTraceServiceRequest (which is TracesData) and regroups
// its spans by the partition of their trace. A span keeps its bytes, and within
// a partition the spans keep their order. The chunks don't refer to body.
func (o Splitter) Split(body []byte) ([]Chunk, Report, error) {
	s := splitter{counts: make([]int, o.Partitions), more: o.More, checker: checker{accepted: o.Accepted}}
	if err := s.walk(body); err != nil {
		return nil, Report{}, err
	}
	chunks, err := s.regroup(growthBase + growthFactor*len(body))
	if err != nil {
		return nil, Report{}, err
	}
	return chunks, s.report, nil
}

// splitter first notes where everything lies; nothing is copied until the whole
// body is known to be well-formed.
type splitter struct {
	checker checker
	more    func(bytes int) error
	// The headers the walk is at; the first span below them adds them to the lists
	// (a million resources without spans cost nothing).
	resourceHeader, scopeHeader []byte
	fresh                       bool

	resources [][]byte // the fields of ResourceSpans besides its scopes
	scopes    []scope
	spans     []span
	counts    []int // spans by partition
	report    Report
}

type scope struct {
	resource int
	header   []byte // the fields of ScopeSpans besides its spans
}

type span struct {
	raw       []byte // with tag and length
	scope     int
	partition int
}

func (s *splitter) walk(body []byte) error {
	c := at(body)
	for c.next() {
		if c.tag != tracesResourceSpans {
			continue
		}
		if err := s.resourceSpans(c.body()); err != nil {
			return err
		}
	}
	return c.err
}

func (s *splitter) resourceSpans(b []byte) error {
	header, err := s.header(b, resourceSpansResource, resourceSpansSchema, (*checker).resource, nil)
	if err != nil {
		return err
	}
	s.resourceHeader = header
	reason := s.checker.reason
	c := at(b)
	for c.next() {
		if c.tag != resourceSpansScope {
			continue
		}
		if err := s.scopeSpans(c.body(), reason); err != nil {
			return err
		}
	}
	return nil
}

// scopeSpans gets a reason to leave out all of its spans, or nil.
func (s *splitter) scopeSpans(b []byte, reason error) error {
	header, err := s.header(b, scopeSpansScope, scopeSpansSchema, (*checker).scope, reason)
	if err != nil {
		return err
	}
	s.scopeHeader, s.fresh = header, true
	reason = s.checker.reason
	c := at(b)
	for c.next() {
		if c.tag != scopeSpansSpan {
			continue
		}
		s.checker.reason = reason
		if !s.checker.span(c.body()) {
			return ErrMalformed
		}
		s.add(c.raw())
	}
	return nil
}

// header collects what goes with all spans of a resource or a scope, before the
// spans are looked at: a field may come before or after the others, and even
// twice. What is wrong with it is then the checker's reason.
func (s *splitter) header(b []byte, about, schema uint64, check func(*checker, []byte) bool, reason error) ([]byte, error) {
	var header []byte
	s.checker.reason = reason
	c := at(b)
	for c.next() {
		switch c.tag {
		case about:
			if !check(&s.checker, c.body()) {
				return nil, ErrMalformed
			}
		case schema:
			s.checker.text(c.body())
		default:
			continue
		}
		header = join(header, c.raw())
	}
	if len(header) > maxHeader {
		s.checker.reject(errHeader)
	}
	return header, c.err
}

// add takes the span that was just checked.
func (s *splitter) add(raw []byte) {
	k := &s.checker
	if k.reason != nil {
		if s.report.Rejected == 0 {
			s.report.Reason = fmt.Errorf("span %q of trace %q: %w", k.id, k.trace, k.reason)
		}
		s.report.Rejected++
		return
	}
	s.report.Accepted++
	if s.fresh {
		s.open()
		s.fresh = false
	}
	p := schemas.TracePartition(k.trace, len(s.counts))
	s.counts[p]++
	s.spans = append(s.spans, span{raw: raw, scope: len(s.scopes) - 1, partition: p})
}

// open puts the headers the walk is at into the lists. Some senders repeat them
// for every span: the same ones again are one.
func (s *splitter) open() {
	last := len(s.resources) - 1
	if last < 0 || string(s.resources[last]) != string(s.resourceHeader) {
		s.resources = append(s.resources, s.resourceHeader)
		last++
	} else if n := len(s.scopes); string(s.scopes[n-1].header) == string(s.scopeHeader) {
		return // both are what they were
	}
	s.scopes = append(s.scopes, scope{resource: last, header: s.scopeHeader})
}

// join appends; the usual single field is not copied.
func join(header, raw []byte) []byte {
	if header == nil {
		return raw
	}
	return append(header, raw...) // raw's capacity ends with it, so this copies
}
