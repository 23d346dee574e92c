package simulation

import (
	"cmp"
	"slices"
	"time"

	"github.com/fivekeys/fivekeys/schemas"
)

// settle gives the plan its order: the default branches, the numbers GitHub
// counts, and which deployment contains which change.
func (st *story) settle() {
	for _, r := range st.repositories {
		r.settle(st.Seed)
	}
	st.foreignHeads()
	var all []*deployment
	for _, s := range st.services {
		s.settle()
		all = append(all, s.deployments...)
	}
	slices.SortStableFunc(all, func(a, b *deployment) int { return a.createdAt.Compare(b.createdAt) })
	for i, d := range all {
		d.id = 2_714_500_101 + int64(i)*37
	}
}

func (r *repository) settle(seed uint64) {
	slices.SortFunc(r.pushes, func(a, b *push) int { return a.at.Compare(b.at) })
	before := digest(seed, r.name, "the past")
	for i, p := range r.pushes {
		p.order, p.before = i, before
		before = p.head().sha
	}
	type numberedThing struct {
		at  time.Time
		set func(int)
	}
	var things []numberedThing
	for _, pr := range r.pullRequests {
		things = append(things, numberedThing{pr.openedAt, func(n int) { pr.number, pr.id = n, 1_990_000_000+r.id%1000*1000+int64(n) }})
	}
	for _, is := range r.issues {
		things = append(things, numberedThing{is.openedAt, func(n int) { is.number, is.id = n, 2_440_000_000+r.id%1000*1000+int64(n) }})
	}
	slices.SortStableFunc(things, func(a, b numberedThing) int { return a.at.Compare(b.at) })
	for i, t := range things {
		t.set(211 + i)
	}
}

// foreignHeads deploys the monorepo's services at whatever commit its branch
// had just then, be it one that touches none of their own files. What they
// contain is every change of their own up to that commit.
func (st *story) foreignHeads() {
	for _, s := range st.services {
		if s.directory == "" {
			continue
		}
		for _, d := range s.deployments {
			if !d.production || d.unfinished || d.kind != planned || d.baseline {
				continue
			}
			for _, p := range s.repo.pushes {
				if p.at.After(d.head.at) && p.at.Before(d.createdAt.Add(-time.Minute)) {
					d.head = p
				}
			}
		}
	}
}

// live gives what reached production, in order of time.
func (s *service) live() []*deployment {
	var out []*deployment
	for _, d := range s.deployments {
		if d.production && !d.unfinished {
			out = append(out, d)
		}
	}
	slices.SortFunc(out, func(a, b *deployment) int { return a.finishedAt.Compare(b.finishedAt) })
	return out
}

// settle fills the deployments: each contains the changes up to its head that
// none before it in its environment contained.
func (s *service) settle() {
	slices.SortStableFunc(s.changes, func(a, b *change) int { return cmp.Compare(a.push.order, b.push.order) })
	for i, c := range s.changes {
		c.position = i
	}
	reached := map[string]int{} // by environment: changes contained so far
	anywhere := 0
	for _, d := range s.live() {
		upTo, _ := slices.BinarySearchFunc(s.changes, d.ref().order+1, func(c *change, order int) int {
			return cmp.Compare(c.push.order, order)
		})
		d.changes = max(0, upTo-reached[d.environment])
		reached[d.environment] = max(upTo, reached[d.environment])
		for ; anywhere < upTo; anywhere++ {
			s.changes[anywhere].shipped[s.name] = d
		}
	}
}

// strength orders the methods of attribution.
var strength = []schemas.FailureMethod{
	schemas.MethodExplicit, schemas.MethodRollback, schemas.MethodRevert, schemas.MethodHotfix, schemas.MethodWindow,
}

func (d *deployment) method() schemas.FailureMethod {
	for _, m := range strength {
		if slices.Contains(d.failures, m) {
			return m
		}
	}
	return ""
}
