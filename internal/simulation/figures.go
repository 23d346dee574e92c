package simulation

import (
	"maps"
	"slices"
	"time"

	"github.com/fivekeys/fivekeys/schemas"
)

// Figures are the five keys of a service, a team or the organisation in a
// range of days, with what they are made of. Lists are seconds, ascending.
type Figures struct {
	Days int

	Deployments int // successful ones, in production
	Failed      int
	Unrecovered int
	Rework      int
	Rollbacks   int

	DeploymentsPerDay float64
	FailRate          float64 // Failed ÷ Deployments; 0 where there are none
	ReworkRate        float64

	Changes     int // first deployed in the range
	Excluded    int // of these, without a lead time
	OpenChanges int // merged and not deployed at the story's end

	Incidents     int
	Unattributed  int
	OpenIncidents int

	LeadTimes    []float64
	Coding       []float64
	Pickup       []float64
	Review       []float64
	Deploy       []float64
	Recoveries   []float64
	Restores     []float64
	Acknowledges []float64

	// The quantiles of the lists above; NaN where a list is empty.
	LeadTime Quantiles
	Recovery Quantiles
	Restore  Quantiles
}

// Quantiles are those the reports show.
type Quantiles struct{ P50, P75, P90, P95 float64 }

func quantiles(sorted []float64) Quantiles {
	return Quantiles{Quantile(sorted, 0.5), Quantile(sorted, 0.75), Quantile(sorted, 0.9), Quantile(sorted, 0.95)}
}

func (e *Expected) between(from, to time.Time, teams []string, services map[string]string) Period {
	days := int(to.Sub(from) / day)
	p := Period{From: from, To: to, Teams: map[string]Figures{}, Services: map[string]Figures{}}
	org := Figures{Days: days}
	byTeam := map[string]*Figures{}
	byService := map[string]*Figures{}
	for _, t := range teams {
		byTeam[t] = &Figures{Days: days}
	}
	for s := range services {
		byService[s] = &Figures{Days: days}
	}
	within := func(t time.Time) bool { return !t.Before(from) && t.Before(to) }
	each := func(service, team string, book func(*Figures)) {
		book(&org)
		book(byTeam[team])
		book(byService[service])
	}
	for _, d := range e.Deployments {
		if d.Production && d.Succeeded && within(d.FinishedAt) {
			each(d.Service, d.Team, d.book)
		}
	}
	for _, c := range e.Changes {
		if c.Excluded == schemas.ExcludedOpen {
			each(c.Service, c.Team, func(f *Figures) { f.OpenChanges++ })
		} else if within(c.DeployedAt) {
			each(c.Service, c.Team, c.book)
		}
	}
	for _, in := range e.Incidents {
		if within(in.OpenedAt) {
			each(in.Service, in.Team, in.book)
		}
	}
	p.Organisation = org.complete()
	for t, f := range byTeam {
		p.Teams[t] = f.complete()
	}
	for s, f := range byService {
		p.Services[s] = f.complete()
	}
	return p
}

func (d Deployment) book(f *Figures) {
	f.Deployments++
	if d.Rework {
		f.Rework++
	}
	if d.Rollback {
		f.Rollbacks++
	}
	if !d.Failed {
		return
	}
	f.Failed++
	if d.RecoveredAt.IsZero() {
		f.Unrecovered++
		return
	}
	f.Recoveries = append(f.Recoveries, seconds(d.FinishedAt, d.RecoveredAt))
}

func (c Change) book(f *Figures) {
	f.Changes++
	if c.Excluded != schemas.NotExcluded {
		f.Excluded++
		return
	}
	f.LeadTimes = append(f.LeadTimes, seconds(c.FirstCommitAt, c.DeployedAt))
	f.Deploy = append(f.Deploy, seconds(c.MergedAt, c.DeployedAt))
	if c.OpenedAt.IsZero() {
		return
	}
	if !c.Fork {
		f.Coding = append(f.Coding, seconds(c.FirstCommitAt, c.OpenedAt))
	}
	if c.FirstReviewAt.IsZero() {
		return
	}
	f.Pickup = append(f.Pickup, seconds(c.OpenedAt, c.FirstReviewAt))
	f.Review = append(f.Review, seconds(c.FirstReviewAt, c.MergedAt))
}

func (in Incident) book(f *Figures) {
	f.Incidents++
	if in.Method == schemas.MethodUnattributed {
		f.Unattributed++
	}
	if !in.AcknowledgedAt.IsZero() {
		f.Acknowledges = append(f.Acknowledges, seconds(in.OpenedAt, in.AcknowledgedAt))
	}
	if in.ResolvedAt.IsZero() {
		f.OpenIncidents++
		return
	}
	f.Restores = append(f.Restores, seconds(in.OpenedAt, in.ResolvedAt))
}

func (f *Figures) complete() Figures {
	for _, list := range [][]float64{f.LeadTimes, f.Coding, f.Pickup, f.Review, f.Deploy, f.Recoveries, f.Restores, f.Acknowledges} {
		slices.Sort(list)
	}
	if f.Days > 0 {
		f.DeploymentsPerDay = float64(f.Deployments) / float64(f.Days)
	}
	if f.Deployments > 0 {
		f.FailRate = float64(f.Failed) / float64(f.Deployments)
		f.ReworkRate = float64(f.Rework) / float64(f.Deployments)
	}
	f.LeadTime, f.Recovery, f.Restore = quantiles(f.LeadTimes), quantiles(f.Recoveries), quantiles(f.Restores)
	return *f
}

func seconds(from, to time.Time) float64 { return to.Sub(from).Seconds() }

// Names gives a period's services or teams in order.
func Names(of map[string]Figures) []string { return slices.Sorted(maps.Keys(of)) }
