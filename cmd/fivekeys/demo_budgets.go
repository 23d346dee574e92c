package main

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"time"

	"github.com/fivekeys/fivekeys/internal/clickhouse"
	"github.com/fivekeys/fivekeys/internal/traffic"
	"github.com/fivekeys/fivekeys/schemas"
)

// demoModel is the traffic of the last hours of three of the organisation's
// services: one that is well, one whose last release fails for some minutes, one
// that slowly gets worse.
func demoModel(now time.Time) traffic.Model {
	const hours = 4
	start := now.UTC().Truncate(time.Minute).Add(-hours*time.Hour - 2*time.Minute)
	return traffic.Model{
		Start: start, Target: 0.99, Window: schemas.Window{Rolling: 28 * 24 * time.Hour},
		Services: []traffic.Service{
			{Name: "storefront", Phases: []traffic.Phase{traffic.Steady(hours*60, 40, 0)}},
			{Name: "payments", Phases: []traffic.Phase{traffic.Steady(150, 30, 0), traffic.Burst(2, 30), traffic.Steady(hours*60-152, 30, 0)}},
			{Name: "search", Phases: []traffic.Phase{traffic.Steady(120, 20, 0), traffic.Leak(hours*60-120, 20, 20)}},
		},
	}
}

// budgetPatience is far above what an evaluation takes.
const budgetPatience = 2 * time.Minute

// demoBatch is how many spans a request carries, as exporters send them.
const demoBatch = 512

// feedSpans sends the model's spans, some late, some twice and in any order, as
// OTLP. It gives how many requests' worth of spans there were.
func (c *demoCommand) feedSpans(ctx context.Context, p *pipeline, model traffic.Model, say func(string, ...any)) error {
	start := time.Now()
	if err := rememberObjectives(ctx, p.store, model); err != nil {
		return err
	}
	out := &sender{url: p.url, client: http.DefaultClient}
	sent := 0
	var batch []schemas.Span
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		body, err := traffic.OTLP(batch)
		if err != nil {
			return err
		}
		sent += len(batch)
		batch = batch[:0]
		return out.post(ctx, "/v1/traces", http.Header{"Content-Type": {"application/x-protobuf"}}, body)
	}
	for d := range model.Deliveries(traffic.Rough()) {
		for _, s := range d.Spans {
			if batch = append(batch, s); len(batch) == demoBatch {
				if err := flush(); err != nil {
					return fmt.Errorf("send spans: %w", err)
				}
			}
		}
	}
	if err := flush(); err != nil {
		return fmt.Errorf("send spans: %w", err)
	}
	say("Sent %d spans of 3 services' last hours as OTLP in %s: some late, some twice, in any order.", sent, since(start))
	return nil
}

// rememberObjectives makes the model's objectives older than their window: they
// would be judged as of a service that went live some hours ago, whose month is
// still to come.
func rememberObjectives(ctx context.Context, store *clickhouse.Store, model traffic.Model) error {
	var first []schemas.SLIMinute
	for _, o := range model.Objectives() {
		before := model.Start.Add(-o.Window.Length() - 24*time.Hour)
		first = append(first, schemas.SLIMinute{Objective: o.Key, Minute: before, Good: 1, Total: 1})
	}
	if err := store.AppendSLIMinutes(ctx, first, 0, 1); err != nil {
		return fmt.Errorf("remember objectives: %w", err)
	}
	return nil
}

// awaitBudgets waits until the evaluation has seen all minutes, and compares
// each budget with the model's.
func awaitBudgets(ctx context.Context, store *clickhouse.Store, model traffic.Model) (checked int, err error) {
	good, total := map[string]float64{}, map[string]float64{}
	for _, m := range model.Minutes() {
		good[m.Objective] += float64(m.Good)
		total[m.Objective] += float64(m.Total)
	}
	ctx, cancel := context.WithTimeout(ctx, budgetPatience)
	defer cancel()
	for {
		lines, err := budgetLines(ctx, store, "", "")
		if err != nil {
			return 0, err
		}
		seen := 0
		for _, l := range lines {
			if l.SLI == nil || !l.At.After(model.End().Add(-time.Second)) {
				continue
			}
			if math.Abs(*l.SLI-good[l.Objective]/total[l.Objective]) < 1e-12 {
				seen++
			}
		}
		if seen == len(total) {
			return seen, nil
		}
		select {
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
			return 0, fmt.Errorf("wait for the error budgets: %d of %d are as the model says: %w", seen, len(total), context.Cause(ctx))
		}
	}
}
