package jetstream

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// Received is a message to be answered with one of Ack, NakWithDelay and Term;
// until then it counts as pending and comes again when this process dies.
type Received struct {
	Stored
	Consumer string
	// NumDelivered counts from 1. Crashes and restarts of others raise it too:
	// it alone doesn't make a message poison.
	NumDelivered int
	// Pin changes when another process may have been active on the consumer's
	// partition in between: what is cached about it is stale. Empty without
	// pinning, when there is only this process.
	Pin string

	client   *Client
	sub      *Subscription // nil: never handed out
	reply    string
	credit   chan<- struct{}
	received time.Time
	answered atomic.Bool
}

// The answers a server understands.
const (
	answerAck        = "+ACK"
	answerNak        = "-NAK"
	answerTerm       = "+TERM"
	answerInProgress = "+WPI"
)

var errAnswered = errors.New("answered before")

// Ack says that the message is dealt with for good. The answer travels
// asynchronously: if it gets lost the message comes again.
func (m *Received) Ack() error { return m.answer(answerAck) }

// AckSync waits until the server has the acknowledgement. Where that fails, as
// with the other answers, the message is extended no more: it comes again after
// AckWait, unless it is answered better until then.
func (m *Received) AckSync(ctx context.Context) error {
	if !m.answered.CompareAndSwap(false, true) {
		return fmt.Errorf("%s: %w", m.op("acknowledge"), errAnswered)
	}
	defer m.release()
	ctx, cancel := context.WithTimeout(ctx, defaultPublishTimeout)
	defer cancel()
	if _, err := m.client.nc.RequestWithContext(ctx, m.reply, []byte(answerAck)); err != nil {
		m.answered.Store(false)
		return wrap(m.op("acknowledge"), err)
	}
	return nil
}

// NakWithDelay has the message come again after the delay, or at once if 0.
func (m *Received) NakWithDelay(delay time.Duration) error {
	if delay <= 0 {
		return m.answer(answerNak)
	}
	return m.answer(fmt.Sprintf(`%s {"delay": %d}`, answerNak, delay.Nanoseconds()))
}

// Term ends the message without success; the reason shows in an advisory of the
// server. Publish it to the dead letters first.
func (m *Received) Term(reason string) error { return m.answer(answerTerm + " " + reason) }

// InProgress gives the message another AckWait. The subscription does so by
// itself; calling it is for who holds a message longer than MaxHold.
func (m *Received) InProgress() error {
	if m.answered.Load() {
		return nil
	}
	if err := m.client.nc.Publish(m.reply, []byte(answerInProgress)); err != nil {
		return wrap(m.op("extend"), err)
	}
	return nil
}

func (m *Received) answer(text string) error {
	if !m.answered.CompareAndSwap(false, true) {
		return fmt.Errorf("%s: %w", m.op("answer"), errAnswered)
	}
	defer m.release()
	if err := m.client.nc.Publish(m.reply, []byte(text)); err != nil {
		m.answered.Store(false)
		return wrap(m.op("answer"), err)
	}
	return nil
}

func (m *Received) release() {
	if m.sub != nil {
		m.sub.release(m)
	}
}

func (m *Received) op(verb string) string {
	return fmt.Sprintf("%s message %d of %s", verb, m.Sequence, m.Stream)
}
