package main

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/fivekeys/fivekeys/ingest/github"
	"github.com/fivekeys/fivekeys/internal/clickhouse"
	"github.com/fivekeys/fivekeys/internal/jetstream"
	"github.com/fivekeys/fivekeys/internal/simulation"
	"github.com/fivekeys/fivekeys/internal/testkit"
	"github.com/fivekeys/fivekeys/processors/dora"
	"github.com/fivekeys/fivekeys/processors/slo"
	"github.com/fivekeys/fivekeys/schemas"
)

// docsNow is the present of the documentation: the end of its data, a Monday.
var docsNow = time.Date(2026, time.January, 5, 0, 0, 0, 0, time.UTC)

// docsData is what the documentation's SQL is asked of, and what it was made
// from: the answers are computed from the latter, never from the store.
//
// The deliveries pass the decoder and the fold, the counts the evaluation of
// budgets; docs_seed_slo_test.go, docs_seed_toil_test.go and
// docs_seed_spans_test.go hold the rest.
type docsData struct {
	store    *clickhouse.Store
	reader   *clickhouse.Store // what analysts have
	catalog  schemas.Catalog
	want     simulation.Expected
	events   []schemas.Event
	received []schemas.Delivery

	sliMinutes []schemas.SLIMinute
	toil       []docsToil
	services   []schemas.ServiceMinute
	calls      []schemas.Dependency
	spans      []schemas.Span
	vitals     []schemas.Vital
}

func newDocsData(t *testing.T) *docsData {
	t.Helper()
	scenario := simulation.Generate(simulation.Config{Seed: 1, Days: 90, End: docsNow})
	engine := testkit.Engine(t)
	reader, err := clickhouse.Open(t.Context(), clickhouse.Config{Options: engine.ClientOptions(testkit.Reader)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = reader.Close() })
	d := &docsData{store: testkit.StoreOn(t, engine), reader: reader, catalog: scenario.Catalog, want: scenario.Expected}
	source := github.New(nil, nil)
	for _, in := range scenario.Deliveries {
		delivery := schemas.Delivery{
			Source: github.Name, ID: in.GUID, Kind: in.Event, Body: in.Body, ReceivedAt: in.At,
			Header: map[string]string{"Content-Type": "application/json"},
		}
		d.received = append(d.received, delivery)
		events, err := source.Decode(delivery, &d.catalog)
		if err != nil {
			t.Fatal(err)
		}
		for i := range events {
			events[i].KnownAt = in.At
		}
		d.events = append(d.events, events...)
	}
	d.planToil(t)
	d.planCounts(t)
	d.planSpans()

	ctx := t.Context()
	stage, err := dora.NewStage(dora.StageConfig{Store: d.store, Catalog: &d.catalog})
	if err != nil {
		t.Fatal(err)
	}
	// The data is of a fixed date; what is kept for so many days would be gone.
	for _, table := range []string{"delivery_log", "span_log", "vital_log", "slo_status_history_facts"} {
		if err := d.store.Conn().Exec(ctx, "ALTER TABLE "+table+" REMOVE TTL"); err != nil {
			t.Fatal(err)
		}
	}
	for _, step := range []func() error{
		func() error { return d.store.AppendDeliveries(ctx, d.received) },
		func() error { return stage.Process(ctx, d.events) },
		func() error { return d.store.AppendToilRules(ctx, docsToilRules, docsNow.AddDate(0, -3, 0)) },
		func() error { return d.store.AppendSLIMinutes(ctx, d.sliMinutes, 0, 1) },
		func() error { return d.evaluate(ctx) },
		func() error { return d.storeSpans(ctx) },
		func() error { return d.store.AppendVitals(ctx, d.vitals) },
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

// event adds an event that came by the API, known at once.
func (d *docsData) event(t *testing.T, id string, typ schemas.EventType, at time.Time, p schemas.Payload) {
	t.Helper()
	e, err := schemas.NewEvent(id, "api", typ, at, "", p)
	if err == nil {
		e.KnownAt = at
		err = e.Validate()
	}
	if err != nil {
		t.Fatal(err)
	}
	d.events = append(d.events, e)
}

// silent publishes nothing: nobody listens.
type silent struct{}

func (silent) Publish(context.Context, jetstream.Message) (jetstream.Receipt, error) {
	return jetstream.Receipt{}, nil
}

// evaluate evaluates the budgets of the last two weeks, minute by minute, and
// keeps the status of each midnight.
func (d *docsData) evaluate(ctx context.Context) error {
	at := docsNow.Add(-docsEvaluated)
	evaluator, err := slo.New(slo.Config{
		Objectives: docsObjectives, Store: d.store, Publisher: silent{}, Catalog: &d.catalog, Partitions: 1,
		Grace: time.Second, CatchUp: docsWindow, Since: at, Now: func() time.Time { return at.Add(time.Second) },
	})
	if err != nil {
		return err
	}
	if err := evaluator.Load(ctx); err != nil {
		return err
	}
	for ; !at.After(docsNow); at = at.AddDate(0, 0, 1) {
		if err := evaluator.Evaluate(ctx); err != nil {
			return err
		}
	}
	return nil
}

// production are the deployments that count, of a service or of all.
func (d *docsData) production(service string) []simulation.Deployment {
	var all []simulation.Deployment
	for _, x := range d.want.Deployments {
		if x.Production && x.Succeeded && (service == "" || x.Service == service) {
			all = append(all, x)
		}
	}
	slices.SortStableFunc(all, func(a, b simulation.Deployment) int { return a.FinishedAt.Compare(b.FinishedAt) })
	return all
}

// live is which of a service's deployments was in production in a minute.
func live(deployments []simulation.Deployment, minute time.Time) simulation.Deployment {
	var last simulation.Deployment
	for _, x := range deployments {
		if x.FinishedAt.Truncate(time.Minute).After(minute) {
			break
		}
		last = x
	}
	return last
}
