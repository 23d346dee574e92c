package jetstream

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
)

func readLog(t *testing.T, c *Client, after map[string]uint64) *Log {
	t.Helper()
	l, err := c.ReadLog(t.Context(), LogConfig{Stream: StreamSpans, After: after})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func next(t *testing.T, l *Log) Stored {
	t.Helper()
	m, err := l.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func publishSpans(t *testing.T, c *Client, from, to int) {
	t.Helper()
	p := publisher(t, c, PublisherConfig{})
	defer p.Close()
	for i := from; i < to; i++ {
		mustPublish(t, p, Message{Subject: fmt.Sprintf("spans.%d", i%3), Data: []byte(strconv.Itoa(i))})
	}
}

func TestALogGivesEachPartitionFromItsOwnSequenceInOrder(t *testing.T) {
	c := ready(t, Config{})
	publishSpans(t, c, 0, 30) // message i has sequence i+1
	l := readLog(t, c, map[string]uint64{"spans.0": 4, "spans.2": 10})
	want := []int{6, 9, 11, 12, 14, 15, 17, 18, 20, 21, 23, 24, 26, 27, 29}
	for _, n := range want {
		m := next(t, l)
		if string(m.Data) != strconv.Itoa(n) || m.Sequence != uint64(n+1) || m.Subject != fmt.Sprintf("spans.%d", n%3) || m.Time.IsZero() {
			t.Fatalf("%+v instead of %d", m, n)
		}
	}
	publishSpans(t, c, 30, 31)
	if m := next(t, l); string(m.Data) != "30" {
		t.Errorf("%+v", m)
	}
}

func TestALogSurvivesTheServersEnd(t *testing.T) {
	opts := &server.Options{JetStream: true, StoreDir: t.TempDir()}
	s := runServer(t, opts)
	opts.Port = s.Addr().(*net.TCPAddr).Port
	c := ready(t, Config{URL: s.ClientURL()})
	l := readLog(t, c, map[string]uint64{"spans.0": 0, "spans.1": 0, "spans.2": 0})
	const each, left = 50, 7
	read := 0
	expect := func(n int) {
		t.Helper()
		for range n {
			if m := next(t, l); string(m.Data) != strconv.Itoa(read) {
				t.Fatalf("message %d is %s", read, m.Data)
			}
			read++
		}
	}
	for life := range 3 {
		publishSpans(t, c, life*each, (life+1)*each)
		expect((life+1)*each - read - left) // the rest is read in the next life
		down := c.disconnected()
		s.Shutdown()
		s.WaitForShutdown()
		<-down
		s = runServer(t, opts)
		until(t, "connected", func(ctx context.Context) (bool, error) { err := c.Healthy(ctx); return err == nil, err })
	}
	expect(left)
}

func TestTrimToKeepsWhatIsAbove(t *testing.T) {
	c := ready(t, Config{})
	publishSpans(t, c, 0, 10)
	for _, tt := range []struct{ to, first, left uint64 }{{0, 1, 10}, {4, 5, 6}, {4, 5, 6}, {2, 5, 6}, {99, 11, 0}} {
		if err := c.TrimTo(t.Context(), StreamSpans, tt.to); err != nil {
			t.Fatal(err)
		}
		states, err := c.StreamStates(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if s := states[4]; s.FirstSequence != tt.first || s.Messages != tt.left || s.LastSequence != 10 {
			t.Errorf("trimmed to %d: %+v", tt.to, s)
		}
	}
	if seq, err := c.NextSequence(t.Context(), StreamSpans, "spans.1", 0); err != nil || seq != 0 {
		t.Errorf("%d, %v", seq, err)
	}
	publishSpans(t, c, 0, 3)
	if seq, err := c.NextSequence(t.Context(), StreamSpans, "spans.1", 3); err != nil || seq != 12 {
		t.Errorf("%d, %v", seq, err)
	}
	if last, at, err := c.LastSequence(t.Context(), StreamSpans); err != nil || last != 13 || at.IsZero() {
		t.Errorf("%d, %v", last, err)
	}
}

func TestAShorterStreamMovesOn(t *testing.T) {
	for name, before := range map[string]int{"an empty one": 0, "one that lost its end": 5} {
		t.Run(name, func(t *testing.T) {
			c := ready(t, Config{})
			publishSpans(t, c, 0, before)
			for range 2 {
				if err := c.AdvanceTo(t.Context(), StreamSpans, "spans.0", 40); err != nil {
					t.Fatal(err)
				}
			}
			p := publisher(t, c, PublisherConfig{})
			if r := mustPublish(t, p, Message{Subject: "spans.1"}); r.Sequence != 41 {
				t.Errorf("%+v", r)
			}
		})
	}
}

func TestAClosedLogSaysSo(t *testing.T) {
	c := ready(t, Config{})
	l := readLog(t, c, map[string]uint64{"spans.0": 0})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.Next(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	waiting := make(chan error, 1)
	go func() {
		_, err := l.Next(t.Context())
		waiting <- err
	}()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-waiting; !errors.Is(err, ErrClosed) {
		t.Errorf("%v", err)
	}
}
