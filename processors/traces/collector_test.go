package traces

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fivekeys/fivekeys/schemas"
)

// book is a sink that writes everything down.
type book struct {
	lines []string
	kept  []schemas.Span
}

func (b *book) Request(service, operation string, kind schemas.SpanKind, at int64, failed bool, latency int64) {
	b.lines = append(b.lines, fmt.Sprint("request ", service, " ", operation, " ", kind, " ", at, " ", failed, " ", latency))
}

func (b *book) Call(caller, callee string, at int64, failed bool, latency int64) {
	b.lines = append(b.lines, fmt.Sprint("call ", caller, " ", callee, " ", at, " ", failed, " ", latency))
}

func (b *book) Keep(s *schemas.Span) {
	b.lines = append(b.lines, fmt.Sprint("keep ", s.TraceID, " ", s.SpanID))
	clone := *s
	clone.Attributes, clone.Resource, clone.Events = slices.Clone(s.Attributes), slices.Clone(s.Resource), slices.Clone(s.Events)
	b.kept = append(b.kept, clone)
}

func (b *book) count(what string) (n int) {
	for _, l := range b.lines {
		if len(l) > len(what) && l[:len(what)] == what {
			n++
		}
	}
	return n
}

// seconds after the epoch, as stream time.
func seconds(n float64) int64 { return epoch + int64(n*float64(time.Second)) }

// call is the two sides of a call, as spans of trace n.
func call(n int) (caller, callee schemas.Span) {
	caller, callee = span(1, 0, client, "web", "GET", 0, 50), span(2, 1, server, "app", "GET", 10, 30)
	caller.TraceID, callee.TraceID = traceID(n), traceID(n)
	return caller, callee
}

func TestATraceClosesWhenItIsQuiet(t *testing.T) {
	caller, callee := call(1)
	for name, c := range map[string]struct {
		second float64 // of stream time at which the other side comes
		calls  int
		stats  Stats
	}{
		"both sides at once":                       {0, 1, Stats{Closed: 1}},
		"the other side 9.9 s later":               {9.9, 1, Stats{Closed: 1}},
		"the other side after 10 s comes too late": {10, 0, Stats{Closed: 2}},
	} {
		t.Run(name, func(t *testing.T) {
			collector, got := NewCollector(Config{Rules: schemas.DefaultSpanRules()}), &book{}
			collector.Advance(seconds(0), got)
			collector.Span(seconds(0), &caller, got)
			collector.Advance(seconds(c.second), got)
			collector.Span(seconds(c.second), &callee, got)
			if since, ok := collector.Open(); !ok || since > seconds(c.second) {
				t.Errorf("open since %d %t", since, ok)
			}
			collector.Advance(seconds(c.second+9), got)
			if got.count("call ") != 0 && c.calls == 1 {
				t.Error("closed before its time")
			}
			collector.Advance(seconds(c.second+3600), got)
			if n := got.count("call "); n != c.calls {
				t.Errorf("%d calls, want %d", n, c.calls)
			}
			if diff := cmp.Diff(c.stats, collector.Stats()); diff != "" {
				t.Errorf("stats differ (-want +got):\n%s", diff)
			}
			if _, ok := collector.Open(); ok {
				t.Error("a trace is open")
			}
			if got.count("request ") != 1 || got.count("keep ") != 2 {
				t.Errorf("unexpected %q", got.lines)
			}
		})
	}
}

func TestATraceThatNeverEndsIsCutWithinAMinute(t *testing.T) {
	collector, got := NewCollector(Config{Rules: schemas.DefaultSpanRules()}), &book{}
	opened := seconds(0)
	for n := range 600 {
		at := seconds(float64(n))
		collector.Advance(at, got)
		if since, ok := collector.Open(); ok && at-since > int64(Lookback)+60*int64(time.Second) {
			t.Fatalf("open since %d at %d", since, at)
		}
		if s := collector.Stats(); s.Spans > 61 {
			t.Fatalf("%d spans are open", s.Spans)
		}
		s := to("db", span(n+1, 0, client, "app", "SELECT", 0, 10))
		collector.Span(at, &s, got)
	}
	if s := collector.Stats(); s.Cut < 600/60 || s.Cut > 600/40+1 {
		t.Errorf("cut %d times", s.Cut)
	}
	collector.Advance(opened+int64(time.Hour), got)
	if n := got.count("call "); n != 600 {
		t.Errorf("%d calls, want 600", n)
	}
	if s := collector.Stats(); s.Open != 0 || s.Spans != 0 || collector.continued != 0 {
		t.Errorf("something is left: %+v", s)
	}
}

func TestMemoryIsBoundedOldestFirst(t *testing.T) {
	collector, got := NewCollector(Config{Rules: schemas.SpanRules{Keep: 1}, MaxSpans: 100}), &book{}
	for n := range 1000 {
		caller, callee := call(n)
		collector.Span(seconds(0), &caller, got)
		collector.Span(seconds(0), &callee, got)
		if s := collector.Stats(); s.Spans > 100 {
			t.Fatalf("%d spans are open", s.Spans)
		}
	}
	if n := got.count("call "); n < 900 || n > 950 {
		t.Errorf("%d calls so far", n)
	}
	collector.Advance(seconds(20), got)
	if n := got.count("call "); n != 1000 {
		t.Errorf("%d calls, want 1000", n)
	}
	if s := collector.Stats(); s.Forced+s.Closed != 1000 || s.Open != 0 || collector.traces.used() != 1 {
		t.Errorf("unexpected %+v, %d places", s, collector.traces.used())
	}
}

func TestOneTraceDoesNotPushOutTheOthers(t *testing.T) {
	collector, got := NewCollector(Config{Rules: schemas.SpanRules{Keep: 1}, MaxSpans: 2 * mostSpans}), &book{}
	caller, callee := call(1)
	collector.Span(seconds(0), &caller, got)
	for n := range 5 * mostSpans {
		s := span(n+1, 0, local, "batch", "row", 0, 1)
		s.TraceID = traceID(2)
		collector.Span(seconds(1), &s, got)
	}
	collector.Span(seconds(2), &callee, got)
	collector.Advance(seconds(20), got)
	if n := got.count("call "); n != 1 {
		t.Errorf("%d calls, want 1", n)
	}
	if s := collector.Stats(); s.Cut != 5 || s.Forced != 0 {
		t.Errorf("unexpected %+v", s)
	}
}

// message is one of a stream: spans with the time they were stored.
type message struct {
	at    int64
	spans []schemas.Span
}

// stream makes messages of traces of all kinds: short ones, ones with gaps and
// ones that go on for minutes.
func stream(r *rand.Rand, traces int) []message {
	byTime := map[int64][]schemas.Span{}
	var times []int64
	for n := range traces {
		at := seconds(r.Float64() * 400)
		id := 0
		for range 1 + r.IntN(80) {
			id++
			s := span(id, r.IntN(id), schemas.SpanKind(r.IntN(6)), fmt.Sprint("service-", r.IntN(6)), "op", r.Int64N(1000), 1000+r.Int64N(1000))
			s.TraceID = traceID(n)
			if r.IntN(3) == 0 {
				s.Peer = fmt.Sprint("peer-", r.IntN(3))
			}
			if r.IntN(500) == 0 {
				s.Status = schemas.StatusError
			}
			if _, ok := byTime[at]; !ok {
				times = append(times, at)
			}
			byTime[at] = append(byTime[at], s)
			gap := []float64{0, 0, 0.3, 5, 9.9}
			if n%3 == 0 {
				gap = append(gap, 10, 12, 40)
			}
			at += int64(gap[r.IntN(len(gap))] * r.Float64() * float64(time.Second))
		}
	}
	slices.Sort(times)
	messages := make([]message, 0, len(times))
	for _, at := range times {
		messages = append(messages, message{at, byTime[at]})
	}
	return messages
}

func run(c *Collector, messages []message, to Sink) {
	for i := range messages {
		c.Advance(messages[i].at, to)
		for j := range messages[i].spans {
			c.Span(messages[i].at, &messages[i].spans[j], to)
		}
	}
}

// A process that starts again reads the stream from where Open said, throws
// away what had been given to the sink before, and goes on as if nothing had
// happened.
func TestAReplayContinuesExactly(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 1))
		messages := stream(r, 60)
		for _, rules := range []schemas.SpanRules{{Keep: 1}, {Keep: 0.3, Slow: 1990 * time.Millisecond}} {
			stop := r.IntN(len(messages))
			first := NewCollector(Config{Rules: rules})
			run(first, messages[:stop], &book{})
			want := &book{}
			since, ok := first.Open()
			from := stop
			if ok {
				from, _ = slices.BinarySearchFunc(messages, since, func(m message, at int64) int { return int(m.at - at) })
			}
			again, got := NewCollector(Config{Rules: rules}), &book{}
			run(again, messages[from:stop], &book{})
			run(first, messages[stop:], want)
			run(again, messages[stop:], got)
			first.Advance(seconds(5000), want)
			again.Advance(seconds(5000), got)
			// The order within one second of stream time is free.
			slices.Sort(want.lines)
			slices.Sort(got.lines)
			if rules.Keep < 1 {
				// Verdicts are remembered for longer than what is read again.
				notKept := func(l string) bool { return l[:4] == "keep" }
				want.lines, got.lines = slices.DeleteFunc(want.lines, notKept), slices.DeleteFunc(got.lines, notKept)
			}
			if diff := cmp.Diff(want.lines, got.lines); diff != "" {
				t.Fatalf("seed %d, stopped at message %d, read again from %d (-want +got):\n%s", seed, stop, from, diff)
			}
		}
	}
}

func TestTheSameStreamGivesTheSame(t *testing.T) {
	messages := stream(rand.New(rand.NewPCG(7, 7)), 100)
	var want []string
	for n := range 3 {
		got := &book{}
		c := NewCollector(Config{Rules: schemas.SpanRules{Keep: 0.5}, MaxSpans: 200, MaxHeld: 20_000})
		run(c, messages, got)
		if n == 0 {
			want = got.lines
			if s := c.Stats(); s.Forced == 0 || s.Cut == 0 || s.Closed == 0 {
				t.Errorf("the stream does not try everything: %+v", s)
			}
		}
		if diff := cmp.Diff(want, got.lines); diff != "" {
			t.Fatalf("run %d differs (-first +this):\n%s", n, diff)
		}
	}
}

// Names of hosts come and go; only those in use stay.
func TestNamesDoNotPileUp(t *testing.T) {
	collector, got := NewCollector(Config{Rules: schemas.SpanRules{Keep: 1}}), &calls{}
	for n := range 3 * manyNames {
		at := seconds(float64(n) / 1000)
		collector.Advance(at, got)
		s := to(fmt.Sprint("host-", n), span(1, 0, client, "app", "GET", 0, 1))
		s.TraceID = traceID(n)
		collector.Span(at, &s, got)
		if len(collector.names.texts) > manyNames+1 {
			t.Fatalf("%d names", len(collector.names.texts))
		}
	}
	collector.Advance(seconds(1e6), got)
	for n, line := range got.lines {
		if want := fmt.Sprint("app → host-", n); line != want {
			t.Fatalf("call %d is %q, want %q", n, line, want)
		}
	}
}

func TestOnlyWorkForOthersIsARequest(t *testing.T) {
	collector, got := NewCollector(Config{Rules: schemas.DefaultSpanRules()}), &book{}
	for i, kind := range []schemas.SpanKind{kindless, local, server, client, producer, consumer} {
		s := failed(span(i+1, 0, kind, "app", "op", 10, 30))
		collector.Span(seconds(5), &s, got)
	}
	requests := slices.DeleteFunc(got.lines, func(l string) bool { return l[:4] == "keep" })
	ended := fmt.Sprint(epoch + 30*ms)
	want := []string{"request app op server " + ended + " true 20000000", "request app op consumer " + ended + " true 20000000"}
	if diff := cmp.Diff(want, requests); diff != "" {
		t.Errorf("requests differ (-want +got):\n%s", diff)
	}
}
