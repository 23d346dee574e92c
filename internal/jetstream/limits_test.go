package jetstream

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
)

func TestFullStreamRefusesAndRecovers(t *testing.T) {
	c := ready(t, Config{Topology: Topology{MaxBytes: 1 << 20}})
	p := publisher(t, c, PublisherConfig{GroupCommit: GroupCommitAlways})
	body := bytes.Repeat([]byte("x"), 4000)
	var stored, refused sync.Map
	var wg sync.WaitGroup
	for i := range 64 {
		wg.Go(func() {
			for j := range 5 {
				id := fmt.Sprintf("%d/%d", i, j)
				r, err := p.Publish(t.Context(), Message{Subject: "deliveries.test", ID: id, Data: body})
				switch {
				case err == nil:
					stored.Store(r.Sequence, id)
				case errors.Is(err, ErrStreamFull):
					refused.Store(id, true)
				default:
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	n, k := 0, 0
	stored.Range(func(_, _ any) bool { n++; return true })
	refused.Range(func(_, _ any) bool { k++; return true })
	if k == 0 || n+k != 64*5 {
		t.Fatalf("%d stored, %d refused", n, k)
	}
	// Full means full: whatever still fitted was stored although its batch wasn't.
	if _, err := p.Publish(t.Context(), Message{Subject: "deliveries.test", Data: body}); !errors.Is(err, ErrStreamFull) {
		t.Errorf("got %v", err)
	}
	sub := subscribe(t, c, StreamDeliveries, ConsumerDecode, ConsumerArchive)
	for range 2 * n {
		if err := receive(t, sub).Ack(); err != nil {
			t.Fatal(err)
		}
	}
	until(t, "drained", drained(c, StreamDeliveries))
	if err := c.Trim(t.Context()); err != nil {
		t.Fatal(err)
	}
	mustPublish(t, p, Message{Subject: "deliveries.test", Data: body})
}

func TestDiskThatIsNearlyFull(t *testing.T) {
	c := ready(t, Config{})
	p := publisher(t, c, PublisherConfig{})
	c.reserved = 1 << 60
	if _, err := p.Publish(t.Context(), Message{Subject: "deliveries.test"}); !errors.Is(err, ErrDiskFull) || !errors.Is(err, ErrStreamFull) {
		t.Errorf("got %v", err)
	}
	wantError(t, c.Healthy(t.Context()), ErrDiskFull, "disk space")
}

func TestRefusedBeforeSending(t *testing.T) {
	p := publisher(t, ready(t, Config{MaxPayload: 1 << 16}), PublisherConfig{})
	for name, tt := range map[string]struct {
		m    Message
		want error
	}{
		"larger than the server takes": {Message{Subject: "deliveries.x", Data: make([]byte, 1<<16)}, ErrTooLarge},
		"headers count":                {Message{Subject: "deliveries.x", Header: map[string][]string{"A": {string(make([]byte, 1<<16))}}}, ErrTooLarge},
		"no stream":                    {Message{Subject: "elsewhere.x"}, ErrUnknownSubject},
		"a stream's first word alone":  {Message{Subject: "deliveries"}, ErrUnknownSubject},
		"no subject":                   {Message{}, ErrUnknownSubject},
		"a wildcard":                   {Message{Subject: "deliveries.*"}, ErrUnknownSubject},
		"a space":                      {Message{Subject: "deliveries.a b"}, ErrUnknownSubject},
		"an empty word":                {Message{Subject: "deliveries..b"}, ErrUnknownSubject},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := p.Publish(t.Context(), tt.m); !errors.Is(err, tt.want) {
				t.Errorf("got %v", err)
			}
		})
	}
	mustPublish(t, p, Message{Subject: "deliveries.x", Data: make([]byte, 1<<15)})
}

func TestServerThatDoesNotAnswer(t *testing.T) {
	s := runServer(t, &server.Options{JetStream: true})
	px := newProxy(t, s.Addr().String())
	c := ready(t, Config{URL: px.url()})
	p := publisher(t, c, PublisherConfig{MaxQueued: 3, GroupCommit: GroupCommitAlways})

	px.hold()
	type result struct {
		r   Receipt
		err error
	}
	results := make(chan result, 2)
	send := func(ctx context.Context, id string) chan result {
		ch := make(chan result, 1)
		go func() {
			r, err := p.Publish(ctx, Message{Subject: "deliveries.test", ID: id})
			ch <- result{r, err}
		}()
		return ch
	}
	one := send(t.Context(), "1")
	until(t, "sent", func(context.Context) (bool, error) { return p.Queued() == 1, nil })
	cancelled, cancel := context.WithCancel(t.Context())
	two := send(cancelled, "2")
	until(t, "queued", func(context.Context) (bool, error) { return p.Queued() == 2, nil })
	three := send(t.Context(), "3")
	until(t, "queued", func(context.Context) (bool, error) { return p.Queued() == 3, nil })

	if _, err := p.Publish(t.Context(), Message{Subject: "deliveries.test", ID: "4"}); !errors.Is(err, ErrOverloaded) {
		t.Errorf("a full queue answers %v", err)
	}
	// One caller gives up; its message was never sent, the others' are.
	cancel()
	if r := <-two; !errors.Is(r.err, context.Canceled) {
		t.Errorf("got %v", r.err)
	}
	if n := p.Queued(); n != 2 {
		t.Errorf("%d queued", n)
	}
	px.open()
	for _, ch := range []chan result{one, three} {
		if r := <-ch; r.err != nil || r.r.Duplicate {
			t.Errorf("%+v", r)
		}
	}
	close(results)
	if all, err := c.ListMessages(t.Context(), StreamDeliveries, "", 0, 10); err != nil || len(all) != 2 {
		t.Errorf("%d stored, %v", len(all), err)
	}

	// No answer in time, and then a broken connection: both are ErrUnavailable.
	px.hold()
	four := send(t.Context(), "5")
	until(t, "sent", func(context.Context) (bool, error) { return p.Queued() == 1, nil })
	px.cut()
	if r := <-four; !errors.Is(r.err, ErrUnavailable) {
		t.Errorf("got %v", r.err)
	}
	px.open()
	until(t, "published", func(ctx context.Context) (bool, error) {
		_, err := p.Publish(ctx, Message{Subject: "deliveries.test", ID: "5"})
		return err == nil, err
	})
}
