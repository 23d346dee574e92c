package traces

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fivekeys/fivekeys/schemas"
)

func TestWhichTracesAreKept(t *testing.T) {
	slow := span(1, 0, server, "web", "GET", 0, 1000)
	fast := span(1, 0, server, "web", "GET", 0, 999)
	child := span(2, 1, local, "web", "render", 0, 10)
	for name, c := range map[string]struct {
		spans []schemas.Span
		keep  float64
		kept  int
	}{
		"an ordinary one is not":                     {[]schemas.Span{fast, child}, 0, 0},
		"all are where everything is kept":           {[]schemas.Span{fast, child}, 1, 2},
		"one with an error":                          {[]schemas.Span{fast, failed(child)}, 0, 2},
		"one with an error that came first":          {[]schemas.Span{failed(child), fast}, 0, 2},
		"one whose root is slow":                     {[]schemas.Span{child, slow}, 0, 2},
		"one in which a service was slow":            {[]schemas.Span{fast, span(2, 1, consumer, "mail", "send", 0, 5000)}, 0, 2},
		"not one in which only a local span is slow": {[]schemas.Span{fast, span(2, 1, local, "web", "wait", 0, 5000)}, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			collector, got := NewCollector(Config{Rules: schemas.SpanRules{Keep: c.keep, Slow: time.Second}}), &book{}
			for i := range c.spans {
				collector.Span(seconds(0), &c.spans[i], got)
			}
			collector.Advance(seconds(20), got)
			if len(got.kept) != c.kept {
				t.Errorf("%d spans are kept, want %d", len(got.kept), c.kept)
			}
			if n := collector.Stats().Held; n != 0 {
				t.Errorf("%d bytes are still held", n)
			}
		})
	}
}

func TestWithoutSamplingNothingIsHeldBack(t *testing.T) {
	collector, got := NewCollector(Config{Rules: schemas.DefaultSpanRules()}), &book{}
	s := span(1, 0, local, "web", "GET", 0, 1)
	collector.Span(seconds(0), &s, got)
	if len(got.kept) != 1 {
		t.Error("held back")
	}
}

func TestALateSpanFollowsTheVerdict(t *testing.T) {
	late := span(9, 1, local, "web", "late", 0, 1)
	for name, c := range map[string]struct {
		first schemas.Span
		after float64 // seconds
		kept  int
	}{
		"kept with its trace":        {failed(span(1, 0, server, "web", "GET", 0, 1)), 60, 2},
		"dropped with its trace":     {span(1, 0, server, "web", "GET", 0, 1), 60, 0},
		"after long it is forgotten": {failed(span(1, 0, server, "web", "GET", 0, 1)), 600, 1},
	} {
		t.Run(name, func(t *testing.T) {
			collector, got := NewCollector(Config{Rules: schemas.SpanRules{}}), &book{}
			collector.Span(seconds(0), &c.first, got)
			collector.Advance(seconds(c.after), got)
			collector.Span(seconds(c.after), &late, got)
			collector.Advance(seconds(c.after+20), got)
			if len(got.kept) != c.kept {
				t.Errorf("%d spans are kept, want %d", len(got.kept), c.kept)
			}
		})
	}
}

func TestVerdictsAreBounded(t *testing.T) {
	s := newSampler(schemas.SpanRules{})
	for n := range 3 * mostRemembered {
		s.remember(traceID(n), seconds(0))
		s.remember(traceID(n%7), seconds(0))
	}
	if len(s.kept) > mostRemembered || len(s.queue) > 2*mostRemembered {
		t.Errorf("%d verdicts, %d in the queue", len(s.kept), len(s.queue))
	}
	if !s.keeps(traceID(3*mostRemembered-1), seconds(0)) || s.keeps(traceID(8), seconds(0)) {
		t.Error("the newest is forgotten, or the oldest is not")
	}
}

func TestTheShareIsWhatWasAskedFor(t *testing.T) {
	const traces = 200_000
	for _, keep := range []float64{0, 0.001, 0.01, 0.1, 0.5, 0.999, 1} {
		s := newSampler(schemas.SpanRules{Keep: keep})
		kept := 0
		for n := range traces { // ids that only count up
			if s.keeps(traceID(n), 0) {
				kept++
			}
		}
		deviation := math.Sqrt(keep * (1 - keep) * traces)
		if math.Abs(float64(kept)-keep*traces) > 5*deviation {
			t.Errorf("%d of %d are kept, want a share of %g", kept, traces, keep)
		}
	}
}

func TestTheHashOfATraceStaysAsItIs(t *testing.T) {
	if got := fmt.Sprintf("%016x %016x", mix(traceID(1)), mix(schemas.TraceID{})); got != hashes {
		t.Errorf("got %s, want %s: processes of two versions would keep different traces", got, hashes)
	}
}

const hashes = "c856321b3ff96f44 a706dd2f4d197e6f"

func TestHeldMemoryIsBounded(t *testing.T) {
	collector, got := NewCollector(Config{MaxHeld: 100_000}), &book{}
	for n := range 5000 {
		s := span(1, 0, server, "web", "GET", 0, 1)
		s.TraceID = traceID(n)
		s.Attributes = []schemas.Attribute{{Key: "url.full", Value: "https://shop.example.com/some/rather/long/path"}}
		collector.Span(seconds(0), &s, got)
		if held := collector.Stats().Held; held > 100_000 {
			t.Fatalf("%d bytes are held", held)
		}
	}
	if s := collector.Stats(); s.Forced == 0 || s.Held < 50_000 {
		t.Errorf("unexpected %+v", s)
	}
}

func TestAHeldSpanComesBackWhole(t *testing.T) {
	spans := []schemas.Span{
		{},
		{
			TraceID: traceID(1), SpanID: spanID(2), ParentID: spanID(1), Service: "web", Version: "1.2.3", Environment: "production",
			Name: "GET /cart", Kind: server, Start: epoch, Duration: 12345, Status: schemas.StatusError, StatusMessage: "no such cart", Peer: "browser",
			Attributes: []schemas.Attribute{{Key: "http.request.method", Value: "GET"}, {Key: "", Value: ""}},
			Resource:   []schemas.Attribute{{Key: "host.name", Value: "a"}},
			Events: []schemas.SpanEvent{
				{Time: epoch + 1, Name: "exception", Attributes: []schemas.Attribute{{Key: "exception.type", Value: "ä→\x00"}}},
				{Time: -1},
			},
		},
		{Start: math.MinInt64, Duration: math.MaxInt64, Name: "x"},
	}
	var held []byte
	for i := range spans {
		held = appendSpan(held, &spans[i])
	}
	var got schemas.Span
	for _, want := range spans {
		held = readSpan(held, &got)
		if diff := cmp.Diff(fmt.Sprintf("%+v", want), fmt.Sprintf("%+v", got)); diff != "" {
			t.Errorf("span differs (-want +got):\n%s", diff)
		}
	}
	if len(held) != 0 {
		t.Errorf("%d bytes are left", len(held))
	}
}
