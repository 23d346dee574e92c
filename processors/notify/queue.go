package notify

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/fivekeys/fivekeys/internal/jetstream"
)

// item is one signal on its way to one receiver.
type item struct {
	signal
	stored   jetstream.Stored
	message  *jetstream.Received // nil for what was found in the stream's past
	attempts int
	due      time.Time
	sending  bool
	taken    bool // by the receiver; only the record is missing
}

// queue holds what waits for a receiver: a lane per objective, in the order of
// the stream. Only the first of a lane is sent, so that an alert is over after
// it fired, and an objective whose signal the receiver doesn't take holds up no
// other. It knows no clock.
type queue struct {
	lanes  map[string][]*item
	size   int
	paused time.Time // the receiver asked to be left alone until then
}

func newQueue() *queue { return &queue{lanes: map[string][]*item{}} }

// add puts an item in its place. The same message again only says how it is
// acknowledged from now on.
func (q *queue) add(it *item) {
	lane := q.lanes[it.objective()]
	at, again := slices.BinarySearchFunc(lane, it, bySequence)
	if again {
		if it.message != nil {
			lane[at].message = it.message
		}
		return
	}
	if at == 0 && len(lane) > 0 && lane[0].sending {
		at = 1 // too late to come before it
	}
	q.lanes[it.objective()] = slices.Insert(lane, at, it)
	q.size++
}

func bySequence(a, b *item) int { return cmp.Compare(a.stored.Sequence, b.stored.Sequence) }

// due are the items to send now, oldest first.
func (q *queue) due(now time.Time) []*item {
	if now.Before(q.paused) {
		return nil
	}
	var out []*item
	for _, lane := range q.lanes {
		if it := lane[0]; !it.sending && !now.Before(it.due) {
			out = append(out, it)
		}
	}
	slices.SortFunc(out, bySequence)
	return out
}

// next is when due has something again; ok is false where only a new item or a
// result changes that.
func (q *queue) next() (at time.Time, ok bool) {
	for _, lane := range q.lanes {
		if it := lane[0]; !it.sending && (!ok || it.due.Before(at)) {
			at, ok = it.due, true
		}
	}
	if ok && at.Before(q.paused) {
		at = q.paused
	}
	return at, ok
}

// done removes the first of its lane.
func (q *queue) done(it *item) {
	lane := q.lanes[it.objective()][1:]
	if q.size--; len(lane) == 0 {
		delete(q.lanes, it.objective())
		return
	}
	q.lanes[it.objective()] = lane
}

// retry has the item sent again.
func (q *queue) retry(it *item, at time.Time) {
	it.sending, it.attempts, it.due = false, it.attempts+1, at
}

// hurry makes everything due: the receiver is back.
func (q *queue) hurry(now time.Time) {
	for _, lane := range q.lanes {
		if it := lane[0]; it.due.After(now) {
			it.due = now
		}
	}
}

// pending says whether something about a thing is on its way, or waits to end it.
func (q *queue) pending(thing string) bool {
	for _, lane := range q.lanes {
		for _, it := range lane {
			if it.thing() == thing && (it.sending || !it.begun()) {
				return true
			}
		}
	}
	return false
}

// oldest is when the first of all that wait was stored; zero where nothing does.
func (q *queue) oldest() time.Time {
	var oldest time.Time
	for _, lane := range q.lanes {
		if at := lane[0].stored.Time; oldest.IsZero() || at.Before(oldest) {
			oldest = at
		}
	}
	return oldest
}

// all empties the queue, in the order of the stream.
func (q *queue) all() []*item {
	var out []*item
	for _, lane := range q.lanes {
		out = append(out, lane...)
	}
	slices.SortFunc(out, bySequence)
	return out
}

// Backoff is how long to wait between attempts: doubled with each, up to Most,
// and up to half of it less by chance, lest all that failed together come again
// together.
type Backoff struct {
	Least, Most time.Duration
}

func (b Backoff) after(attempts int) time.Duration {
	wait := b.Least << min(attempts, 20)
	if wait > b.Most || wait <= 0 {
		wait = b.Most
	}
	return wait - rand.N(wait/2+1) //nolint:gosec // chance, not a secret
}
