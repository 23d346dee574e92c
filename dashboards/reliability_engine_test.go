package dashboards

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fivekeys/fivekeys/schemas"
)

// TestReliabilityOnTheRealEngine holds the SQL about budgets, toil and traces to
// what the seed implies.
func TestReliabilityOnTheRealEngine(t *testing.T) {
	s := newSite(t)
	end := time.Now().UTC().Truncate(time.Minute)
	s.seedReliability(t, end)
	p := plugin{from: end.Add(-month), to: end.Add(59 * time.Second), interval: time.Minute}

	t.Run("shapes", func(t *testing.T) {
		for _, st := range statements(t) {
			if !reliability(st.file) {
				continue
			}
			t.Run(st.name, func(t *testing.T) {
				r := s.described(t, p.choose("trace", slowTrace.String()).expand(t, st.sql))
				shape(t, st, r)
				if len(r.rows) == 0 {
					t.Error("no rows of a seed that has some")
				}
			})
		}
	})
	t.Run("a scope narrows everything", func(t *testing.T) {
		nobody := p.choose("team", "nobody").choose("service", "nobody").choose("objective", "nobody").choose("operation", "nobody").choose("trace", "nobody")
		for _, st := range statements(t) {
			if reliability(st.file) && !strings.HasPrefix(st.file, "pipeline/") && st.file != toilTeams.Query && st.file != tracedServices.Query {
				t.Run(st.name, func(t *testing.T) { emptyAnswer(t, st, s.described(t, nobody.expand(t, st.sql))) })
			}
		}
	})
	t.Run("budgets", func(t *testing.T) { testBudgets(t, s, p, end) })
	t.Run("as of an earlier time", func(t *testing.T) { testEarlier(t, s, p, end) })
	t.Run("spent", func(t *testing.T) { testSpent(t, s, p, end) })
	t.Run("alerts, freezes and corrections", func(t *testing.T) { testAftermath(t, s, p, end) })
	t.Run("toil", func(t *testing.T) { testToil(t, s, p, mondayBefore(end)) })
	t.Run("requests", func(t *testing.T) { testRequests(t, s, end) })
	t.Run("node graph", func(t *testing.T) { testGraph(t, s, end) })
	t.Run("trace", func(t *testing.T) { testTrace(t, s, end) })
	t.Run("vitals", func(t *testing.T) { testVitals(t, s, end) })
}

// row is the one whose column says so.
func (r result) row(t *testing.T, column string, want any) map[string]any {
	t.Helper()
	i := slices.IndexFunc(r.rows, func(row map[string]any) bool { return row[column] == want })
	if i < 0 {
		t.Fatalf("no row of %s %v among %v", column, want, r.rows)
	}
	return r.rows[i]
}

// same compares columns; a number within rounding.
func same(t *testing.T, what string, row map[string]any, want map[string]any) {
	t.Helper()
	for column, w := range want {
		got := row[column]
		if at, ok := w.(time.Time); ok {
			if g, ok := got.(time.Time); !ok || !g.Equal(at) {
				t.Errorf("%s: %s is %v, want %v", what, column, got, at)
			}
			continue
		}
		if n, ok := w.(int); ok {
			w = float64(n)
		}
		if f, ok := w.(float64); ok {
			if g, ok := got.(float64); !ok || math.Abs(g-f) > 1e-9*math.Max(1, math.Abs(f)) {
				t.Errorf("%s: %s is %v, want %v", what, column, got, f)
			}
			continue
		}
		if got != w {
			t.Errorf("%s: %s is %v, want %v", what, column, got, w)
		}
	}
}

func (s site) figure(t *testing.T, p plugin, file string, value any, unit, colour, name string) {
	t.Helper()
	same(t, file, s.run(t, p, file+".sql").rows[0], map[string]any{"value": value, "unit": unit, "color": colour, "name": name})
}

func testBudgets(t *testing.T, s site, p plugin, end time.Time) {
	s.figure(t, p, "budgets/spent", 1, "none", vermillion, "of 4 budgets · 1 running out · 1 without data")
	since := end.Add(-2 * time.Hour).Format("2006-01-02 15:04")
	s.figure(t, p, "budgets/least", -0.25, "percentunit", vermillion, "checkout · spent since "+since+" UTC")
	s.figure(t, p, "budgets/firing", 1, "none", vermillion, "1 page")
	s.figure(t, p, "budgets/frozen", 2, "none", orange, "while a budget was spent, 1 of them a fix")
	s.figure(t, p, "five_keys/budgets", 1, "none", vermillion, "budget spent, of 4 · 1 running out · 1 without data")
	s.figure(t, p.choose("team", "no team"), "budgets/least", 0.6, "percentunit", orange, "search/fast · ends in 3 h at the last hour's burn")
	s.figure(t, p.choose("objective", "quiet"), "budgets/spent", nil, "none", grey, "no budget has data")
	s.figure(t, p.choose("objective", "pay"), "budgets/firing", 0, "none", bluishGreen, "none fires")
	s.figure(t, p.choose("objective", "pay"), "five_keys/budgets", 1, "none", vermillion, "budget spent, of 4 · 1 running out · 1 without data")
	s.figure(t, p.choose("service", "pay"), "five_keys/budgets", 0, "none", bluishGreen, "budgets spent, of 1 · least: pay 90 %")

	r := s.run(t, p, "budgets/objectives.sql")
	if len(r.rows) != 4 {
		t.Errorf("%d objectives: one that is gone has no budget", len(r.rows))
	}
	same(t, "checkout", r.rows[0], map[string]any{
		"objective": "checkout", "team": checkers, "state": "spent", "target": 0.99, "indicator": 0.9875, "share": -0.25, "time_left": -0.25 * 403.2, "recorded": "",
	})
	same(t, "search/fast", r.row(t, "objective", "search/fast"), map[string]any{
		"state": "running out", "share": 0.6, "time_left": 0.6 * 403.2, "recorded": "40 % · 2.7 h", "indicator": 0.996,
		"outlook": "ends in 3 h at the last hour's burn",
	})
	same(t, "pay", r.row(t, "objective", "pay"), map[string]any{"state": "ok", "share": 0.9, "outlook": "lasts at the last hour's burn"})
	same(t, "quiet", r.rows[3], map[string]any{"objective": "quiet", "state": "no data", "share": nil, "time_left": nil, "indicator": nil, "outlook": "no traffic in the window"})
	same(t, "burn", s.run(t, p, "budgets/burn.sql").rows[0], map[string]any{"objective": "checkout", "burn_5m": 20, "burn_1h": 20, "burn_2h": 10, "burn_3d": 10, "burn_window": 1})
	same(t, "burn of no data", s.run(t, p, "budgets/burn.sql").row(t, "objective", "quiet"), map[string]any{"burn_5m": nil, "burn_window": 1})

	methods := s.run(t, p.choose("objective", "search/fast"), "budgets/methods.sql").rows
	if len(methods) != 3 || methods[1]["method"] != "Timeslices" {
		t.Fatalf("methods %v", methods)
	}
	same(t, "method in force", methods[0], map[string]any{"method": "Occurrences", "chosen": "in force", "share": 0.6, "good": 996, "total": 1000})
	same(t, "another method", methods[2], map[string]any{"method": "RatioTimeslices", "chosen": "", "share": 0.4})

	mine := s.run(t, p.choose("service", "search"), "service/budgets.sql")
	same(t, "service's budget", mine.rows[0], map[string]any{"objective": "search/fast", "state": "running out", "share": 0.6, "burn_1h": 14, "burn_1d": 7})
	if len(mine.rows) != 1 {
		t.Errorf("%d budgets of one service", len(mine.rows))
	}
}

// A range that has ended shows the budgets of its end; pages of whole days end
// yesterday and show those of today.
func testEarlier(t *testing.T, s site, p plugin, end time.Time) {
	p.to = end.Add(-90 * time.Minute)
	s.figure(t, p, "budgets/spent", 0, "none", orange, "of 4 budgets · 2 running out · 1 without data")
	same(t, "checkout", s.run(t, p, "budgets/objectives.sql").row(t, "objective", "checkout"), map[string]any{"share": 0.125})
	s.figure(t, p, "budgets/firing", 0, "none", bluishGreen, "none fires")
	p.to = end.Add(-12 * time.Hour)
	s.figure(t, p, "budgets/spent", nil, "none", grey, "no budget was evaluated in this range")
	s.figure(t, p, "five_keys/budgets", 1, "none", vermillion, "budget spent, of 4 · 1 running out · 1 without data")
	same(t, "service's budget", s.run(t, p, "service/budgets.sql").rows[0], map[string]any{"objective": "checkout", "state": "spent", "share": -0.25})
	p.to = end
	left := s.run(t, p.choose("objective", "checkout"), "budgets/remaining_over_time.sql").rows
	if len(left) != 2 {
		t.Fatalf("remaining over time: %v", left)
	}
	same(t, "remaining over time", left[0], map[string]any{"time": end.Add(-2 * time.Hour), "objective": "checkout", "remaining": 0.125})
	must(t, s.store.AppendHistory(t.Context(), []schemas.BudgetStatus{{
		Objective: "pay", SLO: "pay", Service: "pay", Team: "payments", At: end.Add(-30 * time.Minute), From: end.Add(-month), To: end, Target: 0.99, Budgeting: schemas.Occurrences,
		BudgetFigures: schemas.BudgetFigures{Good: 1, Total: 2, SLI: f64(0.5), Remaining: f64(-49), RemainingMinutes: f64(-49 * 403.2), BudgetMinutes: 403.2},
	}}))
	far := s.run(t, p.choose("objective", "pay"), "budgets/remaining_over_time.sql").rows
	same(t, "a budget that is far overspent", far[len(far)-1], map[string]any{"remaining": -1})
	burns := s.run(t, p, "budgets/burn_over_time.sql")
	same(t, "burn over time", burns.row(t, "objective", "pay"), map[string]any{"burn": 0.5})
	same(t, "from where on it alerts", burns.row(t, "objective", "alert from 13.44 ×"), map[string]any{"burn": 13.44, "time": end.Add(-2 * time.Hour)})
}

func testSpent(t *testing.T, s site, p plugin, end time.Time) {
	const window = 28 * 1440.
	rows := s.run(t, p, "budgets/deployments.sql").rows
	if len(rows) != 3 {
		t.Fatalf("spent by %v", rows)
	}
	for i, want := range []map[string]any{
		{"place": 1, "what": "2.0", "deployment_id": "d2", "bad": 30, "spent": 30. / 600 * window, "share": 5, "certain": 1, "url": "https://ci.example/d2", "time": end.Add(-24 * time.Hour), "service": "checkout"},
		{"place": 2, "what": "1.0", "deployment_id": "d1", "bad": 10, "spent": 10. / 600 * window, "certain": 0},
		{"place": 3, "what": "no deployment known", "deployment_id": "", "bad": 5, "spent": 5. / 600 * window, "time": nil, "url": ""},
	} {
		same(t, fmt.Sprint("place ", i+1), rows[i], want)
	}
	mine := s.run(t, p.choose("service", "checkout"), "service/budget_deployments.sql").rows
	if len(mine) != 2 { // of deployments that are known
		t.Fatalf("spent by the service's %v", mine)
	}
	same(t, "the service's first", mine[0], map[string]any{"place": 1, "what": "2.0", "objective": "checkout", "spent": 30. / 600 * window, "share": 5})
}

func testAftermath(t *testing.T, s site, p plugin, end time.Time) {
	alerts := s.run(t, p, "budgets/alerts.sql").rows
	if len(alerts) != 2 {
		t.Fatalf("alerts %v", alerts)
	}
	same(t, "firing", alerts[0], map[string]any{
		"state": "firing", "severity": "page", "rule": "fast", "time": end.Add(-30 * time.Minute), "burns": "20 and 25, of 13.4 ×", "time_left": 10, "deployment": "2.0", "url": "https://ci.example/d2",
	})
	same(t, "past", alerts[1], map[string]any{"state": "over", "severity": "ticket", "lasted": 3600, "url": ""})

	// Grafana's own rules ask the same tables.
	for rule, want := range map[string]float64{"burn_page": 20 / 13.44, "exhausted": 1.25 * 403.2} {
		same(t, "alert rule "+rule, s.run(t, p, "alerts/"+rule+".sql").rows[0], map[string]any{"objective": "checkout", "service": "checkout", "value": want})
	}
	if got := s.run(t, p, "alerts/burn_ticket.sql").rows; len(got) != 0 {
		t.Errorf("an alert that is over fires in Grafana: %v", got)
	}

	freezes := s.run(t, p, "budgets/freezes.sql")
	same(t, "a freeze that lasts", freezes.row(t, "objective", "checkout"), map[string]any{"time": end.Add(-2 * time.Hour), "restored_at": nil, "deployments": 2, "fixes": 1})
	same(t, "a freeze that is over", freezes.row(t, "objective", "pay"), map[string]any{"restored_at": end.Add(-216 * time.Hour), "lasted": 24 * 3600, "deployments": 0, "fixes": 0})
	made := s.run(t, p, "budgets/freeze_deployments.sql").rows
	if len(made) != 2 {
		t.Fatalf("deployments in freezes %v", made)
	}
	same(t, "a deployment in a freeze", made[0], map[string]any{"deployment_id": "d4", "fix": "", "objective": "checkout"})
	same(t, "a fix in a freeze", made[1], map[string]any{"deployment_id": "d3", "fix": "a fix"})

	for objective, want := range map[string]int{"": 4, "checkout": 4, "pay": 0} {
		marked := p
		if objective != "" {
			marked = p.choose("objective", objective)
		}
		if got := s.run(t, marked, "annotations/budget_deployments.sql").rows; len(got) != want {
			t.Errorf("of the objective %q %d deployments are marked, want %d", objective, len(got), want)
		}
	}
	corrections := s.run(t, p, "budgets/corrections.sql").rows
	if len(corrections) != 1 {
		t.Fatalf("corrections %v", corrections)
	}
	same(t, "a correction", corrections[0], map[string]any{
		"objective": "search/fast", "time": end.Add(-72 * time.Hour), "to_time": end.Add(-71 * time.Hour), "author": "ada", "reason": "the load test", "recorded": 0.4, "as_corrected": 0.6,
	})
}

func testToil(t *testing.T, s site, p plugin, monday time.Time) {
	payments := p.choose("team", "payments")
	s.figure(t, p, "toil/ratio", 420./12000, "percentunit", bluishGreen, "cap 40 % · 7 h of 200 h · 2 weeks")
	s.figure(t, p, "five_keys/toil", 420./12000, "percentunit", bluishGreen, "cap 40 % · 7 h of 200 h · 2 weeks")
	s.figure(t, p.choose("team", "web"), "toil/ratio", nil, "percentunit", grey, "no capacity is configured · 0.5 h of toil")
	s.figure(t, p, "toil/left", 38, worked, bluishGreen, "week of "+monday.Format(time.DateOnly)+" · 1 team")
	s.figure(t, p, "toil/first", 5, worked, grey, "restarts · 67 % of all toil · 1 time")
	s.figure(t, p, "toil/inferred", 1.5, worked, grey, "1 entry · in no ratio")

	same(t, "alert rule toil", s.run(t, p, "alerts/toil.sql").row(t, "team", "payments"), map[string]any{"value": 0.0875})

	weeks := s.run(t, payments, "toil/weeks.sql").rows
	if len(weeks) != 2 {
		t.Fatalf("weeks %v", weeks)
	}
	same(t, "the last week", weeks[0], map[string]any{
		"time": monday, "team": "payments", "state": "under the cap", "hours": 2, "capacity": 100, "ratio": 0.02, "cap": 0.4, "hours_left": 38, "week_burn": 0.05, "month_burn": 0.0875,
		"entries": 2, "inferred": 1.5, "automated": 10,
	})
	same(t, "the week before", weeks[1], map[string]any{"hours": 5, "ratio": 0.05, "inferred": nil, "automated": 0})
	same(t, "a team without a capacity", s.run(t, p, "toil/weeks.sql").row(t, "team", "web"), map[string]any{
		"state": "no capacity", "hours": 0.5, "capacity": nil, "ratio": nil, "hours_left": nil, "week_burn": nil, "month_burn": nil,
	})
	sunday := monday.AddDate(0, 0, 6) // where a week stands
	ratios := s.run(t, payments, "toil/weekly_ratio.sql").rows
	for i, want := range []map[string]any{
		{"team": "cap", "ratio": 0.4, "time": sunday.AddDate(0, 0, -7)}, {"team": "payments", "ratio": 0.05, "time": sunday.AddDate(0, 0, -7)},
		{"team": "cap", "ratio": 0.4, "time": sunday}, {"team": "payments", "ratio": 0.02, "time": sunday},
	} {
		same(t, "ratio by week", ratios[i], want)
	}
	// Of seven days that begin within a week both weeks are on the chart.
	short := p
	short.from, short.to = monday.AddDate(0, 0, -3), monday.AddDate(0, 0, 4)
	for i, want := range []time.Time{sunday.AddDate(0, 0, -7), short.to} {
		same(t, "kinds of a few days", s.run(t, short, "toil/weekly_kinds.sql").rows[i], map[string]any{"time": want})
	}
	same(t, "kinds by week", s.run(t, p, "toil/weekly_kinds.sql").rows[1], map[string]any{"time": sunday, "confirmed": 2.5, "inferred": 1.5, "done by a machine": 10})
	bars := map[string]string{}
	for _, by := range []string{"time", "count"} {
		for _, row := range s.run(t, p, "toil/by_"+by+".sql").rows {
			bars[by] += fmt.Sprint(row["name"], " ", row["value"], "; ")
		}
	}
	if bars["time"] != "restarts 5; certificates 2; tickets 0.5; " || bars["count"] != "certificates 2; restarts 1; tickets 1; " {
		t.Errorf("bars %v", bars)
	}
	categories := s.run(t, p, "toil/categories.sql")
	same(t, "certificates", categories.row(t, "category", "certificates"), map[string]any{"kind": "confirmed", "hours": 2, "entries": 2, "each": 3600, "automatable": 0.5, "teams": "payments"})
	same(t, "the last", categories.rows[len(categories.rows)-1], map[string]any{"kind": "inferred", "category": "re-run", "hours": 1.5})
	entries := s.run(t, p, "toil/entries.sql")
	if len(entries.rows) != 6 {
		t.Errorf("%d entries", len(entries.rows))
	}
	same(t, "an entry", entries.row(t, "title", "Renewed by hand"), map[string]any{"url": "https://issues.example/7", "lasted": 3600, "automation": "could be", "kind": "confirmed", "why": "told by api"})
	same(t, "an inferred entry", entries.row(t, "kind", "inferred"), map[string]any{"why": "inferred by api from workflow"})
	same(t, "an automated entry", entries.row(t, "category", "backups"), map[string]any{"automation": "done by a machine"})
	for _, row := range entries.rows {
		if url := fmt.Sprint(row["url"]); strings.HasPrefix(url, "javascript") {
			t.Error("a link that is a script")
		}
	}
}
