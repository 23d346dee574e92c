package spans_test

import (
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fivekeys/fivekeys/internal/jetstream"
	"github.com/fivekeys/fivekeys/schemas"
)

func TestSpansAreCountedOnceHoweverTheyCome(t *testing.T) {
	all := func(n int) []schemas.Span {
		tr := newShop(time.Now().Add(-10 * time.Minute))
		tr.step = 200 * time.Millisecond
		var out []schemas.Span
		for range n {
			out = append(out, tr.trace()...)
		}
		return out
	}
	for name, tt := range map[string]struct {
		send func(s *stack, all []schemas.Span)
	}{
		"in order": {func(s *stack, all []schemas.Span) {
			for i := range 100 {
				s.send(all[i*len(all)/100 : (i+1)*len(all)/100]...)
			}
		}},
		"every span twice, and some three times": {func(s *stack, all []schemas.Span) {
			for i := range 50 {
				part := all[i*len(all)/50 : (i+1)*len(all)/50]
				s.send(append(part[:len(part):len(part)], part...)...)
				if i%5 == 0 {
					s.send(part...)
				}
			}
		}},
		"shuffled": {func(s *stack, all []schemas.Span) {
			rng := rand.New(rand.NewPCG(1, 2))
			shuffled := append([]schemas.Span(nil), all...)
			rng.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
			for i := range 20 {
				s.send(shuffled[i*len(all)/20 : (i+1)*len(all)/20]...)
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s, db := newStack(t, ""), store(t)
			spans := all(400)
			stage := s.stage(options{store: db})
			run(t, stage)
			tt.send(s, spans)
			drained(t, stage)
			want := expected(spans)
			settled(t, db, int(want["calls"]))
			if diff := cmp.Diff(want, figures(t, db)); diff != "" {
				t.Errorf("figures (-want +got):\n%s", diff)
			}
			if got := scalar(t, db, "SELECT toString(sum(abs(p50_ms - q))) FROM (SELECT p50_ms, quantileExactWeightedArray(0.5)(latency_ns, latency_counts) / 1e6 AS q FROM service_minutes GROUP BY ALL)"); got != "0" {
				t.Errorf("quantiles of the view and of its histogram differ by %s", got)
			}
		})
	}
}

func TestWhatIsOutOfRangeOrMalformedStopsNobody(t *testing.T) {
	s, db := newStack(t, ""), store(t)
	stage := s.stage(options{store: db})
	run(t, stage)
	tr := newShop(time.Now().Add(-time.Minute))
	good := tr.trace()
	old, future := tr.trace()[:1], tr.trace()[:1]
	old[0].Start -= int64(30 * 24 * time.Hour)
	future[0].Start += int64(3 * time.Hour)
	late := tr.trace() // of the day before yesterday
	for i := range late {
		late[i].Start -= int64(48 * time.Hour)
	}
	s.publish(0, []byte("this is no protobuf"))
	s.send(old...)
	s.send(future...)
	s.send(late...)
	s.send(good...)
	drained(t, stage)
	want := expected(append(good, late...))
	settled(t, db, int(want["calls"]))
	if diff := cmp.Diff(want, figures(t, db)); diff != "" {
		t.Errorf("figures (-want +got):\n%s", diff)
	}
	letters, err := s.bus.ListMessages(t.Context(), jetstream.StreamDeadLetters, "", 0, 10)
	if err != nil || len(letters) != 1 || string(letters[0].Data) != "this is no protobuf" {
		t.Errorf("dead letters %+v, %v", letters, err)
	}
}

func TestASpanIsShownAsItCame(t *testing.T) {
	s, db := newStack(t, ""), store(t)
	stage := s.stage(options{store: db})
	run(t, stage)
	span := newShop(time.Now()).trace()[1]
	span.Attributes = append(span.Attributes, schemas.Attribute{Key: "odd\x00key", Value: "a\x00b"}, schemas.Attribute{Key: "empty"})
	bare := span
	bare.SpanID[0]++
	bare.Attributes, bare.Peer, bare.ParentID = nil, "", schemas.SpanID{}
	s.send(span, bare)
	drained(t, stage)
	for _, tt := range []struct{ sql, want string }{
		{"attributes['url.full']", span.Attributes[1].Value},
		{"attributes['odd\uFFFDkey']", "a\uFFFDb"},
		{"resource_attributes['k8s.pod.name']", span.Resource[6].Value},
		{"concat(service, '/', version, '/', environment, '/', kind, '/', status, '/', peer)", span.Service + "/" + span.Version + "/production/client/unset/" + span.Peer},
		{"parent_span_id", span.ParentID.String()},
		{"toString(toUnixTimestamp64Nano(start) + duration_ns)", strconv.FormatInt(span.Start+span.Duration, 10)},
	} {
		got := scalar(t, db, "SELECT "+tt.sql+" FROM spans WHERE trace_id = '"+span.TraceID.String()+"' AND span_id = '"+span.SpanID.String()+"'")
		if got != tt.want {
			t.Errorf("%s is %q, want %q", tt.sql, got, tt.want)
		}
	}
	if got := scalar(t, db, "SELECT concat(toString(length(attributes)), parent_span_id) FROM spans WHERE span_id = '"+bare.SpanID.String()+"'"); got != "0" {
		t.Errorf("a bare span has %q", got)
	}
}
