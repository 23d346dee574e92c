package spans

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/fivekeys/fivekeys/internal/clickhouse"
	"github.com/fivekeys/fivekeys/internal/jetstream"
	"github.com/fivekeys/fivekeys/schemas"
)

// steps is a store that notes in which order it is written to, and fails where it
// is told to.
type steps struct {
	Store
	positions map[int]clickhouse.SpanPosition

	mu    sync.Mutex
	taken []string
	fails string
}

var errAway = errors.New("the store is away")

func (s *steps) step(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fails == name {
		return errAway
	}
	s.taken = append(s.taken, name)
	return nil
}

func (s *steps) SpanPositions(context.Context) (map[int]clickhouse.SpanPosition, error) {
	return s.positions, nil
}
func (s *steps) InsertSpans(context.Context, *clickhouse.SpanBatch) error { return s.step("spans") }
func (s *steps) WriteSpanCounts(context.Context, *clickhouse.SpanCounts) error {
	return s.step("counts")
}
func (s *steps) WriteSpanPositions(context.Context, []clickhouse.SpanPosition) error {
	return s.step("positions")
}

func writerOn(store Store) *writer {
	cfg := Config{Store: store, Now: time.Now, Logger: slog.New(slog.DiscardHandler)}
	s := &Stage{cfg: cfg, metrics: newMetrics(), durable: map[int]uint64{0: 0}}
	return newWriter(s, nil)
}

func cutOf(sequence uint64) cut {
	return cut{number: sequence, spans: &clickhouse.SpanBatch{}, positions: []clickhouse.SpanPosition{{Sequence: sequence}}}
}

// A position says that everything up to it is in the tables.
func TestAPositionIsWrittenAfterItsRows(t *testing.T) {
	store := &steps{}
	w := writerOn(store)
	if !w.store(t.Context(), cutOf(1)) {
		t.Fatal("the cut is given up")
	}
	if len(store.taken) != 3 || store.taken[2] != "positions" {
		t.Errorf("written are %v", store.taken)
	}
	for _, fails := range []string{"spans", "counts"} {
		store := &steps{fails: fails}
		w := writerOn(store)
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if w.store(gone, cutOf(1)) || slices.Contains(store.taken, "positions") || w.stored.Load() != 0 || w.stage.durable[0] != 0 {
			t.Errorf("without the %s are written %v; %d is said to be stored", fails, store.taken, w.stored.Load())
		}
	}
}

// A position of a later cut would pass the rows of the one that was given up.
func TestNothingIsWrittenBehindACutThatWasGivenUp(t *testing.T) {
	store := &steps{fails: "spans"}
	w := writerOn(store)
	w.queue = make(chan cut, 2)
	w.queue <- cutOf(1)
	w.queue <- cutOf(2)
	close(w.queue)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	w.run(gone)
	if slices.Contains(store.taken, "positions") || w.stored.Load() != 0 {
		t.Errorf("written are %v", store.taken)
	}
	if _, open := <-w.queue; open {
		t.Error("a cut still waits for room")
	}
}

// The stream keeps what the reader furthest behind needs, to the message.
func TestTheStreamIsTrimmedToWhatTheLastReaderNeeds(t *testing.T) {
	for name, test := range map[string]struct {
		positions map[int]clickhouse.SpanPosition
		first     uint64
	}{
		"the replay of one":       {map[int]clickhouse.SpanPosition{0: {Sequence: 8, ReplayFrom: 4}, 1: {Sequence: 9, ReplayFrom: 10}}, 4},
		"what one has to count":   {map[int]clickhouse.SpanPosition{0: {Sequence: 5, ReplayFrom: 9}, 1: {Sequence: 9, ReplayFrom: 10}}, 6},
		"one has still to begin":  {map[int]clickhouse.SpanPosition{1: {Sequence: 9, ReplayFrom: 10}}, 1},
		"nothing was counted yet": {map[int]clickhouse.SpanPosition{0: {}, 1: {}}, 1},
		"all is counted":          {map[int]clickhouse.SpanPosition{0: {Sequence: 10, ReplayFrom: 11}, 1: {Sequence: 10, ReplayFrom: 11}}, 11},
	} {
		t.Run(name, func(t *testing.T) {
			bus, err := jetstream.Open(t.Context(), jetstream.Config{StoreDir: t.TempDir(), NoSync: true})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = bus.Close() })
			if err := bus.Ensure(t.Context()); err != nil {
				t.Fatal(err)
			}
			publisher, err := bus.NewPublisher(t.Context(), jetstream.PublisherConfig{})
			if err != nil {
				t.Fatal(err)
			}
			for range 10 {
				if _, err := publisher.Publish(t.Context(), jetstream.Message{Subject: schemas.SpanSubject(0)}); err != nil {
					t.Fatal(err)
				}
			}
			s := &Stage{cfg: Config{Bus: bus, Store: &steps{positions: test.positions}, Partitions: 2}}
			if err := s.trim(t.Context()); err != nil {
				t.Fatal(err)
			}
			states, err := bus.StreamStates(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, state := range states {
				if state.Stream == jetstream.StreamSpans && state.FirstSequence != test.first {
					t.Errorf("it begins at %d, want %d", state.FirstSequence, test.first)
				}
			}
		})
	}
}
