package jetstream

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	// maxBatch is the server's limit for one atomic batch.
	maxBatch = 1000

	defaultMaxQueued      = 10_000
	defaultMaxQueuedBytes = 128 << 20
	defaultPublishTimeout = 5 * time.Second
	// maxBatchBytes keeps a batch of large bodies from occupying the connection
	// and the server's staging file for long.
	maxBatchBytes = 16 << 20
)

// PublisherConfig bounds what a Publisher takes on. The zero value is sensible.
type PublisherConfig struct {
	// MaxQueued and MaxQueuedBytes are what may wait per stream, sent or not;
	// beyond, Publish answers ErrOverloaded at once.
	MaxQueued      int
	MaxQueuedBytes int
	// Timeout is how long an answer of the server is waited for.
	Timeout time.Duration
	// GroupCommit chooses how messages that wait together are sent.
	GroupCommit GroupCommit
}

// GroupCommit chooses how messages that wait together are sent.
type GroupCommit int

const (
	// GroupCommitAuto measures which way is faster on this server: one batch
	// wins where an fsync is paid per publish, single messages win elsewhere.
	GroupCommitAuto GroupCommit = iota
	// GroupCommitAlways sends what waits together as one atomic batch.
	GroupCommitAlways
	// GroupCommitNever sends single messages; PublishBatch stays atomic.
	GroupCommitNever
)

// Publisher turns many callers' messages into few fsyncs: while one batch is on
// its way, what arrives waits and leaves together in the next. A lone message
// leaves at once. It is safe for concurrent use; one per process is enough.
type Publisher struct {
	client  *Client
	cfg     PublisherConfig
	replies *replies
	lanes   []*lane

	stop      chan struct{} // closed when waiting for answers is over
	closeOnce sync.Once
}

// NewPublisher needs the streams to exist: call Ensure first.
func (c *Client) NewPublisher(ctx context.Context, cfg PublisherConfig) (*Publisher, error) {
	setDefault(&cfg.MaxQueued, defaultMaxQueued)
	setDefault(&cfg.MaxQueuedBytes, defaultMaxQueuedBytes)
	setDefault(&cfg.Timeout, defaultPublishTimeout)

	if cfg.GroupCommit == GroupCommitAuto && c.embedded != nil && c.cfg.NoSync {
		cfg.GroupCommit = GroupCommitNever // known without measuring
	}
	p := &Publisher{client: c, cfg: cfg, stop: make(chan struct{})}
	for _, spec := range c.cfg.Topology.streams() {
		stream, err := c.js.Stream(ctx, spec.Name)
		if err != nil {
			return nil, wrap("open stream "+spec.Name, err)
		}
		p.lanes = append(p.lanes, newLane(p, stream.CachedInfo().Config))
	}
	var err error
	if p.replies, err = newReplies(c.nc); err != nil {
		return nil, wrap("open the publisher", err)
	}
	if err := c.adopt(p); err != nil {
		p.replies.close()
		return nil, err
	}
	return p, nil
}

// Publish returns once the message is stored. When ctx ends first, the message
// may still be stored; the other callers' messages aren't affected.
func (p *Publisher) Publish(ctx context.Context, m Message) (Receipt, error) {
	l, err := p.lane(m)
	if err != nil {
		return Receipt{}, err
	}
	receipts, err := l.publish(ctx, []Message{m}, false)
	if err != nil {
		return Receipt{}, fmt.Errorf("publish to %s: %w", m.Subject, err)
	}
	return receipts[0], nil
}

// PublishBatch publishes messages of one stream all or nothing, up to 1000 at a
// time: more are split into batches of 1000, of which the first ones may be
// stored when a later one fails. If the stream knows one of the IDs already,
// the batch is published message by message, so that the receipts tell which;
// the same happens, without the guarantee, on a server before 2.12. Publishing
// again with the same IDs completes what is missing.
func (p *Publisher) PublishBatch(ctx context.Context, msgs []Message) ([]Receipt, error) {
	if len(msgs) == 0 {
		return nil, nil
	}
	var l *lane
	for i := range msgs {
		next, err := p.lane(msgs[i])
		if err != nil {
			return nil, err
		}
		if l != nil && next != l {
			return nil, &Error{Op: "publish a batch", Reason: ErrRefused, Hint: "the messages of a batch go to one stream"}
		}
		l = next
	}
	receipts := make([]Receipt, 0, len(msgs))
	for part := range slices.Chunk(msgs, maxBatch) {
		got, err := l.publish(ctx, part, true)
		if err != nil {
			return receipts, fmt.Errorf("publish %d messages to %s: %w", len(part), l.stream, err)
		}
		receipts = append(receipts, got...)
	}
	return receipts, nil
}

// lane finds the stream that takes the message and refuses what it wouldn't.
func (p *Publisher) lane(m Message) (*lane, error) {
	if !publishable(m.Subject) {
		return nil, &Error{Op: fmt.Sprintf("publish to %q", m.Subject), Reason: ErrUnknownSubject, Hint: "a subject is words joined by dots, without spaces and wildcards"}
	}
	for _, l := range p.lanes {
		if slices.ContainsFunc(l.subjects, func(pattern string) bool { return subjectMatches(pattern, m.Subject) }) {
			if limit := l.maxSize(); m.size() > limit {
				return nil, &Error{
					Op: "publish to " + m.Subject, Reason: ErrTooLarge,
					Cause: fmt.Errorf("%d bytes, %d are the limit", m.size(), limit),
					Hint:  "raise max_payload of the server or max_msg_size of the stream",
				}
			}
			return l, nil
		}
	}
	return nil, &Error{Op: "publish to " + m.Subject, Reason: ErrUnknownSubject, Hint: "no stream of ours takes it"}
}

// Queued is how many messages wait, sent or not, for a metric.
func (p *Publisher) Queued() int {
	n := 0
	for _, l := range p.lanes {
		n += l.waiting()
	}
	return n
}

// Close lets what waits be stored, within a bound, and answers ErrClosed after.
func (p *Publisher) Close() error {
	p.closeOnce.Do(func() {
		var wg sync.WaitGroup
		for _, l := range p.lanes {
			l.close()
			wg.Go(l.senders.Wait)
		}
		done := make(chan struct{})
		go func() { wg.Wait(); close(done) }()
		timer := time.NewTimer(closeTimeout)
		defer timer.Stop()
		select {
		case <-done:
			close(p.stop)
		case <-timer.C:
			close(p.stop)
			<-done
		}
		p.replies.close()
		p.client.drop(p)
	})
	return nil
}

// replies receives the server's answers on one subject per publish.
type replies struct {
	nc     *nats.Conn
	prefix string
	sub    *nats.Subscription

	mu      sync.Mutex
	next    uint64
	waiting map[string]chan *nats.Msg
}

func newReplies(nc *nats.Conn) (*replies, error) {
	r := &replies{nc: nc, prefix: nc.NewInbox() + ".", waiting: make(map[string]chan *nats.Msg)}
	sub, err := nc.Subscribe(r.prefix+"*", func(m *nats.Msg) {
		r.mu.Lock()
		ch := r.waiting[m.Subject]
		delete(r.waiting, m.Subject)
		r.mu.Unlock()
		if ch != nil {
			ch <- m // has room for its one answer
		}
	})
	if err != nil {
		return nil, err
	}
	// The default limits would drop answers of a large burst.
	if err := sub.SetPendingLimits(-1, -1); err != nil {
		return nil, errors.Join(err, sub.Unsubscribe())
	}
	r.sub = sub
	return r, nil
}

// expect gives a subject to reply to and the channel on which the reply comes.
func (r *replies) expect() (string, chan *nats.Msg) {
	ch := make(chan *nats.Msg, 1)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.next++
	subject := r.prefix + formatToken(r.next)
	r.waiting[subject] = ch
	return subject, ch
}

func (r *replies) forget(subject string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.waiting, subject)
}

func (r *replies) close() { _ = r.sub.Unsubscribe() }

// batchCapable: an older server ignores the setting, takes the headers for
// ordinary ones and would store the messages of a batch one by one.
func batchCapable(cfg jetstream.StreamConfig) bool { return cfg.AllowAtomicPublish }
