package dora

import (
	"slices"
	"sort"
)

// reverts finds what changes revert.
type reverts struct {
	history *history
	states  map[*change]int
	titles  map[string][]*change // in branch order, built when first asked for
}

const (
	looking = iota + 1
	reverting
	notReverting
)

func newReverts(h *history) *reverts {
	return &reverts{history: h, states: map[*change]int{}}
}

// undone gives the changes that a change takes back, and whether it reverts
// anything at all. The revert of a revert lands the original again: it has a
// target and takes nothing back.
func (r *reverts) undone(c *change) (undone []*change, hasTarget bool) {
	targets := r.targets(c)
	for _, t := range targets {
		if !r.isRevert(t) {
			undone = append(undone, t)
		}
	}
	return undone, len(targets) > 0
}

func (r *reverts) isRevert(c *change) bool {
	switch r.states[c] {
	case reverting:
		return true
	case looking, notReverting: // a circle reverts nothing
		return false
	}
	r.states[c] = looking
	undone, _ := r.undone(c)
	if len(undone) > 0 {
		r.states[c] = reverting
		return true
	}
	r.states[c] = notReverting
	return false
}

// targets gives what a change says it reverts: by SHA in its message, by the
// branch of GitHub's revert button, or by its title.
func (r *reverts) targets(c *change) []*change {
	h := r.history
	var targets []*change
	add := func(t *change) {
		if t != nil && t != c && !slices.Contains(targets, t) {
			targets = append(targets, t)
		}
	}
	for _, sha := range h.texts(c, func(c *change) []string { return c.reverts }) {
		add(h.changeOf(sha))
	}
	if len(targets) > 0 {
		return targets
	}
	for _, branch := range c.branches() {
		if n, ok := revertedNumber(branch); ok {
			for _, t := range h.byNumber[pullRequestKey{c.repo, n}] {
				add(t.root())
			}
		}
	}
	if len(targets) > 0 {
		return targets
	}
	for _, title := range []string{c.headline(), c.title} {
		if reverted, ok := revertedTitle(title); ok {
			if t := r.titled(reverted, c); t != nil {
				add(t.root())
			}
		}
	}
	return targets
}

// titled gives the latest change of that title before c.
func (r *reverts) titled(title string, c *change) *change {
	if r.titles == nil {
		r.titles = map[string][]*change{}
		for _, c := range r.history.changes {
			if !c.counts() {
				continue
			}
			headline, own := withoutNumber(c.headline()), withoutNumber(c.title)
			r.titles[headline] = append(r.titles[headline], c)
			if own != headline {
				r.titles[own] = append(r.titles[own], c)
			}
		}
		for _, list := range r.titles {
			slices.SortFunc(list, compareOnBranch)
		}
	}
	list := r.titles[title]
	n := sort.Search(len(list), func(n int) bool { return compareOnBranch(list[n], c) >= 0 })
	if n == 0 || title == "" {
		return nil
	}
	return list[n-1]
}

// branches gives the branches a change was written on.
func (c *change) branches() []string {
	var list []string
	if c.pull != nil {
		list = append(list, c.pull.branch)
	}
	if c.told != nil {
		list = append(list, c.told.branch)
	}
	return list
}

// texts gives what a change and the commits it brought in say: the message of a
// merge only names the branch.
func (h *history) texts(c *change, said func(*change) []string) []string {
	list := said(c)
	for _, n := range c.brought {
		if int(n) < len(h.changes) && h.changes[n].owner == c {
			list = union(list, said(h.changes[n]))
		}
	}
	return list
}
