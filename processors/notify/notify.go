package notify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/fivekeys/fivekeys/internal/jetstream"
	"github.com/fivekeys/fivekeys/schemas"
)

// Receiver is who is told, with its secrets: the keys of a webhook (several while
// one is rotated) or the bearer token of an Alertmanager.
type Receiver struct {
	schemas.Receiver
	Secrets []string
}

// Publisher publishes durably; *jetstream.Publisher does.
type Publisher interface {
	Publish(ctx context.Context, m jetstream.Message) (jetstream.Receipt, error)
}

const (
	// DefaultTimeout is how long a receiver may take for an answer.
	DefaultTimeout = 10 * time.Second
	// DefaultResend keeps an alert firing: Alertmanager's resolve_timeout is five
	// minutes unless changed, and some may fail.
	DefaultResend = time.Minute
	// DefaultConcurrency is how many objectives' signals are sent to one receiver
	// at once.
	DefaultConcurrency = 4
	// The waits between attempts: an alert that comes an hour late is worth a
	// request a minute.
	leastBackoff = time.Second
	mostBackoff  = time.Minute
)

// Config configures a Notifier.
type Config struct {
	// Client has a consumer named ConsumerName for each receiver.
	Client    *jetstream.Client
	Receivers []Receiver
	// Publisher takes the dead letters.
	Publisher Publisher
	// Defined says whether an alert's rule is one of an objective's, by key; of a
	// budget the rule is empty. What is defined no more has nobody to tell that it
	// is over, and is not told again. nil: everything is.
	Defined func(objective, rule string) bool
	// Link is the address that alerts lead to, such as that of a dashboard.
	Link string
	// HTTP is the client's transport; the default's unless given.
	HTTP        http.RoundTripper
	Timeout     time.Duration
	Backoff     Backoff
	Resend      time.Duration
	Concurrency int
	Logger      *slog.Logger
	Registerer  prometheus.Registerer
}

// ConsumerName is the durable consumer of a receiver.
func ConsumerName(receiver string) string { return "notify-" + receiver }

// Consumers are those of all receivers, for the topology.
func Consumers(receivers []schemas.Receiver) []string {
	var out []string
	for _, r := range receivers {
		out = append(out, ConsumerName(r.Name))
	}
	return out
}

// Notifier tells the receivers.
type Notifier struct {
	cfg     Config
	http    *http.Client
	workers map[string]*worker
}

// New checks the configuration and registers the metrics.
func New(cfg Config) (*Notifier, error) {
	if cfg.Client == nil || cfg.Publisher == nil {
		return nil, errors.New("new notifier: client and publisher are required")
	}
	defaults(&cfg.Timeout, DefaultTimeout)
	defaults(&cfg.Backoff, Backoff{Least: leastBackoff, Most: mostBackoff})
	defaults(&cfg.Resend, DefaultResend)
	defaults(&cfg.Concurrency, DefaultConcurrency)
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	n := &Notifier{cfg: cfg, workers: map[string]*worker{}, http: &http.Client{
		Transport: cfg.HTTP, Timeout: cfg.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	for _, r := range cfg.Receivers {
		if n.workers[r.Name] != nil {
			return nil, fmt.Errorf("new notifier: the receiver %q stands twice", r.Name)
		}
		w, err := newWorker(&n.cfg, n.http, r)
		if err != nil {
			return nil, fmt.Errorf("new notifier: receiver %s: %w", r.Name, err)
		}
		n.workers[r.Name] = w
	}
	return n, nil
}

func defaults[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}

// Run works until the context ends: for the receivers whose lease this process
// holds. What is being sent then is finished; the rest is told later.
func (n *Notifier) Run(ctx context.Context) error {
	if len(n.workers) == 0 {
		<-ctx.Done()
		return nil
	}
	names := make([]string, 0, len(n.workers))
	for name := range n.workers {
		names = append(names, name)
	}
	slices.Sort(names)
	bucket, err := openRecords(ctx, n.cfg.Client)
	if err != nil {
		return fmt.Errorf("run notifier: %w", err)
	}
	leases, err := n.cfg.Client.Lease(ctx, jetstream.LeaseConfig{Group: "notify", Names: names})
	if err != nil {
		return fmt.Errorf("run notifier: %w", err)
	}
	defer func() { _ = leases.Close() }()
	var done sync.WaitGroup
	defer done.Wait() // before the leases are given back
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer n.http.CloseIdleConnections()
	stops := map[string]func(){}
	for {
		held := leases.Held()
		for name, stop := range stops {
			if !slices.Contains(held, name) {
				stop()
				delete(stops, name)
			}
		}
		for _, name := range held {
			if stops[name] == nil {
				stops[name] = n.start(ctx, n.workers[name], bucket, &done)
			}
		}
		select {
		case <-leases.Changes():
		case <-ctx.Done():
			return nil
		}
	}
}

// start has a worker at work until the returned function, which waits for it.
func (n *Notifier) start(ctx context.Context, w *worker, bucket *jetstream.Bucket, done *sync.WaitGroup) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	done.Go(func() {
		defer close(ended)
		w.run(ctx, bucket)
	})
	return func() {
		cancel()
		<-ended
	}
}
