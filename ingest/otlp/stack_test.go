package otlp_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/fivekeys/fivekeys/ingest/otlp"
	"github.com/fivekeys/fivekeys/ingest/spanintake"
	"github.com/fivekeys/fivekeys/internal/jetstream"
	"github.com/fivekeys/fivekeys/internal/otlpwire"
	"github.com/fivekeys/fivekeys/schemas"
)

const partitions = 3

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// stack is both ways in on real servers, in front of a real embedded NATS.
type stack struct {
	*spanintake.Intake
	t         testing.TB
	url       string       // of HTTP
	target    string       // of gRPC
	server    *http.Server // of gRPC
	client    *jetstream.Client
	registry  *prometheus.Registry
	publisher *jetstream.Publisher
	faults    atomic.Pointer[error] // what publishing fails with
	attempts  atomic.Int64
	// attempted gets a value for each attempt that has failed by then.
	attempted chan struct{}
}

// PublishBatch is the real publisher's unless a fault is set.
func (s *stack) PublishBatch(ctx context.Context, msgs []jetstream.Message) ([]jetstream.Receipt, error) {
	s.attempts.Add(1)
	if err := s.faults.Load(); err != nil {
		select {
		case s.attempted <- struct{}{}:
		default:
		}
		return nil, *err
	}
	return s.publisher.PublishBatch(ctx, msgs)
}

func serve(tb testing.TB, configure func(*spanintake.Config)) *stack {
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
	s := &stack{t: tb, client: client, registry: prometheus.NewRegistry(), attempted: make(chan struct{}, 1)}
	if s.publisher, err = client.NewPublisher(tb.Context(), jetstream.PublisherConfig{}); err != nil {
		tb.Fatal(err)
	}
	cfg := spanintake.Config{Publisher: s, Partitions: partitions, Registerer: s.registry}
	if configure != nil {
		configure(&cfg)
	}
	if s.Intake, err = spanintake.New(cfg); err != nil {
		tb.Fatal(err)
	}
	source := otlp.New(s.Intake)
	mux := http.NewServeMux()
	source.RegisterHTTP(mux)
	web := httptest.NewServer(mux)
	tb.Cleanup(web.Close)
	s.url = web.URL

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	s.target = listener.Addr().String()
	server := source.NewServer()
	s.server = server
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	tb.Cleanup(func() {
		if err := server.Close(); err != nil {
			tb.Errorf("close gRPC: %v", err)
		}
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			tb.Errorf("serve gRPC: %v", err)
		}
	})
	return s
}

// stored reads all spans of the stream.
func (s *stack) stored() []schemas.Span {
	s.t.Helper()
	messages, err := s.client.ListMessages(s.t.Context(), jetstream.StreamSpans, "", 0, 1000)
	if err != nil {
		s.t.Fatal(err)
	}
	var out []schemas.Span
	for _, m := range messages {
		var d otlpwire.Decoder // one for each: what it hands out stays as it is
		err := d.Decode(m.Data, func(span *schemas.Span) error {
			if want := schemas.SpanSubject(schemas.TracePartition(span.TraceID, partitions)); m.Subject != want {
				s.t.Errorf("trace %v is on %s, not on %s", span.TraceID, m.Subject, want)
			}
			c := *span
			c.Attributes, c.Resource, c.Events = slices.Clone(span.Attributes), slices.Clone(span.Resource), slices.Clone(span.Events)
			for _, text := range []*string{&c.Name, &c.Service, &c.StatusMessage} {
				*text = strings.Clone(*text)
			}
			for i := range c.Attributes {
				c.Attributes[i].Value = strings.Clone(c.Attributes[i].Value)
			}
			out = append(out, c)
			return nil
		})
		if err != nil {
			s.t.Fatal(err)
		}
	}
	order(out)
	return out
}

func order(spans []schemas.Span) {
	slices.SortFunc(spans, func(a, b schemas.Span) int { return cmp.Compare(a.SpanID.String(), b.SpanID.String()) })
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (s *stack) post(h map[string]string, body []byte) answer {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.url+"/v1/traces", bytes.NewReader(body))
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
	return answer{status: res.StatusCode, header: res.Header, body: raw}
}

// count reads one of the metrics, its labels in the order of their names.
func (s *stack) count(name string, labels ...string) float64 {
	s.t.Helper()
	families, err := s.registry.Gather()
	if err != nil {
		s.t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			var values []string
			for _, l := range m.GetLabel() {
				values = append(values, l.GetValue())
			}
			if slices.Equal(values, labels) {
				return m.GetCounter().GetValue()
			}
		}
	}
	return -1
}
