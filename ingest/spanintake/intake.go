package spanintake

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/fivekeys/fivekeys/ingest/body"
	"github.com/fivekeys/fivekeys/ingest/faultlog"
	"github.com/fivekeys/fivekeys/ingest/signature"
	"github.com/fivekeys/fivekeys/internal/jetstream"
)

const (
	// DefaultMaxBody is what the OTLP specification recommends to bound a body by,
	// after decompression.
	DefaultMaxBody = 64 << 20
	// DefaultMaxBuffered bounds what all requests hold at one time.
	DefaultMaxBuffered = 256 << 20
	// DefaultRetryAfter is how long a refused sender should wait: longer than NATS
	// takes to elect a leader, shorter than exporters keep trying (a minute).
	DefaultRetryAfter = 5 * time.Second
	// publishTimeout ends before the exporters' own ten seconds, so that they hear
	// what to do.
	publishTimeout = 8 * time.Second
)

// Publisher stores messages before it returns.
type Publisher interface {
	PublishBatch(ctx context.Context, msgs []jetstream.Message) ([]jetstream.Receipt, error)
}

// Config is what an Intake needs.
type Config struct {
	Publisher Publisher
	// Partitions is how many ways spans are split; it must be the topology's.
	Partitions int
	// Tokens are demanded of every sender; none means that anyone may send.
	Tokens []string
	// MaxBody bounds one body after decompression, MaxBuffered what all requests
	// hold in memory at one time.
	MaxBody, MaxBuffered int64
	// Retention is how long spans are kept: older ones are left out. 0: none is too
	// old. One of a clock that is ahead is left out in any case.
	Retention time.Duration
	// RetryAfter is what a sender is told to wait after a fault of ours.
	RetryAfter time.Duration
	Registerer prometheus.Registerer
	Logger     *slog.Logger
	Now        func() time.Time
}

func (c *Config) defaults() error {
	switch {
	case c.Publisher == nil:
		return errors.New("configure the intake of spans: a publisher is required")
	case c.Partitions < 1:
		return errors.New("configure the intake of spans: partitions must be at least 1")
	}
	if c.MaxBody == 0 {
		c.MaxBody = DefaultMaxBody
	}
	if c.MaxBuffered == 0 {
		c.MaxBuffered = DefaultMaxBuffered
	}
	if c.RetryAfter == 0 {
		c.RetryAfter = DefaultRetryAfter
	}
	if c.Registerer == nil {
		c.Registerer = prometheus.NewRegistry()
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return nil
}

// Intake takes spans on their way into the stream. Its endpoints share the
// bounds.
type Intake struct {
	cfg      Config
	tokens   atomic.Pointer[signature.Token] // nil: open
	bodies   *body.Reader
	metrics  *metrics
	faults   *faultlog.Log
	draining atomic.Bool
}

// New wires an intake; it serves nothing by itself.
func New(cfg Config) (*Intake, error) {
	if err := cfg.defaults(); err != nil {
		return nil, err
	}
	m, err := newMetrics(cfg.Registerer)
	if err != nil {
		return nil, err
	}
	b, err := body.New(body.Config{Max: cfg.MaxBody, All: cfg.MaxBuffered, Reuse: true}) // chunks are copies
	if err != nil {
		return nil, err
	}
	in := &Intake{
		cfg: cfg, bodies: b, metrics: m,
		faults: faultlog.New(cfg.Logger, cfg.Now, "spans refused, their sender was asked to try again"),
	}
	in.ReplaceTokens(cfg.Tokens)
	return in, nil
}

// ReplaceTokens lets in whoever has one of these from now on. None changes
// nothing: an intake that asks for a token never opens.
func (in *Intake) ReplaceTokens(tokens []string) {
	if len(tokens) > 0 {
		in.tokens.Store(signature.NewBearer(tokens))
	}
}

// Drain refuses every new request, to be sent again elsewhere, while those that
// are under way end as they would have.
func (in *Intake) Drain() { in.draining.Store(true) }

// RetryAfter is what a sender is told to wait after a fault of ours.
func (in *Intake) RetryAfter() time.Duration { return in.cfg.RetryAfter }

// Now is the time of day, for formats that have to invent one.
func (in *Intake) Now() time.Time { return in.cfg.Now() }

// admit decides by the headers alone, before a body is read: an anonymous sender
// must not be able to make us buffer anything.
func (in *Intake) admit(h http.Header) error {
	if in.draining.Load() {
		return errDraining
	}
	if tokens := in.tokens.Load(); tokens != nil {
		if err := tokens.Precheck(h); err != nil {
			return fmt.Errorf("spans: %w", err)
		}
	}
	if in.bodies.Full() {
		return body.ErrFull
	}
	return nil
}
