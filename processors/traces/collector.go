package traces

import (
	"slices"
	"time"

	"github.com/fivekeys/fivekeys/schemas"
)

// Sink takes what spans and closed traces amount to. Times and durations are in
// ns; strings may point into a message and are cloned by whoever keeps them.
type Sink interface {
	// Request counts one request of an operation that ended at a time.
	Request(service, operation string, kind schemas.SpanKind, at int64, failed bool, latency int64)
	// Call counts one call of a service by another that ended at a time.
	Call(caller, callee string, at int64, failed bool, latency int64)
	// Keep stores the span.
	Keep(span *schemas.Span)
}

// Config of a collector.
type Config struct {
	Rules schemas.SpanRules
	// MaxSpans bounds the records of open traces, MaxHeld the bytes of spans that
	// wait for their trace's verdict. Beyond, the oldest traces are closed early.
	MaxSpans int
	MaxHeld  int
}

// The bounds where Config names none, for one of the stream's partitions: about
// 40 MB of records, and as much again of spans where traces are sampled.
const (
	DefaultMaxSpans = 1 << 19
	DefaultMaxHeld  = 48 << 20
)

// mostSpans is how many spans of one trace wait at most: a trace that never
// ends must not push out all others.
const mostSpans = 1 << 14

// Collector follows the traces of one partition of the stream. What it gives to
// the sink is a function of the calls so far. Calls come one at a time.
type Collector struct {
	config  Config
	at      int64 // stream time, ns
	open    map[schemas.TraceID]uint32
	traces  slab[trace]
	records slab[record]
	names   names
	wheel   wheel
	ages    ages
	sampler sampler
	linker  linker
	scratch []record
	// continued is how many open traces go on after a cut.
	continued int
	stats     Stats
}

// Stats are for metrics: what is open now, and what happened since the start.
type Stats struct {
	Open, Spans, Held int    // open traces, their spans, bytes held back
	Closed            uint64 // traces that got quiet
	Cut               uint64 // parts of traces that did not within a minute, or had too many spans
	Forced            uint64 // traces closed early for want of memory
}

// NewCollector makes one that knows no trace.
func NewCollector(c Config) *Collector {
	if c.MaxSpans <= 0 {
		c.MaxSpans = DefaultMaxSpans
	}
	if c.MaxHeld <= 0 {
		c.MaxHeld = DefaultMaxHeld
	}
	n := &Collector{config: c, open: map[schemas.TraceID]uint32{}, names: newNames(), sampler: newSampler(c.Rules)}
	n.traces.take() // place 0 means none
	n.records.take()
	return n
}

// Span takes one span. Duplicates are dropped before.
func (c *Collector) Span(at int64, span *schemas.Span, to Sink) {
	c.at = max(c.at, at)
	failed, end := span.Status == schemas.StatusError, span.Start+span.Duration
	if span.Kind.Entry() {
		to.Request(span.Service, span.Name, span.Kind, end, failed, span.Duration)
	}
	i := c.traceOf(span.TraceID)
	t := c.traces.at(i)
	t.last = c.at
	c.names.bound(c.renumber)
	r := c.records.take()
	*c.records.at(r) = record{
		span: span.SpanID, parent: span.ParentID, end: end, duration: span.Duration,
		service: c.names.number(span.Service), peer: c.names.peer(peerOf(span)),
		next: t.head, kind: span.Kind, failed: failed,
	}
	t.head = r
	c.records.at(r).outer = span.OuterParent()
	t.count++
	c.sample(i, t, span, to)
	if t.count >= mostSpans {
		c.stats.Cut++
		c.drop(i, to)
	}
	for c.ages.oldest != 0 && (c.records.used()-1 > c.config.MaxSpans || c.sampler.bytes > c.config.MaxHeld) {
		c.stats.Forced++
		c.drop(c.ages.oldest, to)
	}
}

// sample stores the span, or holds it back until its trace is seen to be worth
// keeping.
func (c *Collector) sample(i uint32, t *trace, span *schemas.Span, to Sink) {
	if !t.kept && c.sampler.interesting(span) {
		t.kept = true
		c.sampler.remember(span.TraceID, c.at)
		c.sampler.release(i, to)
	}
	if t.kept {
		to.Keep(span)
		return
	}
	c.sampler.hold(i, span)
}

// Advance lets stream time pass and closes the traces whose time is up.
func (c *Collector) Advance(at int64, to Sink) {
	c.at = max(c.at, at)
	c.wheel.turn(c.at/int64(time.Second), func(i uint32, second int64) { c.due(i, second, to) })
}

// Open says since when the oldest open trace is open. Reading the stream again
// from there on makes the same traces open.
func (c *Collector) Open() (since int64, ok bool) {
	if c.ages.oldest == 0 {
		return 0, false
	}
	since = c.traces.at(c.ages.oldest).first
	if c.continued > 0 {
		since -= int64(Lookback) // far enough to find where it was cut
	}
	return since, true
}

// Stats gives the present figures.
func (c *Collector) Stats() Stats {
	s := c.stats
	s.Open, s.Spans, s.Held = len(c.open), c.records.used()-1, c.sampler.bytes
	return s
}

// traceOf finds the open trace or opens it.
func (c *Collector) traceOf(id schemas.TraceID) uint32 {
	if i, ok := c.open[id]; ok {
		return i
	}
	i := c.traces.take()
	t := c.traces.at(i)
	*t = trace{id: id, first: c.at, last: c.at, kept: c.sampler.keeps(id, c.at)}
	c.open[id] = i
	c.ages.add(&c.traces, i)
	c.wheel.add(t.due(), i)
	return i
}

// due looks at a trace that the wheel hands over.
func (c *Collector) due(i uint32, second int64, to Sink) {
	t := c.traces.at(i)
	switch {
	case t.gone:
		c.traces.put(i)
	case t.due() > second:
		c.wheel.add(t.due(), i)
	case t.cut() < t.last+int64(quiet):
		c.stats.Cut++
		c.emit(t, to)
		c.sampler.discard(i)
		if !t.continued {
			t.continued = true
			c.continued++
		}
		t.first = t.cut()
		c.ages.remove(&c.traces, i)
		c.ages.add(&c.traces, i)
		if t.due() > second {
			c.wheel.add(t.due(), i)
			return
		}
		c.forget(i)
		c.traces.put(i)
	default:
		c.stats.Closed++
		c.emit(t, to)
		c.forget(i)
		c.traces.put(i)
	}
}

// drop closes a trace before its time. The wheel holds its place a while.
func (c *Collector) drop(i uint32, to Sink) {
	t := c.traces.at(i)
	c.emit(t, to)
	c.forget(i)
	t.gone = true
}

func (c *Collector) forget(i uint32) {
	t := c.traces.at(i)
	if t.continued {
		c.continued--
	}
	delete(c.open, t.id)
	c.ages.remove(&c.traces, i)
	c.sampler.discard(i)
}

// emit hands over the calls between the spans gathered so far and lets go of
// them.
func (c *Collector) emit(t *trace, to Sink) {
	c.scratch = c.scratch[:0]
	nobody := c.names.number(schemas.UnknownService)
	for r := t.head; r != 0; {
		found := *c.records.at(r)
		if found.service == nobody {
			found.service = 0 // what doesn't tell its name is no service that others call
		}
		c.scratch = append(c.scratch, found)
		c.records.put(r)
		r = found.next
	}
	t.head, t.count = 0, 0
	slices.Reverse(c.scratch) // as they came
	for _, l := range c.linker.of(c.scratch) {
		to.Call(c.names.text(l.caller), c.names.text(l.callee), l.end, l.failed, l.latency)
	}
}

// renumber gives the names that open traces use their numbers anew.
func (c *Collector) renumber(number func(old uint32) uint32) {
	for i := c.ages.oldest; i != 0; i = c.traces.at(i).newer {
		for r := c.traces.at(i).head; r != 0; r = c.records.at(r).next {
			found := c.records.at(r)
			found.service, found.peer = number(found.service), number(found.peer)
		}
	}
}
