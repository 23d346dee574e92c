package dashboards

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/fivekeys/fivekeys/internal/report"
	"github.com/fivekeys/fivekeys/internal/simulation"
)

// cells are the columns of the keys.
var cells = map[string]report.Name{
	"frequency": report.DeploymentFrequency, "lead_time": report.LeadTime, "fail_rate": report.ChangeFailRate,
	"recovery": report.RecoveryTime, "rework": report.ReworkRate,
}

// linesEqual compares the table of teams or services.
func linesEqual(t *testing.T, got result, key string, sections []report.Section) {
	t.Helper()
	lines := map[any]map[string]any{}
	for _, row := range got.rows {
		lines[row[key]] = row
	}
	n := 0
	for _, s := range sections {
		name := s.Scope.Name
		if key == "team" {
			name = cmp.Or(name, "no team")
		}
		row, ok := lines[name]
		if deployed := s.Metric(report.DeploymentFrequency).Value != nil; deployed != ok {
			t.Errorf("%s %s: has a line: %v, has deployments: %v", key, name, ok, deployed)
		}
		if !ok {
			continue
		}
		n++
		for column, metric := range cells {
			cell, _ := row[column].(string)
			cellEqual(t, name+" "+column, cell, s.Metric(metric))
		}
	}
	if n != len(got.rows) {
		t.Errorf("%d lines by %s, want %d", len(got.rows), key, n)
	}
}

// cellEqual: a cell begins with the value as the terminal writes it, then the band
// and what it rests on.
func cellEqual(t *testing.T, where, cell string, m report.Metric) {
	t.Helper()
	parts := strings.Split(cell, " · ")
	if m.Value == nil {
		if cell != "no data" && !strings.HasSuffix(cell, " open") || len(parts) > 1 {
			t.Errorf("%s: no data, but it says %q", where, cell)
		}
		return
	}
	var written float64
	unit := ""
	if _, err := fmt.Sscanf(strings.TrimPrefix(parts[0], "<"), "%f %s", &written, &unit); err != nil {
		t.Errorf("%s: %q is no value", where, parts[0])
	}
	unit = strings.TrimPrefix(parts[0][strings.Index(parts[0], " ")+1:], " ")
	scale := map[string]float64{"a day": 1, "a week": 1. / 7, "a month": 1. / 30, "%": .01, "s": 1, "min": 60, "h": 3600, "d": 86400}[unit]
	if math.Abs(written*scale-*m.Value) > .051*scale+.051**m.Value {
		t.Errorf("%s: %q, the report says %v", where, cell, *m.Value)
	}
	if band := bandWords[m.Band]; band != "" && (len(parts) < 2 || parts[1] != band) || band == "" && len(parts) > 1 && bandColours[parts[1]] != "" {
		t.Errorf("%s: %q, the band is %q", where, cell, band)
	}
	sample := fmt.Sprintf(" · %d ", m.Sample)
	if m.Numerator != nil && m.Name != report.DeploymentFrequency {
		sample = fmt.Sprintf(" · %d/%d (", *m.Numerator, *m.Denominator)
	}
	if !strings.Contains(cell, sample) {
		t.Errorf("%s: %q does not tell the sample%s", where, cell, sample)
	}
}

// testTrends: each team's bars are as many as its deployments have steps.
func testTrends(t *testing.T, s site, scenario *simulation.Scenario) {
	full := scenario.Expected.Full
	for _, days := range []int{56, 7} {
		from := full.To.AddDate(0, 0, -days)
		for _, row := range s.run(t, over(from, full.To), "five_keys/teams.sql").rows {
			trend, _ := row["trend"].(string)
			var counts []int
			for i, step := 0, map[int]int{56: 7, 7: 1}[days]; i < days; i += step {
				n := 0
				for name, f := range scenario.Expected.Between(from.AddDate(0, 0, i), from.AddDate(0, 0, i+step)).Teams {
					if cmp.Or(seededTeam(scenario, name), "no team") == row["team"] {
						n = f.Deployments
					}
				}
				counts = append(counts, n)
			}
			want := ""
			for _, n := range counts {
				bar := '·'
				if n > 0 {
					bar = []rune("▁▂▃▄▅▆▇█")[int(math.RoundToEven(float64(n)/float64(slices.Max(counts))*7))]
				}
				want += string(bar)
			}
			if trend != want {
				t.Errorf("%v over %d days: %s, want %s of %v", row["team"], days, trend, want, counts)
			}
		}
	}
}
