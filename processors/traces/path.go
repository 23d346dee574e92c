package traces

import (
	"cmp"
	"slices"
)

// Stretch is a part of the critical path: from and to when a node held it.
type Stretch struct {
	Node     int
	From, To int64
}

// waited says whether a child's parent can have waited for it: it ended
// within the parent's time. A server whose client gave up was waited for as
// long as the client did.
func (r *Reading) waited(n *Node) bool {
	parent := &r.Nodes[n.Parent]
	return n.End() <= parent.End()+rounding || answers(n, parent) && n.Start < parent.End()
}

// findPath walks back from the end of the root: whenever a child that was
// waited for ended, what happened before it ended is on the path; in between
// the span itself is. So the path has no gap, and whatever is made faster
// on it makes the root faster.
func (r *Reading) findPath() {
	type window struct {
		node     int
		from, to int64
		end      int64 // where to began
		rest     []int // children still to look at, the last to end first
	}
	enter := func(i int, from, to int64) window {
		rest := slices.DeleteFunc(slices.Clone(r.Nodes[i].Children), func(c int) bool { return r.Nodes[c].Later })
		slices.SortStableFunc(rest, func(a, b int) int {
			x, y := &r.Nodes[a], &r.Nodes[b]
			return cmp.Or(cmp.Compare(y.End(), x.End()), cmp.Compare(y.Start, x.Start))
		})
		return window{i, from, to, to, rest}
	}
	root := &r.Nodes[r.Root]
	stack := []window{enter(r.Root, root.Start, root.End())}
	for len(stack) > 0 {
		w := &stack[len(stack)-1]
		if len(w.rest) == 0 || w.from >= w.to {
			r.stretch(w.node, w.from, w.to)
			stack = stack[:len(stack)-1]
			continue
		}
		child := &r.Nodes[w.rest[0]]
		from, to := max(child.Start, w.from), min(child.End(), w.to)
		// Still at work when the next one was begun: that one did not wait for it.
		concurrent := w.to < w.end && child.End() > w.to+rounding
		if concurrent || from >= to {
			w.rest = w.rest[1:]
			continue
		}
		i := w.rest[0]
		w.rest = w.rest[1:]
		r.stretch(w.node, to, w.to)
		w.to = from
		stack = append(stack, enter(i, from, to))
	}
	slices.Reverse(r.Path)
}

func (r *Reading) stretch(node int, from, to int64) {
	if from < to {
		r.Path = append(r.Path, Stretch{node, from, to})
		r.Nodes[node].Critical += to - from
	}
}
