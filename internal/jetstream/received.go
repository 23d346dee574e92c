package jetstream

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// headerPin is the server's mark of who is active on a partition.
const headerPin = "Nats-Pin-Id"

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

	sub      *Subscription
	msg      jetstream.Msg
	credit   chan<- struct{}
	received time.Time
}

// Ack says that the message is dealt with for good. The answer travels
// asynchronously: if it gets lost the message comes again.
func (m *Received) Ack() error { return m.answer(m.msg.Ack()) }

// AckSync waits until the server has the acknowledgement.
func (m *Received) AckSync(ctx context.Context) error { return m.answer(m.msg.DoubleAck(ctx)) }

// NakWithDelay has the message come again after the delay, or at once if 0.
func (m *Received) NakWithDelay(delay time.Duration) error {
	if delay <= 0 {
		return m.answer(m.msg.Nak())
	}
	return m.answer(m.msg.NakWithDelay(delay))
}

// Term ends the message without success; the reason shows in an advisory of the
// server. Publish it to the dead letters first.
func (m *Received) Term(reason string) error { return m.answer(m.msg.TermWithReason(reason)) }

// InProgress gives the message another AckWait. The subscription does so by
// itself; calling it is for who holds a message longer than MaxHold.
func (m *Received) InProgress() error {
	if err := m.msg.InProgress(); err != nil {
		return wrap(m.op("extend"), err)
	}
	return nil
}

func (m *Received) answer(err error) error {
	if err != nil {
		return wrap(m.op("answer"), err)
	}
	m.sub.release(m)
	return nil
}

func (m *Received) op(verb string) string {
	return fmt.Sprintf("%s message %d of %s", verb, m.Sequence, m.Stream)
}
