package dora

import "github.com/fivekeys/fivekeys/schemas"

// contain finds which changes each successful deployment contains: the
// first-parent commits walking back from its SHA that no earlier successful
// deployment of the same environment reaches. A deployment reaches its commit,
// what that commit brought in, and all that its first parent reaches.
//
// Every environment walks over a commit once, so it takes time in proportion to
// the commits however many deployments there are.
func contain(h *history, all *deployments) {
	// reached holds for every commit the deployment that reached it last. As
	// environments are walked one after the other and deployments numbered
	// upwards, one slice serves them all.
	reached := make([]int32, len(h.parent))
	var step int32
	for _, name := range all.names {
		environment := step
		reachedAny := false
		for i, d := range all.environments[name] {
			step++
			d.baseline = i == 0
			n, known := h.place(d.sha)
			if !known {
				// Contents unknown: it neither takes changes from the others
				// nor hides any.
				d.unresolved = true
				continue
			}
			d.node = n
			d.sha = h.inFull(d.sha, n)
			walked := h.walk(n, reached, environment, step)
			for _, c := range walked {
				d.contains(c)
			}
			// While nothing was reached before it, what it adds to what was
			// live can't be told: it would absorb the whole history.
			d.baseline = d.baseline || (!reachedAny && d.changes > 0)
			reachedAny = reachedAny || d.changes > 0
			// Only now: what a commit brought in may lie on the way just walked.
			for _, c := range walked {
				for _, b := range c.brought {
					if reached[b] <= environment {
						reached[b] = step
					}
				}
			}
		}
	}
}

// walk goes from a commit along the first parents to the first one that is
// reached already, marks them and gives those that we know as commits.
func (h *history) walk(n int32, reached []int32, environment, step int32) []*change {
	var walked []*change
	for n != none && reached[n] <= environment {
		reached[n] = step
		if int(n) < len(h.changes) {
			walked = append(walked, h.changes[n])
		}
		n = h.parent[n]
	}
	return walked
}

// contains books a change on a deployment. A change counts for the first
// production deployment that contains it, in whichever environment.
func (d *deployment) contains(c *change) {
	if !c.counts() {
		return
	}
	d.changes++
	if !d.production {
		return
	}
	c.shipped = append(c.shipped, d)
	if c.deployment == nil || d.before(c.deployment) {
		c.deployment = d
	}
}

// inFull gives the full SHA of an abbreviated one. The head of a push is no
// commit of this service; its SHA stays what it is.
func (h *history) inFull(sha string, n int32) string {
	if found, ok := h.find(sha); !ok || found != n || int(n) >= len(h.changes) {
		return sha
	}
	if full := h.changes[n].sha; len(full) > len(sha) {
		return full
	}
	return sha
}

// isFact says whether a commit is told of as a change. A side branch's commit that
// was never in production is no inventory: nobody waits for it to be deployed.
func (c *change) isFact() bool { return c.counts() && (!c.side || c.deployment != nil) }

// changeFacts gives the facts of every change.
func (h *history) changeFacts(service *schemas.Service) []schemas.Change {
	var facts []schemas.Change
	for _, c := range h.changes {
		if c.isFact() {
			facts = append(facts, c.fact(h, service))
		}
	}
	return facts
}
