package dora

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/fivekeys/fivekeys/schemas"
)

// InferToil finds the work that nobody reported in a service's deployments and
// incidents. What it finds is in the order of identity.
func InferToil(f *schemas.Facts) []schemas.InferredToil {
	found := append(manualRollbacks(f.Deployments), repeatedAlerts(f.Incidents, f.Deployments)...)
	slices.SortFunc(found, func(a, b schemas.InferredToil) int {
		return cmp.Or(strings.Compare(string(a.Kind), string(b.Kind)), strings.Compare(a.Subject, b.Subject))
	})
	return found
}

// machines are the actors that are nobody.
var machines = regexp.MustCompile(`(?i)(\[bot\]|[-_. ]bot|^(bot|ci|system|automation|github-actions|gitlab-ci|jenkins|argo-?cd|flux(cd)?|spinnaker|harness|octopus( deploy)?))$`)

// manualRollbacks are those in production by somebody who is named and is no
// machine.
func manualRollbacks(deployments []schemas.Deployment) []schemas.InferredToil {
	const shortSHA = 12
	var out []schemas.InferredToil
	for i := range deployments {
		d := &deployments[i]
		if !d.Rollback || !d.Production || d.Actor == "" || machines.MatchString(d.Actor) {
			continue
		}
		at, to := d.FinishedAt, d.Version
		if at.IsZero() {
			at = d.StartedAt
		}
		if at.IsZero() {
			at = d.KnownAt
		}
		if to == "" {
			to = d.SHA[:min(len(d.SHA), shortSHA)]
		}
		out = append(out, schemas.InferredToil{
			Service: d.Service, Team: d.Team, Kind: schemas.InferredRollback, Subject: d.DeploymentID, At: at, URL: d.URL, KnownAt: d.KnownAt,
			Title:    fmt.Sprintf("Rollback of %s in %s", d.Service, d.Environment),
			Why:      fmt.Sprintf("%s went back to %s in %s", d.Actor, to, d.Environment),
			Evidence: []string{d.DeploymentID},
		})
	}
	return out
}

// repeatedAlerts are the same alert again and again: three of one title within
// seven days, each acknowledged and resolved, and no deployment between the
// first and the last of them. All of such a three are toil.
func repeatedAlerts(incidents []schemas.Incident, deployments []schemas.Deployment) []schemas.InferredToil {
	type run struct {
		title  string
		before int // deployments that were live by then
	}
	var live []int64
	for i := range deployments {
		if d := &deployments[i]; d.Production && d.Status == schemas.DeploymentSucceeded && !d.FinishedAt.IsZero() {
			live = append(live, d.FinishedAt.UnixMilli())
		}
	}
	slices.Sort(live)
	runs := map[run][]*schemas.Incident{}
	for i := range incidents {
		incident := &incidents[i]
		if incident.Title == "" || incident.AcknowledgedAt.IsZero() || incident.ResolvedAt.IsZero() {
			continue
		}
		// The first that was live only afterwards.
		before, _ := slices.BinarySearch(live, incident.OpenedAt.UnixMilli()+1)
		key := run{incident.Title, before}
		runs[key] = append(runs[key], incident)
	}
	var out []schemas.InferredToil
	for _, alerts := range runs {
		out = append(out, threes(alerts)...)
	}
	return out
}

// threes gives those of a run that belong to three within seven days, each with
// all that it has in common with one.
func threes(alerts []*schemas.Incident) []schemas.InferredToil {
	const span = 7 * 24 * 60 * 60 * 1000 // milliseconds, as the times are stored
	slices.SortFunc(alerts, func(a, b *schemas.Incident) int {
		return cmp.Or(cmp.Compare(a.OpenedAt.UnixMilli(), b.OpenedAt.UnixMilli()), strings.Compare(a.IncidentID, b.IncidentID))
	})
	var out []schemas.InferredToil
	for i, alert := range alerts {
		like := map[int]bool{}
		for first := max(i-2, 0); first <= i && first+2 < len(alerts); first++ {
			if alerts[first+2].OpenedAt.UnixMilli() <= alerts[first].OpenedAt.UnixMilli()+span {
				like[first], like[first+1], like[first+2] = true, true, true
			}
		}
		if len(like) == 0 {
			continue
		}
		var evidence []string
		for j := max(i-2, 0); j <= min(i+2, len(alerts)-1); j++ {
			if like[j] {
				evidence = append(evidence, alerts[j].IncidentID)
			}
		}
		out = append(out, schemas.InferredToil{
			Service: alert.Service, Team: alert.Team, Kind: schemas.InferredAlert, Subject: alert.IncidentID, At: alert.OpenedAt, Title: alert.Title,
			URL: alert.URL, KnownAt: alert.KnownAt, Evidence: evidence,
			Why: fmt.Sprintf("%d alerts like it were acknowledged and resolved around then with no deployment in between", len(evidence)),
		})
	}
	return out
}
