package gitlog

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// year2000 is when the random histories begin.
const year2000 = 946_684_800

// randomGraph makes a history of n commits in which parents may be anything
// older, so that foxtrots, criss-crosses, octopuses and several roots occur.
func randomGraph(t *testing.T, rnd *rand.Rand, n int) *graph {
	t.Helper()
	var out strings.Builder
	name := func(i int) string { return hex.EncodeToString(fmt.Appendf(nil, "%020d", i)) }
	for i := range n {
		var parents []string
		for len(parents) < i && rnd.IntN(10) < []int{9, 4, 2, 1}[min(len(parents), 3)] {
			p := name(i - 1 - rnd.IntN(min(i, 1+rnd.IntN(i))))
			if !slices.Contains(parents, p) {
				parents = append(parents, p)
			}
		}
		fmt.Fprintf(&out, "commit %s\n%d,%d,%s\n", name(i), year2000+1+rnd.IntN(1000), year2000+1000+i, strings.Join(parents, " "))
	}
	g := newGraph(time.Time{})
	if err := g.read(strings.NewReader(out.String()), func(int) {}); err != nil {
		t.Fatal(err)
	}
	return g
}

// ancestors is reachability in the plainest way.
func (g *graph) ancestors(of ...node) map[node]bool {
	of = slices.Clone(of) // a variadic slice is the caller's own
	seen := map[node]bool{}
	for len(of) > 0 {
		n := of[len(of)-1]
		of = of[:len(of)-1]
		if !seen[n] {
			seen[n] = true
			of = append(of, g.parents[n]...)
		}
	}
	return seen
}

func TestMergesBringInWhatOnlyTheirOtherParentsReach(t *testing.T) {
	for seed := range uint64(300) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		g := randomGraph(t, rnd, 2+rnd.IntN(120))
		var tips []node
		for range rnd.IntN(12) {
			tips = append(tips, node(rnd.IntN(len(g.ids))))
		}
		c := newChains(g, node(len(g.ids)-1), tips)
		c.bringIn(1 << 20)

		on := map[node]bool{}
		for _, tip := range append(tips, node(len(g.ids)-1)) {
			for n := tip; n != none; n = g.firstParent(n) {
				on[n] = true
			}
		}
		place := map[node]int{}
		for i, n := range c.changes {
			place[n] = i
			if p := g.firstParent(n); p != none {
				if at, ok := place[p]; !ok || at > i || c.depth[n] != c.depth[p]+1 {
					t.Fatalf("seed %d: a parent does not precede its child", seed)
				}
			}
		}
		if len(place) != len(on) || len(c.changes) != len(on) {
			t.Fatalf("seed %d: %d changes, %d distinct, want %d", seed, len(c.changes), len(place), len(on))
		}
		for n := range on {
			merge, isMerge := c.merges[n]
			if isMerge != (len(g.parents[n]) > 1) {
				t.Fatalf("seed %d: commit %d is a merge: %v", seed, n, isMerge)
			}
			if !isMerge {
				continue
			}
			before := g.ancestors(g.parents[n][0])
			want, first := []node{}, noDate
			for a := range g.ancestors(g.parents[n][1:]...) {
				if !before[a] {
					want = append(want, a)
					first = earliest(first, g.authored[a])
				}
			}
			slices.Sort(want)
			if diff := cmp.Diff(want, slices.Sorted(slices.Values(merge.commits)), cmp.Transformer("nil", func(s []node) []node { return append([]node{}, s...) })); diff != "" {
				t.Fatalf("seed %d: merge %d brought in (-want +got):\n%s", seed, n, diff)
			}
			if merge.first != first {
				t.Fatalf("seed %d: merge %d: first commit at %d, want %d", seed, n, merge.first, first)
			}
		}
	}
}

func TestAGiantMergeListsTheChangesFirst(t *testing.T) {
	// 0 is the root, 1…9 a branch that 10 merges; 3 is tagged, so 1, 2 and 3
	// are changes themselves.
	var out strings.Builder
	name := func(i int) string { return fmt.Sprintf("%040x", i) }
	const began = 1_700_000_000
	fmt.Fprintf(&out, "commit %s\n%d,%[2]d,\n", name(0), began)
	for i := 1; i < 10; i++ {
		fmt.Fprintf(&out, "commit %s\n%d,%d,%s\n", name(i), began+100-i, began, name(i-1))
	}
	fmt.Fprintf(&out, "commit %s\n%d,%d,%s %s\n", name(10), began+500, began, name(0), name(9))
	g := newGraph(time.Time{})
	if err := g.read(strings.NewReader(out.String()), func(int) {}); err != nil {
		t.Fatal(err)
	}
	c := newChains(g, 10, []node{3})
	c.bringIn(5)
	got := c.merges[10]
	if diff := cmp.Diff([]node{3, 2, 1, 9, 8}, got.commits); diff != "" {
		t.Errorf("listed (-want +got):\n%s", diff)
	}
	if got.first != began+91 || !slices.Equal(c.cut, []node{10}) || len(c.broken) > 0 {
		t.Errorf("first commit at %d, cut %v, broken %v", got.first, c.cut, c.broken)
	}
	c = newChains(g, 10, []node{3})
	c.bringIn(2)
	if !slices.Equal(c.broken, []node{10}) {
		t.Errorf("a merge that lists 2 of 3 changes: broken %v", c.broken)
	}
}
