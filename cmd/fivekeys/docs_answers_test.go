package main

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/fivekeys/fivekeys/internal/simulation"
	"github.com/fivekeys/fivekeys/schemas"
)

// answers are the cookbook's, computed from what the data was made from.
func (d *docsData) answers() map[int][][]any {
	return map[int][][]any{
		1: d.deploymentsPerWeek(), 2: d.dominantStage(), 3: d.byWeekday(), 4: d.waiting(), 5: d.failRateByMonth(),
		6: d.leadTimeByMonth(), 7: d.byBatch(), 8: d.unplanned(), 9: d.unseen(),
		10: d.restoring(), 11: d.broken(), 12: d.recovering(), 13: d.outOfHours(),
		14: d.budgets(), 15: d.budgetPerRelease(), 16: d.pages(), 17: d.frozen(), 18: d.corrected(),
		19: d.aboveCap(), 20: d.automatable(),
		21: d.slowOperations(), 22: d.failingCalls(), 23: d.slowTraces(),
		24: d.sending(), 25: d.behind(),
	}
}

func hours(seconds float64) float64 { return seconds / 3600 }

func percent(part, of int) float64 { return 100 * float64(part) / float64(of) }

func medianOf(list []float64) float64 {
	slices.Sort(list)
	return simulation.Quantile(list, 0.5)
}

func p90(list []float64) float64 {
	slices.Sort(list)
	return simulation.Quantile(list, 0.9)
}

// byKey gives the rows of a map in the order of its keys.
func byKey[K cmp.Ordered, V any](groups map[K]V, row func(K, V) []any) [][]any {
	var rows [][]any
	for _, k := range slices.Sorted(maps.Keys(groups)) {
		rows = append(rows, row(k, groups[k]))
	}
	return rows
}

// descending orders rows by a column that holds ints or figures, equal ones by
// their first difference in the texts before it.
func descending(rows [][]any, column int) [][]any {
	value := func(row []any) float64 {
		switch v := row[column].(type) {
		case approx:
			return v.value
		case int:
			return float64(v)
		}
		return math.NaN()
	}
	slices.SortStableFunc(rows, func(a, b []any) int { return cmp.Compare(value(b), value(a)) })
	return rows
}

func month(t time.Time) string { return t.Format("2006-01") + "-01" }

func (d *docsData) deploymentsPerWeek() [][]any {
	recent := d.want.Between(docsNow.AddDate(0, 0, -28), docsNow)
	return descending(byKey(recent.Teams, func(team string, f simulation.Figures) []any {
		return []any{team, f.Deployments, approx{float64(f.Deployments) / 4, 1}}
	}), 1)
}

func (d *docsData) dominantStage() [][]any {
	return byKey(d.want.Between(docsNow.AddDate(0, 0, -90), docsNow).Teams, func(team string, f simulation.Figures) []any {
		stages := []float64{medianOf(f.Coding), medianOf(f.Pickup), medianOf(f.Review), medianOf(f.Deploy)}
		most := slices.Index(stages, slices.Max(stages))
		row := []any{team}
		for _, s := range stages {
			row = append(row, approx{hours(s), 1})
		}
		return append(row, []string{"coding", "pickup", "review", "deploy"}[most])
	})
}

// tally counts deployments and failed ones.
type tally struct{ all, failed int }

func (t *tally) add(d simulation.Deployment) {
	t.all++
	if d.Failed {
		t.failed++
	}
}

func (d *docsData) byWeekday() [][]any {
	days := map[int]*tally{}
	for _, x := range d.production("") {
		n := (int(x.FinishedAt.Weekday()) + 6) % 7 // from Monday
		if days[n] == nil {
			days[n] = &tally{}
		}
		days[n].add(x)
	}
	return byKey(days, func(n int, t *tally) []any {
		return []any{time.Weekday((n + 1) % 7), t.all, t.failed, approx{percent(t.failed, t.all), 1}}
	})
}

func (d *docsData) waiting() [][]any {
	type group struct {
		n      int
		oldest time.Time
	}
	groups := map[[2]string]*group{}
	for _, c := range d.want.Changes {
		if c.Excluded != schemas.ExcludedOpen || !c.MergedAt.Before(docsNow.AddDate(0, 0, -7)) {
			continue
		}
		key := [2]string{c.Team, c.Service}
		if groups[key] == nil {
			groups[key] = &group{oldest: docsNow}
		}
		groups[key].n++
		if c.MergedAt.Before(groups[key].oldest) {
			groups[key].oldest = c.MergedAt
		}
	}
	var rows [][]any
	for key, g := range groups {
		// dateDiff counts midnights.
		rows = append(rows, []any{key[0], key[1], g.n, int(docsNow.Sub(g.oldest.Truncate(24*time.Hour)).Hours() / 24)})
	}
	slices.SortFunc(rows, func(a, b []any) int { return cmp.Compare(a[1].(string), b[1].(string)) })
	return descending(rows, 2)
}

func (d *docsData) failRateByMonth() [][]any {
	groups := map[string]*tally{}
	for _, x := range d.production("") {
		if x.FinishedAt.Before(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)) {
			key := x.Team + " " + month(x.FinishedAt)
			if groups[key] == nil {
				groups[key] = &tally{}
			}
			groups[key].add(x)
		}
	}
	return byKey(groups, func(key string, t *tally) []any {
		n := len(key) - len("2026-01-01")
		return []any{key[:n-1], key[n:], t.all, t.failed, approx{percent(t.failed, t.all), 1}}
	})
}

func (d *docsData) leadTimeByMonth() [][]any {
	groups := map[string][]float64{}
	for _, c := range d.want.Changes {
		if c.Excluded == schemas.NotExcluded {
			groups[month(c.DeployedAt)] = append(groups[month(c.DeployedAt)], c.DeployedAt.Sub(c.FirstCommitAt).Seconds())
		}
	}
	return byKey(groups, func(month string, list []float64) []any {
		return []any{month, len(list), approx{hours(medianOf(list)), 1}, approx{hours(p90(list)), 1}}
	})
}

func (d *docsData) byBatch() [][]any {
	groups := map[string]*tally{}
	for _, x := range d.production("") {
		if x.Baseline {
			continue
		}
		key := "6 and more"
		switch {
		case x.Changes == 0:
			key = "0"
		case x.Changes == 1:
			key = "1"
		case x.Changes <= 5:
			key = "2 to 5"
		}
		if groups[key] == nil {
			groups[key] = &tally{}
		}
		groups[key].add(x)
	}
	return byKey(groups, func(key string, t *tally) []any {
		return []any{key, t.all, t.failed, approx{percent(t.failed, t.all), 1}}
	})
}

func (d *docsData) unplanned() [][]any {
	rows := descending(byKey(d.want.Full.Services, func(service string, f simulation.Figures) []any {
		return []any{service, f.Rework, f.Rollbacks, approx{100 * f.ReworkRate, 1}}
	}), 1)
	rows = slices.DeleteFunc(rows, func(row []any) bool { return row[1] == 0 })
	return rows[:min(5, len(rows))]
}

func (d *docsData) unseen() [][]any {
	type group struct{ all, unseen int }
	groups := map[string]*group{}
	for _, c := range d.want.Changes {
		if c.PullRequest == 0 || c.MergedAt.Before(docsNow.AddDate(0, 0, -90)) {
			continue
		}
		if groups[c.Team] == nil {
			groups[c.Team] = &group{}
		}
		groups[c.Team].all++
		if c.FirstReviewAt.IsZero() {
			groups[c.Team].unseen++
		}
	}
	return byKey(groups, func(team string, g *group) []any { return []any{team, g.all, g.unseen} })
}

func (d *docsData) restoring() [][]any {
	return byKey(d.want.Full.Teams, func(team string, f simulation.Figures) []any {
		return []any{team, f.Incidents, f.OpenIncidents, approx{hours(medianOf(f.Restores)), 1}, approx{hours(p90(f.Restores)), 1}}
	})
}

// broken: the title is the story's, which the expected figures don't hold.
func (d *docsData) broken() [][]any {
	var rows [][]any
	for _, in := range d.want.Incidents {
		if in.ResolvedAt.IsZero() {
			rows = append(rows, []any{
				in.Service, "Wrong answers from the session store", in.OpenedAt.Format(time.DateTime),
				int(docsNow.Sub(in.OpenedAt.Truncate(time.Hour)).Hours()),
			})
		}
	}
	return rows
}

func (d *docsData) recovering() [][]any {
	type group struct {
		failed, open int
		took         []float64
	}
	groups := map[string]*group{}
	for _, x := range d.production("") {
		if !x.Failed {
			continue
		}
		key := string(x.Method)
		if groups[key] == nil {
			groups[key] = &group{}
		}
		groups[key].failed++
		if x.RecoveredAt.IsZero() {
			groups[key].open++
		} else {
			groups[key].took = append(groups[key].took, x.RecoveredAt.Sub(x.FinishedAt).Seconds())
		}
	}
	return descending(byKey(groups, func(method string, g *group) []any {
		return []any{method, g.failed, g.open, approx{medianOf(g.took) / 60, 0}}
	}), 1)
}

func (d *docsData) outOfHours() [][]any {
	type group struct{ all, off int }
	groups := map[string]*group{}
	for _, in := range d.want.Incidents {
		if groups[in.Team] == nil {
			groups[in.Team] = &group{}
		}
		groups[in.Team].all++
		at := in.OpenedAt
		if at.Weekday() == time.Saturday || at.Weekday() == time.Sunday || at.Hour() < 8 || at.Hour() > 17 {
			groups[in.Team].off++
		}
	}
	return byKey(groups, func(team string, g *group) []any {
		return []any{team, g.all, g.off, approx{percent(g.off, g.all), 0}}
	})
}
