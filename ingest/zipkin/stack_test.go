package zipkin_test

import (
	"bytes"
	"cmp"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/fivekeys/fivekeys/ingest/spanintake"
	"github.com/fivekeys/fivekeys/ingest/zipkin"
	"github.com/fivekeys/fivekeys/internal/jetstream"
	"github.com/fivekeys/fivekeys/internal/otlpwire"
	"github.com/fivekeys/fivekeys/schemas"
)

const partitions = 3

// now is when everything here comes in.
var now = time.Date(2025, 7, 31, 12, 0, 0, 0, time.UTC)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// stack is the endpoint on a real server, in front of a real embedded NATS.
type stack struct {
	*spanintake.Intake
	t      *testing.T
	url    string
	client *jetstream.Client
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
	in, err := spanintake.New(spanintake.Config{
		Publisher: publisher, Partitions: partitions, MaxBody: 1 << 20, Now: func() time.Time { return now },
	})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	zipkin.New(in).RegisterHTTP(mux)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return &stack{Intake: in, t: t, url: server.URL + "/api/v2/spans", client: client}
}

// messages is how many lie in the stream.
func (s *stack) messages() []jetstream.Stored {
	s.t.Helper()
	messages, err := s.client.ListMessages(s.t.Context(), jetstream.StreamSpans, "", 0, 1000)
	if err != nil {
		s.t.Fatal(err)
	}
	return messages
}

// stored reads all spans of the stream, ordered by time and id.
func (s *stack) stored() []schemas.Span {
	s.t.Helper()
	var out []schemas.Span
	for _, m := range s.messages() {
		var d otlpwire.Decoder // one for each: what it hands out stays as it is
		err := d.Decode(m.Data, func(span *schemas.Span) error {
			c := *span
			c.Attributes, c.Resource, c.Events = slices.Clone(span.Attributes), slices.Clone(span.Resource), slices.Clone(span.Events)
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
	slices.SortFunc(out, func(a, b schemas.Span) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.SpanID.String(), b.SpanID.String()))
	})
	return out
}

func (s *stack) post(h map[string]string, body []byte) (status int, text string) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.url, bytes.NewReader(body))
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
	return res.StatusCode, string(raw)
}
