package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fivekeys/fivekeys/internal/clickhouse"
	"github.com/fivekeys/fivekeys/internal/openslo"
	"github.com/fivekeys/fivekeys/schemas"
)

const budgetSLOs = `
apiVersion: openslo/v1
kind: SLO
metadata:
  name: checkout-availability
spec:
  service: checkout
  indicator:
    metadata: {name: requests}
    spec:
      ratioMetric:
        counter: true
        good: {metricSource: {type: fivekeys, spec: {service: checkout, status: ok}}}
        total: {metricSource: {type: fivekeys, spec: {service: checkout}}}
  timeWindow:
    - duration: 28d
      isRolling: true
  budgetingMethod: Occurrences
  objectives:
    - target: 0.99
`

// budgetSite is a data folder with an outage of ten minutes three hours ago,
// of which an incident tells, and another one that nobody recorded.
func budgetSite(t *testing.T) (*globals, time.Time) {
	t.Helper()
	folder := t.TempDir()
	for name, text := range map[string]string{"slo.yaml": budgetSLOs, "fivekeys.yaml": "slos: [slo.yaml]\n"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	g := &globals{Data: filepath.Join(folder, "data"), Config: filepath.Join(folder, "fivekeys.yaml")}
	set := openslo.Load(filepath.Join(folder, "slo.yaml"))
	if err := set.Err(); err != nil {
		t.Fatal(err)
	}
	env := traceEnvironment(&bytes.Buffer{})
	s, err := g.settings(env)
	if err != nil {
		t.Fatal(err)
	}
	store, done, err := g.openStore(t.Context(), env, s, false)
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	outage := time.Now().UTC().Truncate(time.Minute).Add(-3 * time.Hour)
	var minutes []schemas.SLIMinute
	for i := range 24 * 60 {
		at := outage.Add(time.Duration(i-20*60) * time.Minute)
		if !at.Before(outage.Add(170 * time.Minute)) {
			break
		}
		good := uint64(100)
		if i >= 20*60 && i < 20*60+10 || i >= 10*60 && i < 10*60+10 {
			good = 0
		}
		minutes = append(minutes, schemas.SLIMinute{Objective: "checkout-availability", Minute: at, Good: good, Total: 100})
	}
	if err := store.AppendSLIMinutes(t.Context(), minutes, 0, 1); err != nil {
		t.Fatal(err)
	}
	written, err := store.LoadWritten(t.Context(), []string{"checkout"})
	if err != nil {
		t.Fatal(err)
	}
	var changes clickhouse.Changeset
	changes.Add(written["checkout"], "checkout", 1, &schemas.Facts{Incidents: []schemas.Incident{{
		Service: "checkout", IncidentID: "7", Production: true, OpenedAt: outage.Add(4 * time.Minute), ResolvedAt: outage.Add(10 * time.Minute), KnownAt: outage,
	}}})
	if err := store.Apply(t.Context(), &changes); err != nil {
		t.Fatal(err)
	}
	left, minutesLeft, sli := 0.25, 100.8, 0.9925
	status := schemas.BudgetStatus{
		Objective: "checkout-availability", SLO: "checkout-availability", Service: "checkout", At: outage, From: outage.Add(-28 * 24 * time.Hour), To: outage,
		Target: 0.99, Budgeting: schemas.Occurrences,
		BudgetFigures: schemas.BudgetFigures{Good: 9925, Total: 10_000, SLI: &sli, Remaining: &left, RemainingMinutes: &minutesLeft, BudgetMinutes: 403.2},
		Burn:          []schemas.Burn{{Window: time.Hour, Rate: &left}, {Window: 28 * 24 * time.Hour, Rate: &left}},
	}
	if err := store.SaveStatuses(t.Context(), "test", []clickhouse.SLOState{{BudgetStatus: status, State: []byte("{}")}}); err != nil {
		t.Fatal(err)
	}
	if err := store.SetObjectives(t.Context(), []clickhouse.SLODefinition{{Objective: set.Objectives[0]}}); err != nil {
		t.Fatal(err)
	}
	return g, outage
}

func TestBudgetCommands(t *testing.T) {
	g, outage := budgetSite(t)
	var out bytes.Buffer
	env := traceEnvironment(&out)
	text := func(err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		defer out.Reset()
		return out.String()
	}

	t.Run("status", func(t *testing.T) {
		table := text((&sloStatusCommand{Format: "table"}).Run(t.Context(), g, env))
		for _, want := range []string{"checkout-availability", "99 %", "99.250 %", "25.0 %", "101 of 403", "the most spent first"} {
			if !strings.Contains(table, want) {
				t.Errorf("%q is not in\n%s", want, table)
			}
		}
		if md := text((&sloStatusCommand{Format: "markdown"}).Run(t.Context(), g, env)); !strings.Contains(md, "| checkout-availability | checkout |") {
			t.Error(md)
		}
		rows, err := csv.NewReader(strings.NewReader(text((&sloStatusCommand{Format: "csv"}).Run(t.Context(), g, env)))).ReadAll()
		if err != nil || len(rows) != 2 || len(rows[0]) != len(rows[1]) {
			t.Errorf("%v, %v", rows, err)
		}
		if none := text((&sloStatusCommand{Format: "json", Service: "other"}).Run(t.Context(), g, env)); none != "[]\n" {
			t.Errorf("of another service: %s", none)
		}
	})

	t.Run("backtest", func(t *testing.T) {
		var report backtestReport
		command := &sloBacktestCommand{SLO: "checkout-availability", Since: "2d", Rules: []string{"1h/5m:13.44", "6h/30m:90"}, Format: "json"}
		if err := json.Unmarshal([]byte(text(command.Run(t.Context(), g, env))), &report); err != nil {
			t.Fatal(err)
		}
		// 9 bad minutes of 60 exceed 13.44 %: 5 minutes after the incident was opened.
		fast, never := report.Trials[0], report.Trials[1]
		if fast.Fires != 2 || *fast.Precision != 0.5 || *fast.Recall != 1 || *fast.Detection != 300 || *fast.Reset != 300 {
			t.Errorf("fast: %+v, detected after %v s, reset after %v s", fast, *fast.Detection, *fast.Reset)
		}
		if !fast.Alerts[1].From.Equal(outage.Add(9*time.Minute)) || fast.Alerts[1].Incident != "7" {
			t.Errorf("fires: %+v", fast.Alerts)
		}
		if never.Fires != 0 || never.Precision != nil || *never.Recall != 0 {
			t.Errorf("never: %+v", never)
		}
		table := text((&sloBacktestCommand{SLO: "checkout-availability", Since: "2d", Format: "table"}).Run(t.Context(), g, env))
		for _, want := range []string{"fast 1h/5m:13.44", "1370 minutes with traffic, 1 incidents of checkout", "50 %", "100 %"} {
			if !strings.Contains(table, want) {
				t.Errorf("%q is not in\n%s", want, table)
			}
		}
	})

	t.Run("correct", func(t *testing.T) {
		at := outage.Format(time.RFC3339)
		until := outage.Add(10 * time.Minute).Format(time.RFC3339)
		said := text((&sloCorrectCommand{SLO: "checkout-availability", From: at, To: until, Author: "Ann O", Reason: "power cut"}).Run(t.Context(), g, env))
		id, _, _ := strings.Cut(strings.TrimPrefix(said, "Correction "), " ")
		if !strings.Contains(said, "--withdraw "+id+" --author 'Ann O'") {
			t.Errorf("said: %s", said)
		}
		var report backtestReport
		command := &sloBacktestCommand{SLO: "checkout-availability", Since: "2d", Rules: []string{"1h/5m:13.44"}, Format: "json"}
		if err := json.Unmarshal([]byte(text(command.Run(t.Context(), g, env))), &report); err != nil || report.Trials[0].Fires != 1 {
			t.Errorf("the correction is not heeded: %+v, %v", report, err)
		}
		if err := (&sloCorrectCommand{Withdraw: "nothing"}).Run(t.Context(), g, env); err == nil || !strings.Contains(err.Error(), "in force: "+id) {
			t.Errorf("withdrawing what is not there: %v", err)
		}
		if said := text((&sloCorrectCommand{Withdraw: id, Reason: "it was ours"}).Run(t.Context(), g, env)); !strings.HasPrefix(said, "Withdrew correction "+id) {
			t.Errorf("said: %s", said)
		}
	})
}

func TestBudgetCommandsSayWhatIsWrong(t *testing.T) {
	g, _ := budgetSite(t)
	env := traceEnvironment(&bytes.Buffer{})
	correct := sloCorrectCommand{SLO: "checkout-availability", From: "2026-01-01T00:00:00Z", To: "2026-01-01T01:00:00Z", Author: "ann", Reason: "why"}
	with := func(change func(*sloCorrectCommand)) error {
		c := correct
		change(&c)
		return c.Run(t.Context(), g, env)
	}
	for want, err := range map[string]error{
		"--author is missing":         with(func(c *sloCorrectCommand) { c.Author = "" }),
		`there is no SLO "chekout"`:   with(func(c *sloCorrectCommand) { c.SLO = "chekout" }),
		"--to is not after --from":    with(func(c *sloCorrectCommand) { c.To = c.From }),
		`--from "yesterday"`:          with(func(c *sloCorrectCommand) { c.From = "yesterday" }),
		"more often than daily":       with(func(c *sloCorrectCommand) { c.RRule = "FREQ=HOURLY" }),
		"there is no objective":       (&sloBacktestCommand{SLO: "x", Since: "2d"}).Run(t.Context(), g, env),
		"longer, and 90d at most":     (&sloBacktestCommand{SLO: "x", Since: "2d", Rules: []string{"5m/1h:2"}}).Run(t.Context(), g, env),
		"give the long window, the s": (&sloBacktestCommand{SLO: "x", Since: "2d", Rules: []string{"fast"}}).Run(t.Context(), g, env),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want %q", err, want)
		}
	}
}
