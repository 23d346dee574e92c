package gateway

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/fivekeys/fivekeys/ingest/body"
	"github.com/fivekeys/fivekeys/ingest/faultlog"
	"github.com/fivekeys/fivekeys/ingest/native"
	"github.com/fivekeys/fivekeys/ingest/refusals"
	"github.com/fivekeys/fivekeys/ingest/signature"
	"github.com/fivekeys/fivekeys/internal/jetstream"
	"github.com/fivekeys/fivekeys/schemas"
)

const (
	// DefaultMaxBody is GitHub's own limit for a webhook's payload.
	DefaultMaxBody = 25 << 20
	// DefaultMaxBuffered bounds the bodies in memory at one time: ten of the
	// largest, or a hundred thousand of the usual.
	DefaultMaxBuffered = 256 << 20
)

const (
	// PagerDuty waits five seconds for its answer, GitHub ten. A publish that
	// takes longer than this is answered with 503, and the sender's next attempt
	// finds what became of it by its id.
	webhookTimeout = 4 * time.Second
	// Senders of events wait for their answer; a large batch takes its time.
	eventsTimeout = 30 * time.Second
)

// Publisher stores messages durably before it returns.
type Publisher interface {
	Publish(ctx context.Context, m jetstream.Message) (jetstream.Receipt, error)
	PublishBatch(ctx context.Context, msgs []jetstream.Message) ([]jetstream.Receipt, error)
}

// Source is a sender of webhooks, as far as accepting its deliveries goes.
type Source interface {
	// Name is the last element of its path and of its subject.
	Name() string
	signature.Verifier
	// Identify gives the sender's id of a delivery, stable over its attempts,
	// and its word for the payload's shape. An empty id is replaced by one made
	// of the body.
	Identify(h http.Header, body []byte) (id, kind string)
	// Kept lists the request headers to keep with the delivery, in their
	// canonical form. It is a list of what is wanted, so that no secret is kept
	// by oversight.
	Kept() []string
	// Setup says in one sentence how to configure its secret.
	Setup() string
}

// Check is something that must work for this process to be ready.
type Check struct {
	Name  string
	Ready func(ctx context.Context) error
}

// Config is what a Gateway needs.
type Config struct {
	Sources []Source
	// Tokens let senders in to /v1/events; without any, it answers 401.
	Tokens []string
	// Catalog gives the catalogue in force; nil means an empty one.
	Catalog func() *schemas.Catalog
	// PersonKey keys the hash under which a toil event's person is stored.
	PersonKey []byte
	Publisher Publisher
	// Partitions is how many ways events are split; it must be the topology's.
	Partitions int
	// MaxBody bounds one body (after decompression), MaxBuffered all of them
	// that are in memory at one time.
	MaxBody, MaxBuffered int64
	Checks               []Check
	// Notices gives what /readyz tells besides; it must not wait for anything.
	Notices func() []string
	// Registerer and Gatherer are usually one prometheus.Registry: where the first
	// is one, the second may be left out.
	Registerer prometheus.Registerer
	Gatherer   prometheus.Gatherer
	Logger     *slog.Logger
	Now        func() time.Time
}

func (c *Config) defaults() error {
	switch {
	case c.Publisher == nil:
		return errors.New("configure the gateway: a publisher is required")
	case c.Partitions < 1:
		return errors.New("configure the gateway: partitions must be at least 1")
	}
	if c.Catalog == nil {
		empty := &schemas.Catalog{}
		c.Catalog = func() *schemas.Catalog { return empty }
	}
	if c.MaxBody == 0 {
		c.MaxBody = DefaultMaxBody
	}
	if c.MaxBuffered == 0 {
		c.MaxBuffered = DefaultMaxBuffered
	}
	if c.Registerer == nil {
		c.Registerer = prometheus.NewRegistry()
	}
	if c.Gatherer == nil {
		registry, both := c.Registerer.(prometheus.Gatherer)
		if !both {
			return errors.New("configure the gateway: a gatherer is required beside a registerer that is none")
		}
		c.Gatherer = registry
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return nil
}

// Gateway accepts deliveries and events.
type Gateway struct {
	cfg      Config
	sources  map[string]*endpoint
	events   *endpoint
	unknown  *endpoint // requests for a source nobody registered
	tokens   *signature.Token
	names    native.Names
	bodies   *body.Reader
	faults   *faultlog.Log
	refused  *refusals.Ledger
	unready  *faultlog.Log
	draining atomic.Bool
}

// endpoint is a source with its metrics.
type endpoint struct {
	Source
	metrics *endpointMetrics
}

// New wires a gateway; it serves nothing by itself.
func New(cfg Config) (*Gateway, error) {
	if err := cfg.defaults(); err != nil {
		return nil, err
	}
	m, err := newMetrics(cfg.Registerer)
	if err != nil {
		return nil, err
	}
	// A message whose publisher gave up waiting may still be on its way with the
	// body's bytes, so that buffers are not used again.
	bodies, err := body.New(body.Config{Max: cfg.MaxBody, All: cfg.MaxBuffered})
	if err != nil {
		return nil, err
	}
	g := &Gateway{
		cfg:     cfg,
		sources: make(map[string]*endpoint, len(cfg.Sources)),
		events:  &endpoint{metrics: m.endpoint("events")},
		unknown: &endpoint{metrics: m.endpoint("unknown")},
		tokens:  signature.NewBearer(cfg.Tokens),
		bodies:  bodies,
		refused: refusals.New(cfg.Logger, cfg.Now),
		unready: faultlog.New(cfg.Logger, cfg.Now, "not ready"),
		faults:  faultlog.New(cfg.Logger, cfg.Now, "request refused, its sender was asked to try again"),
	}
	for _, s := range cfg.Sources {
		if _, twice := g.sources[s.Name()]; twice {
			return nil, errors.New("configure the gateway: source " + s.Name() + " is registered twice")
		}
		g.sources[s.Name()] = &endpoint{Source: s, metrics: m.endpoint(s.Name())}
	}
	return g, nil
}

// Register adds the gateway's paths to a mux that others share.
func (g *Gateway) Register(mux *http.ServeMux) {
	mux.HandleFunc("POST /webhooks/{source}", g.webhook)
	mux.HandleFunc("POST /v1/events", g.postEvents)
	g.RegisterHealth(mux)
}

// Handler serves the gateway alone.
func (g *Gateway) Handler() http.Handler {
	mux := http.NewServeMux()
	g.Register(mux)
	return mux
}

// Refused lists the senders that were turned away.
func (g *Gateway) Refused() []refusals.Refusal { return g.refused.List() }

// Drain makes every new request a 503 and the readiness fail, while requests
// that are under way end as they would have. Shutting the HTTP server down
// afterwards waits for those.
func (g *Gateway) Drain() { g.draining.Store(true) }

// ReplaceTokens lets in to /v1/events whoever has one of these from now on.
func (g *Gateway) ReplaceTokens(tokens []string) { g.tokens.Replace(tokens) }

func (g *Gateway) parser() native.Parser {
	return native.Parser{Catalog: g.cfg.Catalog(), PersonKey: g.cfg.PersonKey, Now: g.cfg.Now(), Names: &g.names}
}
