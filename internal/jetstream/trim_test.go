package jetstream

import (
	"bytes"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/nats-io/nats.go/jetstream"
)

// Whatever is acknowledged in whatever order: what isn't stays, and in the end
// nothing is left.
func TestTrimKeepsWhatIsNotAcknowledged(t *testing.T) {
	c := ready(t, Config{Topology: Topology{Partitions: 4, EventStages: []string{StageDora, "toil"}}})
	if err := c.trimmer.Close(); err != nil { // by hand here
		t.Fatal(err)
	}
	p := publisher(t, c, PublisherConfig{})
	ctx := t.Context()
	const total = 300
	msgs := make([]Message, total)
	for i := range msgs {
		// Partition 3 stays idle after the first message.
		msgs[i] = Message{Subject: fmt.Sprintf("events.x.%d", i%3), ID: fmt.Sprint(i)}
	}
	msgs[0].Subject = "events.x.3"
	if _, err := p.PublishBatch(ctx, msgs); err != nil {
		t.Fatal(err)
	}
	sub := subscribe(t, c, StreamEvents, append(c.Topology().Consumers(StageDora), c.Topology().Consumers("toil")...)...)
	open := map[uint64]int{} // how many consumers have still to acknowledge
	var held []*Received
	for range 2 * total {
		m := receive(t, sub)
		held = append(held, m)
		open[m.Sequence]++
	}
	rng := rand.New(rand.NewPCG(1, 2))
	rng.Shuffle(len(held), func(i, j int) { held[i], held[j] = held[j], held[i] })
	check := func() (messages uint64) {
		t.Helper()
		if err := c.Trim(ctx); err != nil {
			t.Fatal(err)
		}
		states, err := c.StreamStates(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for seq, n := range open {
			if n > 0 && seq < states[1].FirstSequence {
				t.Fatalf("message %d is gone, %d consumers want it", seq, n)
			}
		}
		return states[1].Messages
	}
	for i, m := range held {
		if err := m.AckSync(ctx); err != nil {
			t.Fatal(err)
		}
		open[m.Sequence]--
		if i%50 == 0 {
			check()
		}
	}
	if n := check(); n != 0 {
		t.Errorf("%d messages are left", n)
	}
	// Sequences go on, and so does everything else.
	if r := mustPublish(t, p, Message{Subject: "events.x.3"}); r.Sequence != total+1 {
		t.Errorf("%+v", r)
	}
	if n := check(); n != 1 {
		t.Errorf("%d messages, one is new", n)
	}
	receive(t, sub)
}

func TestTrimWaitsForMissingAndForeignConsumers(t *testing.T) {
	c := ready(t, Config{})
	if err := c.trimmer.Close(); err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	p := publisher(t, c, PublisherConfig{})
	left := func() uint64 {
		t.Helper()
		states, err := c.StreamStates(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return states[1].Messages
	}
	mustPublish(t, p, Message{Subject: "events.x.0"})
	// Another version of fivekeys has a stage of its own, which reads all events.
	foreign, err := c.js.CreateConsumer(ctx, StreamEvents, jetstream.ConsumerConfig{Durable: "other", AckPolicy: jetstream.AckExplicitPolicy})
	if err != nil {
		t.Fatal(err)
	}
	if err := receive(t, subscribe(t, c, StreamEvents, "dora-0")).AckSync(ctx); err != nil {
		t.Fatal(err)
	}
	if err := c.Trim(ctx); err != nil || left() != 1 {
		t.Errorf("%v, %d left", err, left())
	}
	m, err := foreign.Next()
	if err != nil {
		t.Fatal(err)
	}
	if err := m.DoubleAck(ctx); err != nil {
		t.Fatal(err)
	}
	if err := c.js.DeleteConsumer(ctx, StreamEvents, "dora-1"); err != nil {
		t.Fatal(err)
	}
	if err := c.Trim(ctx); err == nil || left() != 1 {
		t.Errorf("%v, %d left although a consumer is missing", err, left())
	}
	if err := c.Ensure(ctx); err != nil {
		t.Fatal(err)
	}
	if err := c.Trim(ctx); err != nil || left() != 0 {
		t.Errorf("%v, %d left", err, left())
	}
}

func TestAnOutageIsWarnedOfOnce(t *testing.T) {
	var out bytes.Buffer
	trim := &trimmer{client: &Client{log: slog.New(slog.NewTextHandler(&out, nil))}}
	rounds := func(n int, err error) string {
		out.Reset()
		for range n {
			trim.note(err)
		}
		return out.String()
	}
	if got := rounds(trimPatience-1, ErrUnavailable) + rounds(1, nil) + rounds(1, ErrUnavailable) + rounds(1, nil); got != "" {
		t.Errorf("an election is told of: %s", got)
	}
	if got := rounds(100, ErrUnavailable); strings.Count(got, "\n") != 1 || !strings.Contains(got, "level=WARN") {
		t.Errorf("an outage is told of as %s", got)
	}
	if got := rounds(3, nil); strings.Count(got, "\n") != 1 || !strings.Contains(got, "level=INFO") {
		t.Errorf("its end is told of as %s", got)
	}
	if got := rounds(trimPatience, ErrUnavailable); strings.Count(got, "level=WARN") != 1 {
		t.Errorf("the next one is told of as %s", got)
	}
}
