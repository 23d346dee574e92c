package jetstream

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// sharing is a process that reads the partitions whose leases it holds.
type sharing struct {
	client *Client
	leases *Leases
	sub    *Subscription
}

func share(t *testing.T, url string, partitions int) *sharing {
	t.Helper()
	c := ready(t, Config{URL: url, Topology: Topology{Partitions: partitions, AckWait: time.Second, PinnedTTL: time.Second}})
	names := c.Topology().Consumers(StageDora)
	l := lease(t, c, names)
	sub, err := c.Subscribe(t.Context(), SubscribeConfig{Stream: StreamEvents, Consumers: names, Leases: l})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sub.Close() })
	return &sharing{c, l, sub}
}

// spread notes who takes the messages of which partition.
type spread struct {
	mu    sync.Mutex
	last  map[string]*sharing // by consumer
	taken map[string]bool
}

func (s *spread) follow(t *testing.T, p *sharing) {
	var reading sync.WaitGroup
	reading.Go(func() {
		for m := range p.sub.Messages() {
			s.mu.Lock()
			s.last[m.Consumer] = p
			s.taken[string(m.Data)] = true
			s.mu.Unlock()
			_ = m.Ack() // of a dead process it fails, and the message comes again
		}
	})
	t.Cleanup(func() { _ = p.sub.Close(); reading.Wait() })
}

func TestPartitionsAreReadByWhoHoldsTheirLeases(t *testing.T) {
	const partitions = 6
	s := runServer(t, &server.Options{JetStream: true})
	seen := spread{last: map[string]*sharing{}, taken: map[string]bool{}}
	first := share(t, s.ClientURL(), partitions)
	sender := ready(t, Config{URL: s.ClientURL(), Topology: Topology{Partitions: partitions, PinnedTTL: time.Second, AckWait: time.Second}})
	p := publisher(t, sender, PublisherConfig{})
	published := 0
	// evenly publishes to all partitions until each of the processes has its share.
	evenly := func(what string, processes ...*sharing) {
		t.Helper()
		until(t, what, func(context.Context) (bool, error) {
			for i := range partitions {
				published++
				mustPublish(t, p, Message{Subject: fmt.Sprintf("events.x.%d", i), Data: fmt.Append(nil, published)})
			}
			seen.mu.Lock()
			defer seen.mu.Unlock()
			count := map[*sharing]int{}
			for _, who := range seen.last {
				count[who]++
			}
			for _, process := range processes {
				if count[process] != partitions/len(processes) {
					return false, fmt.Errorf("one reads %d partitions", count[process])
				}
			}
			return true, nil
		})
	}
	seen.follow(t, first)
	evenly("one reads all", first)
	second := share(t, s.ClientURL(), partitions)
	seen.follow(t, second)
	evenly("two share", first, second)
	third := share(t, s.ClientURL(), partitions)
	seen.follow(t, third)
	evenly("a third takes its share", first, second, third)
	first.client.nc.Close() // dies
	evenly("the rest is shared by the living", second, third)
	// Stopped as serve stops: what it read goes to the other at once.
	if err := second.sub.Close(); err != nil {
		t.Fatal(err)
	}
	if err := second.leases.Close(); err != nil {
		t.Fatal(err)
	}
	evenly("one is left", third)
	until(t, "nothing is lost", func(context.Context) (bool, error) {
		seen.mu.Lock()
		defer seen.mu.Unlock()
		return len(seen.taken) == published, fmt.Errorf("%d of %d", len(seen.taken), published)
	})
	until(t, "drained", drained(sender, StreamEvents))
}

// A partition that comes back has its places in the queue again.
func TestAPartitionThatComesAndGoesKeepsItsPlaces(t *testing.T) {
	c := ready(t, Config{})
	p := publisher(t, c, PublisherConfig{})
	const name = "dora-0"
	l := &Leases{held: map[string]uint64{}, changes: make(chan struct{}, 1)} // that say what the test wants
	sub, err := c.Subscribe(t.Context(), SubscribeConfig{Stream: StreamEvents, Consumers: []string{name}, Leases: l})
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()
	places := sub.credits[name]
	for range 3 {
		l.set(name, 0)
		l.signal()
		mustPublish(t, p, Message{Subject: "events.x.0"})
		if err := receive(t, sub).AckSync(t.Context()); err != nil {
			t.Fatal(err)
		}
		l.unset(name)
		l.signal()
		until(t, "places are free", func(context.Context) (bool, error) {
			return len(places) == cap(places), fmt.Errorf("%d of %d", len(places), cap(places))
		})
	}
}
