package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/fivekeys/fivekeys/internal/clickhouse"
	"github.com/fivekeys/fivekeys/internal/spreadsheet"
)

type sloStatusCommand struct {
	Service string `help:"One service." placeholder:"NAME"`
	Team    string `help:"One team." placeholder:"NAME"`
	Format  string `help:"${enum}." enum:"table,json,csv,markdown" default:"table"`
}

// budgetLine is one objective's budget as it is printed. Its JSON form is a
// published contract: null means "no data".
type budgetLine struct {
	Objective        string     `json:"objective"`
	Service          string     `json:"service"`
	Team             string     `json:"team"`
	At               time.Time  `json:"at"`
	From             time.Time  `json:"from"`
	To               time.Time  `json:"to"`
	Target           float64    `json:"target"`
	Budgeting        string     `json:"budgeting"`
	SLI              *float64   `json:"sli"`
	Recorded         *float64   `json:"remaining_as_recorded"`
	Remaining        *float64   `json:"remaining"`
	RemainingMinutes *float64   `json:"remaining_minutes"`
	BudgetMinutes    float64    `json:"budget_minutes"`
	Corrected        bool       `json:"corrected"`
	Burn1h           *float64   `json:"burn_1h"`
	Burn6h           *float64   `json:"burn_6h"`
	Burn3d           *float64   `json:"burn_3d"`
	ExhaustedAt      *time.Time `json:"exhausted_at"`
	Alerts           []string   `json:"alerts"`
}

// Run prints the budgets as the evaluation stored them last.
func (c *sloStatusCommand) Run(ctx context.Context, g *globals, env *environment) error {
	s, err := g.settings(env)
	if err != nil {
		return err
	}
	store, done, err := g.openStore(ctx, env, s, true)
	if err != nil {
		return err
	}
	defer done()
	lines, err := budgetLines(ctx, store, c.Service, c.Team)
	if err != nil {
		return err
	}
	if len(lines) == 0 && c.Format != "json" && c.Format != "csv" {
		_, err := fmt.Fprintln(env.stdout, "No budgets are known. Objectives are named under slos: in fivekeys.yaml and evaluated by fivekeys serve.")
		return err
	}
	switch c.Format {
	case "json":
		out := json.NewEncoder(env.stdout)
		out.SetIndent("", "  ")
		return out.Encode(lines)
	case "csv":
		return budgetCSV(env.stdout, lines)
	}
	return budgetTable(env.stdout, lines, c.Format == "markdown")
}

func budgetLines(ctx context.Context, store *clickhouse.Store, service, team string) ([]budgetLine, error) {
	rows, err := store.Conn().Query(ctx, `SELECT s.objective, s.service, s.team, s.at, s.window_from, s.window_to, s.target, s.budgeting,
			if(s.corrected, s.corrected_sli, s.sli), s.remaining, s.remaining_in_force,
			if(s.corrected, s.corrected_remaining_minutes, s.remaining_minutes), s.budget_minutes, s.corrected,
			s.burn_1h, s.burn_6h, s.burn_3d, s.exhausted_at, a.firing
		FROM slo_status AS s
		LEFT JOIN (SELECT objective, arraySort(groupArray(concat(rule, ' (', severity, ')'))) AS firing FROM alerts WHERE resolved_at IS NULL GROUP BY objective) AS a
			ON s.objective = a.objective
		WHERE (s.service = $1 OR $1 = '') AND (s.team = $2 OR $2 = '')
		ORDER BY s.remaining_in_force IS NULL, s.remaining_in_force, s.objective`, service, team)
	if err != nil {
		return nil, queryError(err)
	}
	defer func() { _ = rows.Close() }()
	lines := []budgetLine{}
	for rows.Next() {
		var l budgetLine
		if err := rows.Scan(&l.Objective, &l.Service, &l.Team, &l.At, &l.From, &l.To, &l.Target, &l.Budgeting, &l.SLI, &l.Recorded,
			&l.Remaining, &l.RemainingMinutes, &l.BudgetMinutes, &l.Corrected, &l.Burn1h, &l.Burn6h, &l.Burn3d, &l.ExhaustedAt, &l.Alerts); err != nil {
			return nil, fmt.Errorf("read budgets: %w", err)
		}
		if l.Alerts == nil {
			l.Alerts = []string{}
		}
		lines = append(lines, l)
	}
	return lines, rows.Err()
}

func budgetTable(w io.Writer, lines []budgetLine, markdown bool) error {
	t := newTable(w)
	t.AppendHeader(table.Row{"objective", "service", "target", "sli", "left", "minutes left", "burn 1h", "6h", "3d", "runs out (UTC)", "firing"})
	right := []table.ColumnConfig{}
	for n := 3; n <= 9; n++ {
		right = append(right, table.ColumnConfig{Number: n, Align: text.AlignRight})
	}
	t.SetColumnConfigs(right)
	note := false
	for _, l := range lines {
		name := l.Objective
		if l.Corrected {
			name, note = name+" *", true
		}
		left := "no data"
		if l.Remaining != nil {
			left = fmt.Sprintf("%.1f %%", 100**l.Remaining)
		}
		minutes := fmt.Sprintf("of %s", shortNumber(&l.BudgetMinutes))
		if l.RemainingMinutes != nil {
			minutes = shortNumber(l.RemainingMinutes) + " " + minutes
		}
		out := ""
		switch {
		case l.Remaining != nil && *l.Remaining <= 0:
			out = "spent"
		case l.ExhaustedAt != nil:
			out = l.ExhaustedAt.UTC().Format("2006-01-02 15:04")
		}
		t.AppendRow(table.Row{
			name, l.Service, percentOf(l.Target), optionalPercent(l.SLI), left, minutes,
			shortNumber(l.Burn1h), shortNumber(l.Burn6h), shortNumber(l.Burn3d), out, joined(l.Alerts),
		})
	}
	printed := t.Render()
	if markdown {
		printed = t.RenderMarkdown()
	}
	if _, err := fmt.Fprintf(w, "%s\n\nAs of %s UTC, the most spent first.\n", printed, lines[0].At.UTC().Format("2006-01-02 15:04")); err != nil {
		return err
	}
	if note {
		_, err := fmt.Fprintln(w, "* without periods that corrections exclude; --format json has both figures")
		return err
	}
	return nil
}

func joined(names []string) string {
	out := ""
	for i, n := range names {
		if i > 0 {
			out += ", "
		}
		out += n
	}
	return out
}

// percentOf keeps all digits of a target: 99.95 %.
func percentOf(v float64) string {
	return strconv.FormatFloat(100*v, 'g', 8, 64) + " %"
}

func optionalPercent(v *float64) string {
	if v == nil {
		return "no data"
	}
	return strconv.FormatFloat(100**v, 'f', 3, 64) + " %"
}

// shortNumber is a figure in few digits; empty without data.
func shortNumber(v *float64) string {
	switch {
	case v == nil:
		return ""
	case *v >= 100 || *v <= -100:
		return strconv.FormatFloat(*v, 'f', 0, 64)
	}
	return strconv.FormatFloat(*v, 'f', 1, 64)
}

// budgetHeader is a published contract: columns may be added at the end.
var budgetHeader = []string{
	"objective", "service", "team", "at", "from", "to", "target", "budgeting", "sli", "remaining_as_recorded", "remaining",
	"remaining_minutes", "budget_minutes", "corrected", "burn_1h", "burn_6h", "burn_3d", "exhausted_at", "alerts",
}

func budgetCSV(w io.Writer, lines []budgetLine) error {
	out := csv.NewWriter(w)
	records := [][]string{budgetHeader}
	for _, l := range lines {
		ends := ""
		if l.ExhaustedAt != nil {
			ends = l.ExhaustedAt.UTC().Format(time.RFC3339)
		}
		records = append(records, []string{
			spreadsheet.Field(l.Objective), spreadsheet.Field(l.Service), spreadsheet.Field(l.Team), l.At.UTC().Format(time.RFC3339), l.From.UTC().Format(time.RFC3339), l.To.UTC().Format(time.RFC3339),
			exactNumber(&l.Target), l.Budgeting, exactNumber(l.SLI), exactNumber(l.Recorded), exactNumber(l.Remaining),
			exactNumber(l.RemainingMinutes), exactNumber(&l.BudgetMinutes), strconv.FormatBool(l.Corrected),
			exactNumber(l.Burn1h), exactNumber(l.Burn6h), exactNumber(l.Burn3d), ends, spreadsheet.Field(joined(l.Alerts)),
		})
	}
	if err := out.WriteAll(records); err != nil {
		return fmt.Errorf("write budgets as CSV: %w", err)
	}
	return nil
}

func exactNumber(v *float64) string {
	if v == nil {
		return ""
	}
	return strconv.FormatFloat(*v, 'f', -1, 64)
}
