package main

import (
	"context"
	"slices"
	"time"

	"github.com/fivekeys/fivekeys/internal/clickhouse"
	"github.com/fivekeys/fivekeys/internal/report"
	"github.com/fivekeys/fivekeys/processors/dora"
)

type reportCommand struct {
	Service []string `help:"Only this service; may be repeated." placeholder:"NAME" sep:"none"`
	Team    []string `help:"Only this team's services; may be repeated." placeholder:"NAME" sep:"none"`
	Since   string   `help:"How far back, today included: days (90d), weeks (12w) or a date." default:"90d"`
	Format  string   `help:"${enum}." enum:"table,json,csv,markdown,html" default:"table"`
	Top     int      `help:"How many teams and services get a row of their own; 0 means all." default:"20"`
	AsOf    string   `name:"as-of" help:"The figures as they were known at the end of this day, or at a time (RFC 3339)." placeholder:"DATE"`
}

// Run prints the report.
func (c *reportCommand) Run(ctx context.Context, g *globals, env *environment) error {
	s, err := g.settings(env)
	if err != nil {
		return err
	}
	now := time.Now().UTC()
	known, err := c.asOf(now)
	if err != nil {
		return err
	}
	at := now
	if !known.IsZero() {
		at = known
	}
	span, err := period(c.Since, at)
	if err != nil {
		return err
	}
	store, done, err := g.openStore(ctx, env, s, true)
	if err != nil {
		return err
	}
	defer done()
	query := report.Query{Services: once(c.Service), Teams: once(c.Team), Period: span, At: at, Top: c.Top}
	names, err := readNames(ctx, store)
	if err != nil {
		return err
	}
	if err := names.check("report", query); err != nil {
		return err
	}
	var source report.Source = report.ClickHouse{Conn: store.Conn()}
	if !known.IsZero() {
		if source, err = foldAsOf(ctx, store, s, known, c.Service); err != nil {
			return err
		}
	}
	return printReport(ctx, env, s, source, query, c.Format)
}

// once gives what was named, each once.
func once(names []string) []string {
	sorted := slices.Sorted(slices.Values(names))
	return slices.Compact(sorted)
}

func printReport(ctx context.Context, env *environment, s *settings, source report.Source, q report.Query, format string) error {
	r, err := report.Make(ctx, source, q, report.Options{Bands: s.bands, MinimumSample: s.minimumSample, Rules: dora.FoldVersion})
	if err != nil {
		return err
	}
	if live, ok := source.(report.ClickHouse); ok {
		if err := live.Complete(ctx, q, &r); err != nil {
			return err
		}
	}
	switch format {
	case "json":
		return report.JSON(env.stdout, r)
	case "csv":
		return report.CSV(env.stdout, r)
	case "markdown":
		return report.Markdown(env.stdout, r)
	case "html":
		return report.HTML(env.stdout, r)
	}
	return report.Table(env.stdout, r, report.Terminal(env.stdout, env.getenv))
}

// asOf reads --as-of; the zero time means now.
func (c *reportCommand) asOf(now time.Time) (time.Time, error) {
	if c.AsOf == "" {
		return time.Time{}, nil
	}
	known, err := time.Parse(time.RFC3339, c.AsOf)
	if err != nil {
		day, err := time.Parse(time.DateOnly, c.AsOf)
		if err != nil {
			return time.Time{}, usagef("--as-of %q: give a date (2026-01-31) or a time (2026-01-31T12:00:00Z)", c.AsOf)
		}
		known = day.Add(report.Day - time.Millisecond)
	}
	if known.After(now.Add(report.Day)) {
		return time.Time{}, usagef("--as-of %q is in the future", c.AsOf)
	}
	return known.UTC(), nil
}

// foldAsOf folds the events that were known at a time, of some services or of
// all: the same fold over a smaller set gives the figures as they were.
func foldAsOf(ctx context.Context, store *clickhouse.Store, s *settings, known time.Time, services []string) (report.Memory, error) {
	events := store.AllEvents(ctx)
	if len(services) > 0 {
		events = store.Events(ctx, services)
	}
	var memory report.Memory
	var timeline *dora.Timeline
	name := ""
	fold := func() {
		if timeline == nil {
			return
		}
		facts := timeline.Fold(s.catalog.Service(name))
		memory.Days = append(memory.Days, facts.Days...)
		memory.Changes = append(memory.Changes, facts.Changes...)
		memory.Known = append(memory.Known, facts.Known...)
	}
	for e, err := range events {
		if err != nil {
			return memory, err
		}
		if e.KnownAt.After(known) {
			continue
		}
		if timeline == nil || e.Subject != name {
			fold()
			name, timeline = e.Subject, dora.NewTimeline(e.Subject)
		}
		if _, err := timeline.Add(e); err != nil {
			continue // the stage has said so when it met the event
		}
	}
	fold()
	return memory, nil
}
