package report

import (
	"context"
	"slices"
	"time"

	"github.com/fivekeys/fivekeys/internal/report/sample"
	"github.com/fivekeys/fivekeys/schemas"
)

// Memory pools rows that are in memory: those of a fold over the events known
// at some time (`report --as-of`), or of an import that isn't stored.
type Memory struct {
	Days    []schemas.Day
	Changes []schemas.Change
}

var _ Source = Memory{}

// Aggregates implements Source.
func (m Memory) Aggregates(_ context.Context, q Query) (Aggregates, error) {
	if err := q.Validate(); err != nil {
		return Aggregates{}, err
	}
	both := Period{From: q.Period.Before().From, To: q.Period.To}
	days := filter(m.Days, func(d schemas.Day) bool {
		return both.Contains(d.Day) && (q.Service == "" || d.Service == q.Service) && (q.Team == "" || d.Team == q.Team)
	})
	changes := filter(m.Changes, func(c schemas.Change) bool {
		return (q.Service == "" || c.Service == q.Service) && (q.Team == "" || c.Team == q.Team)
	})
	a := Aggregates{Whole: aggregate(q.scope(), q, days, changes)}
	teams, services := newRanking(), newRanking()
	for _, d := range days {
		if q.Period.Contains(d.Day) {
			teams.add(d.Team, "", d.Deployments, d.Day)
			services.add(d.Service, d.Team, d.Deployments, d.Day)
		}
	}
	if q.listsTeams() {
		a.TeamCount = len(teams.deployments)
		for _, name := range teams.names(q.Top) {
			a.Teams = append(a.Teams, aggregate(Scope{Kind: ScopeTeam, Name: name}, q,
				filter(days, func(d schemas.Day) bool { return d.Team == name }),
				filter(changes, func(c schemas.Change) bool { return c.Team == name })))
		}
	}
	if q.listsServices() {
		a.ServiceCount = len(services.deployments)
		for _, name := range services.names(q.Top) {
			a.Services = append(a.Services, aggregate(Scope{Kind: ScopeService, Name: name, Team: services.team[name]}, q,
				filter(days, func(d schemas.Day) bool { return d.Service == name }),
				filter(changes, func(c schemas.Change) bool { return c.Service == name })))
		}
	}
	return a, nil
}

func filter[T any](rows []T, keep func(T) bool) []T {
	var kept []T
	for _, r := range rows {
		if keep(r) {
			kept = append(kept, r)
		}
	}
	return kept
}

func aggregate(scope Scope, q Query, days []schemas.Day, changes []schemas.Change) Aggregate {
	a := Aggregate{Scope: scope, Excluded: map[schemas.Exclusion]int{}}
	before := q.Period.Before()
	a.Now = total(filter(days, func(d schemas.Day) bool { return q.Period.Contains(d.Day) }))
	a.Before = total(filter(days, func(d schemas.Day) bool { return before.Contains(d.Day) }))
	for week := q.Period.Weeks() - 1; week >= 0; week-- {
		a.Weeks = append(a.Weeks, total(filter(days, func(d schemas.Day) bool {
			return q.Period.Contains(d.Day) && q.Period.ago(d.Day)/DaysPerWeek == week
		})))
	}
	for _, d := range days {
		if d.Deployments > 0 {
			a.ActiveDays = append(a.ActiveDays, q.Period.ago(d.Day))
		}
		if !q.Period.Contains(d.Day) {
			continue
		}
		if d.Unrecovered > 0 {
			a.UnrecoveredSince = earlier(a.UnrecoveredSince, d.Day)
		}
		if d.OpenIncidents > 0 {
			a.IncidentSince = earlier(a.IncidentSince, d.Day)
		}
	}
	slices.Sort(a.ActiveDays)
	a.ActiveDays = slices.Compact(a.ActiveDays)
	var ages []float64
	for _, c := range changes {
		switch {
		case c.Excluded == schemas.NotExcluded:
		case c.Excluded == schemas.ExcludedOpen:
			if !c.MergedAt.IsZero() && c.MergedAt.UnixMilli() <= q.At.UnixMilli() {
				ages = append(ages, float64(q.At.UnixMilli()-c.MergedAt.UnixMilli())/1000)
			}
		case q.Period.Contains(c.DeployedAt):
			a.Excluded[c.Excluded]++
		}
	}
	a.OpenAge = sample.Summarize(ages)
	return a
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

func total(days []schemas.Day) Totals {
	var t Totals
	for _, d := range days {
		t.Deployments += d.Deployments
		t.Failed += d.Failed
		t.Rework += d.Rework
		t.Rollbacks += d.Rollbacks
		t.Unrecovered += d.Unrecovered
		t.Unresolved += d.Unresolved
		t.Changes += d.Changes
		t.Excluded += d.Excluded
		t.Incidents += d.Incidents
		t.Unattributed += d.Unattributed
		t.OpenIncidents += d.OpenIncidents
	}
	pool := func(list func(schemas.Day) []float64) sample.Summary {
		lists := make([][]float64, len(days))
		for i, d := range days {
			lists[i] = list(d)
		}
		return sample.Summarize(lists...)
	}
	t.LeadTime = pool(func(d schemas.Day) []float64 { return d.LeadTimes })
	t.Coding = pool(func(d schemas.Day) []float64 { return d.Coding })
	t.Pickup = pool(func(d schemas.Day) []float64 { return d.Pickup })
	t.Review = pool(func(d schemas.Day) []float64 { return d.Review })
	t.Deploy = pool(func(d schemas.Day) []float64 { return d.Deploy })
	t.Recovery = pool(func(d schemas.Day) []float64 { return d.Recoveries })
	t.Restore = pool(func(d schemas.Day) []float64 { return d.Restores })
	t.Acknowledge = pool(func(d schemas.Day) []float64 { return d.Acknowledges })
	return t
}
