package dora

import (
	"cmp"
	"slices"
	"strings"

	"github.com/fivekeys/fivekeys/schemas"
)

// FoldVersion names what this package computes. Raise it whenever the same
// events and rules would give other facts: stored facts of another version are
// folded again.
const FoldVersion = "3"

// Fold computes the facts that the events say under a service's rules. It has
// no clock and does no I/O: equal sets of events give equal facts, byte for byte.
func (t *Timeline) Fold(rules schemas.Service) schemas.Facts {
	// The facts are the timeline's service's, whatever name the rules carry:
	// rules may be another service's, tried out.
	rules.Name = cmp.Or(t.service, rules.Name)
	if rules.AttributionWindow <= 0 {
		rules.AttributionWindow = schemas.DefaultAttributionWindow
	}
	events := t.sorted()
	deployed := foldDeployments(events.deployments, &rules)
	repos := foldRepositories(events)
	pulls := inOrder(foldPullRequests(events.pulls, repos))
	h := newHistory(foldChanges(events.commits), pulls, foldBranches(events.branches, repos), repos)
	h.passBy(foldNeighbours(events.branches, repos))
	contain(h, deployed)
	deployed.nameReleases()
	markRollbacks(deployed)
	incidents := foldIncidents(events.incidents, &rules)
	failures := attribute(h, deployed, incidents, &rules)
	if rules.BlamesBurns() {
		failures = append(failures, blame(deployed, foldBurns(events.burns), rules.AttributionWindow)...)
	}

	facts := schemas.Facts{Changes: h.changeFacts(&rules)}
	for _, d := range deployed.byID {
		facts.Deployments = append(facts.Deployments, d.fact(&rules))
	}
	for _, i := range incidents {
		facts.Incidents = append(facts.Incidents, i.fact(&rules))
	}
	for _, f := range failures {
		facts.Failures = append(facts.Failures, f.fact(&rules))
	}
	slices.SortFunc(facts.Deployments, func(a, b schemas.Deployment) int { return strings.Compare(a.DeploymentID, b.DeploymentID) })
	slices.SortFunc(facts.Changes, func(a, b schemas.Change) int { return strings.Compare(a.SHA, b.SHA) })
	slices.SortFunc(facts.Incidents, func(a, b schemas.Incident) int { return strings.Compare(a.IncidentID, b.IncidentID) })
	slices.SortFunc(facts.Failures, func(a, b schemas.Failure) int {
		return cmp.Or(strings.Compare(a.DeploymentID, b.DeploymentID), strings.Compare(string(a.Method), string(b.Method)),
			strings.Compare(a.IncidentID, b.IncidentID), strings.Compare(a.FixID, b.FixID))
	})
	facts.Days = foldDays(&facts, &rules)
	facts.Known = foldKnowledge(t, h, deployed, incidents, &rules)
	facts.InferredToil = InferToil(&facts)
	return facts
}

// statusEvent is an event with its payload's own type.
type statusEvent[T any] struct {
	*event
	said *T
}

// sortedEvents holds a timeline's events by kind, each in the order of events.
type sortedEvents struct {
	deployments []statusEvent[deploymentStatus]
	commits     []statusEvent[commit]
	pulls       []statusEvent[pullRequestState]
	branches    []statusEvent[branchPush]
	incidents   []statusEvent[incidentStatus]
	burns       []statusEvent[burnStatus]
}

func (t *Timeline) sorted() *sortedEvents {
	s := &sortedEvents{}
	for i := range t.events {
		e := &t.events[i]
		switch said := e.payload.(type) {
		case *deploymentStatus:
			s.deployments = append(s.deployments, statusEvent[deploymentStatus]{e, said})
		case *commit:
			s.commits = append(s.commits, statusEvent[commit]{e, said})
		case *pullRequestState:
			s.pulls = append(s.pulls, statusEvent[pullRequestState]{e, said})
		case *branchPush:
			s.branches = append(s.branches, statusEvent[branchPush]{e, said})
		case *incidentStatus:
			s.incidents = append(s.incidents, statusEvent[incidentStatus]{e, said})
		case *burnStatus:
			s.burns = append(s.burns, statusEvent[burnStatus]{e, said})
		}
	}
	sortEvents(s.deployments)
	sortEvents(s.commits)
	sortEvents(s.pulls)
	sortEvents(s.branches)
	sortEvents(s.incidents)
	sortEvents(s.burns)
	return s
}

func sortEvents[T any](events []statusEvent[T]) {
	slices.SortFunc(events, func(a, b statusEvent[T]) int { return compareEvents(a.event, b.event) })
}

// foldBranches gives the pushes to branches by the commit they put at the head.
// Of two that tell of the same head the earliest brought it. Pushes to the
// default branch are no part of a pull request.
func foldBranches(events []statusEvent[branchPush], repos *repositories) map[string]*branchPush {
	pushes := make(map[string]*branchPush, len(events))
	for _, e := range events {
		key := branchKey(repos.of(e.said.repository), e.said.after)
		if !e.said.onDefault && pushes[key] == nil {
			pushes[key] = e.said
		}
	}
	return pushes
}
