package jetstream

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"go.uber.org/goleak"

	"github.com/fivekeys/fivekeys/internal/testkit"
)

func TestMain(m *testing.M) {
	testkit.RunNATSIfAsked()
	if os.Getenv(envServerDir) != "" {
		serverProcess()
		return
	}
	goleak.VerifyTestMain(m)
}

// open opens a client that the test closes.
func open(t testing.TB, cfg Config) *Client {
	t.Helper()
	if cfg.URL == "" && cfg.StoreDir == "" {
		cfg.StoreDir = t.TempDir()
	}
	if cfg.Topology.Partitions == 0 {
		cfg.Topology.Partitions = 2
	}
	if cfg.Topology.MaxBytes == 0 {
		cfg.Topology.MaxBytes = 1 << 30
	}
	cfg.Logger = testLogger(t)
	c, err := Open(t.Context(), cfg)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return c
}

// ready opens a client with its streams.
func ready(t testing.TB, cfg Config) *Client {
	t.Helper()
	c := open(t, cfg)
	if err := c.Ensure(t.Context()); err != nil {
		t.Fatalf("Ensure: %v", err)
	}
	return c
}

func publisher(t testing.TB, c *Client, cfg PublisherConfig) *Publisher {
	t.Helper()
	p, err := c.NewPublisher(t.Context(), cfg)
	if err != nil {
		t.Fatalf("NewPublisher: %v", err)
	}
	return p
}

func subscribe(t testing.TB, c *Client, stream string, consumers ...string) *Subscription {
	t.Helper()
	s, err := c.Subscribe(t.Context(), SubscribeConfig{Stream: stream, Consumers: consumers})
	if err != nil {
		t.Fatalf("Subscribe: %v", err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func mustPublish(t testing.TB, p *Publisher, m Message) Receipt {
	t.Helper()
	r, err := p.Publish(t.Context(), m)
	if err != nil {
		t.Fatalf("Publish: %v", err)
	}
	return r
}

func receive(t testing.TB, s *Subscription) *Received {
	t.Helper()
	m := testkit.Receive(t, "a message of the subscription", s.Messages())
	if m == nil {
		t.Fatal("subscription closed")
	}
	return m
}

// runServer starts a server as an operator would run it. opts.Port 0 picks a port.
func runServer(t testing.TB, opts *server.Options) *server.Server {
	t.Helper()
	opts.Host = "127.0.0.1"
	if opts.Port == 0 {
		opts.Port = server.RANDOM_PORT
	}
	opts.NoLog, opts.NoSigs = true, true
	if opts.JetStream && opts.StoreDir == "" {
		opts.StoreDir = t.TempDir()
	}
	s, err := server.NewServer(opts)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	if !s.ReadyForConnections(time.Minute) {
		t.Fatal("server is not ready")
	}
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	return s
}

// until polls the server for something it has no signal for.
func until(t testing.TB, what string, cond func(context.Context) (bool, error)) {
	t.Helper()
	testkit.AwaitState(t, what, func() (bool, any) { return cond(t.Context()) })
}

func drained(c *Client, stream string) func(context.Context) (bool, error) {
	return func(ctx context.Context) (bool, error) {
		lags, err := c.Pending(ctx, stream)
		for _, l := range lags {
			if l.Total() > 0 {
				return false, fmt.Errorf("%+v", l)
			}
		}
		return err == nil, err
	}
}

func testLogger(t testing.TB) *slog.Logger {
	if !testing.Verbose() {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(testWriter{t}, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

type testWriter struct{ t testing.TB }

func (w testWriter) Write(b []byte) (int, error) {
	w.t.Log(string(b[:max(len(b)-1, 0)]))
	return len(b), nil
}
