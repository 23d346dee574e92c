package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/fivekeys/fivekeys/schemas"
)

// docsBudgetMinutes is the budget of 99.9 % in four weeks.
const docsBudgetMinutes = 0.001 * 28 * 24 * 60

// budgets: remaining = 1 − bad ÷ (total × (1 − target)). Of the uptime of
// search minutes are counted, without the two hours of its maintenance.
func (d *docsData) budgets() [][]any {
	var rows [][]any
	for _, o := range docsObjectives {
		bad, total, at := d.docsBad(o.Key)
		if total == 0 {
			continue
		}
		allowed := float64(total) * (1 - o.Target)
		spent := float64(bad) / allowed
		if o.Budgeting == schemas.Timeslices {
			minutes, broken := 0.0, 0.0
			for m := docsNow.Add(-docsWindow); m.Before(docsNow); m = m.Add(time.Minute) {
				if within(m, docsMaintenance) {
					continue
				}
				minutes++
				if at[m.Unix()/60] > 0 {
					broken++
				}
			}
			spent = broken / (minutes * (1 - o.Target))
		}
		left := 1 - spent
		rows = append(rows, []any{
			o.Key, approx{100 * o.Target, 6}, approx{100 * left, 1}, approx{left * (1 - o.Target) * docsWindow.Minutes(), 1},
		})
	}
	slices.SortFunc(rows, func(a, b []any) int { return cmp.Compare(a[2].(approx).value, b[2].(approx).value) })
	return append(rows, []any{"accounts-availability", approx{99, 6}, nil, nil})
}

// budgetPerRelease: a bad minute of all requests is a minute of the budget. The
// spans of checkout name their version; for the others it is what was live.
func (d *docsData) budgetPerRelease() [][]any {
	service := map[string]string{"checkout-availability": "checkout", "payments-availability": "payments", "search-uptime": "search"}
	var rows [][]any
	for _, objective := range []string{"checkout-availability", "payments-availability", "search-uptime"} {
		_, _, at := d.docsBad(objective)
		deployments := d.production(service[objective])
		type spender struct {
			id       string
			finished time.Time
			bad      uint64
		}
		spent := map[string]*spender{}
		for m := docsNow.Add(-docsWindow); m.Before(docsNow); m = m.Add(time.Minute) {
			if bad := at[m.Unix()/60]; bad > 0 {
				l := live(deployments, m)
				if spent[l.DeploymentID] == nil {
					spent[l.DeploymentID] = &spender{id: l.DeploymentID, finished: l.FinishedAt}
				}
				spent[l.DeploymentID].bad += bad
			}
		}
		var all []*spender
		for _, s := range spent {
			all = append(all, s)
		}
		slices.SortFunc(all, func(a, b *spender) int { return cmp.Or(cmp.Compare(b.bad, a.bad), cmp.Compare(a.id, b.id)) })
		budget := docsBudgetMinutes
		if objective == "search-uptime" {
			budget *= 5
		}
		for _, s := range all[:min(2, len(all))] {
			if minutes := float64(s.bad) / docsRequests; minutes >= 1 {
				rows = append(rows, []any{objective, s.id, s.finished.Format(time.DateTime), approx{minutes, 1}, approx{100 * minutes / budget, 0}})
			}
		}
	}
	return rows
}

func (d *docsData) pages() [][]any {
	type group struct {
		n       int
		minutes float64
	}
	groups := map[string]*group{}
	for _, a := range d.docsAlerts() {
		if a.severity != schemas.SeverityPage || a.from.Before(docsNow.AddDate(0, 0, -14)) {
			continue
		}
		if groups[a.objective] == nil {
			groups[a.objective] = &group{}
		}
		if a.to.IsZero() {
			a.to = docsNow
		}
		groups[a.objective].n++
		groups[a.objective].minutes += a.to.Sub(a.from).Minutes()
	}
	return byKey(groups, func(objective string, g *group) []any { return []any{objective, g.n, int(g.minutes)} })
}

// frozen: of the outage all requests fail, so the budget is gone in the minute
// that makes it as many as there are minutes in it.
func (d *docsData) frozen() [][]any {
	spent := docsOutage[0].Add(time.Duration(math.Ceil(docsBudgetMinutes)) * time.Minute)
	n, fixes := 0, 0
	for _, x := range d.production("payments") {
		if x.FinishedAt.Before(spent) {
			continue
		}
		n++
		if x.Rework {
			fixes++
		}
	}
	return [][]any{{"payments", "payments-availability", spent.Format(time.DateTime), n, fixes}}
}

// corrected: of 40,320 minutes 140 were bad and 201.6 may be; 120 of both are
// taken out.
func (d *docsData) corrected() [][]any {
	return [][]any{{
		"search-uptime", "ada", "index rebuilt, announced",
		approx{100 * (1 - 140/(40320*0.005)), 1}, approx{100 * (1 - 20/(40200*0.005)), 1},
	}}
}

// lastWeeks are the weeks of toil that question 19 and 20 are about.
func lastWeeks(at time.Time) bool { return !at.Before(docsNow.AddDate(0, 0, -28)) }

func (d *docsData) aboveCap() [][]any {
	var rows [][]any
	for _, rule := range docsToilRules {
		if rule.Capacity == 0 {
			continue
		}
		minutes := 0.0
		for _, e := range d.toil {
			if e.Team == rule.Team && !e.Automated && lastWeeks(e.at) {
				minutes += e.Minutes
			}
		}
		capacity := 4 * rule.Capacity.Minutes()
		rows = append(rows, []any{
			rule.Team, approx{100 * minutes / capacity, 1}, approx{100 * rule.Cap, 0}, approx{minutes / capacity / rule.Cap, 2},
			approx{rule.Cap*capacity - minutes, 6},
		})
	}
	return descending(rows, 3)
}

func (d *docsData) automatable() [][]any {
	type group struct{ minutes, times float64 }
	groups := map[[2]string]*group{}
	for _, e := range d.toil {
		key := [2]string{e.Team, e.Category}
		if !lastWeeks(e.at) || e.Automated || !e.Automatable {
			continue
		}
		if groups[key] == nil {
			groups[key] = &group{}
		}
		groups[key].minutes += e.Minutes
		groups[key].times++
	}
	var rows [][]any
	for key, g := range groups {
		rows = append(rows, []any{key[0], key[1], approx{g.minutes / 60, 1}, int(g.times)})
	}
	slices.SortFunc(rows, func(a, b []any) int { return cmp.Compare(a[1].(string), b[1].(string)) })
	return descending(rows, 2)[:min(5, len(rows))]
}

// slowOperations: the histogram is the pipeline's own, put together here by
// schemas.Histogram and there by SQL. Its buckets are within 2 %.
func (d *docsData) slowOperations() [][]any {
	type group struct {
		requests, errors uint64
		latency          schemas.Histogram
	}
	groups := map[[2]string]*group{}
	for _, m := range d.services {
		key := [2]string{m.Service, m.Operation}
		if groups[key] == nil {
			groups[key] = &group{}
		}
		g := groups[key]
		g.requests, g.errors = g.requests+m.Requests, g.errors+m.Errors
		g.latency.Merge(m.Latency)
	}
	var rows [][]any
	for key, g := range groups {
		rows = append(rows, []any{
			key[0], key[1], g.requests, approx{100 * float64(g.errors) / float64(g.requests), 2}, approx{float64(g.latency.Quantile(0.99)) / 1e6, 0},
		})
	}
	return descending(rows, 4)
}

func (d *docsData) failingCalls() [][]any {
	type group struct{ calls, errors uint64 }
	groups := map[[3]string]*group{}
	for _, c := range d.calls {
		key := [3]string{c.Caller, c.Callee, c.Minute.Truncate(time.Hour).Format(time.DateTime)}
		if groups[key] == nil {
			groups[key] = &group{}
		}
		groups[key].calls += c.Calls
		groups[key].errors += c.Errors
	}
	var rows [][]any
	for key, g := range groups {
		if rate := 100 * float64(g.errors) / float64(g.calls); rate > 5 {
			rows = append(rows, []any{key[0], key[1], key[2], g.calls, approx{rate, 1}})
		}
	}
	return rows
}

func (d *docsData) slowTraces() [][]any {
	var rows [][]any
	for i := 5; i > 2; i-- {
		message := ""
		if i%2 == 1 {
			message = "bank does not answer"
		}
		rows = append(rows, []any{fmt.Sprintf("%032x", i+1), approx{float64(i+1)*1000 + 200, 6}, message})
	}
	return rows
}

func (d *docsData) sending() [][]any {
	type group struct {
		last, before int
		at           time.Time
	}
	groups := map[string]*group{}
	for _, r := range d.received {
		if groups[r.Kind] == nil {
			groups[r.Kind] = &group{}
		}
		g := groups[r.Kind]
		switch {
		case !r.ReceivedAt.Before(docsNow.AddDate(0, 0, -7)):
			g.last++
		case !r.ReceivedAt.Before(docsNow.AddDate(0, 0, -14)):
			g.before++
		}
		if r.ReceivedAt.After(g.at) {
			g.at = r.ReceivedAt
		}
	}
	return descending(byKey(groups, func(kind string, g *group) []any {
		return []any{kind, g.last, g.before, g.at.UTC().Format(time.DateTime)}
	}), 1)
}

// behind: dora's backlog grows with the hour, the archive's with the minute, and
// the first time at which it was highest is told.
func (d *docsData) behind() [][]any {
	return [][]any{
		{"archive", 50, docsDay.Add(50 * time.Minute).Format(time.DateTime)},
		{"dora", 230, docsDay.Add(23 * time.Hour).Format(time.DateTime)},
	}
}
