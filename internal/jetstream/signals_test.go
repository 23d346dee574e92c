package jetstream

import (
	"context"
	"errors"
	"fmt"
	"testing"
)

func TestSignalsStayForAWeekWhoeverHasAcknowledgedThem(t *testing.T) {
	c := ready(t, Config{Topology: Topology{SignalConsumers: []string{"notify-chat"}}})
	p := publisher(t, c, PublisherConfig{})
	s := subscribe(t, c, StreamSignals, "notify-chat")
	sent := mustPublish(t, p, Message{Subject: "signals.alert.checkout", Data: []byte("{}")})
	m := receive(t, s)
	if err := m.AckSync(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := c.Trim(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := c.GetMessage(t.Context(), StreamSignals, sent.Sequence); err != nil {
		t.Errorf("the signal is gone: %v", err)
	}
}

func TestANewReceiverIsNotToldLastWeeksSignals(t *testing.T) {
	dir := t.TempDir()
	c := ready(t, Config{StoreDir: dir})
	mustPublish(t, publisher(t, c, PublisherConfig{}), Message{Subject: "signals.budget.checkout", Data: []byte("old")})
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	c = ready(t, Config{StoreDir: dir, Topology: Topology{SignalConsumers: []string{"notify-chat"}}})
	s := subscribe(t, c, StreamSignals, "notify-chat")
	mustPublish(t, publisher(t, c, PublisherConfig{}), Message{Subject: "signals.budget.checkout", Data: []byte("new")})
	if m := receive(t, s); string(m.Data) != "new" {
		t.Errorf("got %q", m.Data)
	}
	if _, err := c.Subscribe(t.Context(), SubscribeConfig{Stream: StreamSignals, Consumers: []string{"notify-none"}}); !errors.Is(err, ErrNotFound) {
		t.Errorf("subscribe to a consumer that isn't declared: %v", err)
	}
}

func TestAConsumerStateSaysUpToWhereEverythingIsSettled(t *testing.T) {
	dir := t.TempDir()
	c := ready(t, Config{StoreDir: dir})
	before := mustPublish(t, publisher(t, c, PublisherConfig{}), Message{Subject: "signals.alert.a"})
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	c = ready(t, Config{StoreDir: dir, Topology: Topology{SignalConsumers: []string{"notify-chat"}}})
	p := publisher(t, c, PublisherConfig{})
	// The server counts what waits a moment after it has acknowledged it.
	check := func(when string, settled, unacked, waiting uint64) {
		t.Helper()
		until(t, when, func(ctx context.Context) (bool, error) {
			got, err := c.ConsumerState(ctx, StreamSignals, "notify-chat")
			if err != nil {
				t.Fatal(err)
			}
			return got.Settled == settled && got.Unacked == unacked && got.Waiting == waiting, fmt.Errorf("got %+v", got)
		})
	}
	check("before its first message", before.Sequence, 0, 0)
	first := mustPublish(t, p, Message{Subject: "signals.alert.a"})
	mustPublish(t, p, Message{Subject: "signals.alert.a"})
	check("with two waiting", before.Sequence, 0, 2)
	s := subscribe(t, c, StreamSignals, "notify-chat")
	m := receive(t, s)
	receive(t, s)
	check("with two taken", before.Sequence, 2, 0)
	if err := m.AckSync(t.Context()); err != nil {
		t.Fatal(err)
	}
	check("with one of them answered", first.Sequence, 1, 0)
}
