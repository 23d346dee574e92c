package jetstream

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"

	"github.com/nats-io/nats.go/jetstream"
)

func TestManyCallersEachGetTheirOwnReceipt(t *testing.T) {
	for name, mode := range map[string]GroupCommit{"measured": GroupCommitAuto, "in batches": GroupCommitAlways, "one by one": GroupCommitNever} {
		t.Run(name, func(t *testing.T) {
			c := ready(t, Config{})
			p := publisher(t, c, PublisherConfig{GroupCommit: mode})
			const callers, each = 64, 20
			var mu sync.Mutex
			got := map[uint64]string{}
			var wg sync.WaitGroup
			for g := range callers {
				wg.Go(func() {
					for i := range each {
						id := fmt.Sprintf("%d/%d", g, i)
						r, err := p.Publish(t.Context(), Message{Subject: "deliveries.test", ID: id, Data: []byte(id)})
						if err != nil || r.Duplicate || r.Stream != StreamDeliveries {
							t.Errorf("%+v, %v", r, err)
						}
						mu.Lock()
						got[r.Sequence] = id
						mu.Unlock()
					}
				})
			}
			wg.Wait()
			if len(got) != callers*each {
				t.Fatalf("%d sequences for %d messages", len(got), callers*each)
			}
			all, err := c.ListMessages(t.Context(), StreamDeliveries, "", 0, callers*each+1)
			if err != nil || len(all) != callers*each {
				t.Fatalf("%d stored, %v", len(all), err)
			}
			for _, m := range all {
				if got[m.Sequence] != string(m.Data) || m.ID != string(m.Data) || len(m.Header) != 0 {
					t.Errorf("message %d is %q with headers %v, the receipt was for %q", m.Sequence, m.Data, m.Header, got[m.Sequence])
				}
			}
			if n := p.Queued(); n != 0 {
				t.Errorf("%d still queued", n)
			}
		})
	}
}

func TestDuplicates(t *testing.T) {
	t.Run("published again", func(t *testing.T) {
		p := publisher(t, ready(t, Config{}), PublisherConfig{})
		m := Message{Subject: "deliveries.test", ID: "same"}
		first, second := mustPublish(t, p, m), mustPublish(t, p, m)
		if first.Duplicate || !second.Duplicate || first.Sequence != second.Sequence {
			t.Errorf("%+v then %+v", first, second)
		}
	})
	t.Run("of 64 concurrent publishes of one ID, one is the first", func(t *testing.T) {
		p := publisher(t, ready(t, Config{}), PublisherConfig{GroupCommit: GroupCommitAlways})
		var mu sync.Mutex
		firsts := map[string]int{}
		var wg sync.WaitGroup
		for i := range 64 {
			wg.Go(func() {
				id := strconv.Itoa(i % 4)
				r, err := p.Publish(t.Context(), Message{Subject: "deliveries.test", ID: id})
				if err != nil {
					t.Error(err)
				}
				if !r.Duplicate {
					mu.Lock()
					firsts[id]++
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		for id, n := range firsts {
			if n != 1 {
				t.Errorf("ID %s was new %d times", id, n)
			}
		}
	})
	t.Run("in a caller's batch", func(t *testing.T) {
		c := ready(t, Config{})
		p := publisher(t, c, PublisherConfig{})
		mustPublish(t, p, Message{Subject: "deliveries.test", ID: "1"})
		rs, err := p.PublishBatch(t.Context(), numbered(3))
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range []Receipt{{StreamDeliveries, 2, false}, {StreamDeliveries, 1, true}, {StreamDeliveries, 3, false}} {
			if rs[i] != want {
				t.Errorf("receipt %d is %+v, want %+v", i, rs[i], want)
			}
		}
	})
}

func numbered(n int) []Message {
	out := make([]Message, n)
	for i := range out {
		out[i] = Message{Subject: "deliveries.test", ID: strconv.Itoa(i), Data: []byte(strconv.Itoa(i))}
	}
	return out
}

func TestPublishBatch(t *testing.T) {
	t.Run("receipts are in the messages' order, beyond the limit of one batch too", func(t *testing.T) {
		c := ready(t, Config{})
		rs, err := publisher(t, c, PublisherConfig{}).PublishBatch(t.Context(), numbered(2*maxBatch+1))
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range rs {
			if r.Sequence != uint64(i+1) || r.Duplicate || r.Stream != StreamDeliveries {
				t.Fatalf("receipt %d is %+v", i, r)
			}
		}
		m, err := c.GetMessage(t.Context(), StreamDeliveries, maxBatch+1)
		if err != nil || string(m.Data) != strconv.Itoa(maxBatch) {
			t.Errorf("%q, %v", m.Data, err)
		}
	})
	t.Run("of a batch that doesn't fit nothing is stored", func(t *testing.T) {
		c := ready(t, Config{Topology: Topology{MaxBytes: 1 << 20}})
		p := publisher(t, c, PublisherConfig{})
		msgs := numbered(100)
		for i := range msgs {
			msgs[i].Data = bytes.Repeat([]byte("x"), 10_000)
		}
		_, err := p.PublishBatch(t.Context(), msgs)
		if !errors.Is(err, ErrStreamFull) {
			t.Errorf("got %v", err)
		}
		states, err := c.StreamStates(t.Context())
		if err != nil || states[0].LastSequence != 0 {
			t.Errorf("%+v, %v", states[0], err)
		}
	})
	t.Run("batches of several callers don't mix", func(t *testing.T) {
		c := ready(t, Config{})
		p := publisher(t, c, PublisherConfig{})
		var wg sync.WaitGroup
		for range 16 {
			wg.Go(func() {
				msgs := numbered(100)
				for i := range msgs {
					msgs[i].ID = ""
				}
				rs, err := p.PublishBatch(t.Context(), msgs)
				if err != nil {
					t.Error(err)
					return
				}
				for i := range rs {
					if rs[i].Sequence != rs[0].Sequence+uint64(i) {
						t.Errorf("not in a row: %+v", rs)
						return
					}
				}
			})
		}
		wg.Wait()
	})
	t.Run("nothing, and messages of two streams", func(t *testing.T) {
		p := publisher(t, ready(t, Config{}), PublisherConfig{})
		if rs, err := p.PublishBatch(t.Context(), nil); err != nil || len(rs) != 0 {
			t.Errorf("%v, %v", rs, err)
		}
		if _, err := p.PublishBatch(t.Context(), []Message{{Subject: "deliveries.x"}, {Subject: "events.x.0"}}); !errors.Is(err, ErrRefused) {
			t.Errorf("got %v", err)
		}
	})
}

func TestWithoutBatchSupport(t *testing.T) {
	disable := func(t *testing.T, c *Client) {
		t.Helper()
		s, err := c.js.Stream(t.Context(), StreamDeliveries)
		if err != nil {
			t.Fatal(err)
		}
		cfg := s.CachedInfo().Config
		cfg.AllowAtomicPublish = false
		if _, err := c.js.UpdateStream(t.Context(), cfg); err != nil {
			t.Fatal(err)
		}
	}
	check := func(t *testing.T, p *Publisher) {
		t.Helper()
		rs, err := p.PublishBatch(t.Context(), numbered(10))
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range rs {
			if r.Sequence != uint64(i+1) {
				t.Errorf("receipt %d is %+v", i, r)
			}
		}
	}
	t.Run("known from the stream, as on an older server", func(t *testing.T) {
		c := ready(t, Config{})
		disable(t, c)
		check(t, publisher(t, c, PublisherConfig{}))
	})
	t.Run("noticed when the server refuses", func(t *testing.T) {
		c := ready(t, Config{})
		p := publisher(t, c, PublisherConfig{})
		disable(t, c)
		check(t, p)
	})
}

func TestCopiesOfStoredMessagesCanBePublished(t *testing.T) {
	c := ready(t, Config{})
	p := publisher(t, c, PublisherConfig{})
	if _, err := p.PublishBatch(t.Context(), numbered(3)); err != nil {
		t.Fatal(err)
	}
	// The server keeps the batch's headers; a copy must not carry them on.
	s, err := c.js.Stream(t.Context(), StreamDeliveries)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := s.GetMsg(t.Context(), 3)
	if err != nil {
		t.Fatal(err)
	}
	m := Message{Subject: "deadletters.decode", Header: raw.Header, Data: raw.Data}
	m.Header["Why"] = []string{"test"}
	if r := mustPublish(t, p, m); r.Sequence != 1 || r.Stream != StreamDeadLetters {
		t.Errorf("%+v", r)
	}
	got, err := c.GetMessage(t.Context(), StreamDeadLetters, 1)
	if err != nil || len(got.Header) != 1 || got.Header["Why"][0] != "test" || string(got.Data) != "2" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestLargeMessage(t *testing.T) {
	c := ready(t, Config{})
	p := publisher(t, c, PublisherConfig{})
	body := bytes.Repeat([]byte("0123456789abcdef"), 25<<20/16)
	mustPublish(t, p, Message{Subject: "deliveries.github", Data: body})
	mustPublish(t, p, Message{Subject: "deliveries.github", Data: []byte("small")})
	sub := subscribe(t, c, StreamDeliveries, ConsumerDecode)
	for _, want := range [][]byte{body, []byte("small")} {
		m := receive(t, sub)
		if !bytes.Equal(m.Data, want) {
			t.Errorf("%d bytes came back", len(m.Data))
		}
		if err := m.Ack(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestSpansAreOnDiskBeforeTheyAreAcknowledged(t *testing.T) {
	c := ready(t, Config{})
	p := publisher(t, c, PublisherConfig{})
	rs, err := p.PublishBatch(t.Context(), []Message{{Subject: "spans.0"}, {Subject: "spans.1"}})
	if err != nil || len(rs) != 2 || rs[1].Stream != StreamSpans {
		t.Fatalf("%+v, %v", rs, err)
	}
	s, err := c.js.Stream(t.Context(), StreamSpans)
	if err != nil || s.CachedInfo().Config.PersistMode != jetstream.DefaultPersistMode || !s.CachedInfo().Config.AllowAtomicPublish {
		t.Errorf("%v, %+v", err, s.CachedInfo().Config)
	}
}
