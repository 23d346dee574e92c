package jetstream

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	readerBackoff    = 100 * time.Millisecond
	readerMaxBackoff = 5 * time.Second
	renewWait        = 50 * time.Millisecond
)

// reader pulls the messages of one consumer into the subscription's channel.
//
// It pulls only as many as there is room for. nats.go's Consume would fetch
// ahead into a buffer of its own, where messages age unseen while the channel is
// full, and are redelivered although this process has them.
type reader struct {
	sub  *Subscription
	name string
	// credits are free places in the subscription's queue. It has one for each
	// credit, so putting a message there never waits.
	credits chan struct{}
}

func (r *reader) run() {
	ctx := r.sub.ctx
	backoff := readerBackoff
	for ctx.Err() == nil {
		progress, err := r.read(ctx)
		if ctx.Err() != nil {
			return
		}
		if progress {
			backoff = readerBackoff
		}
		log := r.sub.client.log.With("stream", r.sub.cfg.Stream, "consumer", r.name)
		if errors.Is(err, jetstream.ErrConsumerNotFound) || errors.Is(err, jetstream.ErrConsumerDeleted) {
			// With interest retention nothing is kept for a missing consumer, so
			// each moment without it may lose messages.
			log.Error("consumer is gone, creating it again")
			err = r.recreate(ctx)
		}
		log.Debug("reading again", "after", backoff, "error", err)
		select {
		case <-time.After(backoff):
		case <-ctx.Done():
		case <-r.sub.client.closedCh:
			return
		}
		backoff = min(2*backoff, readerMaxBackoff)
	}
}

func (r *reader) recreate(ctx context.Context) error {
	spec, ok := r.sub.client.cfg.Topology.spec(r.sub.cfg.Stream)
	if !ok {
		return ErrNotFound
	}
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
	cons, err := c.js.Consumer(ctx, r.sub.cfg.Stream, r.name)
	if err != nil {
		return false, err
	}
	wait := pullWait
	var opts []jetstream.FetchOpt
	if len(cons.CachedInfo().Config.PriorityGroups) > 0 {
		opts = append(opts, jetstream.FetchPriorityGroup(pinnedGroup))
		// A pull renews the pin; three of them fit in its time to live.
		wait = min(wait, cons.CachedInfo().Config.PinnedTTL/3)
	}
	// Larger than any message, or that message would never come.
	opts = append(opts, jetstream.FetchMaxBytes(max(pullBytes, int(c.nc.MaxPayload())+64<<10)))
	for {
		n, err := r.room(ctx, cons, wait)
		if err != nil {
			return progress, err
		}
		got, err := r.pull(ctx, cons, n, wait, opts)
		for range n - got {
			r.credits <- struct{}{}
		}
		if err != nil {
			return progress, err
		}
		progress = true
	}
}

// room waits until half of the places are free, rather than fetch one message
// each time one is taken, and takes all that are.
func (r *reader) room(ctx context.Context, cons jetstream.Consumer, wait time.Duration) (n int, err error) {
	var renew <-chan time.Time
	if len(cons.CachedInfo().Config.PriorityGroups) > 0 {
		ticker := time.NewTicker(wait)
		defer ticker.Stop()
		renew = ticker.C
	}
	for n < (cap(r.credits)+1)/2 {
		select {
		case <-r.credits:
			n++
		case <-renew:
			r.renewPin(ctx, cons)
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

// renewPin keeps a partition while its processor is busy and takes nothing: a
// pull for at most one byte renews the pin, and no message is that small.
func (r *reader) renewPin(ctx context.Context, cons jetstream.Consumer) {
	ctx, cancel := context.WithTimeout(ctx, renewWait)
	defer cancel()
	batch, err := cons.Fetch(1, jetstream.FetchContext(ctx), jetstream.FetchPriorityGroup(pinnedGroup), jetstream.FetchMaxBytes(1))
	if err != nil {
		return // disconnected; the pin is lost then anyway
	}
	for range batch.Messages() { //nolint:revive // nothing comes; it ends when the pull does
	}
}

// pull fetches up to n messages and hands each over as it arrives.
func (r *reader) pull(ctx context.Context, cons jetstream.Consumer, n int, wait time.Duration, opts []jetstream.FetchOpt) (got int, err error) {
	down := r.sub.client.disconnected()
	pulling, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	batch, err := cons.Fetch(n, append(slices.Clone(opts), jetstream.FetchContext(pulling))...)
	if err != nil {
		return 0, err
	}
	for {
		select {
		case msg, ok := <-batch.Messages():
			if !ok {
				return got, pullError(batch.Error())
			}
			if ctx.Err() != nil {
				_ = msg.Nak() // nobody takes it here any more
				continue
			}
			if r.accept(msg) {
				got++
			}
		case <-down:
			// The pull died with the connection; what it got comes above.
			down = nil
			cancel()
		}
	}
}

// pullError leaves out what is no failure.
func pullError(err error) error {
	switch {
	case err == nil,
		errors.Is(err, jetstream.ErrMaxBytesExceeded), errors.Is(err, jetstream.ErrBatchCompleted),
		errors.Is(err, jetstream.ErrNoMessages), errors.Is(err, nats.ErrTimeout), errors.Is(err, context.DeadlineExceeded),
		// Another process is active on the partition now; ask again as a standby.
		errors.Is(err, jetstream.ErrPinIDMismatch):
		return nil
	}
	return err
}

func (r *reader) accept(msg jetstream.Msg) bool {
	meta, err := msg.Metadata()
	if err != nil {
		r.sub.client.log.Error("message without metadata", "stream", r.sub.cfg.Stream, "consumer", r.name, "error", err)
		return false
	}
	m := &Received{
		Stored: Stored{
			Message: fromNATS(msg.Subject(), msg.Headers(), msg.Data()),
			Stream:  meta.Stream, Sequence: meta.Sequence.Stream, Time: meta.Timestamp.UTC(),
		},
		Consumer: r.name, NumDelivered: int(meta.NumDelivered), Pin: msg.Headers().Get(headerPin), //nolint:gosec // small
		sub: r.sub, msg: msg, credit: r.credits, received: time.Now(),
	}
	r.sub.hold(m)
	r.sub.queue <- m
	return true
}
