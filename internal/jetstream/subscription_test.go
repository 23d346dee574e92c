package jetstream

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/fivekeys/fivekeys/internal/testkit"
)

func TestAnswers(t *testing.T) {
	c := ready(t, Config{})
	p := publisher(t, c, PublisherConfig{})
	sub := subscribe(t, c, StreamEvents, "dora-0", "dora-1")

	mustPublish(t, p, Message{Subject: "events.x.0", Data: []byte("nak")})
	m := receive(t, sub)
	if err := m.NakWithDelay(0); err != nil {
		t.Fatal(err)
	}
	if m = receive(t, sub); m.NumDelivered != 2 {
		t.Errorf("delivered %d times", m.NumDelivered)
	}
	if err := m.NakWithDelay(time.Millisecond); err != nil {
		t.Fatal(err)
	}
	m = receive(t, sub)
	if m.NumDelivered != 3 || sub.Held() != 1 {
		t.Errorf("delivered %d times, %d held", m.NumDelivered, sub.Held())
	}
	if err := m.InProgress(); err != nil {
		t.Fatal(err)
	}
	if err := m.Term("poison"); err != nil {
		t.Fatal(err)
	}
	if err := m.Ack(); err == nil {
		t.Error("answered twice")
	}
	until(t, "drained", drained(c, StreamEvents))
	if sub.Held() != 0 {
		t.Errorf("%d held", sub.Held())
	}
}

func TestUnansweredMessagesGoToTheNextProcess(t *testing.T) {
	s := runServer(t, &server.Options{JetStream: true})
	top := Topology{AckWait: time.Second, PinnedTTL: -1}
	first := ready(t, Config{URL: s.ClientURL(), Topology: top})
	p := publisher(t, first, PublisherConfig{})
	sub := subscribe(t, first, StreamEvents, "dora-0")
	mustPublish(t, p, Message{Subject: "events.x.0", Data: []byte("taken")})
	receive(t, sub)
	// It dies with the message in hand; nothing is said to the server.
	first.nc.Close()

	second := ready(t, Config{URL: s.ClientURL(), Topology: top})
	m := receive(t, subscribe(t, second, StreamEvents, "dora-0"))
	if string(m.Data) != "taken" || m.NumDelivered < 2 {
		t.Errorf("%q, delivered %d times", m.Data, m.NumDelivered)
	}
	if err := m.AckSync(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestCloseGivesBackWhatNobodyTook(t *testing.T) {
	c := ready(t, Config{})
	p := publisher(t, c, PublisherConfig{})
	for i := range 10 {
		mustPublish(t, p, Message{Subject: "events.x.0", Data: []byte(strconv.Itoa(i))})
	}
	sub := subscribe(t, c, StreamEvents, "dora-0")
	until(t, "fetched", func(context.Context) (bool, error) { return sub.Held() == 10, nil })
	if err := sub.Close(); err != nil {
		t.Fatal(err)
	}
	if sub.Held() != 0 {
		t.Errorf("%d held", sub.Held())
	}
	// At once, not after the ack wait of 30 s; the test's deadline isn't the check,
	// the first delivery count is.
	next := subscribe(t, c, StreamEvents, "dora-0")
	for range 10 {
		if m := receive(t, next); m.NumDelivered != 2 {
			t.Errorf("delivered %d times", m.NumDelivered)
		}
	}
}

func TestHeldMessagesAreExtended(t *testing.T) {
	if testing.Short() {
		t.Skip("needs several ack waits")
	}
	c := ready(t, Config{Topology: Topology{AckWait: 3 * time.Second}})
	p := publisher(t, c, PublisherConfig{})
	sub := subscribe(t, c, StreamEvents, "dora-0")
	mustPublish(t, p, Message{Subject: "events.x.0"})
	m := receive(t, sub)
	select {
	case again := <-sub.Messages():
		t.Errorf("redelivered while held: %+v", again)
	case <-time.After(7 * time.Second):
	}
	// Given up, it comes again.
	sub.extend(time.Now().Add(sub.cfg.MaxHold + time.Second))
	if again := receive(t, sub); again.NumDelivered != 2 || again.Sequence != m.Sequence {
		t.Errorf("%+v", again)
	}
}

// Whoever was told that an answer failed has given the message up.
func TestWhatCouldNotBeAnsweredIsNotExtended(t *testing.T) {
	c := ready(t, Config{Topology: Topology{AckWait: time.Second}})
	sub := subscribe(t, c, StreamEvents, "dora-0")
	mustPublish(t, publisher(t, c, PublisherConfig{}), Message{Subject: "events.x.0"})
	m := receive(t, sub)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := m.AckSync(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if again := receive(t, sub); again.NumDelivered != 2 || again.Sequence != m.Sequence {
		t.Errorf("%+v", again)
	}
}

func TestBackpressureKeepsMessagesAtTheServer(t *testing.T) {
	c := ready(t, Config{})
	p := publisher(t, c, PublisherConfig{})
	const total = 500
	msgs := make([]Message, total)
	for i := range msgs {
		msgs[i] = Message{Subject: fmt.Sprintf("events.x.%d", i%2), Data: []byte(strconv.Itoa(i))}
	}
	if _, err := p.PublishBatch(t.Context(), msgs); err != nil {
		t.Fatal(err)
	}
	sub, err := c.Subscribe(t.Context(), SubscribeConfig{Stream: StreamEvents, Consumers: c.Topology().Consumers(StageDora), Buffer: 20})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for range total {
		if n := sub.Held(); n > 20+2 {
			t.Fatalf("%d held, 20 is the buffer", n)
		}
		m := receive(t, sub)
		seen[string(m.Data)] = true
		if err := m.Ack(); err != nil {
			t.Fatal(err)
		}
	}
	if len(seen) != total {
		t.Errorf("%d of %d", len(seen), total)
	}
	until(t, "drained", drained(c, StreamEvents))
}

func TestDeletedConsumerIsCreatedAgain(t *testing.T) {
	c := ready(t, Config{})
	p := publisher(t, c, PublisherConfig{})
	sub := subscribe(t, c, StreamEvents, "dora-0")
	mustPublish(t, p, Message{Subject: "events.x.0", Data: []byte("before")})
	if err := receive(t, sub).AckSync(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := c.js.DeleteConsumer(t.Context(), StreamEvents, "dora-0"); err != nil {
		t.Fatal(err)
	}
	until(t, "created again", func(ctx context.Context) (bool, error) {
		_, err := c.js.Consumer(ctx, StreamEvents, "dora-0")
		return err == nil, err
	})
	mustPublish(t, p, Message{Subject: "events.x.0", Data: []byte("after")})
	// The new consumer starts with what is left in the stream.
	for string(receive(t, sub).Data) != "after" {
	}
}

func TestSubscribeMistakes(t *testing.T) {
	c := ready(t, Config{})
	for _, cfg := range []SubscribeConfig{{Stream: StreamEvents}, {Stream: StreamEvents, Consumers: []string{"nobody"}}, {Stream: "NOWHERE", Consumers: []string{"x"}}} {
		if _, err := c.Subscribe(t.Context(), cfg); err == nil {
			t.Errorf("%+v accepted", cfg)
		}
	}
	if _, err := c.Subscribe(t.Context(), SubscribeConfig{Stream: StreamEvents, Consumers: []string{"nobody"}}); !errors.Is(err, ErrNotFound) {
		t.Errorf("got %v", err)
	}
}

// Of two processes one is active on a partition; the other takes over when it
// dies, and sees by the pin that somebody else was there.
func TestPinnedPartitions(t *testing.T) {
	s := runServer(t, &server.Options{JetStream: true})
	top := Topology{Partitions: 1, PinnedTTL: 3 * time.Second, AckWait: 3 * time.Second}
	clients := []*Client{ready(t, Config{URL: s.ClientURL(), Topology: top}), ready(t, Config{URL: s.ClientURL(), Topology: top})}
	p := publisher(t, clients[0], PublisherConfig{})
	subs := []*Subscription{subscribe(t, clients[0], StreamEvents, "dora-0"), subscribe(t, clients[1], StreamEvents, "dora-0")}
	take := func() (*Received, int) {
		t.Helper()
		select {
		case m := <-subs[0].Messages():
			return m, 0
		case m := <-subs[1].Messages():
			return m, 1
		case <-time.After(testkit.Patience):
			t.Fatal("no message")
		}
		return nil, 0
	}
	var active int
	var pin string
	for i := range 50 {
		mustPublish(t, p, Message{Subject: "events.x.0"})
		m, who := take()
		if i == 0 {
			active, pin = who, m.Pin
		}
		if who != active || m.Pin != pin || pin == "" {
			t.Fatalf("message %d went to process %d with pin %q, before to %d with %q", i, who, m.Pin, active, pin)
		}
		if err := m.AckSync(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	// The active one is busy: it takes nothing, and stays active all the same.
	for range 3 * defaultBuffer {
		mustPublish(t, p, Message{Subject: "events.x.0"})
	}
	until(t, "full", func(context.Context) (bool, error) { return subs[active].Held() > defaultBuffer/2, nil })
	select {
	case <-subs[1-active].Messages():
		t.Error("the standby got a message although the active process lives")
	case <-time.After(3 * top.PinnedTTL):
	}
	if info := consumerInfo(t, clients[1-active], StreamEvents, "dora-0"); len(info.PriorityGroups) != 1 || info.PriorityGroups[0].PinnedClientID != pin {
		t.Errorf("pinned %+v, before %q", info.PriorityGroups, pin)
	}

	clients[active].nc.Close() // dies
	select {
	case m := <-subs[1-active].Messages():
		if m.Pin == pin || m.Pin == "" {
			t.Errorf("the pin is %q as before", m.Pin)
		}
	case <-time.After(testkit.Patience):
		t.Fatal("nobody took over")
	}
}
