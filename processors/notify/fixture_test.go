package notify

import (
	"cmp"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/fivekeys/fivekeys/internal/jetstream"
	"github.com/fivekeys/fivekeys/internal/testkit"
	"github.com/fivekeys/fivekeys/schemas"
)

func TestMain(m *testing.M) {
	testkit.RunNATSIfAsked()
	goleak.VerifyTestMain(m)
}

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func firing(objective string) schemas.AlertSignal {
	return schemas.AlertSignal{
		ID: objective + ".fast.1", Rule: "fast", Severity: schemas.SeverityPage, State: schemas.AlertFiring,
		Objective: objective, SLO: objective, Service: "shop/" + objective, Team: "web", StartedAt: noon,
		Long: "1h", Short: "5m", Factor: 14.4, LongBurn: 15.25, ShortBurn: 20, MinutesLeft: new(31.0), RunsOutAt: new(noon.Add(2 * time.Hour)),
		DeploymentID: "d1", Version: "v7", DeployedAt: new(noon.Add(-time.Hour)), DeploymentURL: "https://ci.example.com/d1",
		Summary: "At this rate the 31 minutes that are left run out at 14:00.",
	}
}

func resolved(objective string) schemas.AlertSignal {
	a := firing(objective)
	a.State, a.ResolvedAt = schemas.AlertResolved, new(noon.Add(time.Hour))
	return a
}

func budget(objective string, state schemas.BudgetState, at time.Time) schemas.BudgetSignal {
	return schemas.BudgetSignal{
		ID: objective + "." + string(state) + at.Format(".15:04"), Objective: objective, SLO: objective, Service: "shop/" + objective, Team: "web",
		State: state, At: at, Remaining: new(-0.02), Summary: "The budget is " + string(state) + ".",
	}
}

// pipeline is NATS with what a Notifier needs of it.
type pipeline struct {
	t         testing.TB
	client    *jetstream.Client
	publisher *jetstream.Publisher
	// timeout is for tests of receivers that answer nothing; where it isn't set no
	// machine is too slow.
	timeout time.Duration
}

// open starts NATS in a folder. The consumers are those of receivers a and b.
func open(t *testing.T, folder string, consumers ...string) *pipeline {
	t.Helper()
	client, err := jetstream.Open(t.Context(), jetstream.Config{StoreDir: folder, NoSync: true, Topology: jetstream.Topology{
		SignalConsumers: consumers, AckWait: time.Second, Partitions: 1, MaxBytes: 1 << 30,
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	if err := client.Ensure(t.Context()); err != nil {
		t.Fatal(err)
	}
	publisher, err := client.NewPublisher(t.Context(), jetstream.PublisherConfig{})
	if err != nil {
		t.Fatal(err)
	}
	return &pipeline{t: t, client: client, publisher: publisher}
}

func (p *pipeline) publish(signals ...any) {
	p.t.Helper()
	for _, s := range signals {
		m := jetstream.Message{}
		switch v := s.(type) {
		case schemas.AlertSignal:
			m.Subject = schemas.AlertSubject(v.Service)
		case schemas.BudgetSignal:
			m.Subject = schemas.BudgetSubject(v.Service)
		}
		var err error
		if m.Data, err = json.Marshal(s); err != nil {
			p.t.Fatal(err)
		}
		if _, err := p.publisher.Publish(p.t.Context(), m); err != nil {
			p.t.Fatal(err)
		}
	}
}

// run starts a Notifier, which ends with the returned function.
func (p *pipeline) run(receivers ...Receiver) (n *Notifier, stop func()) {
	p.t.Helper()
	return p.runWith(nil, receivers...)
}

func (p *pipeline) runWith(defined func(objective, rule string) bool, receivers ...Receiver) (n *Notifier, stop func()) {
	p.t.Helper()
	n, err := New(Config{
		Defined: defined,
		Client:  p.client, Publisher: p.publisher, Receivers: receivers, Timeout: cmp.Or(p.timeout, time.Minute),
		Backoff: Backoff{Least: time.Millisecond, Most: 20 * time.Millisecond}, Resend: 30 * time.Millisecond,
		Logger: slog.New(slog.DiscardHandler), Link: "https://grafana.example.com/d/slo", HTTP: &http.Transport{},
	})
	if err != nil {
		p.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(p.t.Context())
	var done sync.WaitGroup
	done.Go(func() {
		if err := n.Run(ctx); err != nil && ctx.Err() == nil {
			p.t.Errorf("Run: %v", err)
		}
	})
	stop = sync.OnceFunc(func() { cancel(); done.Wait() })
	p.t.Cleanup(stop)
	return n, stop
}

// settled waits until nothing is left for a receiver to be told.
func (p *pipeline) settled(receiver string) {
	p.t.Helper()
	p.until(func() bool {
		lags, err := p.client.Pending(p.t.Context(), jetstream.StreamSignals)
		if err != nil {
			return false
		}
		for _, l := range lags {
			if l.Consumer == ConsumerName(receiver) && l.Total() > 0 {
				return false
			}
		}
		return true
	})
}

// until polls for what nothing signals.
func (p *pipeline) until(cond func() bool) {
	p.t.Helper()
	testkit.Await(p.t, "what was published has the effect that is looked for", cond)
}

// delivery is a request as it came.
type delivery struct {
	path   string
	header http.Header
	body   []byte
}

// receiver is a server that answers as it is told to and keeps what it took.
type receiver struct {
	*httptest.Server
	mu    sync.Mutex
	taken []delivery
	tries int
	came  chan struct{}
}

// serve starts one. answer sees each request with its number, from 1, and says
// the status; 0 breaks the connection, -1 takes too long.
func serve(t testing.TB, answer func(n int, d delivery, h http.Header) int) *receiver {
	t.Helper()
	r := &receiver{came: make(chan struct{}, 1)}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return
		}
		d := delivery{req.URL.Path, req.Header.Clone(), body}
		r.mu.Lock()
		r.tries++
		n := r.tries
		r.mu.Unlock()
		status := http.StatusOK
		if answer != nil {
			status = answer(n, d, w.Header())
		}
		switch status {
		case 0:
			panic(http.ErrAbortHandler)
		case -1:
			<-req.Context().Done()
			return
		case http.StatusOK:
			r.mu.Lock()
			r.taken = append(r.taken, d)
			r.mu.Unlock()
		}
		w.WriteHeader(status)
		select {
		case r.came <- struct{}{}:
		default:
		}
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) all() []delivery {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]delivery(nil), r.taken...)
}

// ids are what a webhook took, in order, by the CloudEvents' ids.
func (r *receiver) ids(t *testing.T) []string {
	t.Helper()
	var out []string
	for _, d := range r.all() {
		var e cloudEvent
		if err := json.Unmarshal(d.body, &e); err != nil {
			t.Fatal(err)
		}
		out = append(out, e.ID)
	}
	return out
}

// hook is a webhook called a.
func (r *receiver) hook() Receiver {
	return Receiver{Receiver: schemas.Receiver{Name: "a", Webhook: r.URL + "/hook"}, Secrets: []string{"whsec_c2VjcmV0IG9mIHR3ZW50eS1mb3VyIGJ5dGVz", "old"}}
}
