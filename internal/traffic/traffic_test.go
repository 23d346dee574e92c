package traffic

import (
	"fmt"
	"maps"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fivekeys/fivekeys/internal/otlpwire"
	"github.com/fivekeys/fivekeys/schemas"
)

var start = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

type identity struct {
	trace schemas.TraceID
	span  schemas.SpanID
}

// The closed form agrees with a count of the spans themselves.
func TestMinutesAreWhatTheSpansHold(t *testing.T) {
	for name, disorder := range map[string]Disorder{"in order": {}, "rough": Rough(), "late by nothing": {Late: 2}, "twice": {Twice: 1}} {
		t.Run(name, func(t *testing.T) {
			m := Example(start)
			type key struct {
				objective, version string
				minute             time.Time
			}
			counts := map[key]schemas.SLIMinute{}
			seen := map[identity]bool{}
			for d := range m.Deliveries(disorder) {
				for _, s := range d.Spans {
					id := identity{s.TraceID, s.SpanID}
					if end := time.Unix(0, s.Start+s.Duration); end.After(d.At) {
						t.Fatalf("a span that ends %s is sent at %s", end, d.At)
					}
					if seen[id] || s.Kind != schemas.KindServer {
						continue
					}
					seen[id] = true
					minute := time.Unix(0, s.Start+s.Duration).UTC().Truncate(time.Minute)
					for objective, good := range map[string]bool{
						Key(s.Service):        s.Status != schemas.StatusError,
						LatencyKey(s.Service): s.Duration < int64(Limit),
					} {
						k := key{objective, s.Version, minute}
						c := counts[k]
						c.Objective, c.Version, c.Minute = objective, s.Version, minute
						c.Total++
						if good {
							c.Good++
						}
						counts[k] = c
					}
				}
			}
			want := map[key]schemas.SLIMinute{}
			for _, c := range m.Minutes() {
				want[key{c.Objective, c.Version, c.Minute}] = c
			}
			if !maps.Equal(want, counts) {
				t.Error(cmp.Diff(want, counts))
			}
		})
	}
}

func TestSpans(t *testing.T) {
	t.Run("each span is there once, and the same each time", func(t *testing.T) {
		seen := map[identity]bool{}
		var first []schemas.Span
		for s := range Example(start).Spans() {
			id := identity{s.TraceID, s.SpanID}
			if seen[id] || s.SpanID.IsZero() {
				t.Fatalf("span %s of trace %s again", s.SpanID, s.TraceID)
			}
			seen[id] = true
			first = append(first, s)
		}
		i := 0
		for s := range Example(start).Spans() {
			if i >= len(first) || !reflect.DeepEqual(first[i], s) {
				t.Fatalf("span %d is another one the second time", i)
			}
			i++
		}
	})
	t.Run("an early stop is fine", func(t *testing.T) {
		for range Example(start).Spans() {
			break
		}
	})
	t.Run("a leak grows until all fail", func(t *testing.T) {
		m := Model{Start: start, Services: []Service{{Name: "a", Phases: []Phase{Leak(100, 3, 10)}}}}
		var good []uint64
		for _, c := range m.Minutes() {
			if c.Objective == Key("a") && c.Minute.Minute()%20 == 0 {
				good = append(good, c.Good)
			}
		}
		if diff := cmp.Diff([]uint64{3, 1, 0, 0, 0}, good); diff != "" {
			t.Error(diff)
		}
	})
}

func TestOTLPHoldsWhatTheSpansAre(t *testing.T) {
	var sent []schemas.Span
	for s := range Example(start).Spans() {
		if sent = append(sent, s); len(sent) == 200 {
			break
		}
	}
	sent[3].Peer, sent[3].Kind, sent[3].StatusMessage = "ledger", schemas.KindClient, "no answer"
	sent[4].Resource = []schemas.Attribute{{Key: "service.name", Value: "other"}, {Key: "host.name", Value: "a"}}
	body, err := OTLP(sent)
	if err != nil {
		t.Fatal(err)
	}
	about := func(s *schemas.Span) string {
		host, _ := s.Attribute("host.name")
		return fmt.Sprintf("%s %s %s %s, parent %s, kind %d, %d+%d, %d %q, to %q, on %q", s.Service, s.Version, s.Environment, s.Name,
			s.ParentID, s.Kind, s.Start, s.Duration, s.Status, s.StatusMessage, s.Peer, host)
	}
	want, got := map[identity]string{}, map[identity]string{}
	for _, s := range sent {
		if len(s.Resource) > 0 {
			s.Service, s.Version, s.Environment = "other", "", ""
		}
		want[identity{s.TraceID, s.SpanID}] = about(&s)
	}
	if err := (&otlpwire.Decoder{}).Decode(body, func(s *schemas.Span) error {
		got[identity{s.TraceID, s.SpanID}] = about(s)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if !maps.Equal(want, got) {
		t.Error(cmp.Diff(want, got, cmp.AllowUnexported(identity{})))
	}
}

// The calls in closed form agree with the client spans above the servers'.
func TestCallsAreWhatTheSpansHold(t *testing.T) {
	m := Example(start)
	m.Services[0].Caller, m.Services[1].Caller = "web", "shop"
	servers := map[schemas.SpanID]string{}
	for s := range m.Spans() {
		if s.Kind == schemas.KindServer && s.ParentID != (schemas.SpanID{}) {
			servers[s.ParentID] = s.Service
		}
	}
	counted := map[[2]string]Calls{}
	for s := range m.Spans() {
		if s.Kind != schemas.KindClient {
			continue
		}
		if servers[s.SpanID] != s.Peer {
			t.Fatalf("a call of %s has the server %q below it", s.Peer, servers[s.SpanID])
		}
		c := counted[[2]string{s.Service, s.Peer}]
		c.Caller, c.Callee = s.Service, s.Peer
		c.Calls++
		if s.Status == schemas.StatusError {
			c.Errors++
		}
		counted[[2]string{s.Service, s.Peer}] = c
	}
	want := map[[2]string]Calls{}
	for _, c := range m.Calls() {
		want[[2]string{c.Caller, c.Callee}] = c
	}
	if diff := cmp.Diff(want, counted); diff != "" || len(want) != 2 {
		t.Error(diff)
	}
}
