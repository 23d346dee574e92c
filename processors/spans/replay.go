package spans

import (
	"slices"
	"time"

	"github.com/fivekeys/fivekeys/internal/clickhouse"
)

// positions are those that differ from what was written of them.
func (n *session) positions() []clickhouse.SpanPosition {
	var out []clickhouse.SpanPosition
	for _, p := range n.order {
		n.stage.metrics.forgotten.Add(float64(p.duplicates.dropped))
		p.duplicates.dropped = 0
		if n.sequence < p.position.Sequence || n.sequence == 0 {
			continue // still reading what is counted
		}
		now := clickhouse.SpanPosition{Partition: p.number, Sequence: n.sequence, ReplayFrom: n.replayFrom(p)}
		if now != p.position {
			p.position = now
			out = append(out, now)
		}
	}
	return out
}

// replayFrom is the first message that a new reader needs for what is remembered
// of the partition now: duplicates among the last minutes, and since its oldest
// open trace; duplicates among that trace's spans are to be known too.
//
// What is kept for replay takes room in the stream. Where that runs short, replay
// yields to intake, which would otherwise stop and with it the stream's time: first
// the duplicates, so that one whose first copy came before a restart counts again;
// in the end the open traces, whose calls and held back spans a restart then loses.
func (n *session) replayFrom(p *partition) uint64 {
	since, open := p.traces.Open()
	pressure := n.stage.pressure.Load()
	switch {
	case pressure == pressureHigh, pressure == pressureSome && !open:
		return n.sequence + 1
	case pressure == pressureSome:
		return n.ages.first(since, n.sequence)
	case !open:
		since = n.at
	}
	begin := (generationOf(min(since, n.at)) - generations) * int64(generation)
	return n.ages.first(begin, n.sequence)
}

// How full the stream is.
const (
	pressureNone = iota
	pressureSome // more than half
	pressureHigh // more than four fifths
)

// ages notes at which sequence the stream's time passed each few seconds.
type ages []age

type age struct {
	step  int64
	first uint64
}

const (
	ageStep = 5 * time.Second
	// maxAges is far more than anybody asks for: no trace is open for half as long.
	maxAges = 256
)

func (a *ages) note(at int64, sequence uint64) {
	step := at / int64(ageStep)
	if n := len(*a); n > 0 && (*a)[n-1].step >= step {
		return
	}
	if len(*a) >= maxAges {
		*a = slices.Delete(*a, 0, maxAges/2)
	}
	*a = append(*a, age{step, sequence})
}

// first is the first sequence at a time or somewhat before; one behind the last
// where nothing came since.
func (a ages) first(at int64, last uint64) uint64 {
	for _, age := range a {
		if age.step >= at/int64(ageStep) {
			return age.first
		}
	}
	return last + 1
}
