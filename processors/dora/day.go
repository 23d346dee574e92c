package dora

import (
	"slices"
	"time"

	"github.com/fivekeys/fivekeys/schemas"
)

// foldDays counts the facts by UTC day. Only production is counted, and only
// days on which something happened are there.
func foldDays(facts *schemas.Facts, service *schemas.Service) []schemas.Day {
	days := map[time.Time]*schemas.Day{}
	on := func(at time.Time) *schemas.Day {
		midnight := at.Truncate(24 * time.Hour)
		d := days[midnight]
		if d == nil {
			d = &schemas.Day{Service: service.Name, Team: service.Team, Day: midnight}
			days[midnight] = d
		}
		return d
	}
	batches := map[string]bool{}
	for i := range facts.Deployments {
		if d := &facts.Deployments[i]; d.Production && d.Status == schemas.DeploymentSucceeded {
			countDeployment(on(d.FinishedAt), d)
			batches[d.DeploymentID] = isBatch(d)
		}
	}
	for i := range facts.Changes {
		if c := &facts.Changes[i]; !c.DeployedAt.IsZero() {
			countChange(on(c.DeployedAt), c)
			if batches[c.DeploymentID] {
				on(c.DeployedAt).BatchChanges++
			}
		}
	}
	for i := range facts.Incidents {
		if inc := &facts.Incidents[i]; inc.Production {
			countIncident(on(inc.OpenedAt), inc)
		}
	}
	var list []schemas.Day
	for _, d := range days {
		for _, durations := range [][]float64{
			d.LeadTimes, d.Coding, d.Pickup, d.Review, d.Deploy, d.Recoveries, d.Restores, d.Acknowledges,
		} {
			slices.Sort(durations)
		}
		list = append(list, *d)
	}
	slices.SortFunc(list, func(a, b schemas.Day) int { return a.Day.Compare(b.Day) })
	return list
}

func countDeployment(day *schemas.Day, d *schemas.Deployment) {
	day.Deployments++
	if d.Unresolved {
		day.Unresolved++
	}
	if isBatch(d) {
		day.Batches++
	}
	if d.Rollback {
		day.Rollbacks++
	}
	if d.Rework {
		day.Rework++
	}
	if !d.Failed {
		return
	}
	day.Failed++
	if d.RecoveredAt.IsZero() {
		day.Unrecovered++
		return
	}
	day.Recoveries = append(day.Recoveries, d.RecoveredAt.Sub(d.FinishedAt).Seconds())
}

// isBatch says whether a deployment's changes are its own and known: a baseline
// holds years of them, of an unresolved one nobody told.
func isBatch(d *schemas.Deployment) bool { return !d.Baseline && !d.Unresolved }

// countChange counts a change and, where it has a lead time, its stages: the
// stages explain the lead time and so have its population.
func countChange(day *schemas.Day, c *schemas.Change) {
	day.Changes++
	if c.LeadTime == nil {
		day.Excluded++
		return
	}
	day.LeadTimes = append(day.LeadTimes, *c.LeadTime)
	day.Coding = appendKnown(day.Coding, c.Coding)
	day.Pickup = appendKnown(day.Pickup, c.Pickup)
	day.Review = appendKnown(day.Review, c.Review)
	day.Deploy = appendKnown(day.Deploy, c.Deploy)
}

func countIncident(day *schemas.Day, i *schemas.Incident) {
	day.Incidents++
	if i.Method == schemas.MethodUnattributed {
		day.Unattributed++
	}
	if i.ResolvedAt.IsZero() {
		day.OpenIncidents++
	}
	day.Restores = appendKnown(day.Restores, i.RestoreSeconds)
	day.Acknowledges = appendKnown(day.Acknowledges, i.AcknowledgeSeconds)
}

func appendKnown(list []float64, v *float64) []float64 {
	if v == nil {
		return list
	}
	return append(list, *v)
}
