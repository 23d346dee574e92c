package traces

import (
	"time"

	"github.com/fivekeys/fivekeys/schemas"
)

// When a trace closes. Quiet traces are complete; the others are cut.
const (
	// quiet is how long nothing of a trace may come, in stream time. Exporters
	// send what they have at least every 5 s, batches of batches rarely later.
	quiet = 10 * time.Second
	// A trace that never gets quiet is cut where a fixed rhythm of its own has its
	// next beat, once it is cutAfter old: after 60 s at the latest. A cut that
	// were simply 60 s after the first span would hang on where one began to
	// read; these fall on the same places whoever reads Lookback of the stream.
	cutAfter = 20 * time.Second
	cutEvery = 40 * time.Second
)

// Lookback is how much of the stream decides which traces are open and with
// which spans, except where memory ran out.
const Lookback = quiet + cutAfter + cutEvery

// trace is an open one.
type trace struct {
	id           schemas.TraceID
	first, last  int64 // stream time of its first and of its last span, ns
	head         uint32
	count        uint32
	older, newer uint32
	continued    bool // goes on after a cut
	kept         bool // its spans are stored as they come
	gone         bool // closed; waits for the wheel to let go of it
}

// due is the first whole second of stream time at which nothing more is
// expected of the trace.
func (t *trace) due() int64 {
	const second = int64(time.Second)
	return (min(t.last+int64(quiet), t.cut()) + second - 1) / second
}

// cut is when the trace is cut if it doesn't get quiet.
func (t *trace) cut() int64 {
	const every = int64(cutEvery)
	beat := int64(mix(t.id)>>1) % every
	return (t.first+int64(cutAfter)-beat)/every*every + every + beat
}

// ages is the list of open traces by the time they were opened.
type ages struct{ oldest, newest uint32 }

func (a *ages) add(traces *slab[trace], i uint32) {
	t := traces.at(i)
	t.older, t.newer = a.newest, 0
	if a.newest != 0 {
		traces.at(a.newest).newer = i
	} else {
		a.oldest = i
	}
	a.newest = i
}

func (a *ages) remove(traces *slab[trace], i uint32) {
	t := traces.at(i)
	if t.older != 0 {
		traces.at(t.older).newer = t.newer
	} else {
		a.oldest = t.newer
	}
	if t.newer != 0 {
		traces.at(t.newer).older = t.older
	} else {
		a.newest = t.older
	}
	t.older, t.newer = 0, 0
}
