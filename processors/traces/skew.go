package traces

import (
	"time"

	"github.com/fivekeys/fivekeys/schemas"
)

// rounding is by how much times that belong together may differ: Zipkin's are
// in µs.
const rounding = int64(time.Microsecond)

// alignClocks moves spans whose clock contradicts their caller's, with all that
// hangs below them on the same clock. Parents come before children in Nodes.
//
// A server answers within the time its client waits. Where it does not, it is
// put into the middle of it, as if the ways there and back took equally long;
// that is a guess, but one that keeps the time where it was spent.
func (r *Reading) alignClocks() {
	for i := range r.Nodes {
		n := &r.Nodes[i]
		if n.Parent < 0 {
			continue
		}
		parent := &r.Nodes[n.Parent]
		n.Skew = skew(n, parent)
		if moved := n.Start + n.Skew; moved < 0 || moved > latest {
			n.Skew = parent.Start - n.Start
		}
		n.Start += n.Skew
	}
}

// skew says by how much to move a span; its parent stands where it belongs.
func skew(n, parent *Node) int64 {
	if n.Service == parent.Service && !answers(n, parent) {
		return parent.Skew // one clock
	}
	for _, moved := range [...]int64{parent.Skew, 0} {
		if possible(n, parent, n.Start+moved) {
			return moved
		}
	}
	if answers(n, parent) && n.Duration <= parent.Duration {
		return parent.Start + (parent.Duration-n.Duration)/2 - n.Start
	}
	return parent.Start - n.Start
}

// possible says whether a span may have begun at a time, as far as its parent
// knows.
func possible(n, parent *Node, start int64) bool {
	if start < parent.Start-rounding {
		return false
	}
	if !answers(n, parent) {
		return true // whatever is not waited for may come later
	}
	// A client that gave up did not wait for the end, but it has sent the request.
	if n.Duration > parent.Duration {
		return start <= parent.End()+rounding
	}
	return start+n.Duration <= parent.End()+rounding
}

// answers says whether the span is the server's side of its parent's call.
func answers(n, parent *Node) bool {
	return n.Kind == schemas.KindServer && parent.Kind == schemas.KindClient
}
