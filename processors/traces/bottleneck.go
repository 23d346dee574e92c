package traces

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/fivekeys/fivekeys/schemas"
)

// Share is how much of the critical path one operation of a service held by
// its own work.
type Share struct {
	Service, Operation string
	Kind               schemas.SpanKind
	Time               int64   // ns
	Share              float64 // of the root's duration
	// Spans on the path, how many of them failed, and the longest one's part.
	Spans, Failed int
	Longest       int64
	// Peer is whom its calls went to, empty where that differs or nobody knows.
	Peer string
	// Silent is how much of Time went by in calls that left no span on the other
	// side.
	Silent int64
	// Beside is how much of Time, at least, went by while calls of the same span
	// were running that were not waited for just then.
	Beside int64
}

// share sums the path up by service and operation.
func (r *Reading) share() {
	type key struct {
		service, operation string
		kind               schemas.SpanKind
	}
	found := map[key]int{}
	peers := map[int]string{} // of shares
	total := r.Nodes[r.Root].Duration
	for i := range r.Nodes {
		n := &r.Nodes[i]
		if n.Critical == 0 {
			continue
		}
		k := key{n.Service, n.Name, n.Kind}
		at, ok := found[k]
		if !ok {
			at = len(r.Shares)
			found[k] = at
			r.Shares = append(r.Shares, Share{Service: n.Service, Operation: n.Name, Kind: n.Kind})
		}
		s := &r.Shares[at]
		s.Time += n.Critical
		s.Spans++
		if n.Failed() {
			s.Failed++
		}
		s.Longest = max(s.Longest, n.Critical)
		s.Beside += max(n.Critical-n.Self, 0)
		peer, answered := r.peer(n)
		if !answered {
			s.Silent += n.Critical
		}
		if known := peers[at]; peer != "" && known != peer {
			peers[at] = cmp.Or(known, peer)
			if known != "" {
				peers[at] = several
			}
		}
	}
	for i := range r.Shares {
		if peers[i] != several {
			r.Shares[i].Peer = peers[i]
		}
	}
	for i := range r.Shares {
		r.Shares[i].Share = float64(r.Shares[i].Time) / float64(total)
	}
	slices.SortStableFunc(r.Shares, func(a, b Share) int {
		return cmp.Or(cmp.Compare(b.Time, a.Time), cmp.Compare(a.Service, b.Service), cmp.Compare(a.Operation, b.Operation), cmp.Compare(a.Kind, b.Kind))
	})
}

// several stands for peers that differ; no service has this name.
const several = "\x00"

// peer is whom a span called, by the name that the other side gives itself
// where it was recorded.
func (r *Reading) peer(n *Node) (name string, answered bool) {
	if n.Kind != schemas.KindClient && n.Kind != schemas.KindProducer {
		return "", false
	}
	for _, c := range n.Children {
		if child := &r.Nodes[c]; child.Kind.Entry() {
			return child.Service, true
		}
	}
	return n.Peer, false
}

// Bottleneck is the operation that held the trace up most, if there was time to
// be held up.
func (r *Reading) Bottleneck() (Share, bool) {
	if len(r.Shares) == 0 {
		return Share{}, false
	}
	return r.Shares[0], true
}

// Name of the operation as people say it.
func (s Share) Name() string { return s.Service + " " + s.Operation }

// Sentence names the bottleneck and says why it is one.
func (r *Reading) Sentence() string {
	s, ok := r.Bottleneck()
	if !ok {
		return "Nothing took any time, so there is no bottleneck."
	}
	text := fmt.Sprintf("The bottleneck is %s: %s of the %s (%s) %s", s.Name(), Human(s.Time), Human(r.Nodes[r.Root].Duration), percent(s.Share), s.doing())
	switch {
	case s.Spans > 1 && s.Failed > 0:
		text += fmt.Sprintf("; %d spans, %d of them failed, the longest held %s", s.Spans, s.Failed, Human(s.Longest))
	case s.Spans > 1:
		text += fmt.Sprintf("; %d spans, the longest held %s", s.Spans, Human(s.Longest))
	case s.Failed > 0:
		text += ", and it failed"
	}
	return text + "."
}

// doing says what kind of time it was: an operation's own work is improved
// elsewhere than time spent waiting for others.
func (s Share) doing() string {
	to := cmp.Or(s.Peer, "others")
	switch {
	case s.Kind == schemas.KindClient && s.Silent > s.Time/2:
		return "went by waiting for " + to + ", in calls that left no span there"
	case s.Kind == schemas.KindClient:
		return "went by between it and " + to + ": network, connections and queues"
	case s.Kind == schemas.KindProducer:
		return "went by handing messages to " + to
	case s.Beside > s.Time/20: // less is how calls at once are begun one after the other
		return "went by outside of the calls it waited for, at least " + Human(s.Beside) + " of it while others were running"
	}
	return "went by in its own work"
}

func percent(share float64) string {
	return strconv.FormatFloat(100*share, 'f', 0, 64) + " %"
}

// Human is a duration in ns with three digits and the unit that suits it.
func Human(ns int64) string {
	d := time.Duration(ns)
	for _, u := range [...]struct {
		unit   time.Duration
		name   string
		beyond time.Duration
	}{
		{time.Hour, "h", 2 * time.Hour}, {time.Minute, "min", 2 * time.Minute}, {time.Second, "s", time.Second},
		{time.Millisecond, "ms", time.Millisecond}, {time.Microsecond, "µs", time.Microsecond},
	} {
		// What rounds up to the next unit's size is said in that one.
		if d >= u.beyond || d >= u.beyond-u.beyond/2000 {
			return digits(float64(d)/float64(u.unit)) + " " + u.name
		}
	}
	return strconv.FormatInt(ns, 10) + " ns"
}

// digits prints three that count.
func digits(v float64) string {
	decimals := 0
	switch {
	case v < 9.995:
		decimals = 2
	case v < 99.95:
		decimals = 1
	}
	return strconv.FormatFloat(v, 'f', decimals, 64)
}
