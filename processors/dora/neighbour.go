package dora

import (
	"cmp"
	"slices"
	"strings"
)

// neighbour is a commit on the default branch that may touch nothing of this
// service: in a repository of several services a deployment's SHA is whatever
// the branch's head was.
type neighbour struct {
	sha      string
	repo     string
	push     string
	position int
	at       instant
}

// foldNeighbours gives the commits of pushes to the default branch in their
// order on it, which is the order of changes.
func foldNeighbours(events []statusEvent[branchPush], repos *repositories) []neighbour {
	var all []neighbour
	for _, e := range events {
		if !e.said.onDefault {
			continue
		}
		for i, c := range e.said.commits {
			all = append(all, neighbour{
				sha: c.sha, repo: repos.of(e.said.repository), push: e.said.after, position: i, at: e.at,
			})
		}
	}
	slices.SortFunc(all, func(a, b neighbour) int {
		return cmp.Or(
			cmp.Compare(a.at, b.at), strings.Compare(a.push, b.push),
			cmp.Compare(a.position, b.position), strings.Compare(a.sha, b.sha),
		)
	})
	return all
}

// after says whether a change stands behind a neighbour's commit on the branch.
func (n *neighbour) after(c *change) bool {
	return cmp.Or(
		cmp.Compare(c.merged, n.at), strings.Compare(c.push, n.push),
		cmp.Compare(c.position, n.position), strings.Compare(c.sha, n.sha),
	) > 0
}

// passBy finds for every neighbour's commit the change before it. One that no
// change precedes stays unplaced.
func (h *history) passBy(neighbours []neighbour) {
	if len(neighbours) == 0 {
		return
	}
	h.passed = make(map[string]int32, len(neighbours))
	head := map[string]int32{} // by repository
	line := h.line
	for i := range neighbours {
		n := &neighbours[i]
		for len(line) > 0 && !n.after(line[0]) {
			head[line[0].repo] = line[0].node
			line = line[1:]
		}
		if before, ok := head[n.repo]; ok {
			if _, seen := h.passed[n.sha]; !seen {
				h.passed[n.sha] = before
			}
		}
	}
}
