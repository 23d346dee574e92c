package jetstream

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	// logAhead is how many messages are asked for in advance.
	logAhead      = 256
	logAheadBytes = 64 << 20
	// logHeartbeat is how often the server says that it is still there; a consumer
	// that vanished with a server's memory shows after two of them.
	logHeartbeat = 5 * time.Second

	logForget = 30 * time.Second

	logMinBackoff = 100 * time.Millisecond
	logMaxBackoff = 5 * time.Second
)

// LogConfig says what to read of a stream.
type LogConfig struct {
	Stream string
	// After names the subjects to read, with the last sequence of each that isn't
	// wanted any more; 0 reads all that is there. Subjects hold no wildcards.
	After map[string]uint64
}

// Log reads some subjects of a stream as what the stream is: a log. Messages come
// strictly in the stream's order and none is left out, also across lost
// connections and restarts of the server. Nothing is acknowledged: where reading
// goes on is for the reader to remember. Next is for one goroutine.
type Log struct {
	client *Client
	cfg    LogConfig
	after  uint64 // last sequence read, or before the first that is wanted

	ctx    context.Context // ends with Close
	cancel context.CancelFunc

	mu       sync.Mutex
	messages jetstream.MessagesContext
}

// ReadLog opens a Log. Close it, or the client does.
func (c *Client) ReadLog(ctx context.Context, cfg LogConfig) (*Log, error) {
	if len(cfg.After) == 0 {
		return nil, errors.New("read a log: no subjects are given")
	}
	l := &Log{client: c, cfg: cfg}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	first := true
	for _, after := range cfg.After {
		if first || after < l.after {
			l.after, first = after, false
		}
	}
	if err := l.open(ctx); err != nil {
		l.cancel()
		return nil, err
	}
	if err := c.adopt(l); err != nil {
		l.close()
		return nil, err
	}
	return l, nil
}

// Next waits for the next message. The error is ctx's, or ErrClosed; everything
// else is tried again, for as long as it takes.
func (l *Log) Next(ctx context.Context) (Stored, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(l.ctx, cancel)()
	backoff := logMinBackoff
	for {
		messages := l.current()
		if messages == nil {
			if err := l.open(ctx); err != nil {
				if !l.wait(ctx, backoff) {
					return Stored{}, l.ended(ctx)
				}
				backoff = min(2*backoff, logMaxBackoff)
			}
			continue
		}
		msg, err := messages.Next(jetstream.NextContext(ctx))
		if err != nil {
			if ctx.Err() != nil {
				return Stored{}, l.ended(ctx)
			}
			l.client.log.Debug("reading a log starts anew", "stream", l.cfg.Stream, "after", l.after, "error", err)
			l.drop(messages)
			if !l.wait(ctx, backoff) {
				return Stored{}, l.ended(ctx)
			}
			continue
		}
		meta, err := msg.Metadata()
		if err != nil {
			return Stored{}, wrap("read "+l.cfg.Stream, err)
		}
		backoff = logMinBackoff
		seq := meta.Sequence.Stream
		if seq <= l.after {
			continue
		}
		l.after = seq
		if seq <= l.cfg.After[msg.Subject()] {
			continue
		}
		return Stored{
			Message: fromNATS(msg.Subject(), msg.Headers(), msg.Data()),
			Stream:  l.cfg.Stream, Sequence: seq, Time: meta.Timestamp.UTC(),
		}, nil
	}
}

// Close ends reading. A waiting Next gives ErrClosed.
func (l *Log) Close() error {
	l.close()
	l.client.drop(l)
	return nil
}

func (l *Log) close() {
	l.cancel()
	if messages := l.current(); messages != nil {
		l.drop(messages)
	}
}

func (l *Log) open(ctx context.Context) error {
	op := "read " + l.cfg.Stream
	subjects := make([]string, 0, len(l.cfg.After))
	for subject := range l.cfg.After {
		subjects = append(subjects, subject)
	}
	slices.Sort(subjects)
	ctx, cancel := context.WithTimeout(ctx, closeTimeout)
	defer cancel()
	consumer, err := l.client.js.OrderedConsumer(ctx, l.cfg.Stream, jetstream.OrderedConsumerConfig{
		FilterSubjects: subjects,
		DeliverPolicy:  jetstream.DeliverByStartSequencePolicy,
		OptStartSeq:    l.after + 1,
		// The server forgets the consumer of a reader that is gone.
		InactiveThreshold: logForget,
		// A cluster may place the next consumer on the very server that has just
		// died. The library would ask for that one by its name for ever; an error
		// lets Next ask for another.
		MaxResetAttempts: 1,
	})
	if err != nil {
		return wrap(op, err)
	}
	messages, err := consumer.Messages(jetstream.PullMaxMessagesWithBytesLimit(logAhead, logAheadBytes), jetstream.PullHeartbeat(logHeartbeat))
	if err != nil {
		return wrap(op, err)
	}
	l.mu.Lock()
	l.messages = messages
	l.mu.Unlock()
	if l.ctx.Err() != nil {
		l.drop(messages)
		return fmt.Errorf("%s: %w", op, ErrClosed)
	}
	return nil
}

func (l *Log) current() jetstream.MessagesContext {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.messages
}

func (l *Log) drop(messages jetstream.MessagesContext) {
	messages.Stop()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.messages == messages {
		l.messages = nil
	}
}

func (l *Log) wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func (l *Log) ended(ctx context.Context) error {
	if l.ctx.Err() != nil {
		return fmt.Errorf("read %s: %w", l.cfg.Stream, ErrClosed)
	}
	return ctx.Err()
}

// LastSequence is the newest sequence of a stream, and the time at which it was
// stored.
func (c *Client) LastSequence(ctx context.Context, stream string) (uint64, time.Time, error) {
	s, err := c.js.Stream(ctx, stream)
	if err != nil {
		return 0, time.Time{}, wrap("ask for the end of "+stream, err)
	}
	state := s.CachedInfo().State
	return state.LastSeq, state.LastTime.UTC(), nil
}

// NextSequence is the first message of a subject above a sequence, 0 where there
// is none.
func (c *Client) NextSequence(ctx context.Context, stream, subject string, after uint64) (uint64, error) {
	op := fmt.Sprintf("look for %s in %s", subject, stream)
	s, err := c.js.Stream(ctx, stream)
	if err != nil {
		return 0, wrap(op, err)
	}
	m, err := s.GetMsg(ctx, after+1, jetstream.WithGetMsgSubject(subject))
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound):
		return 0, nil
	case err != nil:
		return 0, wrap(op, err)
	}
	return m.Sequence, nil
}

// TrimTo removes the messages of a stream up to and including a sequence. It is
// for streams without consumers, whose readers know what they need no more.
func (c *Client) TrimTo(ctx context.Context, stream string, sequence uint64) error {
	op := "trim " + stream
	s, err := c.js.Stream(ctx, stream)
	if err != nil {
		return wrap(op, err)
	}
	// Purging beyond the end would move the end.
	state := s.CachedInfo().State
	if sequence = min(sequence, state.LastSeq); state.Msgs == 0 || sequence < state.FirstSeq {
		return nil
	}
	return wrap(op, s.Purge(ctx, jetstream.WithPurgeSequence(sequence+1)))
}

// maxFill is how many numbers AdvanceTo passes by publishing.
const maxFill = 1_000_000

// AdvanceTo makes the next message's sequence larger than the given one. A reader
// that remembers more than the stream holds would skip what comes next for
// something it knows: a stream that was removed and made again counts from 1, and
// one of a server that does not sync lost its last seconds in a power cut.
// Nothing may be published meanwhile. Empty messages to subject fill the gap
// where the stream holds messages still.
func (c *Client) AdvanceTo(ctx context.Context, stream, subject string, sequence uint64) error {
	op := fmt.Sprintf("move %s to sequence %d", stream, sequence)
	s, err := c.js.Stream(ctx, stream)
	if err != nil {
		return wrap(op, err)
	}
	state := s.CachedInfo().State
	if state.LastSeq >= sequence {
		return nil
	}
	c.log.Warn("the stream ends before what was counted of it, its numbers move on", "stream", stream, "last", state.LastSeq, "counted", sequence)
	if state.Msgs == 0 {
		return wrap(op, s.Purge(ctx, jetstream.WithPurgeSequence(sequence+1)))
	}
	if sequence-state.LastSeq > maxFill {
		return &Error{
			Op: op, Reason: ErrIncompatible, Cause: fmt.Errorf("it ends at %d and holds %d messages", state.LastSeq, state.Msgs),
			Hint: "it is not the stream that was counted: remove it, or use another database",
		}
	}
	for state.LastSeq < sequence {
		ack, err := c.js.Publish(ctx, subject, nil)
		if err != nil {
			return wrap(op, err)
		}
		state.LastSeq = ack.Sequence
	}
	return nil
}
