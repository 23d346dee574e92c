package jetstream

import (
	"math/bits"
	"sync"
	"time"
)

// pace learns whether a batch or single messages are faster on this server. A
// client can't ask whether the server syncs each write: where it does, a batch
// of 64 is five times as fast; where it doesn't, the batch's staging file costs
// more than it saves. So both ways are timed, for each order of magnitude of the
// number of messages, and the slower one is tried again now and then.
type pace struct {
	mu      sync.Mutex
	classes [11]paceClass // by bit length, up to maxBatch
}

type paceClass struct {
	single, batch float64 // nanoseconds a message, moving averages; 0 is unknown
	runs          int
}

const (
	paceWeight = 0.2
	// A batch costs the server about a dozen fsyncs for its staging file, however
	// small it is; a handful of messages is never worth it.
	paceMinimum = 4
	// Every how many runs the slower way is tried again; less often where it is
	// far slower.
	paceExplore, paceExploreFar = 256, 4096
	paceFar                     = 3.0
	// One stall of the disk mustn't turn the decision: a sample counts as at most
	// this many times the average.
	paceOutlier = 2
)

func (p *pace) class(count int) *paceClass {
	return &p.classes[min(bits.Len(uint(count)), len(p.classes)-1)]
}

// batch decides how count messages are sent.
func (p *pace) batch(count int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.class(count)
	c.runs++
	switch {
	case count < paceMinimum:
		return false
	case c.batch == 0:
		return true
	case c.single == 0:
		return false
	}
	faster, every := c.batch <= c.single, paceExplore
	if ratio := c.batch / c.single; ratio > paceFar || ratio < 1/paceFar {
		every = paceExploreFar
	}
	if c.runs%every == 0 {
		return !faster
	}
	return faster
}

// note records how long it took.
func (p *pace) note(count int, batch bool, took time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.class(count)
	cost := float64(max(took, 1)) / float64(count)
	avg := &c.single
	if batch {
		avg = &c.batch
	}
	if *avg == 0 {
		*avg = cost
		return
	}
	*avg += paceWeight * (min(cost, paceOutlier**avg) - *avg)
}
