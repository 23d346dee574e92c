package decode_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/fivekeys/fivekeys/ingest/decode"
	"github.com/fivekeys/fivekeys/ingest/gateway"
	"github.com/fivekeys/fivekeys/ingest/github"
	"github.com/fivekeys/fivekeys/ingest/signature"
	"github.com/fivekeys/fivekeys/internal/envelope"
	"github.com/fivekeys/fivekeys/internal/jetstream"
	"github.com/fivekeys/fivekeys/schemas"
)

const (
	secret     = "s3cret"
	partitions = 3
)

var received = time.Date(2026, 4, 1, 10, 0, 0, 0, time.UTC)

// stack is the way of a delivery from HTTP to its events: a real server, a real
// embedded NATS, the gateway and the stage.
type stack struct {
	t         *testing.T
	url       string
	client    *jetstream.Client
	publisher *jetstream.Publisher
	registry  *prometheus.Registry
	cfg       decode.Config
}

func serve(t *testing.T) *stack {
	t.Helper()
	client, err := jetstream.Open(t.Context(), jetstream.Config{
		StoreDir: t.TempDir(), NoSync: true,
		Topology: jetstream.Topology{Partitions: partitions, MaxBytes: 1 << 30},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	if err = client.Ensure(t.Context()); err != nil {
		t.Fatal(err)
	}
	publisher, err := client.NewPublisher(t.Context(), jetstream.PublisherConfig{})
	if err != nil {
		t.Fatal(err)
	}
	registry := prometheus.NewRegistry()
	sources := decode.Registered(func(string) []string { return []string{secret} }, github.Toil{})
	g, err := gateway.New(gateway.Config{
		Sources: sources.Gateway(), Publisher: publisher, Partitions: partitions,
		Registerer: registry, Gatherer: registry, Now: func() time.Time { return received },
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(g.Handler())
	t.Cleanup(server.Close)
	return &stack{
		t: t, url: server.URL, client: client, publisher: publisher, registry: registry,
		cfg: decode.Config{
			Sources: sources, Publisher: publisher, Partitions: partitions, Registerer: registry,
			Now: func() time.Time { return received.Add(time.Minute) },
		},
	}
}

// run starts the stage; the test's end stops it.
func (s *stack) run() {
	s.t.Helper()
	sub, err := s.client.Subscribe(s.t.Context(), jetstream.SubscribeConfig{
		Stream: jetstream.StreamDeliveries, Consumers: []string{jetstream.ConsumerDecode},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.cfg.Messages = sub.Messages()
	stage, err := decode.New(s.cfg)
	if err != nil {
		s.t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- stage.Run(context.WithoutCancel(s.t.Context())) }()
	s.t.Cleanup(func() {
		_ = sub.Close()
		if err := <-done; err != nil {
			s.t.Errorf("Run: %v", err)
		}
	})
}

// post signs a body and delivers it.
func (s *stack) post(id, event string, body []byte) (int, string) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.url+"/webhooks/github", bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("X-GitHub-Delivery", id)
	req.Header.Set("X-GitHub-Event", event)
	req.Header.Set("X-Hub-Signature-256", signature.Sign("sha256=", secret, body))
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	answer, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(answer)
}

func (s *stack) accept(id, event string, body string) {
	s.t.Helper()
	if status, answer := s.post(id, event, []byte(body)); status != http.StatusAccepted {
		s.t.Fatalf("delivery %s is answered with %d %s", id, status, answer)
	}
}

// drained waits until the stage has answered for every delivery.
func (s *stack) drained() {
	s.t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		lags, err := s.client.Pending(s.t.Context(), jetstream.StreamDeliveries)
		if err != nil {
			s.t.Fatal(err)
		}
		left := uint64(0)
		for _, l := range lags {
			if l.Consumer == jetstream.ConsumerDecode {
				left += l.Total()
			}
		}
		if left == 0 {
			return
		}
		select {
		case <-tick.C:
		case <-s.t.Context().Done():
			s.t.Fatalf("%d deliveries are left", left)
		}
	}
}

// events gives the stored events by their id, and how many messages they are.
func (s *stack) events() (map[string]schemas.Event, int) {
	s.t.Helper()
	stored, err := s.client.ListMessages(s.t.Context(), jetstream.StreamEvents, "events.>", 0, 100_000)
	if err != nil {
		s.t.Fatal(err)
	}
	events := map[string]schemas.Event{}
	for _, m := range stored {
		e, err := envelope.ParseEvent(m.Message)
		if err != nil {
			s.t.Fatal(err)
		}
		if err := e.Validate(); err != nil {
			s.t.Errorf("event %s: %v", e.ID, err)
		}
		events[envelope.EventID(&e)] = e
	}
	return events, len(stored)
}

func (s *stack) deadLetters() []envelope.DeadLetter {
	s.t.Helper()
	stored, err := s.client.ListMessages(s.t.Context(), jetstream.StreamDeadLetters, schemas.DeadLetterSubject(decode.Stage), 0, 1000)
	if err != nil {
		s.t.Fatal(err)
	}
	letters := make([]envelope.DeadLetter, 0, len(stored))
	for _, m := range stored {
		l, err := envelope.ParseDeadLetter(decode.Stage, m.Message)
		if err != nil {
			s.t.Fatal(err)
		}
		letters = append(letters, l)
	}
	return letters
}

// metric says whether the exposition holds a line.
func (s *stack) metric(line string) {
	s.t.Helper()
	w := httptest.NewRecorder()
	promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	if !strings.Contains(w.Body.String(), line+"\n") {
		s.t.Errorf("no %s", line)
	}
}
