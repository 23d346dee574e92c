package jetstream

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	// pullWait is how long a pull waits for messages at the server.
	pullWait = 2 * time.Second
	// pullGrace is how long after that a pull counts as lost.
	pullGrace = 2 * time.Second
	// pullBytes keeps a pull of large bodies from filling the memory.
	pullBytes = 16 << 20

	readerBackoff    = 50 * time.Millisecond
	readerMaxBackoff = 2 * time.Second
)

// reader pulls the messages of one consumer into the subscription's queue.
//
// It speaks the pull protocol itself, over one inbox. The client library's ways
// each lose or hoard messages where it matters here: Consume and Messages fetch
// ahead into a buffer of their own, where messages age unseen while the channel
// is full and are redelivered although this process has them; Fetch drops what
// arrives after its time, which a large body on a slow link does again and again.
// Neither renews the pin of a partition while its processor is busy.
type reader struct {
	sub  *Subscription
	name string
	ctx  context.Context //nolint:containedctx // ends the reading
	stop context.CancelFunc
	// credits are free places in the subscription's queue. It has one for each
	// credit, so putting a message there never waits.
	credits chan struct{}

	inbox string // prefix; each pull replies to a word below it
	pulls uint64 // how many there were, names the current one

	open atomic.Int64 // messages that the current pull may still bring

	mu      sync.Mutex
	pin     string
	current string        // reply subject of the current pull
	ended   chan pullEnd  // how it ended, room for one
	more    chan struct{} // a message came, room for one

	late []*Received // came after the end; of handle, and of drain once that has ended
}

// pullEnd is the server's word that a pull is over.
type pullEnd struct {
	code        string
	description string
}

func newReader(s *Subscription, name string) *reader {
	r := &reader{
		sub: s, name: name, credits: s.credits[name],
		inbox: s.client.nc.NewInbox(), ended: make(chan pullEnd, 1), more: make(chan struct{}, 1),
	}
	r.ctx, r.stop = context.WithCancel(s.ctx)
	return r
}

func (r *reader) run() {
	defer r.stop()
	sub, err := r.sub.client.nc.Subscribe(r.inbox+".*", r.handle)
	if err != nil {
		r.sub.client.log.Error("can't subscribe", "stream", r.sub.cfg.Stream, "consumer", r.name, "error", err)
		return
	}
	_ = sub.SetPendingLimits(-1, -1) // credits are the limit
	defer r.unpin()
	defer r.drain(sub)

	log := r.sub.client.log.With("stream", r.sub.cfg.Stream, "consumer", r.name)
	ctx := r.ctx
	for backoff := readerBackoff; ; backoff = min(2*backoff, readerMaxBackoff) {
		progress, err := r.read(ctx)
		if ctx.Err() != nil {
			return
		}
		if progress {
			backoff = readerBackoff
		}
		if errors.Is(err, jetstream.ErrConsumerNotFound) {
			// The stream is trimmed only while all consumers are there, so the new
			// one starts with whatever is left.
			log.Error("consumer is gone, creating it again")
			err = r.recreate(ctx)
		}
		log.Debug("reading again", "after", backoff, "error", err)
		timer := time.NewTimer(backoff)
		select {
		case <-timer.C:
		case <-ctx.Done():
		case <-r.sub.client.closedCh:
		}
		timer.Stop()
		if ctx.Err() != nil || r.sub.client.nc.IsClosed() {
			return
		}
	}
}

// drain ends the inbox, and only then gives back what still came: the server
// would send it to the inbox again.
func (r *reader) drain(sub *nats.Subscription) {
	closed := make(chan struct{})
	sub.SetClosedHandler(func(string) { close(closed) })
	if err := sub.Drain(); err != nil {
		return // the connection is closed
	}
	timer := time.NewTimer(closeTimeout)
	defer timer.Stop()
	select {
	case <-closed:
		for _, m := range r.late {
			_ = m.NakWithDelay(0)
		}
	case <-timer.C:
	case <-r.sub.client.closedCh:
	}
}

func (r *reader) recreate(ctx context.Context) error {
	spec := r.sub.client.cfg.Topology.spec(r.sub.cfg.Stream)
	for _, want := range spec.consumers {
		if want.Durable == r.name {
			return r.sub.client.ensureConsumer(ctx, spec.Name, want)
		}
	}
	return ErrNotFound
}

// read pulls until something fails, and tells whether it got that far.
func (r *reader) read(ctx context.Context) (progress bool, err error) {
	c := r.sub.client
	down := c.disconnected()
	cons, err := c.js.Consumer(ctx, r.sub.cfg.Stream, r.name)
	if err != nil {
		return false, err
	}
	req := pullRequest{
		Expires: pullWait,
		// Larger than any message, or that message would never come.
		MaxBytes: max(pullBytes, int(c.nc.MaxPayload())+64<<10),
	}
	if cfg := cons.CachedInfo().Config; len(cfg.PriorityGroups) > 0 {
		req.Group = cfg.PriorityGroups[0]
		// A pull renews the pin; three of them fit in its time to live.
		req.Expires = min(req.Expires, cfg.PinnedTTL/3)
	}
	for {
		if req.Batch, err = r.room(ctx, req); err != nil {
			return progress, err
		}
		end, err := r.pull(ctx, req, down)
		// What didn't come frees its place; what comes late finds another.
		for range r.open.Swap(0) {
			r.credits <- struct{}{}
		}
		if err != nil {
			return progress, err
		}
		if err := end.err(); err != nil {
			return progress, err
		}
		progress = true
	}
}

// room waits until half of the places are free, rather than pull one message
// each time one is taken, and takes all that are.
func (r *reader) room(ctx context.Context, req pullRequest) (n int, err error) {
	defer func() {
		if err != nil { // the next reader takes them
			for range n {
				r.credits <- struct{}{}
			}
		}
	}()
	renew := make(<-chan time.Time)
	if req.Group != "" {
		ticker := time.NewTicker(req.Expires)
		defer ticker.Stop()
		renew = ticker.C
	}
	for n < (cap(r.credits)+1)/2 {
		select {
		case <-r.credits:
			n++
		case <-renew:
			if err := r.renewPin(req); err != nil {
				return n, err
			}
		case <-ctx.Done():
			return n, ctx.Err()
		}
	}
	for {
		select {
		case <-r.credits:
			n++
		default:
			return n, nil
		}
	}
}

// pull asks for messages and waits until all came or the server says that it is
// over. The messages themselves come through handle.
func (r *reader) pull(ctx context.Context, req pullRequest, down <-chan struct{}) (pullEnd, error) {
	r.pulls++
	r.mu.Lock()
	r.current = fmt.Sprintf("%s.%s", r.inbox, formatToken(r.pulls))
	reply := r.current
	req.ID = r.pin
	r.mu.Unlock()
	select { // left from the pull before
	case <-r.ended:
	default:
	}
	r.open.Store(int64(req.Batch))
	if err := r.request(req, reply); err != nil {
		return pullEnd{}, err
	}
	lost := time.NewTimer(req.Expires + pullGrace)
	defer lost.Stop()
	for r.open.Load() > 0 {
		select {
		case <-r.more:
			// A large message may take its time; the pull lives while they come.
			lost.Reset(req.Expires + pullGrace)
		case end := <-r.ended:
			return end, nil
		case <-lost.C:
			return pullEnd{}, errors.New("no answer to a pull")
		case <-down:
			return pullEnd{}, nats.ErrDisconnected
		case <-ctx.Done():
			return pullEnd{}, ctx.Err()
		}
	}
	return pullEnd{}, nil
}

// handle takes what comes to the inbox, one after another.
func (r *reader) handle(msg *nats.Msg) {
	if end, ok := status(msg); ok {
		r.mu.Lock()
		current := msg.Subject == r.current
		if current && end.code == statusWrongPin {
			r.pin = "" // another process is active now; ask again as a standby
		}
		r.mu.Unlock()
		if current && end.code != statusHeartbeat {
			select {
			case r.ended <- end:
			default:
			}
		}
		return
	}
	m, err := r.sub.client.received(msg)
	if err != nil {
		r.sub.client.log.Error("message without metadata", "stream", r.sub.cfg.Stream, "consumer", r.name, "error", err)
		return
	}
	if m.Pin != "" {
		r.mu.Lock()
		r.pin = m.Pin
		r.mu.Unlock()
	}
	if r.ctx.Err() != nil {
		r.late = append(r.late, m)
		return
	}
	if !r.place() {
		_ = m.NakWithDelay(0)
		return
	}
	m.sub, m.credit = r.sub, r.credits
	r.sub.hold(m)
	r.sub.queue <- m
	select {
	case r.more <- struct{}{}:
	default:
	}
}

// place is a place in the queue: one that the current pull took, or any.
func (r *reader) place() bool {
	for n := r.open.Load(); n > 0; n = r.open.Load() {
		if r.open.CompareAndSwap(n, n-1) {
			return true
		}
	}
	select {
	case <-r.credits:
		return true
	default:
		return false
	}
}
