package dora

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/fivekeys/fivekeys/internal/clickhouse"
	"github.com/fivekeys/fivekeys/internal/envelope"
	"github.com/fivekeys/fivekeys/internal/jetstream"
	"github.com/fivekeys/fivekeys/internal/testkit"
	"github.com/fivekeys/fivekeys/schemas"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// watched is the real store, where one step can be made to fail, and which notes
// what is asked of it.
type watched struct {
	*clickhouse.Store
	fails string
	steps []string
}

var errAway = errors.New("the store is away")

func (w *watched) step(name string) error {
	w.steps = append(w.steps, name)
	if w.fails == name {
		return errAway
	}
	return nil
}

func (w *watched) AppendEvents(ctx context.Context, events []schemas.Event) error {
	if err := w.step("append"); err != nil {
		return err
	}
	return w.Store.AppendEvents(ctx, events)
}

func (w *watched) Apply(ctx context.Context, c *clickhouse.Changeset) error {
	if err := w.step("apply"); err != nil {
		return err
	}
	return w.Store.Apply(ctx, c)
}

func (w *watched) LoadWritten(ctx context.Context, services []string) (map[string]*clickhouse.Written, error) {
	if err := w.step("load"); err != nil {
		return nil, err
	}
	return w.Store.LoadWritten(ctx, services)
}

func (w *watched) count(step string) (n int) {
	for _, s := range w.steps {
		if s == step {
			n++
		}
	}
	return n
}

func stageOn(t *testing.T, s Store) *Stage {
	t.Helper()
	stage, err := NewStage(StageConfig{Store: s, Catalog: &schemas.Catalog{}})
	if err != nil {
		t.Fatal(err)
	}
	return stage
}

// deployed is a production deployment as an event.
func deployed(t *testing.T, service string, number int) schemas.Event {
	t.Helper()
	at := hour(float64(number))
	data, err := json.Marshal(schemas.DeploymentEvent{
		DeploymentID: fmt.Sprint(number), Service: service, SHA: sha(fmt.Sprint(number)), Environment: "production", Status: schemas.DeploymentSucceeded,
	})
	if err != nil {
		t.Fatal(err)
	}
	return schemas.Event{
		Subject: service, Source: "api", ID: service + fmt.Sprint(number), Type: schemas.TypeDeployment, Time: at, KnownAt: at, Data: data,
	}
}

// A fingerprint says that the facts are there. Written before them, a crash in
// between would leave a service without them for ever.
func TestAFingerprintIsWrittenAfterTheFactsItStandsFor(t *testing.T) {
	for name, fold := range map[string]func(*Stage, []schemas.Event) error{
		"a batch":   func(s *Stage, events []schemas.Event) error { return s.Process(t.Context(), events) },
		"a refold":  func(s *Stage, events []schemas.Event) error { return s.Refold(t.Context(), []string{"shop"}) },
		"a rebuild": func(s *Stage, events []schemas.Event) error { _, err := s.Rebuild(t.Context(), nil); return err },
	} {
		t.Run(name, func(t *testing.T) {
			store := &watched{Store: testkit.Store(t), fails: "apply"}
			events := []schemas.Event{deployed(t, "shop", 1)}
			if err := store.AppendEvents(t.Context(), events); err != nil {
				t.Fatal(err)
			}
			stage := stageOn(t, store)
			if err := fold(stage, events); !errors.Is(err, errAway) {
				t.Fatalf("it ends with %v", err)
			}
			if rules, err := store.FoldedRules(t.Context()); err != nil || len(rules) > 0 {
				t.Errorf("it is folded by %v though no facts are written, %v", rules, err)
			}
			// The same again writes them.
			store.fails = ""
			if err := fold(stage, events); err != nil {
				t.Fatal(err)
			}
			if rules, err := store.FoldedRules(t.Context()); err != nil || len(rules) != 1 {
				t.Errorf("it is folded by %v, %v", rules, err)
			}
		})
	}
}

// Facts folded from events that are not in the log would be gone with the next
// rebuild.
func TestNothingIsFoldedThatIsNotInTheLog(t *testing.T) {
	store := &watched{Store: testkit.Store(t), fails: "append"}
	stage := stageOn(t, store)
	if err := stage.Process(t.Context(), []schemas.Event{deployed(t, "shop", 1)}); !errors.Is(err, errAway) {
		t.Fatalf("it ends with %v", err)
	}
	if n := store.count("apply"); n > 0 {
		t.Errorf("facts were written %d times", n)
	}
}

// What failed to be written is written with the next batch of the same service,
// whichever event that brings.
func TestFactsThatWereNotWrittenAreWrittenLater(t *testing.T) {
	store := &watched{Store: testkit.Store(t), fails: "apply"}
	stage := stageOn(t, store)
	if err := stage.Process(t.Context(), []schemas.Event{deployed(t, "shop", 1)}); !errors.Is(err, errAway) {
		t.Fatalf("it ends with %v", err)
	}
	store.fails = ""
	if err := stage.Process(t.Context(), []schemas.Event{deployed(t, "shop", 1)}); err != nil {
		t.Fatal(err)
	}
	var n uint64
	if err := store.Conn().QueryRow(t.Context(), "SELECT count() FROM deployments").Scan(&n); err != nil || n != 1 {
		t.Errorf("%d deployments are there, %v", n, err)
	}
}

// Another process may have written facts of a partition that was in its hands.
func TestAPartitionThatWasHandedOverIsForgotten(t *testing.T) {
	store := &watched{Store: testkit.Store(t)}
	process := Processor(stageOn(t, store))
	number := 0
	batch := func(pins map[string]string) {
		t.Helper()
		var messages []*jetstream.Received
		for _, consumer := range slices.Sorted(maps.Keys(pins)) {
			number++
			e := deployed(t, "service-of-"+consumer, number)
			messages = append(messages, &jetstream.Received{Stored: jetstream.Stored{Message: envelope.Event(&e, 4)}, Consumer: consumer, Pin: pins[consumer]})
		}
		if outcomes, err := process.Process(t.Context(), messages); err != nil || outcomes[0].Poison != nil {
			t.Fatalf("%+v, %v", outcomes, err)
		}
	}
	for i, step := range []struct {
		why   string
		pins  map[string]string
		loads int
	}{
		{"it knows nothing", map[string]string{"dora-0": "a", "dora-1": "b"}, 1},
		{"it knows both", map[string]string{"dora-0": "a", "dora-1": "b"}, 0},
		{"one was elsewhere", map[string]string{"dora-0": "c"}, 1},
		{"it knows that again", map[string]string{"dora-0": "c"}, 0},
		{"and another is new", map[string]string{"dora-2": "d"}, 1},
		{"which it knows", map[string]string{"dora-2": "d"}, 0},
	} {
		before := store.count("load")
		batch(step.pins)
		if got := store.count("load") - before; got != step.loads {
			t.Errorf("step %d, %s: what is written was read %d times, want %d", i, step.why, got, step.loads)
		}
	}
}
