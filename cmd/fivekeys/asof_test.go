package main

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"testing"
	"time"

	"github.com/fivekeys/fivekeys/internal/bands"
	"github.com/fivekeys/fivekeys/internal/clickhouse"
	"github.com/fivekeys/fivekeys/internal/report"
	"github.com/fivekeys/fivekeys/internal/simulation"
	"github.com/fivekeys/fivekeys/internal/testkit"
	"github.com/fivekeys/fivekeys/processors/dora"
	"github.com/fivekeys/fivekeys/schemas"
)

// TestAsOfIsTheFoldOverWhatWasKnownThen stores an organisation's events as if
// each had become known later than it happened, some of them weeks later. The
// report as of a day must be, byte for byte, the report of a store that holds
// nothing but what was known on that day.
func TestAsOfIsTheFoldOverWhatWasKnownThen(t *testing.T) {
	scenario := simulation.Generate(simulation.Config{Seed: 5, Days: 21})
	s := startSite(t, scenario.Catalog, nil)
	s.deliver(t, scenario.Deliveries)
	s.drain(t)
	events := knownLate(t, s.store)
	replaceEvents(t, s.store, &scenario.Catalog, events)

	then := testkit.Store(t)
	full := scenario.Expected.Full
	different := map[string]bool{}
	for _, known := range []time.Time{full.From, full.From.Add(4*report.Day + 7*time.Hour), full.From.Add(11 * report.Day), full.To, full.To.Add(60 * report.Day)} {
		t.Run("on "+known.Format(time.RFC3339), func(t *testing.T) {
			var before []schemas.Event
			for _, e := range events {
				if !e.KnownAt.After(known) {
					before = append(before, e)
				}
			}
			replaceEvents(t, then, &scenario.Catalog, before)
			for _, scope := range []report.Query{{}, {Services: []string{scenario.Expected.Deployments[0].Service}}, {Teams: []string{scenario.Expected.Deployments[0].Team}}} {
				scope.At, scope.Top = known, 20
				scope.Period = report.ThroughToday(known, 21)
				args := []string{"report", "--format", "json", "--since", "21d", "--as-of", known.Format(time.RFC3339)}
				for _, service := range scope.Services {
					args = append(args, "--service", service)
				}
				for _, team := range scope.Teams {
					args = append(args, "--team", team)
				}
				want, got := reported(t, then, scope), s.fivekeys(t, args...)
				same(t, "as of then", []string{fmt.Sprint(args)}, []string{want}, []string{got})
				if len(scope.Services)+len(scope.Teams) == 0 {
					different[want] = true
				}
			}
		})
	}
	if len(different) < 5 {
		t.Errorf("only %d of 5 reports differ: the test compares nothing", len(different))
	}
}

// knownLate gives a store's events, each known up to ten days after it
// happened, by its id.
func knownLate(t *testing.T, store *clickhouse.Store) []schemas.Event {
	t.Helper()
	var events []schemas.Event
	for e, err := range store.AllEvents(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		h := fnv.New64a()
		_, _ = h.Write([]byte(e.Source + e.ID))
		e.KnownAt = e.Time.Add(time.Duration(h.Sum64()%uint64(10*report.Day/time.Millisecond)) * time.Millisecond)
		events = append(events, e)
	}
	return events
}

// replaceEvents empties a store, stores events and folds them.
func replaceEvents(t *testing.T, store *clickhouse.Store, catalog *schemas.Catalog, events []schemas.Event) {
	t.Helper()
	for _, table := range []string{"event_log", "deployment_facts", "change_facts", "incident_facts", "failure_facts", "daily_facts"} {
		if err := store.Conn().Exec(t.Context(), "TRUNCATE TABLE "+table); err != nil {
			t.Fatal(err)
		}
	}
	if err := store.AppendEvents(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	stage, err := dora.NewStage(dora.StageConfig{Store: store, Catalog: catalog})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stage.Rebuild(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
}

// reported is the report of a store as it stands.
func reported(t *testing.T, store *clickhouse.Store, q report.Query) string {
	t.Helper()
	set, err := bands.Lookup(bands.DefaultVersion)
	if err != nil {
		t.Fatal(err)
	}
	r, err := report.Make(t.Context(), report.ClickHouse{Conn: store.Conn()}, q, report.Options{Bands: set, Rules: dora.FoldVersion})
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := report.JSON(&text, r); err != nil {
		t.Fatal(err)
	}
	return text.String()
}
