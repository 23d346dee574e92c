package jetstream

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

const (
	defaultBuffer  = 1000
	defaultMaxHold = 10 * time.Minute
)

// SubscribeConfig says what to read.
type SubscribeConfig struct {
	Stream string
	// Consumers of the stream, for example Topology.Consumers(StageDora).
	Consumers []string
	// Leases, if given, say which of the consumers are read here, now and later;
	// the others are read elsewhere. A lease bears its consumer's name.
	Leases *Leases
	// Buffer is how many messages may wait in the channel, at least one for each
	// consumer. Twice the batch they are processed in is a good number.
	Buffer int
	// MaxHold is how long a message may be held without an answer, then the
	// server gives it to somebody else. Until then the subscription extends it,
	// so that a slow insert doesn't cause redeliveries.
	MaxHold time.Duration
}

// Subscription hands the messages of several consumers of a stream into one
// channel. It survives lost connections and restarted servers; what wasn't
// answered comes again.
type Subscription struct {
	client *Client
	cfg    SubscribeConfig
	// Readers put into queue, which has a place for every credit; hand moves
	// from there to ch, where taking a message frees its place.
	queue, ch chan *Received
	credits   map[string]chan struct{} // of each consumer; a reader passes them on to the next

	ctx     context.Context //nolint:containedctx // ends the readers
	cancel  context.CancelFunc
	readers sync.WaitGroup
	keeper  sync.WaitGroup

	stopped   chan struct{} // the readers have ended
	closeOnce sync.Once

	mu   sync.Mutex
	held map[*Received]struct{}
}

// Subscribe starts reading. The consumers must exist: call Ensure first.
func (c *Client) Subscribe(ctx context.Context, cfg SubscribeConfig) (*Subscription, error) {
	if len(cfg.Consumers) == 0 {
		return nil, fmt.Errorf("subscribe to %s: no consumers given", cfg.Stream)
	}
	setDefault(&cfg.Buffer, defaultBuffer)
	setDefault(&cfg.MaxHold, defaultMaxHold)
	cfg.Buffer = max(cfg.Buffer, len(cfg.Consumers))
	for _, name := range cfg.Consumers {
		if _, err := c.js.Consumer(ctx, cfg.Stream, name); err != nil {
			return nil, wrap(fmt.Sprintf("subscribe to consumer %s of %s", name, cfg.Stream), err)
		}
	}
	s := &Subscription{
		client: c, cfg: cfg,
		queue: make(chan *Received, cfg.Buffer), ch: make(chan *Received),
		credits: make(map[string]chan struct{}, len(cfg.Consumers)),
		stopped: make(chan struct{}), held: make(map[*Received]struct{}),
	}
	share := cfg.Buffer / len(cfg.Consumers)
	for _, name := range cfg.Consumers {
		s.credits[name] = make(chan struct{}, share)
		for range share {
			s.credits[name] <- struct{}{}
		}
	}
	// Not the caller's context: it bounds the start, Close ends the reading.
	s.ctx, s.cancel = context.WithCancel(context.WithoutCancel(ctx))
	if err := c.adopt(s); err != nil {
		s.cancel()
		return nil, err
	}
	if cfg.Leases != nil {
		s.readers.Go(s.follow)
	} else {
		for _, name := range cfg.Consumers {
			s.readers.Go(newReader(s, name).run)
		}
	}
	s.keeper.Go(s.keepHeld)
	s.keeper.Go(s.hand)
	return s, nil
}

// follow reads the consumers whose leases are held here. What is in hand of one
// that was lost is worked off here still: there is no harm in two who do.
func (s *Subscription) follow() {
	reading := make(map[string]*reader)
	for {
		held := s.cfg.Leases.Held()
		for name, r := range reading {
			if !slices.Contains(held, name) {
				r.stop()
				delete(reading, name)
			}
		}
		for _, name := range held {
			if reading[name] == nil && s.credits[name] != nil {
				reading[name] = newReader(s, name)
				s.readers.Go(reading[name].run)
			}
		}
		select {
		case <-s.cfg.Leases.Changes():
		case <-s.ctx.Done():
			return // and with it the readers
		}
	}
}

// Messages is where they arrive. It is closed by Close.
func (s *Subscription) Messages() <-chan *Received { return s.ch }

// Close stops reading and gives back what nobody took from the channel. What
// was taken can still be answered.
func (s *Subscription) Close() error {
	s.closeOnce.Do(func() {
		s.cancel()
		s.readers.Wait()
		close(s.stopped)
		s.keeper.Wait()
		s.client.drop(s)
	})
	return nil
}

// hand gives the messages to whoever takes them. After Close it gives them back
// to the server, but not before the readers' inboxes are gone: the server would
// send them right there again.
func (s *Subscription) hand() {
	defer close(s.ch)
	for {
		select {
		case m := <-s.queue:
			select {
			case s.ch <- m:
				m.credit <- struct{}{}
			case <-s.ctx.Done():
				<-s.stopped
				_ = m.NakWithDelay(0)
			}
		case <-s.stopped:
			for len(s.queue) > 0 {
				_ = (<-s.queue).NakWithDelay(0)
			}
			return
		}
	}
}

func (s *Subscription) hold(m *Received) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held[m] = struct{}{}
}

func (s *Subscription) release(m *Received) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.held, m)
}

// holds says whether messages of a consumer are handed out and not answered.
func (s *Subscription) holds(consumer string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for m := range s.held {
		if m.Consumer == consumer {
			return true
		}
	}
	return false
}

// Held is how many messages are handed out and not answered, for a metric.
func (s *Subscription) Held() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.held)
}

// keepHeld tells the server that messages are still being worked on. After Close
// what is out should be answered within AckWait.
func (s *Subscription) keepHeld() {
	tick := time.NewTicker(s.client.cfg.Topology.AckWait / 4)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			s.extend(time.Now())
		case <-s.ctx.Done():
			return
		}
	}
}

func (s *Subscription) extend(now time.Time) {
	s.mu.Lock()
	held := make([]*Received, 0, len(s.held))
	for m := range s.held {
		if now.Sub(m.received) > s.cfg.MaxHold {
			delete(s.held, m)
			s.client.log.Warn("message held too long, leaving it to others",
				"stream", m.Stream, "consumer", m.Consumer, "sequence", m.Sequence, "held", now.Sub(m.received))
			continue
		}
		held = append(held, m)
	}
	s.mu.Unlock()
	// Oldest first: those are the closest to being given to somebody else.
	slices.SortFunc(held, func(a, b *Received) int { return a.received.Compare(b.received) })
	for _, m := range held {
		if err := m.InProgress(); err != nil {
			return // disconnected; the next tick tries again
		}
	}
}
