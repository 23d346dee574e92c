package report

import (
	"context"
	"time"

	"github.com/fivekeys/fivekeys/internal/report/sample"
	"github.com/fivekeys/fivekeys/schemas"
)

// Memory pools rows that are in memory: those of a fold over the events known
// at some time (`report --as-of`), or of an import that isn't stored.
type Memory struct {
	Days    []schemas.Day
	Changes []schemas.Change
	Known   []schemas.Knowledge
}

var _ Source = Memory{}

// Aggregates implements Source.
func (m Memory) Aggregates(_ context.Context, q Query) (Aggregates, error) {
	if err := q.Validate(); err != nil {
		return Aggregates{}, err
	}
	both := Period{From: q.Period.Before().From, To: q.Period.To}
	whole, teams, services := &rowsOf{}, map[string]*rowsOf{}, map[string]*rowsOf{}
	teamRanking, serviceRanking := newRanking(), newRanking()
	ground := map[string]schemas.Knowledge{}
	for _, k := range m.Known {
		if !q.Matches(k.Service, k.Team) {
			continue
		}
		ground[k.Service] = k
		for _, r := range []*rowsOf{whole, of(teams, k.Team), of(services, k.Service)} {
			r.known = append(r.known, k)
		}
		if deployedBy(k, q.Period) {
			teamRanking.add(k.Team, "", 0, time.Time{})
			serviceRanking.add(k.Service, k.Team, 0, time.Time{})
		}
	}
	for i := range m.Days {
		d := &m.Days[i]
		if !both.Contains(d.Day) || !q.Matches(d.Service, d.Team) {
			continue
		}
		k := ground[d.Service]
		row := dayOf{d, k.KnownThroughout(both.From), !k.FailureSignal.IsZero()}
		for _, r := range []*rowsOf{whole, of(teams, d.Team), of(services, d.Service)} {
			r.days = append(r.days, row)
		}
		if q.Period.Contains(d.Day) {
			teamRanking.add(d.Team, "", d.Deployments, d.Day)
			serviceRanking.add(d.Service, d.Team, d.Deployments, d.Day)
		}
	}
	for i := range m.Changes {
		c := &m.Changes[i]
		if c.Excluded == schemas.NotExcluded || !q.Matches(c.Service, c.Team) {
			continue
		}
		if c.Excluded == schemas.ExcludedOpen && ground[c.Service].Changes.IsZero() {
			continue // whether it is open is unknown
		}
		for _, r := range []*rowsOf{whole, of(teams, c.Team), of(services, c.Service)} {
			r.changes = append(r.changes, c)
		}
	}
	a := Aggregates{Whole: whole.aggregate(q.scope(), q)}
	if q.listsTeams() {
		a.TeamCount = len(teamRanking.deployments)
		for _, name := range teamRanking.names(q.Top) {
			a.Teams = append(a.Teams, teams[name].aggregate(Scope{Kind: ScopeTeam, Name: name}, q))
		}
	}
	if q.listsServices() {
		a.ServiceCount = len(serviceRanking.deployments)
		for _, name := range serviceRanking.names(q.Top) {
			scope := Scope{Kind: ScopeService, Name: name, Team: serviceRanking.team[name]}
			a.Services = append(a.Services, services[name].aggregate(scope, q))
		}
	}
	return a, nil
}

// learn adds what is known of a service to that of its scope.
func (a *Aggregate) learn(k schemas.Knowledge, p Period) {
	if k.Since.IsZero() || !k.Since.Before(p.To) {
		return
	}
	a.Known = a.Known.Pool(k)
	a.Services++
	if k.KnownThroughout(p.Before().From) {
		a.Compared++
	}
}

// rowsOf are the rows of one scope.
type rowsOf struct {
	days    []dayOf
	changes []*schemas.Change // those without a lead time
	known   []schemas.Knowledge
}

// dayOf is a row, and of what kind of service.
type dayOf struct {
	*schemas.Day
	compared bool // it was known before the period before began
	told     bool // somebody tells of its failures
}

func of(scopes map[string]*rowsOf, name string) *rowsOf {
	if scopes[name] == nil {
		scopes[name] = &rowsOf{}
	}
	return scopes[name]
}

func (r *rowsOf) aggregate(scope Scope, q Query) Aggregate {
	a := Aggregate{Scope: scope, Excluded: map[schemas.Exclusion]int{}, PerDay: make([]int, q.Period.Days())}
	for _, k := range r.known {
		a.learn(k, q.Period)
	}
	var now, like, before []dayOf
	weeks := make([][]dayOf, q.Period.Weeks())
	for _, d := range r.days {
		if !q.Period.Contains(d.Day.Day) {
			if d.compared {
				before = append(before, d)
			}
			continue
		}
		ago := q.Period.ago(d.Day.Day)
		a.PerDay[ago] += d.Deployments
		now = append(now, d)
		if d.compared {
			like = append(like, d)
		}
		if week := ago / DaysPerWeek; week < len(weeks) { // the rest is no complete week
			weeks[len(weeks)-1-week] = append(weeks[len(weeks)-1-week], d)
		}
		if d.Unrecovered > 0 {
			a.UnrecoveredSince = earlier(a.UnrecoveredSince, d.Day.Day)
		}
		if d.OpenIncidents > 0 {
			a.IncidentSince = earlier(a.IncidentSince, d.Day.Day)
		}
	}
	a.Now, a.Like, a.Before = total(now, sample.Summarize), total(like, middle), total(before, middle)
	for _, week := range weeks {
		a.Weeks = append(a.Weeks, total(week, middle))
	}
	var ages []float64
	for _, c := range r.changes {
		switch {
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

// middle is what is told of the durations of weeks and of the period before.
func middle(lists ...[]float64) sample.Summary {
	s := sample.Summarize(lists...)
	return sample.Summary{Count: s.Count, P50: s.P50}
}

func total(days []dayOf, summarize func(...[]float64) sample.Summary) Totals {
	var t Totals
	for _, d := range days {
		t.Deployments += d.Deployments
		t.Failed += d.Failed
		t.Rework += d.Rework
		t.Rollbacks += d.Rollbacks
		t.Unrecovered += d.Unrecovered
		t.Unresolved += d.Unresolved
		if d.told {
			t.Told += d.Deployments
		}
		t.Batches += d.Batches
		t.BatchChanges += d.BatchChanges
		t.Changes += d.Changes
		t.Excluded += d.Excluded
		t.Incidents += d.Incidents
		t.Unattributed += d.Unattributed
		t.OpenIncidents += d.OpenIncidents
	}
	pool := func(list func(*schemas.Day) []float64) sample.Summary {
		lists := make([][]float64, len(days))
		for i, d := range days {
			lists[i] = list(d.Day)
		}
		return summarize(lists...)
	}
	t.LeadTime = pool(func(d *schemas.Day) []float64 { return d.LeadTimes })
	t.Coding = pool(func(d *schemas.Day) []float64 { return d.Coding })
	t.Pickup = pool(func(d *schemas.Day) []float64 { return d.Pickup })
	t.Review = pool(func(d *schemas.Day) []float64 { return d.Review })
	t.Deploy = pool(func(d *schemas.Day) []float64 { return d.Deploy })
	t.Recovery = pool(func(d *schemas.Day) []float64 { return d.Recoveries })
	t.Restore = pool(func(d *schemas.Day) []float64 { return d.Restores })
	t.Acknowledge = pool(func(d *schemas.Day) []float64 { return d.Acknowledges })
	return t
}
