package gitlog

import (
	"math"
	"slices"
)

// chains are the first-parent chains of the released tips. Since a commit has
// one first parent they form a forest, and each commit in it is a change.
type chains struct {
	g        *graph
	changes  []node // every commit of a chain, a parent before its children
	depth    []int32
	mainline []bool
	merges   map[node]brought
	cut      []node // merges that list fewer commits than they brought in
	broken   []node // of these, merges that don't even list all that are changes
}

// brought is what a merge brought in: the commits reachable from its other
// parents and not from its first.
type brought struct {
	commits []node
	first   int64 // earliest author date among them, or noDate
}

const offChain = -1

// newChains walks the first parents back from the branch's tip and the tags'.
func newChains(g *graph, branch node, tags []node) *chains {
	c := &chains{
		g:        g,
		depth:    make([]int32, len(g.ids)),
		mainline: make([]bool, len(g.ids)),
		merges:   map[node]brought{},
	}
	for i := range c.depth {
		c.depth[i] = offChain
	}
	for n := branch; n != none; n = g.firstParent(n) {
		c.mainline[n] = true
	}
	c.add(branch)
	for _, t := range tags {
		c.add(t)
	}
	return c
}

// add appends what of a tip's chain is not yet there.
func (c *chains) add(tip node) {
	start := len(c.changes)
	n := tip
	for ; n != none && c.depth[n] == offChain; n = c.g.firstParent(n) {
		c.depth[n] = 0 // known from now on; its depth follows
		c.changes = append(c.changes, n)
	}
	depth := int32(0)
	if n != none {
		depth = c.depth[n] + 1
	}
	added := c.changes[start:]
	slices.Reverse(added)
	for _, n := range added {
		c.depth[n] = depth
		depth++
	}
}

// bringIn finds what every merge brought in, listing at most limit commits of
// each.
//
// Asking git merge by merge costs the whole history each time. Here one walk
// over the forest keeps the set of what the current commit reaches: going up
// to a child adds the child and what it brought in, coming back takes them out
// again. So the work is the size of the answer, however many merges there are.
func (c *chains) bringIn(limit int) {
	children, roots := c.children()
	reached := make([]bool, len(c.g.ids))
	var added []node // what each step on the path added, to be taken out again
	type step struct {
		n     node
		child int // the next child to visit
		added int // where its additions start
	}
	var path []step
	enter := func(n node) {
		path = append(path, step{n: n, added: len(added)})
		added = c.visit(n, reached, added, limit)
	}
	for _, root := range roots {
		enter(root)
		for len(path) > 0 {
			at := &path[len(path)-1]
			if kids := children(at.n); at.child < len(kids) {
				at.child++
				enter(kids[at.child-1])
				continue
			}
			for _, n := range added[at.added:] {
				reached[n] = false
			}
			added = added[:at.added]
			path = path[:len(path)-1]
		}
	}
}

// visit reaches a commit whose first parent's history is reached already.
func (c *chains) visit(n node, reached []bool, added []node, limit int) []node {
	reached[n] = true
	added = append(added, n)
	if len(c.g.parents[n]) < 2 {
		return added
	}
	start := len(added)
	for _, p := range c.g.parents[n][1:] {
		if !reached[p] {
			reached[p] = true
			added = append(added, p)
		}
	}
	for i := start; i < len(added); i++ { // the additions are the queue too
		for _, p := range c.g.parents[added[i]] {
			if !reached[p] {
				reached[p] = true
				added = append(added, p)
			}
		}
	}
	came := added[start:]
	first := int64(math.MaxInt64)
	for _, n := range came {
		if at := c.g.authored[n]; at != noDate {
			first = min(first, at)
		}
	}
	if first == math.MaxInt64 {
		first = noDate
	}
	c.merges[n] = brought{commits: c.list(n, came, limit), first: first}
	return added
}

// list copies what a merge brought in. An event has to fit into a message, so
// a giant merge lists the commits that are changes themselves first: those are
// the ones that containment asks for.
func (c *chains) list(n node, came []node, limit int) []node {
	if len(came) <= limit {
		return slices.Clone(came)
	}
	c.cut = append(c.cut, n)
	listed := make([]node, 0, len(came))
	for _, onChain := range []bool{true, false} {
		for _, n := range came {
			if (c.depth[n] != offChain) == onChain {
				listed = append(listed, n)
			}
		}
		if onChain && len(listed) > limit {
			c.broken = append(c.broken, n)
		}
	}
	return slices.Clone(listed[:limit])
}

// children turns the forest around: from first parents to children.
func (c *chains) children() (of func(node) []node, roots []node) {
	start := make([]int32, len(c.g.ids)+1)
	for _, n := range c.changes {
		if p := c.g.firstParent(n); p == none {
			roots = append(roots, n)
		} else {
			start[p+1]++
		}
	}
	for i := 1; i < len(start); i++ {
		start[i] += start[i-1]
	}
	all, next := make([]node, len(c.changes)), slices.Clone(start)
	for _, n := range c.changes {
		if p := c.g.firstParent(n); p != none {
			all[next[p]] = n
			next[p]++
		}
	}
	return func(n node) []node { return all[start[n]:start[n+1]] }, roots
}
