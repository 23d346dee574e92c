package traces

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fivekeys/fivekeys/schemas"
)

// calls is a sink that writes down the calls.
type calls struct {
	lines []string
	times []int64 // latency of each, ms
}

func (c *calls) Request(string, string, schemas.SpanKind, int64, bool, int64) {}
func (c *calls) Keep(*schemas.Span)                                           {}
func (c *calls) Call(caller, callee string, _ int64, failed bool, latency int64) {
	line := caller + " → " + callee
	if failed {
		line += " failed"
	}
	c.lines = append(c.lines, line)
	c.times = append(c.times, latency/ms)
}

func collect(spans []schemas.Span) *calls {
	c, got := NewCollector(Config{Rules: schemas.SpanRules{Keep: 1}}), &calls{}
	c.Advance(epoch, got)
	for i := range spans {
		c.Span(epoch, &spans[i], got)
	}
	c.Advance(epoch+int64(quiet), got)
	return got
}

// below gives a server that shared its caller's id that caller's parent.
func below(outer int, s schemas.Span) schemas.Span {
	s.Attributes = append(s.Attributes, schemas.Attribute{Key: schemas.AttributeOuterParent, Value: spanID(outer).String()})
	return s
}

func TestDependencyLinks(t *testing.T) {
	s := func(id, parent int, kind schemas.SpanKind, service, peer string) schemas.Span {
		return to(peer, span(id, parent, kind, service, "op", 0, 10))
	}
	for name, c := range map[string]struct {
		spans []schemas.Span
		want  []string
	}{
		"the two sides of a call are one call": {
			[]schemas.Span{s(1, 0, client, "web", ""), s(2, 1, server, "app", "")},
			[]string{"web → app"}},
		"the server's name for itself wins": {
			[]schemas.Span{s(1, 0, client, "web", "app.internal"), s(2, 1, server, "app", "")},
			[]string{"web → app"}},
		"a client that nobody answers names the callee": {
			[]schemas.Span{s(1, 0, server, "app", ""), s(2, 1, client, "app", "postgres")},
			[]string{"app → postgres"}},
		"a root server knows no caller": {
			[]schemas.Span{s(1, 0, server, "web", "")}, nil},
		"a root server that names its peer was called by it": {
			[]schemas.Span{s(1, 0, server, "web", "browser")},
			[]string{"browser → web"}},
		"a span without a kind that names both sides is a client": {
			[]schemas.Span{s(1, 0, kindless, "a", "web"), s(2, 1, kindless, "web", "app"), s(3, 2, kindless, "app", "db")},
			[]string{"a → web", "app → db", "web → app"}},
		"a span without a kind and without a peer is not a call": {
			[]schemas.Span{s(1, 0, kindless, "a", ""), s(2, 1, local, "a", "b")}, nil},
		"local spans may lie between caller and callee": {
			[]schemas.Span{s(1, 0, server, "web", ""), s(2, 1, local, "web", ""), s(3, 2, kindless, "", ""), s(4, 3, server, "app", "")},
			[]string{"web → app"}},
		"both sides under one id, as Zipkin allows": {
			[]schemas.Span{s(1, 0, server, "web", ""), s(2, 1, server, "app", "web"), s(2, 1, client, "web", "app"), s(3, 2, client, "app", "db")},
			[]string{"app → db", "web → app"}},
		"a server under a shared id whose parent was not passed on": {
			[]schemas.Span{s(1, 0, server, "arn", ""), s(2, 1, client, "arn", "link"), s(2, 0, server, "link", "arn")},
			[]string{"arn → link"}},
		"a server under an id of its own whose child names the client's": {
			[]schemas.Span{s(1, 0, client, "web", "app"), s(7, 1, server, "app", "web"), s(3, 1, client, "app", "db")},
			[]string{"app → db", "web → app"}},
		"an error of the server is one error": {
			[]schemas.Span{s(1, 0, client, "web", ""), failed(s(2, 1, server, "app", ""))},
			[]string{"web → app failed"}},
		"an error of the client is one error": {
			[]schemas.Span{failed(s(1, 0, client, "web", "")), s(2, 1, server, "app", "")},
			[]string{"web → app failed"}},
		"an error of both is one error": {
			[]schemas.Span{failed(s(1, 0, client, "web", "")), failed(s(2, 1, server, "app", ""))},
			[]string{"web → app failed"}},
		"a server that fails further up is not an error of this call": {
			[]schemas.Span{failed(s(1, 0, server, "web", "")), s(2, 1, server, "app", "")},
			[]string{"web → app"}},
		"a client with several servers made several calls": {
			[]schemas.Span{s(1, 0, client, "web", "app"), failed(s(2, 1, server, "app", "web")), s(3, 1, server, "app", "web")},
			[]string{"web → app", "web → app failed"}},
		"messages are linked with their broker": {
			[]schemas.Span{s(1, 0, producer, "shop", "kafka"), s(2, 1, consumer, "mail", "kafka")},
			[]string{"kafka → mail", "shop → kafka"}},
		"without a broker there is no link": {
			[]schemas.Span{s(1, 0, producer, "shop", ""), s(2, 1, consumer, "mail", "")}, nil},
		"only the side that names the broker": {
			[]schemas.Span{s(1, 0, producer, "shop", ""), s(2, 1, consumer, "mail", "kafka")},
			[]string{"kafka → mail"}},
		"a server below a producer is a call": {
			[]schemas.Span{s(1, 0, producer, "shop", ""), s(2, 1, server, "mail", "")},
			[]string{"shop → mail"}},
		"a client is not linked with a consumer": {
			[]schemas.Span{s(1, 0, client, "shop", ""), s(2, 1, consumer, "mail", "")}, nil},
		"a service that calls itself": {
			[]schemas.Span{s(1, 0, client, "app", "app")},
			[]string{"app → app"}},
		"a call whose spans are missing between two services": {
			[]schemas.Span{s(1, 0, server, "web", ""), s(2, 1, client, "app", "")},
			[]string{"web → app"}},
		"the same, and the call below it": {
			[]schemas.Span{s(1, 0, server, "foo", ""), failed(s(2, 1, client, "bar", "baz"))},
			[]string{"bar → baz failed", "foo → bar"}},
		"siblings whose parent is missing are not related": {
			[]schemas.Span{s(2, 1, server, "one", ""), s(3, 1, server, "two", "")}, nil},
		"nothing is hung under the root that may belong elsewhere": {
			[]schemas.Span{s(1, 0, server, "web", ""), s(3, 9, server, "app", "")}, nil},
		"an orphan that names its peer was called by it": {
			[]schemas.Span{s(1, 0, server, "web", ""), s(3, 9, server, "app", "cart")},
			[]string{"cart → app"}},
		"name resolution within a client does not hide the call": {
			[]schemas.Span{s(1, 0, client, "app", "db"), s(2, 1, local, "app", "")},
			[]string{"app → db"}},
		"a client within a client is one call": {
			[]schemas.Span{s(1, 0, client, "web", "app"), s(2, 1, client, "web", "app")},
			[]string{"web → app"}},
		"a duplicate counts once": {
			[]schemas.Span{s(1, 0, client, "web", "app"), s(1, 0, client, "web", "app")},
			[]string{"web → app"}},
		"a span without a kind does not give way to its child": {
			[]schemas.Span{s(1, 0, kindless, "a", "web"), failed(s(2, 1, kindless, "web", "app")), s(3, 2, client, "app", "db")},
			[]string{"a → web", "app → db", "web → app failed"}},
		"a shared server whose client never came was called by that client's parent": {
			[]schemas.Span{s(1, 0, server, "web", ""), below(1, s(9, 2, server, "app", "")), s(3, 9, client, "app", "db")},
			[]string{"app → db", "web → app"}},
		"and by the client where it came": {
			[]schemas.Span{s(1, 0, server, "web", ""), failed(s(2, 1, client, "web", "app")), below(1, s(9, 2, server, "app", ""))},
			[]string{"web → app failed"}},
		"and by the peer that it names where that parent is missing too": {
			[]schemas.Span{s(1, 0, server, "web", ""), below(7, s(9, 2, server, "app", "cart"))},
			[]string{"cart → app"}},
		"a client that does not tell its name is its parent's": {
			[]schemas.Span{s(1, 0, server, "web", ""), s(2, 1, local, "unknown_service", ""), s(3, 2, client, "unknown_service", "db"), failed(s(4, 2, client, "unknown_service", "db"))},
			[]string{"web → db", "web → db failed"}},
		"what does not tell its name is not called": {
			[]schemas.Span{s(1, 0, client, "web", ""), s(2, 1, server, "unknown_service", "web"), s(3, 0, client, "unknown_service", "db")}, nil},
		"consumers of one message are as many": {
			[]schemas.Span{s(1, 0, producer, "shop", "kafka"), s(2, 1, consumer, "mail", "kafka"), s(3, 1, consumer, "mail", "kafka"), s(4, 1, consumer, "mail", "kafka")},
			[]string{"kafka → mail", "kafka → mail", "kafka → mail", "shop → kafka"}},
		"a producer answered under its own id made a call": {
			[]schemas.Span{s(1, 0, producer, "shop", ""), s(1, 0, server, "mail", "")},
			[]string{"shop → mail"}},
		"two brokers are two": {
			[]schemas.Span{s(1, 0, producer, "shop", "kafka1"), s(2, 1, consumer, "mail", "kafka2")},
			[]string{"kafka2 → mail", "shop → kafka1"}},
		"calls of one client below local work, one of which fails": {
			[]schemas.Span{s(1, 0, server, "foo", ""), s(2, 1, local, "", ""), failed(s(3, 2, client, "bar", "baz")), s(4, 2, client, "bar", "baz")},
			[]string{"bar → baz", "bar → baz failed", "foo → bar", "foo → bar"}},
		"related spans whose root is missing": {
			[]schemas.Span{s(2, 1, server, "one", ""), s(3, 2, server, "two", "")},
			[]string{"one → two"}},
		"an outer client's error is the server's below it and not an inner client's": {
			[]schemas.Span{failed(s(1, 0, client, "web", "app")), s(2, 1, local, "web", ""), s(3, 2, server, "app", ""), failed(s(4, 3, client, "app", "db")), s(5, 4, client, "app", "db")},
			[]string{"app → db", "web → app failed"}},
		"work of another service below a client leaves the call to the client": {
			[]schemas.Span{s(1, 0, client, "web", "app"), s(2, 1, local, "app", "")},
			[]string{"web → app"}},
		"a circle ends": {
			[]schemas.Span{s(1, 2, server, "a", ""), s(2, 1, server, "b", ""), s(3, 3, server, "c", "")},
			[]string{"a → b"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := collect(c.spans).lines
			slices.Sort(got)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("links differ (-want +got):\n%s", diff)
			}
			if name == "a circle ends" {
				return // where it is cut depends on who comes first
			}
			for range 5 {
				rand.Shuffle(len(c.spans), func(i, j int) { c.spans[i], c.spans[j] = c.spans[j], c.spans[i] })
				got := collect(c.spans).lines
				slices.Sort(got)
				if diff := cmp.Diff(c.want, got); diff != "" {
					t.Errorf("links differ in another order (-want +got):\n%s", diff)
				}
			}
		})
	}
}

func TestLatencyOfACallIsWhatTheCallerWaited(t *testing.T) {
	for name, c := range map[string]struct {
		spans []schemas.Span
		want  []int64
	}{
		"the client's time, with the network": {
			[]schemas.Span{span(1, 0, client, "web", "GET", 0, 50), span(2, 1, server, "app", "GET", 10, 30)}, []int64{50}},
		"the server's where there is no client": {
			[]schemas.Span{span(1, 0, server, "web", "GET", 0, 50), span(2, 1, server, "app", "GET", 10, 30)}, []int64{20}},
		"each server's own where a client asked several": {
			[]schemas.Span{span(1, 0, client, "web", "GET", 0, 50), span(2, 1, server, "app", "GET", 0, 20), span(3, 1, server, "app", "GET", 20, 50)}, []int64{20, 30}},
		"the client's where nobody answered": {
			[]schemas.Span{to("db", span(1, 0, client, "web", "GET", 0, 50))}, []int64{50}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, collect(c.spans).times); diff != "" {
				t.Errorf("latencies differ (-want +got):\n%s", diff)
			}
		})
	}
}

// A chain of local spans is walked once and not once for each of its spans.
func TestLinksOfADeepTraceAreFoundInOneWalk(t *testing.T) {
	var l linker
	records := make([]record, 200_000)
	for i := range records {
		records[i] = record{span: spanID(i + 1), parent: spanID(i), service: 1, peer: 2}
	}
	if got := len(l.of(records)); got != len(records) {
		t.Errorf("%d links, want %d", got, len(records))
	}
	same := make([]record, 200_000)
	for i := range same {
		same[i] = record{span: spanID(1), parent: spanID(1), service: uint32(i + 1), kind: server}
	}
	if got := len(l.of(same)); got != 0 {
		t.Errorf("%d links, want none", got)
	}
}

func ExampleReading_Sentence() {
	r := Read([]schemas.Span{
		span(1, 0, server, "shop", "POST /checkout", 0, 500),
		to("postgres", span(2, 1, client, "shop", "SELECT carts", 20, 420)),
	})
	fmt.Println(r.Sentence())
	// Output: The bottleneck is shop SELECT carts: 400 ms of the 500 ms (80 %) went by waiting for postgres, in calls that left no span there.
}
