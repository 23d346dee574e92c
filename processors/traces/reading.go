package traces

import (
	"cmp"
	"slices"
	"strings"

	"github.com/fivekeys/fivekeys/schemas"
)

// Reading is what the spans of one trace tell when they are put together.
// Times are ns since 1970 and durations ns; clocks that contradict each other
// are corrected (see Node.Skew).
type Reading struct {
	Trace      schemas.TraceID
	Start, End int64 // of all spans
	// Nodes are the spans, each before its children, siblings by their start: the
	// order of a waterfall.
	Nodes []Node
	// Root is the node whose time is explained: the root that took longest, or
	// else the fragment that did; -1 without any span.
	Root int
	// Path are the stretches of the critical path, which together are exactly the
	// time of Root, the earliest first.
	Path   []Stretch
	Shares []Share // of the path, the largest first
	// Services says how many services took part, Duplicates how many spans were
	// sent more than once.
	Services, Duplicates int
}

// Node is a span in its place.
type Node struct {
	schemas.Span
	Parent   int // index into Nodes, -1 for none
	Children []int
	Depth    int
	// Orphan: its parent was not recorded. Loop: it was its own ancestor.
	Orphan, Loop bool
	// Skew is what was added to the span's times, because its clock contradicts
	// its caller's: no server begins before it is called.
	Skew int64
	// Self is the part of Duration in which no child was at work, Critical the
	// part of it that is on the critical path.
	Self, Critical int64
	// Later: it went on after its parent had ended, which did not wait for it.
	Later bool
}

// End is when the span ended.
func (n *Node) End() int64 { return n.Start + n.Duration }

// Failed says whether the span ended with an error.
func (n *Node) Failed() bool { return n.Status == schemas.StatusError }

// Read puts a trace together. The spans may be any set in any order; the same
// set is always read the same way.
func Read(spans []schemas.Span) Reading {
	sorted := slices.Clone(spans)
	for i := range sorted {
		// Nothing negative and nothing beyond the range of time: sums stay sums.
		sorted[i].Start = min(max(sorted[i].Start, 0), latest)
		sorted[i].Duration = min(max(sorted[i].Duration, 0), longest)
		sorted[i].Peer = peerOf(&sorted[i]).String()
	}
	slices.SortFunc(sorted, compare)
	parents := parentsOf(sorted)
	r := Reading{Root: -1, Nodes: make([]Node, 0, len(sorted))}
	r.arrange(sorted, parents)
	if len(r.Nodes) == 0 {
		return r
	}
	r.Trace = r.Nodes[0].TraceID
	r.Duplicates = len(sorted) - len(r.Nodes)
	r.alignClocks()
	services := map[string]struct{}{}
	r.Start, r.End = r.Nodes[0].Start, r.Nodes[0].End()
	for i := range r.Nodes {
		n := &r.Nodes[i]
		services[n.Service] = struct{}{}
		r.Start, r.End = min(r.Start, n.Start), max(r.End, n.End())
		n.Later = n.Parent >= 0 && !r.waited(n)
		n.Self = r.self(i)
	}
	r.Services = len(services)
	r.chooseRoot()
	r.findPath()
	r.share()
	return r
}

// latest is a time in the year 2116, longest 73 years: the end of the longest
// span that starts latest is still a number.
const (
	latest  = int64(1) << 62
	longest = int64(1) << 61
)

// compare puts the spans of a trace into an order that does not depend on how
// they came. Of duplicates, the first and longest is taken.
func compare(a, b schemas.Span) int {
	return cmp.Or(
		cmp.Compare(a.Start, b.Start),
		cmp.Compare(b.Duration, a.Duration),
		slices.Compare(a.SpanID[:], b.SpanID[:]),
		slices.Compare(a.ParentID[:], b.ParentID[:]),
		cmp.Compare(a.Kind, b.Kind),
		strings.Compare(a.Service, b.Service),
		strings.Compare(a.Name, b.Name),
		cmp.Compare(b.Status, a.Status),
		strings.Compare(a.Peer, b.Peer),
		strings.Compare(a.StatusMessage, b.StatusMessage),
		strings.Compare(a.Version, b.Version),
		strings.Compare(a.Environment, b.Environment),
		slices.Compare(a.TraceID[:], b.TraceID[:]),
	)
}

func parentsOf(sorted []schemas.Span) []int32 {
	known := newNames()
	members := make([]member, len(sorted))
	for i := range sorted {
		s := &sorted[i]
		members[i] = member{s.SpanID, s.ParentID, s.OuterParent(), known.number(s.Service), s.Kind.Entry()}
	}
	var k kinship
	return k.of(members)
}

// arrange lays the spans out depth first. sorted is by start, and so are
// siblings and roots.
func (r *Reading) arrange(sorted []schemas.Span, parents []int32) {
	children := make([][]int32, len(sorted))
	var next []int32 // a stack: traces may be deeper than is good for recursion
	for i := len(sorted) - 1; i >= 0; i-- {
		switch p := parents[i]; {
		case p >= 0:
			children[p] = append(children[p], int32(i))
		case p != duplicate:
			next = append(next, int32(i))
		}
	}
	placed := make([]int, len(sorted)) // where in Nodes
	for len(next) > 0 {
		i := next[len(next)-1]
		next = append(next[:len(next)-1], children[i]...)
		n := Node{Span: sorted[i], Parent: -1, Orphan: parents[i] == orphan, Loop: parents[i] == loop}
		placed[i] = len(r.Nodes)
		if p := parents[i]; p >= 0 {
			n.Parent = placed[p]
			parent := &r.Nodes[n.Parent]
			n.Depth = parent.Depth + 1
			parent.Children = append(parent.Children, placed[i])
		}
		r.Nodes = append(r.Nodes, n)
	}
}

// chooseRoot takes the root that took longest; what has lost its parent is one
// only where nothing else is.
func (r *Reading) chooseRoot() {
	for i := range r.Nodes {
		n := &r.Nodes[i]
		if n.Parent >= 0 {
			continue
		}
		if r.Root < 0 {
			r.Root = i
			continue
		}
		best := &r.Nodes[r.Root]
		fragment, bestFragment := n.Orphan || n.Loop, best.Orphan || best.Loop
		if fragment == bestFragment && n.Duration > best.Duration || !fragment && bestFragment {
			r.Root = i
		}
	}
}

// self is the part of a span that none of its children covers.
func (r *Reading) self(i int) int64 {
	n := &r.Nodes[i]
	type interval struct{ from, to int64 }
	var covered []interval
	for _, c := range n.Children {
		child := &r.Nodes[c]
		if from, to := max(child.Start, n.Start), min(child.End(), n.End()); from < to {
			covered = append(covered, interval{from, to})
		}
	}
	slices.SortFunc(covered, func(a, b interval) int { return cmp.Compare(a.from, b.from) })
	left, at := n.Duration, n.Start
	for _, c := range covered {
		if c.to > at {
			left -= c.to - max(c.from, at)
			at = c.to
		}
	}
	return left
}
