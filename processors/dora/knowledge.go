package dora

import "github.com/fivekeys/fivekeys/schemas"

// foldKnowledge says since when what is known of a service. It goes by when
// things happened: an imported history is known since it began, whenever it was
// imported.
func foldKnowledge(t *Timeline, h *history, all *deployments, incidents []*incident, rules *schemas.Service) []schemas.Knowledge {
	var since instant
	for i := range t.events {
		if _, burn := t.events[i].payload.(*burnStatus); !burn { // one of our own evaluation, which no source told
			since = earliest(since, t.events[i].at)
		}
	}
	if since == 0 {
		return nil
	}
	k := schemas.Knowledge{Service: rules.Name, Team: rules.Team, Since: since.time()}
	if len(all.production) > 0 {
		k.Deployed = all.production[0].finished.time()
	}
	k.Changes = changesSince(h, all).time()
	k.FailureSignal = failureSignal(t, h, all, incidents, rules).time()
	return []schemas.Knowledge{k}
}

// changesSince gives when the first change reached the default branch. Where no
// commit of the deployments is known, every change looks as if it were open.
func changesSince(h *history, all *deployments) instant {
	placed := len(all.production) == 0
	for _, d := range all.production {
		placed = placed || !d.unresolved
	}
	var since instant
	if placed {
		for _, c := range h.changes {
			if c.isFact() {
				since = earliest(since, c.merged)
			}
		}
	}
	return since
}

// failureSignal gives the first sign that somebody tells of this service's
// failures.
func failureSignal(t *Timeline, h *history, all *deployments, incidents []*incident, rules *schemas.Service) instant {
	var since instant
	for _, i := range incidents {
		if i.production {
			since = earliest(since, i.opened)
		}
	}
	for _, d := range all.production {
		if d.rework != "" || d.failure != "" {
			since = earliest(since, d.finished)
		}
	}
	for _, c := range h.changes {
		if c.isHotfix(rules) {
			since = earliest(since, c.merged)
		}
	}
	if !rules.BlamesBurns() {
		return since
	}
	for i := range t.events {
		if _, burn := t.events[i].payload.(*burnStatus); burn {
			since = earliest(since, t.events[i].at)
		}
	}
	return since
}
