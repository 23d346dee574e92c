package gateway_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fivekeys/fivekeys/ingest/gateway"
	"github.com/fivekeys/fivekeys/ingest/github"
	"github.com/fivekeys/fivekeys/internal/envelope"
	"github.com/fivekeys/fivekeys/internal/jetstream"
	"github.com/fivekeys/fivekeys/schemas"
)

func TestDeliveryIsStoredAsItCame(t *testing.T) {
	now := time.Date(2026, 1, 1, 10, 0, 0, 0, time.UTC)
	s := serve(t, func(c *gateway.Config) { c.Now = func() time.Time { return now } })
	body := []byte("{ \"any\" : \"bytes\", not even JSON \x00\xff")
	h := signed("guid-1", "push", secret, body)
	h["Authorization"], h["X-GitHub-Hook-ID"] = "Bearer private", "42"
	a := s.do(http.MethodPost, "/webhooks/github", h, bytes.NewReader(body))
	if a.status != http.StatusAccepted || a.body["delivery"] != "guid-1" || a.body["duplicate"] != false {
		t.Fatalf("the answer is %d %s", a.status, a.text)
	}
	got, err := envelope.ParseDelivery(next(t, s.stored(jetstream.StreamDeliveries, jetstream.ConsumerDecode)).Message)
	if err != nil {
		t.Fatal(err)
	}
	want := schemas.Delivery{
		Source: "github", ID: "guid-1", Kind: "push", Body: body, ReceivedAt: now,
		Header: map[string]string{"Content-Type": "application/json", "User-Agent": "GitHub-Hookshot/1", "X-Github-Hook-Id": "42"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWebhookAnswers(t *testing.T) {
	s := serve(t, func(c *gateway.Config) {
		c.Sources = []gateway.Source{github.New([]string{"next", secret}), named{github.New(nil), "bare"}}
	})
	body := []byte(`{"zen":"x"}`)
	post := func(path string, h map[string]string, body io.Reader) func() answer {
		return func() answer { return s.do(http.MethodPost, path, h, body) }
	}
	large := bytes.Repeat([]byte("x"), 26<<20)
	largest := large[:25<<20]
	for _, tt := range []struct {
		name   string
		do     func() answer
		status int
		detail string
	}{
		{"an authentic delivery", func() answer { return s.deliver("1", body) }, 202, ""},
		{"the same once more", func() answer { return s.deliver("1", body) }, 202, ""},
		{"signed with the next secret", post("/webhooks/github", signed("2", "ping", "next", body), bytes.NewReader(body)), 202, ""},
		{"signed with a secret of the past", post("/webhooks/github", signed("3", "ping", "old", body), bytes.NewReader(body)), 401, "does not match"},
		{"another body than the signed one", post("/webhooks/github", signed("3", "ping", secret, body), strings.NewReader("{}")), 401, "does not match"},
		{"not signed", post("/webhooks/github", nil, bytes.NewReader(body)), 401, "is missing"},
		{"to a source without a secret", post("/webhooks/bare", signed("3", "ping", secret, body), bytes.NewReader(body)), 401, "no secret is configured"},
		{"to a source nobody knows", post("/webhooks/gitea", nil, bytes.NewReader(body)), 404, `"gitea"`},
		{"without a source", post("/webhooks/", nil, bytes.NewReader(body)), 404, ""},
		{"read instead of sent", func() answer { return s.do(http.MethodGet, "/webhooks/github", nil, nil) }, 405, ""},
		{"of 26 MiB", post("/webhooks/github", signed("3", "push", secret, large), bytes.NewReader(large)), 413, "are the limit"},
		{"of 26 MiB of unknown length", post("/webhooks/github", signed("3", "push", secret, large), io.MultiReader(bytes.NewReader(large))), 413, "more than"},
		{"of 25 MiB", func() answer { return s.deliver("25", largest) }, 202, ""},
		{"of 25 MiB of unknown length", post("/webhooks/github", signed("26", "push", secret, largest), io.MultiReader(bytes.NewReader(largest))), 202, ""},
		{"of nothing", func() answer { return s.deliver("4", nil) }, 202, ""},
		{"compressed", post("/webhooks/github", with(signed("5", "push", secret, body), "Content-Encoding", "gzip"), bytes.NewReader(body)), 415, "taken as it is"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := tt.do()
			if a.status != tt.status {
				t.Fatalf("the answer is %d %s, want %d", a.status, a.text, tt.status)
			}
			if tt.detail == "" {
				return
			}
			if detail, _ := a.body["detail"].(string); !strings.Contains(detail, tt.detail) {
				t.Errorf("the detail is %q, want …%s…", detail, tt.detail)
			}
			if media := a.header.Get("Content-Type"); media != "application/problem+json" {
				t.Errorf("the answer is %s", media)
			}
			if a.status == http.StatusUnauthorized && a.body["hint"] == nil {
				t.Error("a 401 does not say what to do")
			}
		})
	}
	t.Run("every outcome is counted", func(t *testing.T) {
		metrics := s.do(http.MethodGet, "/metrics", nil, nil).text
		for _, want := range []string{
			`fivekeys_ingest_requests_total{outcome="accepted",source="github"} 5`,
			`fivekeys_ingest_requests_total{outcome="duplicate",source="github"} 1`,
			`fivekeys_ingest_requests_total{outcome="unauthorized",source="github"} 3`,
			`fivekeys_ingest_requests_total{outcome="too_large",source="github"} 2`,
			`fivekeys_ingest_requests_total{outcome="unsupported",source="github"} 1`,
			`fivekeys_ingest_requests_total{outcome="unconfigured",source="bare"} 1`,
			`fivekeys_ingest_requests_total{outcome="unknown_source",source="unknown"} 1`,
			`fivekeys_ingest_request_seconds_count{source="github"} 12`,
		} {
			if !strings.Contains(metrics, want+"\n") {
				t.Errorf("no %s", want)
			}
		}
	})
}

// named is a source under another name.
type named struct {
	*github.Source
	name string
}

func (n named) Name() string { return n.name }

func with(h map[string]string, name, value string) map[string]string {
	h[name] = value
	return h
}

func TestWithoutADeliveryIDTheBodyIsTheIdentity(t *testing.T) {
	s := serve(t, nil)
	for i, want := range []bool{false, true} {
		a := s.deliver("", []byte("{}"))
		if id, _ := a.body["delivery"].(string); !strings.HasPrefix(id, "sha256:") || a.body["duplicate"] != want {
			t.Errorf("answer %d is %s", i, a.text)
		}
	}
}

// A fault of ours is a 503 that asks to try again, whatever it is.
func TestFaultsAreOurs(t *testing.T) {
	for name, fault := range map[string]error{
		"overloaded": jetstream.ErrOverloaded, "stream_full": jetstream.ErrStreamFull, "unavailable": jetstream.ErrUnavailable,
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, func(c *gateway.Config) { c.Publisher = failing{fault} })
			for _, a := range []answer{s.deliver("1", []byte("{}")), s.events("["+event("1")+"]", nil)} {
				if a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "" || a.body["type"] != "urn:fivekeys:problem:"+name {
					t.Errorf("the answer is %d %s %s", a.status, a.header, a.text)
				}
			}
		})
	}
	for name, fault := range map[string]error{
		"too large": jetstream.ErrTooLarge, "refused": jetstream.ErrRefused, "closed": jetstream.ErrClosed,
		"too slow": context.DeadlineExceeded, "surprising": errors.New("surprise"),
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, func(c *gateway.Config) { c.Publisher = failing{fault} })
			if a := s.deliver("1", []byte("{}")); a.status != http.StatusServiceUnavailable || strings.Contains(a.text, "surprise") {
				t.Errorf("the answer is %d %s", a.status, a.text)
			}
		})
	}
}

// failing is a publisher whose NATS fails in a way that can't be provoked here.
type failing struct{ err error }

func (f failing) Publish(context.Context, jetstream.Message) (jetstream.Receipt, error) {
	return jetstream.Receipt{}, fmt.Errorf("publish: %w", f.err)
}

func (f failing) PublishBatch(context.Context, []jetstream.Message) ([]jetstream.Receipt, error) {
	return nil, fmt.Errorf("publish: %w", f.err)
}

func TestWithNATSClosed(t *testing.T) {
	s := serve(t, nil)
	if a := s.do(http.MethodGet, "/readyz", nil, nil); a.status != http.StatusOK {
		t.Fatalf("not ready: %s", a.text)
	}
	if err := s.client.Close(); err != nil {
		t.Fatal(err)
	}
	for path, a := range map[string]answer{
		"webhook": s.deliver("1", []byte("{}")), "events": s.events("["+event("1")+"]", nil), "readyz": s.do(http.MethodGet, "/readyz", nil, nil),
	} {
		if a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "" {
			t.Errorf("%s answers %d %s", path, a.status, a.text)
		}
	}
	if a := s.do(http.MethodGet, "/livez", nil, nil); a.status != http.StatusOK {
		t.Errorf("not alive: %s", a.text)
	}
}

func TestDrain(t *testing.T) {
	gate := &gated{entered: make(chan struct{}, 8), open: make(chan struct{})}
	s := serve(t, func(c *gateway.Config) {
		gate.Publisher = c.Publisher
		c.Publisher = gate
	})
	under := make(chan answer)
	go func() { under <- s.deliver("under way", []byte("{}")) }()
	<-gate.entered
	s.Drain()
	s.Drain() // a second signal changes nothing
	for path, a := range map[string]answer{
		"webhook": s.deliver("1", []byte("{}")), "events": s.events("["+event("1")+"]", nil), "readyz": s.do(http.MethodGet, "/readyz", nil, nil),
	} {
		if a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "" {
			t.Errorf("%s answers %d %s", path, a.status, a.text)
		}
	}
	close(gate.open)
	if a := <-under; a.status != http.StatusAccepted {
		t.Errorf("the request that was under way ends with %d %s", a.status, a.text)
	}
}

// gated holds publishes until it is opened.
type gated struct {
	gateway.Publisher
	entered, open chan struct{}
}

func (g *gated) Publish(ctx context.Context, m jetstream.Message) (jetstream.Receipt, error) {
	g.entered <- struct{}{}
	<-g.open
	return g.Publisher.Publish(ctx, m)
}

func TestMemoryIsBounded(t *testing.T) {
	gate := &gated{entered: make(chan struct{}, 8), open: make(chan struct{})}
	s := serve(t, func(c *gateway.Config) {
		gate.Publisher = c.Publisher
		c.Publisher, c.MaxBuffered = gate, 3<<20
	})
	body := bytes.Repeat([]byte("x"), 900<<10)
	under := make(chan answer)
	const fit = 2
	for i := range fit {
		go func() { under <- s.deliver(fmt.Sprint(i), body) }()
		<-gate.entered
	}
	if a := s.deliver("more", body); a.status != http.StatusServiceUnavailable || a.body["type"] != "urn:fivekeys:problem:overloaded" {
		t.Errorf("the third body is answered with %d %s", a.status, a.text)
	}
	close(gate.open)
	for range fit {
		if a := <-under; a.status != http.StatusAccepted {
			t.Errorf("a body that fits is answered with %d %s", a.status, a.text)
		}
	}
}

func TestManyAtOnce(t *testing.T) {
	s := serve(t, nil)
	const senders, each = 16, 25
	var wg sync.WaitGroup
	for sender := range senders {
		wg.Go(func() {
			for i := range each {
				id := fmt.Sprintf("%d-%d", sender, i)
				body := []byte(fmt.Sprintf(`{"id":%q,"pad":%q}`, id, strings.Repeat("x", 100*i)))
				if a := s.deliver(id, body); a.status != http.StatusAccepted || a.body["delivery"] != id {
					t.Errorf("delivery %s is answered with %d %s", id, a.status, a.text)
				}
			}
		})
	}
	wg.Wait()
	got := map[string]bool{}
	messages := s.stored(jetstream.StreamDeliveries, jetstream.ConsumerDecode)
	for range senders * each {
		d, err := envelope.ParseDelivery(next(t, messages).Message)
		if err != nil || !strings.Contains(string(d.Body), fmt.Sprintf("%q", d.ID)) {
			t.Errorf("delivery %s holds %.40s, %v", d.ID, d.Body, err)
		}
		got[d.ID] = true
	}
	if len(got) != senders*each {
		t.Errorf("%d deliveries are stored, want %d", len(got), senders*each)
	}
}
