package dora

import (
	"testing"

	"github.com/fivekeys/fivekeys/schemas"
)

// onTrunk is a push to the default branch, told with every commit in it.
func onTrunk(h float64, commits ...string) schemas.Event {
	after := commits[len(commits)-1]
	b := &schemas.BranchEvent{Service: shop, Branch: "main", Default: true, After: sha(after)}
	for _, c := range commits {
		b.Commits = append(b.Commits, made(c, h))
	}
	return newEvent(schemas.TypeBranch, "trunk "+after, h, b)
}

// In a repository of several services a deployment's SHA is whatever the
// branch's head was, often a commit of a neighbour.
func TestADeploymentOfANeighboursCommitContains(t *testing.T) {
	branch := story(
		land("a", 1), onTrunk(2, "x"),
		land("b", 3, pushed("y", 1)), onTrunk(3, "w", "b", "y"),
		land("c", 4), onTrunk(5, "z"),
	)
	for sentence, c := range map[string]struct {
		events      []schemas.Event
		shipped     string
		deployments string
	}{
		"the service's own changes up to that commit": {
			events:      story(branch, deploy("d1", "x", 6), deploy("d2", "z", 7)),
			shipped:     lines("a: d1 baseline", "b: d2", "c: d2"),
			deployments: lines("d1: 1 changes, baseline", "d2: 2 changes"),
		},
		"within a push, what stands before it": {
			events:      story(branch, deploy("d1", "a", 6), deploy("d2", "w", 7), deploy("d3", "y", 8)),
			shipped:     lines("a: d1 baseline", "b: d3", "c: open"),
			deployments: lines("d1: 1 changes, baseline", "d2: 0 changes", "d3: 1 changes"),
		},
		"nothing anybody can tell, where no change stands before it": {
			events:      story(onTrunk(0.5, "o"), branch, deploy("d1", "o", 6), deploy("d2", "b", 7), deploy("d3", "z", 8)),
			shipped:     lines("a: d2 baseline", "b: d2 baseline", "c: d3"),
			deployments: lines("d1: 0 changes, baseline, unresolved", "d2: 2 changes, baseline", "d3: 1 changes"),
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			f := foldOf(t, c.events)
			equal(t, tellShipped([]string{"a", "b", "c"}, f), c.shipped)
			equal(t, tellDeployments(f), c.deployments)
		})
	}
}
