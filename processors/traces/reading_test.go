package traces

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fivekeys/fivekeys/schemas"
)

// outline writes a reading down: one line for each node.
func outline(r Reading) []string {
	var lines []string
	for i := range r.Nodes {
		n := &r.Nodes[i]
		line := fmt.Sprintf("%s%x self %s critical %s", strings.Repeat("  ", n.Depth), idOf(n.SpanID), Human(n.Self), Human(n.Critical))
		for _, mark := range []struct {
			set  bool
			text string
		}{{n.Orphan, " orphan"}, {n.Loop, " loop"}, {n.Later, " later"}, {n.Skew != 0, " moved " + time.Duration(n.Skew).String()}, {i == r.Root, " root"}} {
			if mark.set {
				line += mark.text
			}
		}
		lines = append(lines, line)
	}
	return lines
}

func TestRead(t *testing.T) {
	for name, c := range map[string]struct {
		spans []schemas.Span
		want  []string
	}{
		"no span": {nil, nil},
		"one span is all there is": {
			[]schemas.Span{span(1, 0, server, "web", "GET", 0, 100)},
			[]string{"1 self 100 ms critical 100 ms root"}},
		"children one after the other": {
			[]schemas.Span{span(1, 0, server, "web", "GET", 0, 100), span(2, 1, client, "web", "a", 10, 40), span(3, 1, client, "web", "b", 50, 90)},
			[]string{"1 self 30.0 ms critical 30.0 ms root", "  2 self 30.0 ms critical 30.0 ms", "  3 self 40.0 ms critical 40.0 ms"}},
		"of children at once, the one that ended last is critical": {
			[]schemas.Span{span(1, 0, server, "web", "GET", 0, 100), span(2, 1, client, "web", "a", 10, 90), span(3, 1, client, "web", "b", 10, 60)},
			[]string{"1 self 20.0 ms critical 20.0 ms root", "  2 self 80.0 ms critical 80.0 ms", "  3 self 50.0 ms critical 0 ns"}},
		"what is still at work when the last child begins is not waited for": {
			[]schemas.Span{span(1, 0, server, "web", "GET", 0, 100), span(2, 1, client, "web", "a", 0, 60), span(3, 1, client, "web", "b", 50, 100)},
			[]string{"1 self 0 ns critical 50.0 ms root", "  2 self 60.0 ms critical 0 ns", "  3 self 50.0 ms critical 50.0 ms"}},
		"what goes on after the parent was not waited for": {
			[]schemas.Span{span(1, 0, server, "web", "GET", 0, 100), span(2, 1, local, "web", "audit", 50, 300), span(3, 1, consumer, "mail", "send", 200, 250)},
			[]string{"1 self 50.0 ms critical 100 ms root", "  2 self 250 ms critical 0 ns later", "  3 self 50.0 ms critical 0 ns later"}},
		"a client that gave up waited for its server": {
			[]schemas.Span{span(1, 0, client, "web", "GET", 0, 100), span(2, 1, server, "app", "GET", 10, 500), span(3, 2, client, "app", "SELECT", 20, 490)},
			[]string{"1 self 10.0 ms critical 10.0 ms root", "  2 self 20.0 ms critical 10.0 ms", "    3 self 470 ms critical 80.0 ms"}},
		"a parent that is missing makes an orphan": {
			[]schemas.Span{span(1, 0, server, "web", "GET", 0, 100), span(3, 2, server, "app", "GET", 10, 500)},
			[]string{"1 self 100 ms critical 100 ms root", "3 self 490 ms critical 0 ns orphan"}},
		"without a root the longest fragment is read": {
			[]schemas.Span{span(2, 1, server, "web", "GET", 0, 100), span(4, 3, server, "app", "GET", 10, 500)},
			[]string{"2 self 100 ms critical 0 ns orphan", "4 self 490 ms critical 490 ms orphan root"}},
		"of several roots the longest": {
			[]schemas.Span{span(1, 0, server, "web", "GET", 0, 100), span(2, 0, server, "web", "GET", 200, 400)},
			[]string{"1 self 100 ms critical 0 ns", "2 self 200 ms critical 200 ms root"}},
		"a circle is cut at its first span": {
			[]schemas.Span{span(1, 3, local, "web", "a", 5, 100), span(2, 1, local, "web", "b", 0, 100), span(3, 2, local, "web", "c", 10, 100)},
			[]string{"2 self 10.0 ms critical 10.0 ms loop root", "  3 self 0 ns critical 0 ns", "    1 self 95.0 ms critical 90.0 ms"}},
		"its own parent": {
			[]schemas.Span{span(1, 1, local, "web", "a", 0, 100)},
			[]string{"1 self 100 ms critical 100 ms root"}},
		"duplicates are one span": {
			[]schemas.Span{span(1, 0, server, "web", "GET", 0, 100), span(1, 0, server, "web", "GET", 0, 100), span(2, 1, local, "web", "a", 10, 20), span(2, 1, local, "web", "a", 10, 20)},
			[]string{"1 self 90.0 ms critical 90.0 ms root", "  2 self 10.0 ms critical 10.0 ms"}},
		"the two sides under one id": {
			[]schemas.Span{span(1, 0, client, "web", "GET", 0, 100), span(1, 0, server, "app", "GET", 10, 90), span(2, 1, local, "app", "render", 20, 80)},
			[]string{"1 self 20.0 ms critical 20.0 ms root", "  1 self 20.0 ms critical 20.0 ms", "    2 self 60.0 ms critical 60.0 ms"}},
		"a server whose clock is ahead is put within its client": {
			[]schemas.Span{span(1, 0, client, "web", "GET", 0, 100), span(2, 1, server, "app", "GET", 1010, 1090), span(3, 2, local, "app", "render", 1020, 1080)},
			[]string{"1 self 20.0 ms critical 20.0 ms root", "  2 self 20.0 ms critical 20.0 ms moved -1s", "    3 self 60.0 ms critical 60.0 ms moved -1s"}},
		"a clock behind, and the next service's is right": {
			[]schemas.Span{
				span(1, 0, client, "web", "GET", 0, 100), span(2, 1, server, "app", "GET", -490, -410),
				span(3, 2, client, "app", "GET", -480, -420), span(4, 3, server, "db", "GET", 30, 60),
			},
			[]string{"1 self 20.0 ms critical 20.0 ms root", "  2 self 20.0 ms critical 20.0 ms moved 500ms", "    3 self 30.0 ms critical 30.0 ms moved 500ms", "      4 self 30.0 ms critical 30.0 ms"}},
		"a consumer can't begin before its message was sent": {
			[]schemas.Span{span(1, 0, producer, "web", "send", 0, 10), span(2, 1, consumer, "mail", "process", -50, 50)},
			[]string{"1 self 0 ns critical 10.0 ms root", "  2 self 100 ms critical 0 ns later moved 50ms"}},
		"a span that takes no time": {
			[]schemas.Span{span(1, 0, server, "web", "GET", 0, 0)},
			[]string{"1 self 0 ns critical 0 ns root"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := Read(c.spans)
			if diff := cmp.Diff(c.want, outline(r)); diff != "" {
				t.Errorf("reading differs (-want +got):\n%s", diff)
			}
		})
	}
}

// Zipkin's times are cut to µs: spans that follow each other seem to overlap.
func TestRoundedTimesDoNotLeaveThePath(t *testing.T) {
	spans := []schemas.Span{
		span(1, 0, server, "web", "GET", 0, 100), span(2, 1, client, "web", "a", 0, 50), span(3, 1, client, "web", "b", 50, 100),
	}
	spans[1].Duration += 1000
	spans[2].Duration += 1000
	want := []string{"1 self 0 ns critical 0 ns root", "  2 self 50.0 ms critical 50.0 ms", "  3 self 50.0 ms critical 50.0 ms"}
	if diff := cmp.Diff(want, outline(Read(spans))); diff != "" {
		t.Errorf("reading differs (-want +got):\n%s", diff)
	}
}

func TestReadCheckout(t *testing.T) {
	r := Read(checkout())
	want := []string{
		"1 self 33.0 ms critical 33.0 ms root",
		"  2 self 11.0 ms critical 11.0 ms",
		"    3 self 128 ms critical 128 ms",
		"      4 self 28.0 ms critical 28.0 ms",
		"      5 self 8.00 ms critical 8.00 ms",
		"        6 self 196 ms critical 196 ms",
		"      7 self 6.00 ms critical 6.00 ms",
		"        8 self 196 ms critical 196 ms",
		"      9 self 8.00 ms critical 8.00 ms",
		"        a self 192 ms critical 192 ms",
		"      b self 33.0 ms critical 33.0 ms",
		"      c self 6.00 ms critical 6.00 ms",
		"        d self 480 ms critical 0 ns later",
	}
	if diff := cmp.Diff(want, outline(r)); diff != "" {
		t.Errorf("reading differs (-want +got):\n%s", diff)
	}
	if r.Services != 4 || Human(r.End-r.Start) != "1.32 s" {
		t.Errorf("%d services, %s", r.Services, Human(r.End-r.Start))
	}
	const sentence = "The bottleneck is payments POST /charges: 584 ms of the 845 ms (69 %) went by in its own work; 3 spans, 2 of them failed, the longest held 196 ms."
	if got := r.Sentence(); got != sentence {
		t.Errorf("got %q", got)
	}
}

func TestSentence(t *testing.T) {
	for want, spans := range map[string][]schemas.Span{
		"Nothing took any time, so there is no bottleneck.":                                               {span(1, 0, server, "web", "GET", 0, 0)},
		"The bottleneck is web GET: 100 ms of the 100 ms (100 %) went by in its own work.":                {span(1, 0, server, "web", "GET", 0, 100)},
		"The bottleneck is web GET: 100 ms of the 100 ms (100 %) went by in its own work, and it failed.": {failed(span(1, 0, server, "web", "GET", 0, 100))},
		"The bottleneck is web GET: 60.0 ms of the 100 ms (60 %) went by outside of the calls it waited for, at least 50.0 ms of it while others were running.": {
			span(1, 0, server, "web", "GET", 0, 100), span(2, 1, client, "web", "a", 10, 80), span(3, 1, client, "web", "b", 60, 100)},
		"The bottleneck is web GET app: 80.0 ms of the 100 ms (80 %) went by between it and app: network, connections and queues.": {span(1, 0, client, "web", "GET app", 0, 100), span(2, 1, server, "app", "GET", 40, 60)},
		"The bottleneck is web SELECT: 90.0 ms of the 100 ms (90 %) went by waiting for db, in calls that left no span there; 2 spans, the longest held 50.0 ms.": {
			span(1, 0, server, "web", "GET", 0, 100), to("db", span(2, 1, client, "web", "SELECT", 0, 50)), to("db", span(3, 1, client, "web", "SELECT", 50, 90))},
	} {
		r := Read(spans)
		if got := r.Sentence(); got != want {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	}
}

func TestHuman(t *testing.T) {
	for want, ns := range map[string]int64{
		"0 ns": 0, "999 ns": 999, "1.00 µs": 1000, "12.3 µs": 12_345, "123 µs": 123_456, "1.00 ms": 999_950, "9.99 ms": 9_990_000, "10.0 ms": 9_996_000,
		"845 ms": 845 * ms, "1.00 s": 1000 * ms, "119 s": 119_000 * ms, "2.00 min": 120_000 * ms, "119 min": 119 * 60_000 * ms, "2.00 h": 120 * 60_000 * ms,
	} {
		if got := Human(ns); got != want {
			t.Errorf("%d ns is %q, want %q", ns, got, want)
		}
	}
}
