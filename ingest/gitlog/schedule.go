package gitlog

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/fivekeys/fivekeys/schemas"
)

// schedule gives each change its time and sorts the changes, oldest first.
//
// The time is the committer's date. Where that is no date, the author's stands
// in, else the time of the parent: leaving the commit out would cut the chain,
// and everything below it would be contained in nothing. Only what has no such
// neighbour, at the root, is left out.
func (h *History) schedule() {
	c := h.chains
	type slot struct {
		n         node
		at, order int64
	}
	at := make([]int64, len(c.g.ids))
	order := make([]int64, len(c.g.ids)) // never before its parent's: clocks go wrong
	slots := make([]slot, 0, len(c.changes))
	var uncommitted, unauthored sample
	for _, n := range c.changes {
		if c.g.authored[n] == noDate {
			unauthored.add(c.g, n)
		}
		at[n] = cmp.Or(c.g.committed[n], c.g.authored[n])
		if p := c.g.firstParent(n); p != none {
			at[n] = cmp.Or(at[n], at[p])
			order[n] = order[p]
		}
		if c.g.committed[n] == noDate {
			uncommitted.add(c.g, n)
		}
		order[n] = max(order[n], at[n])
		if at[n] != noDate {
			slots = append(slots, slot{n, at[n], order[n]})
		}
	}
	slices.SortFunc(slots, func(a, b slot) int {
		return cmp.Or(cmp.Compare(a.order, b.order), cmp.Compare(c.depth[a.n], c.depth[b.n]),
			slices.Compare(c.g.ids[a.n][:], c.g.ids[b.n][:]))
	})
	left := len(c.changes) - len(slots)
	c.changes, h.at = c.changes[:0], make([]int64, 0, len(slots))
	for _, s := range slots {
		c.changes, h.at = append(c.changes, s.n), append(h.at, s.at)
	}
	h.warnIf(unauthored, "have an author date "+undated+": it counts in no lead time")
	h.warnIf(uncommitted, "have a commit date "+undated+": the author's or the parent's stands in")
	if left > 0 {
		h.Warnings = append(h.Warnings, fmt.Sprintf("commits skipped: %d, since their dates and their parents' are "+undated, left))
	}
}

// deploy gives each tag its time and sorts them. A tag without a date that can
// be true is skipped: when it was deployed is never guessed.
func (h *History) deploy(tags []tag, tagged []node) {
	for i, t := range tags {
		d := deployment{tag: t, at: t.tagged, environment: h.opt.Environment}
		if schemas.IsPrerelease(t.name) {
			d.environment = schemas.EnvironmentPrerelease
		}
		if !t.annotated {
			d.at = h.chains.g.committed[tagged[i]]
		}
		if d.at == noDate {
			h.Warnings = append(h.Warnings, fmt.Sprintf("tag %s skipped: its date is "+undated, t.name))
			continue
		}
		if d.environment == h.opt.Environment {
			h.Production++
		}
		h.deployments = append(h.deployments, d)
	}
	slices.SortFunc(h.deployments, byTime)
}

// warn says what keeps the numbers from being complete.
func (h *History) warn() {
	var cut, broken sample
	for _, n := range h.chains.cut {
		cut.add(h.chains.g, n)
	}
	for _, n := range h.chains.broken {
		broken.add(h.chains.g, n)
	}
	h.warnIf(cut, "brought in more commits than an event can list: a revert of an unlisted one is not recognised")
	h.warnIf(broken, "brought in more changes than an event can list: a parallel release may count some of them again")
	switch h.Production {
	case 0:
		h.Warnings = append(h.Warnings, "no production deployment, so no metrics: tag the releases, fetch the tags (git fetch --tags) or change --tags")
	case 1:
		h.Warnings = append(h.Warnings, "only one production deployment, "+h.onlyProduction()+
			", so no metrics: it is the baseline, lead times start with the second")
	}
}

func (h *History) onlyProduction() string {
	i := slices.IndexFunc(h.deployments, func(d deployment) bool { return d.environment == h.opt.Environment })
	return h.deployments[i].name
}

// sample counts commits and remembers the first.
type sample struct {
	count int
	first string
}

func (s *sample) add(g *graph, n node) {
	if s.count == 0 {
		s.first = g.sha(n)
	}
	s.count++
}

func (h *History) warnIf(s sample, what string) {
	if s.count > 0 {
		h.Warnings = append(h.Warnings, fmt.Sprintf("commits: %d, the first of them %s, %s", s.count, s.first, what))
	}
}
