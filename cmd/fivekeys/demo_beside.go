package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/fivekeys/fivekeys/internal/clickhouse"
	"github.com/fivekeys/fivekeys/internal/traffic"
	"github.com/fivekeys/fivekeys/schemas"
)

// demoModel is the traffic of the last hours of three of the organisation's
// services: one that is well, one whose last release fails for some minutes, one
// that slowly gets worse. The first calls the other two.
func demoModel(now time.Time) traffic.Model {
	const hours = 4
	start := now.UTC().Truncate(time.Minute).Add(-hours*time.Hour - 2*time.Minute)
	return traffic.Model{
		Start: start, Target: 0.99, Window: schemas.Window{Rolling: 28 * 24 * time.Hour},
		Services: []traffic.Service{
			{Name: "storefront", Phases: []traffic.Phase{traffic.Steady(hours*60, 40, 0)}},
			{Name: "payments", Caller: "storefront", Phases: []traffic.Phase{traffic.Steady(150, 30, 0), traffic.Burst(2, 30), traffic.Steady(hours*60-152, 30, 0)}},
			{Name: "search", Caller: "storefront", Phases: []traffic.Phase{traffic.Steady(120, 20, 0), traffic.Leak(hours*60-120, 20, 20)}},
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
		return out.post(ctx, "/v1/traces", http.Header{"Content-Type": {"application/x-protobuf"}, "Authorization": {"Bearer " + p.ownToken}}, body)
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

// verifyBeside waits until what is beside the keys is as the model and the
// teams' entries say: error budgets when the evaluation has seen all minutes,
// calls when the last traces are quiet. It says what it compared.
func (c *demoCommand) verifyBeside(ctx context.Context, store *clickhouse.Store, model traffic.Model, work []schemas.Event) (string, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, budgetPatience, errors.New("it took too long"))
	defer cancel()
	checks := []struct {
		what string
		all  int
		seen func() (int, error)
	}{
		{"error budgets", len(model.Objectives()), func() (int, error) { return budgetsSeen(ctx, store, model) }},
		{"dependencies", len(model.Calls()), func() (int, error) { return callsSeen(ctx, store, model) }},
		{"weeks of teams' toil", len(toilWeeks(work)), func() (int, error) { return toilSeen(ctx, store, work) }},
	}
	var said []string
	for _, check := range checks {
		for {
			seen, err := check.seen()
			if err != nil {
				return "", err
			}
			if seen == check.all {
				break
			}
			select {
			case <-time.After(drainPoll):
			case <-ctx.Done():
				return "", fmt.Errorf("wait for the %s: %d of %d are as the simulation says: %w", check.what, seen, check.all, context.Cause(ctx))
			}
		}
		said = append(said, fmt.Sprintf("%d %s", check.all, check.what))
	}
	return strings.Join(said, ", "), nil
}

// budgetsSeen counts the budgets that are as the model says.
func budgetsSeen(ctx context.Context, store *clickhouse.Store, model traffic.Model) (seen int, err error) {
	good, total := map[string]float64{}, map[string]float64{}
	for _, m := range model.Minutes() {
		good[m.Objective] += float64(m.Good)
		total[m.Objective] += float64(m.Total)
	}
	lines, err := budgetLines(ctx, store, "", "")
	for _, l := range lines {
		if l.SLI == nil || !l.At.After(model.End().Add(-time.Second)) {
			continue
		}
		if math.Abs(*l.SLI-good[l.Objective]/total[l.Objective]) < 1e-12 {
			seen++
		}
	}
	return seen, err
}

// callsSeen counts the dependencies that are as the model says.
func callsSeen(ctx context.Context, store *clickhouse.Store, model traffic.Model) (seen int, err error) {
	rows, err := store.Conn().Query(ctx, "SELECT caller, callee, sum(calls), sum(errors) FROM service_dependencies GROUP BY caller, callee")
	if err != nil {
		return 0, fmt.Errorf("read dependencies: %w", err)
	}
	defer func() { _ = rows.Close() }()
	want := model.Calls()
	for rows.Next() {
		var c traffic.Calls
		if err := rows.Scan(&c.Caller, &c.Callee, &c.Calls, &c.Errors); err != nil {
			return 0, fmt.Errorf("read dependencies: %w", err)
		}
		if slices.Contains(want, c) {
			seen++
		}
	}
	return seen, rows.Err()
}

// teamWeek is a team and the Monday of a week.
type teamWeek struct {
	team string
	week time.Time
}

// toilWeeks are the minutes that the entries say.
func toilWeeks(work []schemas.Event) map[teamWeek]float64 {
	sums := map[teamWeek]float64{}
	for _, e := range work {
		var entry schemas.ToilEvent
		if err := json.Unmarshal(e.Data, &entry); err != nil {
			panic(err) // written by demoToil
		}
		day := e.Time.Truncate(24 * time.Hour)
		sums[teamWeek{entry.Team, day.AddDate(0, 0, -(int(day.Weekday())+6)%7)}] += entry.Minutes
	}
	return sums
}

// toilSeen counts the team's weeks that are as the entries say.
func toilSeen(ctx context.Context, store *clickhouse.Store, work []schemas.Event) (seen int, err error) {
	rows, err := store.Conn().Query(ctx, "SELECT team, toDateTime(week, 'UTC'), assumeNotNull(minutes) FROM toil_weekly WHERE minutes > 0")
	if err != nil {
		return 0, fmt.Errorf("read toil: %w", err)
	}
	defer func() { _ = rows.Close() }()
	want := toilWeeks(work)
	for rows.Next() {
		var at teamWeek
		var minutes float64
		if err := rows.Scan(&at.team, &at.week, &minutes); err != nil {
			return 0, fmt.Errorf("read toil: %w", err)
		}
		if expected, ok := want[teamWeek{at.team, at.week.UTC()}]; ok && expected == minutes {
			seen++
		}
	}
	return seen, rows.Err()
}
