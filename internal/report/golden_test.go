package report

import (
	"bytes"
	"flag"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fivekeys/fivekeys/schemas"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s differs, -want +got (rewrite with -update if it should):\n%s", path, diff)
	}
}

// scenes are the reports that every renderer has a golden file of.
func scenes(t *testing.T) map[string]Report {
	all := rows(1, 180, habits...)
	service := someQuery()
	service.Services = []string{"checkout"}
	team := someQuery()
	team.Teams = []string{"payments"}
	days := someQuery()
	days.Period = ThroughToday(now, 6)
	hostile := Memory{Days: []schemas.Day{{Service: "=cmd|' /C calc'!A0,\n\x1b[31m|x|`<b>", Team: "a\tb", Day: now.Truncate(Day).Add(-Day), Deployments: 2, Changes: 2, LeadTimes: []float64{59.99, 3599.9}}}}
	hostile.Known = knownOf(hostile, 30)
	young := Memory{Days: slices.Clone(all.Days), Known: slices.Clone(all.Known)}
	young.Days = slices.DeleteFunc(young.Days, func(d schemas.Day) bool { return d.Service != "labs" && d.Service != "legacy-billing" || d.Failed > 0 })
	young.Known = slices.DeleteFunc(young.Known, func(k schemas.Knowledge) bool { return k.Service != "labs" && k.Service != "legacy-billing" })
	for i := range young.Known {
		young.Known[i].FailureSignal = time.Time{}
	}
	for i := range young.Days {
		young.Days[i].Batches, young.Days[i].BatchChanges = 0, 0
	}
	beside := makeReport(t, all, team)
	end, left, spent, ratio := now.Add(3*time.Hour), 28.5, -12.0, 0.31
	some, none, burn, share := 0.66, -0.28, 2.4, 0.62
	beside.Budgets, beside.BudgetCount = []Budget{
		{Objective: "checkout-latency", Service: "checkout", At: now, Target: 0.99, SLI: &share, Remaining: &none, RemainingMinutes: &spent, BudgetMinutes: 432, Corrected: true},
		{Objective: "checkout-availability", Service: "checkout", At: now, Target: 0.999, SLI: &some, Remaining: &some, RemainingMinutes: &left, BudgetMinutes: 43.2, Burn: &burn, ExhaustedAt: &end},
		{Objective: "ledger", Service: "ledger", At: now, Target: 0.95, BudgetMinutes: 2160},
	}, 5
	beside.Toil, beside.ToilCount = []TeamToil{{
		Team: "payments", Weeks: 4, Minutes: &left, Ratio: &ratio, Cap: &share, Burn: &burn, Weekly: []*float64{&ratio, nil, &share},
		Categories: []ToilCategory{{Category: "restarts", Minutes: 90, Entries: 3}}, Frequent: []ToilCategory{{Category: "restarts", Minutes: 90, Entries: 3}},
		Inferred: InferredToil{Minutes: 30, Entries: 1},
	}}, 1
	return map[string]Report{
		"budgets": beside,
		"whole":   makeReport(t, all, someQuery()),
		"service": makeReport(t, all, service),
		"team":    makeReport(t, all, team),
		"few":     makeReport(t, rows(3, 180, habits[5], habits[1]), days),
		"nothing": makeReport(t, Memory{}, someQuery()),
		"young":   makeReport(t, young, someQuery()),
		"hostile": makeReport(t, hostile, someQuery()),
	}
}

func TestRenderersPrintTheGoldenFiles(t *testing.T) {
	renderers := map[string]func(io.Writer, Report) error{
		".table":  func(w io.Writer, r Report) error { return Table(w, r, TableOptions{}) },
		".narrow": func(w io.Writer, r Report) error { return Table(w, r, TableOptions{Width: 72}) },
		".color":  func(w io.Writer, r Report) error { return Table(w, r, TableOptions{Color: true}) },
		".json":   JSON,
		".csv":    CSV,
		".md":     Markdown,
		".html":   HTML,
	}
	for scene, r := range scenes(t) {
		for suffix, render := range renderers {
			t.Run(scene+suffix, func(t *testing.T) {
				var b bytes.Buffer
				if err := render(&b, r); err != nil {
					t.Fatal(err)
				}
				golden(t, scene+suffix, b.Bytes())
			})
		}
	}
}
