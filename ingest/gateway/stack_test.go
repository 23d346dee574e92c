package gateway_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/fivekeys/fivekeys/ingest/gateway"
	"github.com/fivekeys/fivekeys/ingest/github"
	"github.com/fivekeys/fivekeys/ingest/httpserver"
	"github.com/fivekeys/fivekeys/ingest/signature"
	"github.com/fivekeys/fivekeys/internal/jetstream"
	"github.com/fivekeys/fivekeys/internal/testkit"
)

const (
	secret     = "s3cret"
	token      = "t0ken"
	partitions = 2
)

// stack is a gateway on a real HTTP server in front of a real embedded NATS.
type stack struct {
	*gateway.Gateway
	t      testing.TB
	url    string
	client *jetstream.Client
}

// serve starts one; configure may change what it is made of.
func serve(tb testing.TB, configure func(*gateway.Config)) *stack {
	tb.Helper()
	client, err := jetstream.Open(tb.Context(), jetstream.Config{
		StoreDir: tb.TempDir(), NoSync: true,
		Topology: jetstream.Topology{Partitions: partitions, MaxBytes: 1 << 30},
	})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = client.Close() })
	if err = client.Ensure(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	publisher, err := client.NewPublisher(tb.Context(), jetstream.PublisherConfig{})
	if err != nil {
		tb.Fatal(err)
	}
	cfg := gateway.Config{
		Sources: []gateway.Source{github.New([]string{secret}, nil)}, Tokens: []string{token},
		Publisher: publisher, Partitions: partitions,
		Checks: []gateway.Check{{Name: "nats", Ready: client.Healthy}},
	}
	if configure != nil {
		configure(&cfg)
	}
	g, err := gateway.New(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	server := httptest.NewUnstartedServer(nil)
	server.Config = httpserver.New(g.Handler())
	server.Start()
	tb.Cleanup(server.Close)
	return &stack{Gateway: g, t: tb, url: server.URL, client: client}
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   map[string]any
	text   string
}

func (s *stack) do(method, path string, h map[string]string, body io.Reader) answer {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, body)
	if err != nil {
		s.t.Fatal(err)
	}
	for name, value := range h {
		req.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	a := answer{status: res.StatusCode, header: res.Header, text: string(raw)}
	_ = json.Unmarshal(raw, &a.body) // the metrics are none
	return a
}

// signed gives the headers GitHub sends.
func signed(id, event, key string, body []byte) map[string]string {
	return map[string]string{
		"Content-Type": "application/json", "User-Agent": "GitHub-Hookshot/1",
		"X-GitHub-Delivery": id, "X-GitHub-Event": event, "X-Hub-Signature-256": signature.Sign("sha256=", key, body),
	}
}

func (s *stack) deliver(id string, body []byte) answer {
	s.t.Helper()
	return s.do(http.MethodPost, "/webhooks/github", signed(id, "push", secret, body), bytes.NewReader(body))
}

// stored gives the messages that lie in a stream's consumers' way.
func (s *stack) stored(stream string, consumers ...string) <-chan *jetstream.Received {
	s.t.Helper()
	sub, err := s.client.Subscribe(s.t.Context(), jetstream.SubscribeConfig{Stream: stream, Consumers: consumers})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = sub.Close() })
	return sub.Messages()
}

func next(t *testing.T, messages <-chan *jetstream.Received) *jetstream.Received {
	t.Helper()
	m := testkit.Receive(t, "a message", messages)
	if m == nil {
		t.Fatal("the subscription is closed")
	}
	if err := m.Ack(); err != nil {
		t.Fatal(err)
	}
	return m
}
