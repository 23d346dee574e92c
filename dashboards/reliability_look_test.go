package dashboards

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestMarksAreSwitchedOnByWhoWantsThem: hundreds of them bury a chart.
func TestMarksAreSwitchedOnByWhoWantsThem(t *testing.T) {
	for _, d := range All() {
		for _, a := range d.Annotations {
			if !a.Off {
				t.Errorf("%s: the marks of %s are on", d.Title, a.Name)
			}
		}
	}
}

// TestMarksObeyTheChoices: marks of everything beside a chart of one thing
// mislead. Only an operation and a trace have no deployments of their own.
func TestMarksObeyTheChoices(t *testing.T) {
	for _, d := range All() {
		for _, a := range d.Annotations {
			sql, err := query(a.Query)
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range d.Variables {
				if v.Name == operations.Name || v.Typed {
					continue
				}
				if !strings.Contains(sql, "${"+v.Name+":singlequote}") {
					t.Errorf("%s: the marks of %s are not narrowed by %s", d.Title, a.Name, v.Name)
				}
			}
		}
	}
}

// TestFiguresAreDrawnBesideWhatTheyAreHeldAgainst: a budget beside zero, a burn
// beside 1 and its alert, toil beside its cap.
func TestFiguresAreDrawnBesideWhatTheyAreHeldAgainst(t *testing.T) {
	for file, c := range map[string]struct {
		line  float64
		limit string
	}{
		"budgets/remaining_over_time.sql": {0, ""},
		"budgets/burn_over_time.sql":      {1, "alert from 13.44 ×"},
		"toil/weekly_ratio.sql":           {-1, "cap of payments"},
	} {
		series := find(t, file)
		if c.line >= 0 && !slices.ContainsFunc(series.Lines, func(s Step) bool { return s.From == c.line }) {
			t.Errorf("%s has no line at %v", file, c.line)
		}
		custom := series.model()["fieldConfig"].(object)["defaults"].(object)["custom"].(object)
		if _, drawn := custom["thresholdsStyle"]; drawn != (len(series.Lines) > 0) {
			t.Errorf("%s: its lines are drawn: %v", file, drawn)
		}
		if c.limit == "" {
			continue
		}
		pattern := regexp.MustCompile(`^/(.*)/$`).FindStringSubmatch(series.Limits)
		if pattern == nil || !regexp.MustCompile(pattern[1]).MatchString(c.limit) || regexp.MustCompile(pattern[1]).MatchString("captains") {
			t.Errorf("%s: limits are %q", file, series.Limits)
		}
	}
}

func find(t *testing.T, file string) TimeSeries {
	t.Helper()
	for _, d := range All() {
		for _, r := range d.Rows {
			for _, p := range r.Panels {
				if series, ok := p.(TimeSeries); ok && series.Query == file {
					return series
				}
			}
		}
	}
	t.Fatalf("no chart of %s", file)
	return TimeSeries{}
}

// TestALinkToATraceIsTheFirstThingOfItsRow: the last columns are the first ones
// to leave the screen.
func TestALinkToATraceIsTheFirstThingOfItsRow(t *testing.T) {
	found := 0
	for _, r := range traces().Rows {
		for _, p := range r.Panels {
			table, ok := p.(Table)
			if !ok {
				continue
			}
			if i := slices.IndexFunc(table.Columns, func(c Column) bool { return c.Name == traceColumn.Name }); i > 0 {
				t.Errorf("%s: the trace is column %d", table.Title, i+1)
			} else if i == 0 {
				found++
			}
		}
	}
	if found != 2 {
		t.Errorf("%d tables lead to traces", found)
	}
}
