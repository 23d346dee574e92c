package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/fivekeys/fivekeys/internal/clickhouse"
	"github.com/fivekeys/fivekeys/processors/dora"
)

type explainCommand struct {
	Metric  string `arg:"" help:"deployment-frequency, lead-time, change-fail-rate, recovery-time, rework-rate or time-to-restore."`
	Service string `help:"The service." placeholder:"NAME"`
	Since   string `help:"How far back, today included: days (90d), weeks (12w) or a date." default:"90d"`
	Format  string `help:"${enum}." enum:"table,json" default:"table"`
}

// Run lists what a number is made of.
func (c *explainCommand) Run(ctx context.Context, g *globals, env *environment) error {
	metric, err := dora.ParseMetric(c.Metric)
	if err != nil {
		return &usageError{err.Error()}
	}
	span, err := period(c.Since, time.Now().UTC())
	if err != nil {
		return err
	}
	s, err := g.settings(env)
	if err != nil {
		return err
	}
	store, done, err := g.openStore(ctx, env, s, true)
	if err != nil {
		return err
	}
	defer done()
	timelines, err := dora.Load(ctx, store, []string{c.Service})
	if err != nil {
		return err
	}
	timeline := timelines[c.Service]
	if timeline == nil {
		return noSuchService(ctx, store, c.Service)
	}
	rules := s.catalog.Service(c.Service)
	explanation, err := dora.Explain(metric, timeline.Fold(rules), rules, span.From, span.To)
	if err != nil {
		return err
	}
	if c.Format == "json" {
		out := json.NewEncoder(env.stdout)
		out.SetIndent("", "  ")
		return out.Encode(explanation)
	}
	return printExplanation(env.stdout, explanation)
}

// noSuchService says which services there are.
func noSuchService(ctx context.Context, store *clickhouse.Store, asked string) error {
	names, err := readNames(ctx, store)
	if err != nil {
		return err
	}
	near := nearest(asked, "services", names.services)
	if asked == "" {
		return usagef("explain needs --service (%s)", near)
	}
	return fmt.Errorf("explain: no events of service %q (%s)", asked, near)
}

// leftOutShown is how many of each reason the table lists: staging alone would
// fill pages.
const leftOutShown = 5

func printExplanation(w io.Writer, e dora.Explanation) error {
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "%s of %s, %s … %s (rules %s)\n%s\n\n", e.Metric, e.Service,
		e.From.Format(time.DateOnly), e.To.Add(-time.Second).Format(time.DateOnly), e.Rules, e.Definition)
	for _, f := range e.Figures {
		fmt.Fprintf(out, "  %-28s %s\n", f.Name, quantity(f.Value, f.Unit))
	}
	if len(e.Figures) == 0 {
		fmt.Fprintln(out, "  no data")
	}
	counted := func(title string, items []dora.Item) {
		if len(items) == 0 {
			return
		}
		t := newTable()
		t.AppendHeader(table.Row{title, "when (UTC)", "value", "why", "url"})
		for _, i := range items {
			value := ""
			if i.Value != nil {
				value = quantity(*i.Value, i.Unit)
			}
			t.AppendRow(table.Row{i.Kind + " " + shorten(i.ID), i.Time.UTC().Format(time.DateTime), value, i.Why, i.URL})
		}
		fmt.Fprintf(out, "\n%s\n", t.Render())
	}
	counted(fmt.Sprintf("what counts: %d", len(e.Numerator)), e.Numerator)
	counted(fmt.Sprintf("out of: %d", len(e.Denominator)), e.Denominator)
	if len(e.LeftOut) > 0 {
		t := newTable()
		t.AppendHeader(table.Row{fmt.Sprintf("left out: %d", len(e.LeftOut)), "when (UTC)", "reason", "why", "url"})
		shown := map[string]int{}
		for _, l := range e.LeftOut {
			if shown[l.Reason]++; shown[l.Reason] <= leftOutShown {
				t.AppendRow(table.Row{l.Kind + " " + shorten(l.ID), l.Time.UTC().Format(time.DateTime), l.Reason, l.Why, l.URL})
			}
		}
		fmt.Fprintf(out, "\n%s\n", t.Render())
		for _, reason := range slices.Sorted(maps.Keys(shown)) {
			if more := shown[reason] - leftOutShown; more > 0 {
				fmt.Fprintf(out, "… and %d more of %s (--format json lists them all)\n", more, reason)
			}
		}
	}
	return out.Flush()
}

// shaLength is how much of a SHA people read.
const shaLength = 12

func shorten(id string) string {
	if len(id) == 40 && strings.Trim(id, "0123456789abcdef") == "" {
		return id[:shaLength]
	}
	return id
}

func quantity(v float64, unit string) string {
	switch unit {
	case "seconds":
		return human(time.Duration(v * float64(time.Second)))
	case "ratio":
		return fmt.Sprintf("%.1f %%", 100*v)
	case "per_day":
		return fmt.Sprintf("%.2f per day", v)
	}
	return fmt.Sprintf("%g", v)
}

// human is a duration in the unit people would use.
func human(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return fmt.Sprintf("%.1f d", d.Hours()/24)
	case d >= 2*time.Hour:
		return fmt.Sprintf("%.1f h", d.Hours())
	case d >= 2*time.Minute:
		return fmt.Sprintf("%.0f min", d.Minutes())
	}
	return fmt.Sprintf("%.0f s", d.Seconds())
}
