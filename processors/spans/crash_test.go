package spans_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fivekeys/fivekeys/internal/clickhouse"
	"github.com/fivekeys/fivekeys/internal/jetstream"
	"github.com/fivekeys/fivekeys/internal/testkit"
	"github.com/fivekeys/fivekeys/processors/spans"
	"github.com/fivekeys/fivekeys/schemas"
)

var errDead = errors.New("the process is dead")

// mortal is a store whose process dies at random: before something is written, or
// after it was and before anybody learns of it.
type mortal struct {
	*clickhouse.Store
	die func()

	mu   sync.Mutex
	rng  *rand.Rand
	odds int
	dead bool
}

func (m *mortal) do(write func() error) error {
	m.mu.Lock()
	dead, now := m.dead, m.odds > 0 && m.rng.IntN(m.odds) == 0
	before := m.rng.IntN(2) == 0
	if now && !dead {
		m.dead = true
		defer m.die()
	}
	m.mu.Unlock()
	if dead || now && before {
		return errDead
	}
	if err := write(); err != nil {
		return err
	}
	if now {
		return errDead
	}
	return nil
}

func (m *mortal) InsertSpans(ctx context.Context, b *clickhouse.SpanBatch) error {
	return m.do(func() error { return m.Store.InsertSpans(ctx, b) })
}

func (m *mortal) WriteSpanCounts(ctx context.Context, c *clickhouse.SpanCounts) error {
	return m.do(func() error { return m.Store.WriteSpanCounts(ctx, c) })
}

func (m *mortal) WriteSpanPositions(ctx context.Context, p []clickhouse.SpanPosition) error {
	return m.do(func() error { return m.Store.WriteSpanPositions(ctx, p) })
}

func (m *mortal) LoadSpanCounts(ctx context.Context, p []int, minutes []time.Time) (c *clickhouse.SpanCounts, err error) {
	return c, m.do(func() error { c, err = m.Store.LoadSpanCounts(ctx, p, minutes); return err })
}

// A stage that dies again and again, on a stream that another reads to its own
// tables without a fault: in the end the tables are the same.
func TestAStageThatDiesLeavesTheTablesOfOneThatDoesNot(t *testing.T) {
	for name, keep := range map[string]float64{"every trace kept": 1, "traces sampled": 0.3} {
		t.Run(name, func(t *testing.T) {
			s, calm, torn := newStack(t, ""), store(t), store(t)
			run(t, s.stage(options{store: calm, keep: keep}))

			rng := rand.New(rand.NewPCG(3, 4))
			tr := newShop(time.Now().Add(-10 * time.Minute))
			tr.step = 100 * time.Millisecond
			var sent []schemas.Span
			feed := func() {
				spans := tr.trace()
				for range rng.IntN(3) {
					spans = append(spans, tr.trace()...)
				}
				sent = append(sent, spans...)
				if rng.IntN(3) == 0 { // some come again, some of them later
					spans = append(spans, spans[:rng.IntN(len(spans))]...)
				}
				if again := rng.IntN(len(sent)); rng.IntN(3) == 0 {
					spans = append(spans, sent[again])
				}
				s.send(spans...)
			}
			deaths := 0
			for deaths < 12 {
				ctx, die := context.WithCancel(t.Context())
				m := &mortal{Store: torn, die: die, rng: rng, odds: 1 + rng.IntN(12)}
				stage := s.stage(options{store: m, keep: keep})
				done := make(chan error, 1)
				go func() { done <- stage.Run(ctx) }()
				for fed := 0; ctx.Err() == nil; fed++ {
					if fed < 40 {
						feed()
						continue
					}
					s.publish(rng.IntN(partitions), nil) // whatever is written brings death nearer
				}
				if err := <-done; err != nil {
					t.Fatal(err)
				}
				deaths++
			}
			last := s.stage(options{store: torn, keep: keep})
			run(t, last)
			drained(t, last)
			want := expected(sent)
			settled(t, calm, int(want["calls"]))
			settled(t, torn, int(want["calls"]))
			drained(t, last)
			if diff := cmp.Diff(tables(t, calm), tables(t, torn)); diff != "" {
				t.Errorf("tables (-calm +torn):\n%s", diff)
			}
			got := figures(t, torn)
			if keep < 1 {
				if got["spans"] >= want["spans"] || got["spans"] == 0 {
					t.Errorf("%d of %d spans were kept", got["spans"], want["spans"])
				}
				want["spans"] = got["spans"]
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("figures (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTwoStagesShareTheStreamAndOneTakesOver(t *testing.T) {
	server := testkit.StartNATS(t)
	first, second := newStack(t, server.URL()), newStack(t, server.URL())
	db := store(t)
	tr := newShop(time.Now().Add(-10 * time.Minute))
	var sent []schemas.Span
	feed := func(n int) {
		for range n {
			spans := tr.trace()
			sent = append(sent, spans...)
			first.send(append(spans, spans[3])...)
		}
	}
	a, b := first.lease(), second.lease()
	stageA, stageB := first.stage(options{store: db, leases: a, trim: true}), second.stage(options{store: db, leases: b, trim: true})
	stopA := run(t, stageA)
	run(t, stageB)
	feed(50)
	until(t, "shared", func() (bool, string) {
		return len(a.Held()) == 2 && len(b.Held()) == 2, fmt.Sprint(a.Held(), b.Held())
	})
	feed(50)
	stopA()
	feed(50)
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	feed(50)
	until(t, "taken over", func() (bool, string) { return len(b.Held()) == 4, fmt.Sprint(b.Held()) })
	feed(50)
	drained(t, stageB)
	want := expected(sent)
	settled(t, db, int(want["calls"]))
	if diff := cmp.Diff(want, figures(t, db)); diff != "" {
		t.Errorf("figures (-want +got):\n%s", diff)
	}
}

// A server that does not sync may come back from a power cut without its last
// messages. What was counted stays counted, and counting goes on.
func TestAKilledServerDoesNotStopCounting(t *testing.T) {
	server := testkit.StartNATS(t)
	s, db := newStack(t, server.URL()), store(t)
	stage := s.stage(options{store: db})
	run(t, stage)
	tr := newShop(time.Now().Add(-10 * time.Minute))
	for range 50 {
		s.send(tr.trace()...)
	}
	drained(t, stage)
	before := figures(t, db)
	server.Kill()
	server.Start()
	until(t, "NATS is back", func() (bool, string) { err := s.bus.Healthy(t.Context()); return err == nil, fmt.Sprint(err) })
	until(t, "counting goes on", func() (bool, string) {
		s.send(tr.trace()...)
		now := figures(t, db)
		return now["requests"] > before["requests"], fmt.Sprint(now)
	})
	drained(t, stage)
	entries := scalar(t, db, "SELECT toString(countIf(kind = 'server')) FROM spans")
	if now := figures(t, db); entries != fmt.Sprint(now["requests"]) || now["total"] != now["requests"] {
		t.Errorf("%s server spans are stored, the figures are %v", entries, now)
	}
}

// A stream much too small: intake is refused for a while, the stage makes room, and
// nothing is lost.
func TestAFullStreamIsCountedAndMadeRoomIn(t *testing.T) {
	s, db := stackOf(t, "", 2<<20), store(t)
	tr := newShop(time.Now().Add(-10 * time.Minute))
	var sent []schemas.Span
	refused := 0
	send := func(made []schemas.Span) {
		m := jetstream.Message{Subject: schemas.SpanSubject(schemas.TracePartition(made[0].TraceID, partitions)), Data: chunk(t, made)}
		until(t, "room", func() (bool, string) {
			_, err := s.publisher.Publish(t.Context(), m)
			if errors.Is(err, jetstream.ErrStreamFull) {
				refused++
				return false, err.Error()
			}
			return err == nil, fmt.Sprint(err)
		})
		sent = append(sent, made...)
	}
	stage := s.stage(options{store: db, trim: true})
	run(t, stage)
	for refused == 0 || len(sent) < 2000 {
		send(tr.trace())
	}
	drained(t, stage)
	want := expected(sent)
	settled(t, db, int(want["calls"]))
	if diff := cmp.Diff(want, figures(t, db)); diff != "" {
		t.Errorf("figures (-want +got):\n%s", diff)
	}
}

func TestAStreamMadeAnewIsCounted(t *testing.T) {
	db := store(t)
	tr := newShop(time.Now().Add(-10 * time.Minute))
	var sent []schemas.Span
	for range 2 { // the second time with an empty folder of NATS
		s := newStack(t, "")
		stage := s.stage(options{store: db})
		stop := run(t, stage)
		for range 20 {
			made := tr.trace()
			sent = append(sent, made...)
			s.send(made...)
		}
		drained(t, stage)
		settled(t, db, int(expected(sent)["calls"]))
		drained(t, stage)
		stop()
	}
	if diff := cmp.Diff(expected(sent), figures(t, db)); diff != "" {
		t.Errorf("figures (-want +got):\n%s", diff)
	}
}

var _ spans.Store = (*mortal)(nil)
