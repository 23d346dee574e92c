package jetstream

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// sendersPerStream is how many batches of a stream are on their way at once.
// The server commits a stream's batches one after another, so a second one
// gains nothing on the disk and halves what an fsync pays for.
const sendersPerStream = 1

// lane is the queue in front of one stream.
type lane struct {
	p          *Publisher
	stream     string
	subjects   []string
	maxMsgSize int32
	atomic     atomic.Bool // the stream takes atomic batches
	pace       pace

	senders sync.WaitGroup

	mu      sync.Mutex
	queue   []*entry
	count   int // messages that wait for their receipt
	bytes   int
	sending int
	closed  bool
}

// entry is what one caller waits for: a message, or several as a unit.
type entry struct {
	msgs  []Message
	bytes int
	unit  bool // all or nothing
	taken bool // on its way, guarded by lane.mu
	done  chan struct{}

	receipts []Receipt
	err      error
}

func (e *entry) finish(receipts []Receipt, err error) {
	e.receipts, e.err = receipts, err
	close(e.done)
}

func newLane(p *Publisher, cfg jetstream.StreamConfig) *lane {
	l := &lane{p: p, stream: cfg.Name, subjects: cfg.Subjects, maxMsgSize: cfg.MaxMsgSize}
	l.atomic.Store(batchCapable(cfg))
	return l
}

// maxSize is what a message may have on the wire.
func (l *lane) maxSize() int {
	limit := int(l.p.client.nc.MaxPayload())
	if l.maxMsgSize > 0 {
		limit = min(limit, int(l.maxMsgSize))
	}
	return limit
}

func (l *lane) waiting() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.count
}

func (l *lane) publish(ctx context.Context, msgs []Message, unit bool) ([]Receipt, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	e := &entry{msgs: msgs, unit: unit && len(msgs) > 1, done: make(chan struct{})}
	for i := range msgs {
		e.bytes += msgs[i].size()
	}
	if err := l.enqueue(e); err != nil {
		return nil, err
	}
	select {
	case <-e.done:
		return e.receipts, e.err
	case <-ctx.Done():
		l.withdraw(e)
		return nil, ctx.Err()
	}
}

// enqueue never waits: a full queue is the caller's to handle.
func (l *lane) enqueue(e *entry) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.closed:
		return ErrClosed
	// An empty queue takes any unit, however large.
	case l.count > 0 && (l.count+len(e.msgs) > l.p.cfg.MaxQueued || l.bytes+e.bytes > l.p.cfg.MaxQueuedBytes):
		return ErrOverloaded
	}
	l.queue = append(l.queue, e)
	l.count += len(e.msgs)
	l.bytes += e.bytes
	if l.sending < sendersPerStream {
		l.sending++
		l.senders.Go(l.send)
	}
	return nil
}

// withdraw takes an entry back that nobody has sent yet.
func (l *lane) withdraw(e *entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e.taken {
		return // the sender settles it
	}
	if i := slices.Index(l.queue, e); i >= 0 {
		l.queue = slices.Delete(l.queue, i, i+1)
		l.settleLocked(e)
	}
}

func (l *lane) settleLocked(e *entry) {
	l.count -= len(e.msgs)
	l.bytes -= e.bytes
}

// send is the leader: it sends whatever has queued up, until nothing has.
func (l *lane) send() {
	for {
		entries := l.take()
		if len(entries) == 0 {
			return
		}
		l.deliver(entries)
		l.mu.Lock()
		for _, e := range entries {
			l.settleLocked(e)
		}
		l.mu.Unlock()
		if len(entries) > 1 {
			l.gather()
		}
	}
}

// gather lets callers who just got their receipt come back with their next
// message. Without it the callers fall into two halves that take turns, and each
// fsync pays for one half only. It yields the processor, it doesn't wait.
func (l *lane) gather() {
	for before, now := -1, 0; now != before; now = l.waiting() {
		before = now
		runtime.Gosched()
	}
}

// take removes what fits in a batch from the queue, in order. Nothing left
// means that this sender ends.
func (l *lane) take() []*entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.queue) == 0 {
		l.sending--
		l.queue = nil
		return nil
	}
	n, count, bytes := 0, 0, 0
	for _, e := range l.queue {
		if n > 0 && (count+len(e.msgs) > maxBatch || bytes+e.bytes > maxBatchBytes) {
			break
		}
		e.taken = true
		count += len(e.msgs)
		bytes += e.bytes
		n++
	}
	out := slices.Clone(l.queue[:n])
	l.queue = slices.Delete(l.queue, 0, n)
	return out
}

// deliver brings the entries to the stream and finishes each of them.
func (l *lane) deliver(entries []*entry) {
	if err := l.p.client.diskRoom("look at the disk"); err != nil {
		err = &Error{Op: "store messages in " + l.stream, Reason: ErrStreamFull, Cause: err}
		for _, e := range entries {
			e.finish(nil, err)
		}
		return
	}
	count, units := 0, 0
	for _, e := range entries {
		count += len(e.msgs)
		if e.unit {
			units++
		}
	}
	if !l.atomic.Load() || count == 1 {
		l.singly(entries)
		return
	}
	if units == 0 && !l.batchPays(count) {
		start := time.Now()
		l.singly(entries)
		l.pace.note(count, false, time.Since(start))
		return
	}
	start := time.Now()
	refusal := l.together(entries)
	if refusal == nil {
		l.pace.note(count, true, time.Since(start))
		return
	}
	// What is a unit goes by itself, everything else message by message, so that
	// each caller learns of its own.
	var rest []*entry
	for _, e := range entries {
		if e.unit {
			l.unit(e, refusal, len(entries) == 1)
		} else {
			rest = append(rest, e)
		}
	}
	if len(rest) > 0 {
		l.singly(rest)
	}
}

// unit settles a unit after a refusal, of itself alone or of a batch it was in.
func (l *lane) unit(e *entry, refusal error, alone bool) {
	if !alone {
		if refusal = l.together([]*entry{e}); refusal == nil {
			return
		}
	}
	if splittable(refusal) {
		l.singly([]*entry{e})
		return
	}
	e.finish(nil, refusal)
}

func (l *lane) batchPays(count int) bool {
	switch l.p.cfg.GroupCommit {
	case GroupCommitAlways:
		return true
	case GroupCommitNever:
		return false
	}
	return l.pace.batch(count)
}

func (l *lane) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
}
