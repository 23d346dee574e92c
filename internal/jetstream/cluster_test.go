package jetstream

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/fivekeys/fivekeys/internal/testkit"
)

// Two processes work on a cluster of three servers, of which one after another is
// killed and comes back: each time the one that leads a stream.
func TestAClusterLosesNothingWithItsLeaders(t *testing.T) {
	if testing.Short() {
		t.Skip("elections take seconds")
	}
	cluster := testkit.StartNATSCluster(t)
	top := Topology{Partitions: 4, Replicas: 3, AckWait: 3 * time.Second, PinnedTTL: 2 * time.Second}
	clients := make([]*Client, 2)
	var starting sync.WaitGroup
	for i := range clients {
		// Connected to different servers, and both make the streams.
		urls := cluster.URLs()
		clients[i] = open(t, Config{URL: strings.Join(slices.Concat(urls[i:], urls[:i]), ","), Topology: top})
		starting.Go(func() {
			if err := clients[i].Ensure(t.Context()); err != nil {
				t.Errorf("Ensure: %v", err)
			}
		})
	}
	starting.Wait()
	if t.Failed() {
		t.FailNow()
	}
	leases := []*Leases{lease(t, clients[0], partitionNames(7)), lease(t, clients[1], partitionNames(7))}
	bucket, err := clients[0].Bucket(t.Context(), BucketConfig{Name: "test"})
	if err != nil {
		t.Fatal(err)
	}
	replicated(t, clients[0], 3)

	load := startLoad(t, clients)
	for round, stream := range []string{StreamEvents, StreamSpans, StreamDeliveries} {
		load.awaitProgress(t)
		name := cluster.Leader(stream)
		killed := time.Now()
		cluster.Node(name).Kill()
		cluster.Leader(stream)
		t.Logf("%s led %s; after %v there is another leader", name, stream, time.Since(killed).Round(10*time.Millisecond))
		load.awaitProgress(t)
		t.Logf("after %v everything goes on", time.Since(killed).Round(10*time.Millisecond))
		until(t, "the bucket takes values", func(ctx context.Context) (bool, error) {
			err := bucket.Put(ctx, "round", []byte{byte(round)})
			return err == nil, err
		})
		until(t, "the leases are shared", shared(partitionNames(7), leases...))
		cluster.Node(name).Start()
		cluster.AwaitCurrent(StreamEvents, StreamSpans, StreamDeliveries, StreamDeadLetters, StreamSignals)
	}
	load.stop(t)
	if value, err := bucket.Get(t.Context(), "round"); err != nil || len(value) != 1 || value[0] != 2 {
		t.Errorf("the bucket holds %v, %v", value, err)
	}
	// What is acknowledged is removed.
	until(t, "trimmed", func(ctx context.Context) (bool, error) {
		states, err := clients[1].StreamStates(ctx)
		if err != nil {
			return false, err
		}
		for _, s := range states {
			if (s.Stream == StreamEvents || s.Stream == StreamDeliveries) && s.Messages > 0 {
				return false, fmt.Errorf("%+v", s)
			}
		}
		return true, nil
	})
	last, _, err := clients[1].LastSequence(t.Context(), StreamSpans)
	if err != nil {
		t.Fatal(err)
	}
	if err := clients[1].TrimTo(t.Context(), StreamSpans, last-1); err != nil {
		t.Fatal(err)
	}
	if seq, err := clients[0].NextSequence(t.Context(), StreamSpans, "spans.>", 0); err != nil || seq != last {
		t.Errorf("the first message of SPANS is %d, %v; want %d", seq, err, last)
	}
}

// What began with one replica goes on with three.
func TestReplicasAreRaised(t *testing.T) {
	if testing.Short() {
		t.Skip("elections take seconds")
	}
	cluster := testkit.StartNATSCluster(t)
	before := ready(t, Config{URL: cluster.URL()})
	if _, err := before.Bucket(t.Context(), BucketConfig{Name: "test"}); err != nil {
		t.Fatal(err)
	}
	lease(t, before, partitionNames(2))
	receipt := mustPublish(t, publisher(t, before, PublisherConfig{}), Message{Subject: "events.deployment.0", Data: []byte("kept")})

	after := open(t, Config{URL: cluster.URL(), Topology: Topology{Replicas: 3}})
	if err := after.Ensure(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := after.Bucket(t.Context(), BucketConfig{Name: "test"}); err != nil {
		t.Fatal(err)
	}
	lease(t, after, partitionNames(2))
	replicated(t, after, 3)
	// A process that isn't configured for replicas leaves them as they are.
	lease(t, before, partitionNames(2))
	if err := before.Ensure(t.Context()); err != nil {
		t.Fatal(err)
	}
	replicated(t, after, 3)
	if m := receive(t, subscribe(t, after, StreamEvents, "dora-0")); string(m.Data) != "kept" || m.Sequence != receipt.Sequence {
		t.Errorf("%+v", m)
	}
}

// replicated wants everything that is stored to be stored n times.
func replicated(t *testing.T, c *Client, n int) {
	t.Helper()
	list := c.js.ListStreams(t.Context())
	count := 0
	for info := range list.Info() {
		count++
		if info.Config.Replicas != n {
			t.Errorf("%s has %d replicas", info.Config.Name, info.Config.Replicas)
		}
		if info.Config.PersistMode != jetstream.DefaultPersistMode {
			t.Errorf("%s has persist mode %v", info.Config.Name, info.Config.PersistMode)
		}
	}
	if err := list.Err(); err != nil || count < 7 {
		t.Errorf("%d streams, %v", count, err)
	}
}

// syncedAcks: of so many acknowledgements one waits until the server has it.
const syncedAcks = 50

// load is what processes do all the time: publish messages alone and in batches,
// take events from partitions and acknowledge them, and read the spans' log.
type load struct {
	stopping chan struct{}
	senders  sync.WaitGroup
	readers  sync.WaitGroup
	finish   context.CancelFunc

	mu      sync.Mutex
	stored  map[string]map[string]bool // by stream, what was acknowledged by the server
	taken   map[string]map[string]bool // by stream, what arrived
	settled map[uint64]time.Time       // events that the server knows to be dealt with, since when
	highest map[string]uint64          // of each pin, the sequence of its last first delivery
	refused int
	pause   time.Duration // the longest of a sender
}

func startLoad(t *testing.T, clients []*Client) *load {
	ctx, cancel := context.WithCancel(t.Context())
	l := &load{
		stopping: make(chan struct{}), finish: cancel, settled: map[uint64]time.Time{}, highest: map[string]uint64{},
		stored: map[string]map[string]bool{}, taken: map[string]map[string]bool{},
	}
	for _, stream := range []string{StreamDeliveries, StreamEvents, StreamSpans} {
		l.stored[stream], l.taken[stream] = map[string]bool{}, map[string]bool{}
	}
	for i, c := range clients {
		p := publisher(t, c, PublisherConfig{Timeout: 2 * time.Second})
		for sender := range 2 {
			name := fmt.Sprintf("%d.%d", i, sender)
			l.send(t, p, name+".single", func(n int) []Message { return []Message{{Subject: "deliveries.github"}} })
			l.send(t, p, name+".span", func(n int) []Message { return []Message{{Subject: fmt.Sprintf("spans.%d", n%4)}} })
			l.send(t, p, name+".batch", func(n int) []Message {
				msgs := make([]Message, 10)
				for j := range msgs {
					msgs[j].Subject = fmt.Sprintf("events.deployment.%d", (n+j)%4)
				}
				return msgs
			})
		}
		l.take(ctx, t, subscribe(t, c, StreamEvents, c.Topology().Consumers(StageDora)...))
		l.take(ctx, t, subscribe(t, c, StreamDeliveries, ConsumerDecode))
		l.take(ctx, t, subscribe(t, c, StreamDeliveries, ConsumerArchive))
	}
	log, err := clients[0].ReadLog(t.Context(), LogConfig{Stream: StreamSpans, After: map[string]uint64{"spans.0": 0, "spans.1": 0, "spans.2": 0, "spans.3": 0}})
	if err != nil {
		t.Fatal(err)
	}
	l.readers.Go(func() {
		last := uint64(0)
		for {
			m, err := log.Next(ctx)
			if err != nil {
				return
			}
			if m.Sequence <= last {
				t.Errorf("the log gives %d after %d", m.Sequence, last)
			}
			last = m.Sequence
			l.mu.Lock()
			l.taken[StreamSpans][string(m.Data)] = true
			l.mu.Unlock()
		}
	})
	t.Cleanup(func() { cancel(); l.readers.Wait() })
	return l
}

// send publishes until the load stops. What the server didn't acknowledge is
// published again, as a sender of webhooks does.
func (l *load) send(t *testing.T, p *Publisher, name string, next func(n int) []Message) {
	l.senders.Go(func() {
		last := time.Now()
		for n := 0; l.awaitRoom(); n++ {
			msgs := next(n)
			for i := range msgs {
				msgs[i].ID = fmt.Sprintf("%s.%d.%d", name, n, i)
				msgs[i].Data = []byte(msgs[i].ID)
			}
			for {
				receipts, err := p.PublishBatch(t.Context(), msgs)
				if err == nil {
					l.mu.Lock()
					for i, r := range receipts {
						l.stored[r.Stream][msgs[i].ID] = true
					}
					l.pause = max(l.pause, time.Since(last))
					l.mu.Unlock()
					last = time.Now()
					break
				}
				if t.Context().Err() != nil {
					return // the test has failed
				}
				if !errors.Is(err, ErrUnavailable) {
					t.Errorf("a sender is told: %v", err)
					return
				}
				l.mu.Lock()
				l.refused++
				l.mu.Unlock()
			}
		}
	})
}

// maxUntaken keeps the load one that the machine can carry: where its senders
// outrun the readers, an election finds no processor.
const maxUntaken = 2000

// awaitRoom waits until the readers are not far behind; false means stop.
func (l *load) awaitRoom() bool {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		untaken := 0
		l.mu.Lock()
		for stream, stored := range l.stored {
			untaken = max(untaken, len(stored)-len(l.taken[stream]))
		}
		l.mu.Unlock()
		select {
		case <-l.stopping:
			return false
		default:
		}
		if untaken < maxUntaken {
			return true
		}
		select {
		case <-tick.C:
		case <-l.stopping:
			return false
		}
	}
}

func (l *load) take(ctx context.Context, t *testing.T, sub *Subscription) {
	l.readers.Go(func() {
		for {
			select {
			case m := <-sub.Messages():
				l.arrived(t, m)
				// Waiting for each answer would be slower than the senders are.
				if m.Sequence%syncedAcks != 0 {
					_ = m.Ack() // lost, the message comes again
				} else if err := m.AckSync(ctx); err == nil && m.Stream == StreamEvents {
					l.mu.Lock()
					l.settled[m.Sequence] = time.Now()
					l.mu.Unlock()
				}
			case <-ctx.Done():
				return
			}
		}
	})
}

func (l *load) arrived(t *testing.T, m *Received) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.taken[m.Stream][string(m.Data)] = true
	if m.Stream != StreamEvents {
		return
	}
	if m.Pin == "" {
		t.Errorf("message %d of %s has no pin", m.Sequence, m.Consumer)
	}
	// Not by when it is taken: a copy sent before may wait here.
	if at, ok := l.settled[m.Sequence]; ok && m.received.After(at) {
		t.Errorf("message %d of %s, %d times, comes again %v after it was acknowledged", m.Sequence, m.Consumer, m.NumDelivered, m.received.Sub(at))
	}
	if pin := m.Consumer + " " + m.Pin; m.NumDelivered == 1 {
		if m.Sequence <= l.highest[pin] {
			t.Errorf("%s gives %d after %d", m.Consumer, m.Sequence, l.highest[pin])
		}
		l.highest[pin] = m.Sequence
	}
}

// awaitProgress waits until every kind of work has gone on.
func (l *load) awaitProgress(t *testing.T) {
	t.Helper()
	count := func() (counts []int) {
		l.mu.Lock()
		defer l.mu.Unlock()
		for _, stream := range []string{StreamDeliveries, StreamEvents, StreamSpans} {
			counts = append(counts, len(l.stored[stream]), len(l.taken[stream]))
		}
		return counts
	}
	before := count()
	until(t, "progress", func(context.Context) (bool, error) {
		now := count()
		for i := range now {
			if now[i] < before[i]+50 {
				return false, fmt.Errorf("%v, before %v", now, before)
			}
		}
		return true, nil
	})
}

// stop ends the sending and waits until all that was stored has arrived.
func (l *load) stop(t *testing.T) {
	t.Helper()
	close(l.stopping)
	l.senders.Wait()
	until(t, "all that was stored arrives", func(context.Context) (bool, error) {
		l.mu.Lock()
		defer l.mu.Unlock()
		for stream, stored := range l.stored {
			missing := 0
			for id := range stored {
				if !l.taken[stream][id] {
					missing++
				}
			}
			if missing > 0 {
				return false, fmt.Errorf("%d of %d of %s", missing, len(stored), stream)
			}
		}
		return true, nil
	})
	l.mu.Lock()
	defer l.mu.Unlock()
	t.Logf("%d deliveries, %d events, %d spans; %d publishes refused, the longest pause of a sender %v",
		len(l.stored[StreamDeliveries]), len(l.stored[StreamEvents]), len(l.stored[StreamSpans]), l.refused, l.pause.Round(10*time.Millisecond))
}
