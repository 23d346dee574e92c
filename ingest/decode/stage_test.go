package decode_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fivekeys/fivekeys/ingest/decode"
	"github.com/fivekeys/fivekeys/ingest/github"
	"github.com/fivekeys/fivekeys/internal/envelope"
	"github.com/fivekeys/fivekeys/internal/jetstream"
	"github.com/fivekeys/fivekeys/schemas"
)

func deployment(id int) string {
	return fmt.Sprintf(`{"deployment":{"id":%d,"sha":"abc","environment":"eu","created_at":"2026-01-01T09:00:00Z"},"repository":{"full_name":"acme/shop"}}`, id)
}

// Every payload that GitHub publishes, signed and delivered: none is refused,
// none is lost, and what is stored is what decoding each of them gives.
func TestEveryPayloadArrives(t *testing.T) {
	s := serve(t)
	s.run()
	want := map[string]bool{}
	delivered, silent := 0, 0
	for _, server := range []string{"api.github.com", "ghes-31", "ghes-32", "ghes-33", "ghes-34", "ghes-35"} {
		raw, err := os.ReadFile("../github/testdata/octokit/node_modules/@octokit/webhooks-examples/" + server + "/index.json")
		if err != nil {
			t.Fatalf("%v (hint: make payloads)", err)
		}
		var kinds []struct {
			Name     string
			Examples []json.RawMessage
		}
		if err := json.Unmarshal(raw, &kinds); err != nil {
			t.Fatal(err)
		}
		for _, kind := range kinds {
			for n, body := range kind.Examples {
				id := fmt.Sprintf("%s/%s/%d", server, kind.Name, n)
				s.accept(id, kind.Name, string(body))
				delivered++
				events, err := github.New(nil, nil).Decode(schemas.Delivery{Kind: kind.Name, Body: body}, &schemas.Catalog{})
				if err != nil {
					t.Fatal(err)
				}
				if len(events) == 0 {
					silent++
				}
				for _, e := range events {
					want[envelope.EventID(&e)] = true
				}
			}
		}
	}
	s.drained()
	got, messages := s.events()
	for id, e := range got {
		if !want[id] {
			t.Errorf("event %s was not expected", id)
		}
		if !e.KnownAt.Equal(received) {
			t.Errorf("event %s is known since %v, want when it was received", id, e.KnownAt)
		}
		delete(want, id)
	}
	for id := range want {
		t.Errorf("event %s is lost", id)
	}
	if messages != len(got) {
		t.Errorf("%d messages hold %d events", messages, len(got))
	}
	if letters := s.deadLetters(); len(letters) > 0 {
		t.Errorf("%d deliveries are set aside, the first: %+v", len(letters), letters[0].Error)
	}
	s.metric(fmt.Sprintf(`fivekeys_ingest_requests_total{outcome="accepted",source="github"} %d`, delivered))
	s.metric(fmt.Sprintf(`fivekeys_decode_deliveries_total{outcome="ignored",source="github"} %d`, silent))
	s.metric(fmt.Sprintf(`fivekeys_decode_deliveries_total{outcome="decoded",source="github"} %d`, delivered-silent))
}

func TestTwoHooksTellOneEvent(t *testing.T) {
	s := serve(t)
	s.accept("organisation's", "deployment", deployment(1))
	s.accept("repository's", "deployment", deployment(1))
	s.run()
	s.drained()
	if _, messages := s.events(); messages != 1 {
		t.Errorf("%d messages are stored, want 1", messages)
	}
}

func TestWhatCantBeDecodedIsKept(t *testing.T) {
	s := serve(t)
	s.cfg.Sources = append(s.cfg.Sources, &odd{s.cfg.Sources[0]})
	s.run()
	s.accept("broken", "push", `{"ref":`)
	s.accept("good", "deployment", deployment(1))
	publish := func(d schemas.Delivery) {
		d.ReceivedAt, d.Body = received, []byte("{}")
		if _, err := s.publisher.Publish(t.Context(), envelope.Delivery(&d)); err != nil {
			t.Fatal(err)
		}
	}
	publish(schemas.Delivery{Source: "odd", ID: "panics", Kind: "panic"})
	publish(schemas.Delivery{Source: "odd", ID: "too large", Kind: "large"})
	publish(schemas.Delivery{Source: "nobody", ID: "unregistered"})
	if _, err := s.publisher.Publish(t.Context(), jetstream.Message{Subject: "deliveries.github", Data: []byte("foreign")}); err != nil {
		t.Fatal(err)
	}
	s.drained()

	if events, _ := s.events(); len(events) != 1 {
		t.Errorf("%d events are stored, want that of the good delivery", len(events))
	}
	want := map[string]string{
		"payload": "unexpected payload", "panic": "panic: what now", "too_large": "too large",
		"unknown_source": `no source "nobody"`, "malformed": "is missing",
	}
	for _, l := range s.deadLetters() {
		text, expected := want[l.Reason]
		if !expected || !strings.Contains(l.Error, text) {
			t.Errorf("a dead letter says %s: %s", l.Reason, l.Error)
		}
		delete(want, l.Reason)
		if l.Stream != jetstream.StreamDeliveries || l.Sequence == 0 || !l.At.Equal(received.Add(60e9)) {
			t.Errorf("the dead letter of %s is of %s %d at %v", l.Reason, l.Stream, l.Sequence, l.At)
		}
		if l.Reason == "payload" {
			d, err := envelope.ParseDelivery(l.Original)
			if err != nil || d.ID != "broken" || string(d.Body) != `{"ref":` {
				t.Errorf("the original is %+v, %v", d, err)
			}
		}
	}
	for reason := range want {
		t.Errorf("no dead letter says %s", reason)
	}
	s.metric(`fivekeys_decode_deliveries_total{outcome="payload",source="github"} 1`)
	s.metric(`fivekeys_decode_deliveries_total{outcome="panic",source="odd"} 1`)
	s.metric(`fivekeys_decode_deliveries_total{outcome="malformed",source="unknown"} 1`)
}

// odd is a source whose decoder does what no decoder should.
type odd struct{ decode.Source }

func (*odd) Name() string { return "odd" }

func (*odd) Decode(d schemas.Delivery, _ *schemas.Catalog) ([]schemas.Event, error) {
	if d.Kind == "panic" {
		panic("what now")
	}
	e, err := schemas.NewEvent(d.ID, "odd", schemas.TypeBranch, d.ReceivedAt, "x", &schemas.BranchEvent{
		Branch: strings.Repeat("x", jetstream.DefaultMaxPayload), After: "a", Service: "x",
	})
	return []schemas.Event{e}, err
}

func TestWhatCantBeStoredComesAgain(t *testing.T) {
	s := serve(t)
	flaky := &flaky{Publisher: s.publisher}
	flaky.failures.Store(2)
	s.cfg.Publisher, s.cfg.Workers = flaky, 1
	s.accept("1", "deployment", deployment(1))
	s.accept("2", "push", `broken`) // its dead letter can't be stored at first either
	s.run()
	s.drained()
	if events, _ := s.events(); len(events) != 1 {
		t.Errorf("%d events are stored, want 1", len(events))
	}
	if letters := s.deadLetters(); len(letters) != 1 {
		t.Errorf("%d dead letters are stored, want 1", len(letters))
	}
	s.metric(`fivekeys_decode_deliveries_total{outcome="retried",source="github"} 2`)
}

// flaky is a publisher whose server is away at first.
type flaky struct {
	decode.Publisher
	failures atomic.Int32
}

func (f *flaky) Publish(ctx context.Context, m jetstream.Message) (jetstream.Receipt, error) {
	if f.failures.Add(-1) >= 0 {
		return jetstream.Receipt{}, jetstream.ErrUnavailable
	}
	return f.Publisher.Publish(ctx, m)
}

func (f *flaky) PublishBatch(ctx context.Context, m []jetstream.Message) ([]jetstream.Receipt, error) {
	if f.failures.Add(-1) >= 0 {
		return nil, jetstream.ErrUnavailable
	}
	return f.Publisher.PublishBatch(ctx, m)
}

func TestManyAtOnce(t *testing.T) {
	s := serve(t)
	s.run()
	const senders, each = 8, 50
	var wg sync.WaitGroup
	for sender := range senders {
		wg.Go(func() {
			for i := range each {
				// Every second deployment is told by two senders.
				id := sender*each + i
				if i%2 == 0 {
					id = i
				}
				s.accept(fmt.Sprintf("%d/%d", sender, i), "deployment", deployment(id+1))
			}
		})
	}
	wg.Wait()
	s.drained()
	if events, _ := s.events(); len(events) != each+(senders-1)*each/2 {
		t.Errorf("%d events are stored, want %d", len(events), each+(senders-1)*each/2)
	}
}

func TestStopFinishesWhatWasTaken(t *testing.T) {
	s := serve(t)
	const n = 300
	for i := range n {
		s.accept(fmt.Sprint(i), "deployment", deployment(i+1))
	}
	sub, err := s.client.Subscribe(t.Context(), jetstream.SubscribeConfig{
		Stream: jetstream.StreamDeliveries, Consumers: []string{jetstream.ConsumerDecode},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stopping := &stopping{Publisher: s.publisher, stop: stop}
	s.cfg.Messages, s.cfg.Publisher, s.cfg.Workers = sub.Messages(), stopping, 1
	stage, err := decode.New(s.cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := stage.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if err := sub.Close(); err != nil {
		t.Fatal(err)
	}
	events, _ := s.events()
	if len(events) == 0 || len(events) != int(stopping.published.Load()) {
		t.Errorf("%d events are stored, %d were published", len(events), stopping.published.Load())
	}
	t.Run("the next process does the rest", func(t *testing.T) {
		s.cfg.Publisher, s.cfg.Registerer = s.publisher, nil
		s.run()
		s.drained()
		if events, messages := s.events(); len(events) != n || messages != n {
			t.Errorf("%d events in %d messages are stored, want %d", len(events), messages, n)
		}
	})
}

// stopping asks the stage to stop while a batch is being published.
type stopping struct {
	decode.Publisher
	stop      func()
	published atomic.Int32
}

func (p *stopping) PublishBatch(ctx context.Context, m []jetstream.Message) ([]jetstream.Receipt, error) {
	p.stop()
	p.published.Add(int32(len(m)))
	return p.Publisher.PublishBatch(ctx, m)
}

// It is authentic and was accepted, so it is kept; but a time that has not come
// yet, or that the store can't hold, reaches no figure.
func TestADeliveryOfATimeThatIsNotAcceptedIsSetAside(t *testing.T) {
	s := serve(t)
	s.run()
	times := map[string]string{
		"2150-01-01T09:00:00Z":                            "2150-01-01T09:00:00Z is outside the accepted times",
		"1970-01-01T00:00:01Z":                            "1970-01-01T00:00:01Z is outside the accepted times",
		received.Add(25 * time.Hour).Format(time.RFC3339): "is more than a day ahead of the clock here",
	}
	for at := range times {
		s.accept(at, "deployment", strings.Replace(deployment(1), "2026-01-01T09:00:00Z", at, 1))
	}
	s.accept("good", "deployment", strings.Replace(deployment(2), "2026-01-01T09:00:00Z", received.Add(23*time.Hour).Format(time.RFC3339), 1))
	s.drained()
	if events, _ := s.events(); len(events) != 1 {
		t.Errorf("%d events are stored, want that of the good delivery", len(events))
	}
	letters := s.deadLetters()
	for _, l := range letters {
		d, err := envelope.ParseDelivery(l.Original)
		if err != nil || l.Reason != "payload" || !strings.Contains(l.Error, times[d.ID]) || times[d.ID] == "" {
			t.Errorf("%s: %s: %s (%v)", d.ID, l.Reason, l.Error, err)
		}
	}
	if len(letters) != len(times) {
		t.Errorf("%d deliveries are set aside, want %d", len(letters), len(times))
	}
}
