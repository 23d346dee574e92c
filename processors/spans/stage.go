package spans

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/fivekeys/fivekeys/internal/clickhouse"
	"github.com/fivekeys/fivekeys/internal/jetstream"
	"github.com/fivekeys/fivekeys/schemas"
)

// Name of the stage in logs, metrics and dead letters.
const Name = "spans"

const (
	// maxSpans and maxBytes are the largest cut: what ClickHouse likes in one insert.
	maxSpans = 50_000
	maxBytes = 64 << 20
	// DefaultCutEvery is how often what was counted is written where that is less.
	DefaultCutEvery = time.Second
	// DefaultRetention is how long spans are kept where the rules don't say.
	DefaultRetention = 7 * 24 * time.Hour
	// maxAhead is how far a sender's clock may be ahead of the stream's.
	maxAhead = schemas.MaxSpanAhead
	// tickAfter is how long a partition with open traces may be silent.
	tickAfter   = time.Second
	tickTimeout = 5 * time.Second
	// trimEvery is how often the stream is shortened.
	trimEvery = 5 * time.Second
	// lastCall bounds the last write of a stage that is stopped.
	lastCall = 20 * time.Second

	minBackoff = 200 * time.Millisecond
	maxBackoff = 10 * time.Second
)

// Config of the stage.
type Config struct {
	Bus       *jetstream.Client
	Publisher Publisher
	Store     Store
	// Leases say which partitions to work on; their names are LeaseNames'.
	Leases      Leases
	DeadLetters DeadLetters
	Decode      Decode
	// Counter counts for objectives; nil where there are none.
	Counter Counter
	// Traces makes the follower of one partition's traces.
	Traces     func() Traces
	Rules      schemas.SpanRules
	Partitions int // of the stream
	// CutEvery is DefaultCutEvery unless given.
	CutEvery   time.Duration
	Now        func() time.Time // the clock, for ticks and metrics only
	Logger     *slog.Logger
	Registerer prometheus.Registerer
}

func (c *Config) defaults() error {
	switch {
	case c.Bus == nil || c.Publisher == nil || c.Store == nil || c.Leases == nil || c.DeadLetters == nil:
		return errors.New("new spans stage: bus, publisher, store, leases and dead letters are required")
	case c.Decode == nil || c.Traces == nil:
		return errors.New("new spans stage: a decoder and traces are required")
	case c.Partitions < 1:
		return fmt.Errorf("new spans stage: %d partitions", c.Partitions)
	}
	if c.Rules.Retention <= 0 {
		c.Rules.Retention = DefaultRetention
	}
	if c.CutEvery <= 0 {
		c.CutEvery = DefaultCutEvery
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	c.Logger = c.Logger.With("stage", Name)
	return nil
}

// Stage counts the spans of the partitions that this process holds.
type Stage struct {
	cfg        Config
	metrics    metrics
	background sync.WaitGroup
	ticking    atomic.Bool
	pressure   atomic.Int32 // how full the stream is

	mu      sync.Mutex
	durable map[int]uint64 // of each partition held, up to where it is in the tables
}

// New checks the configuration, sets the retention of spans and makes the stream
// go on behind what is counted of it: intake should begin afterwards.
func New(ctx context.Context, cfg Config) (*Stage, error) {
	if err := cfg.defaults(); err != nil {
		return nil, err
	}
	s := &Stage{cfg: cfg, metrics: newMetrics()}
	if err := s.metrics.register(cfg.Registerer); err != nil {
		return nil, err
	}
	s.expect(s.partitions())
	if err := cfg.Store.KeepSpans(ctx, s.cfg.Rules.Retention); err != nil {
		return nil, err
	}
	if _, _, err := s.advance(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// LeaseNames are the names to lease for a stream of n partitions.
func LeaseNames(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = leasePrefix + strconv.Itoa(i)
	}
	return names
}

const leasePrefix = Name + "."

// Run works until ctx ends. What fails is tried again; what was not written then
// is counted again.
func (s *Stage) Run(ctx context.Context) error {
	defer s.background.Wait()
	backoff := minBackoff
	for ctx.Err() == nil {
		held := s.partitions()
		s.expect(held)
		s.metrics.held.Set(float64(len(held)))
		if len(held) == 0 {
			select {
			case <-s.cfg.Leases.Changes():
			case <-ctx.Done():
			}
			continue
		}
		start := time.Now()
		err := s.session(ctx, held)
		if err == nil || ctx.Err() != nil {
			backoff = minBackoff
			continue
		}
		if time.Since(start) > maxBackoff {
			backoff = minBackoff
		}
		s.cfg.Logger.Warn("counting spans failed, trying again", "after", backoff, "error", err)
		pause(ctx, backoff)
		backoff = min(2*backoff, maxBackoff)
	}
	return nil
}

// session counts the held partitions until that changes.
func (s *Stage) session(ctx context.Context, held []int) error {
	n, log, err := s.open(ctx, held)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	s.cfg.Logger.Debug("counting spans", "partitions", held)
	changed := make(chan struct{})
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var watch sync.WaitGroup
	defer watch.Wait()
	defer cancel()
	watch.Go(func() {
		for {
			select {
			case <-s.cfg.Leases.Changes():
				if !slices.Equal(s.partitions(), held) {
					close(changed)
					return
				}
			case <-ctx.Done():
				return
			}
		}
	})
	return n.run(ctx, log, changed)
}

// partitions are the numbers of the leases held, sorted.
func (s *Stage) partitions() []int {
	var out []int
	for _, name := range s.cfg.Leases.Held() {
		number, ok := strings.CutPrefix(name, leasePrefix)
		if n, err := strconv.Atoi(number); ok && err == nil && n < s.cfg.Partitions {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return out
}

// Backlog is how many messages may wait before the spans of the partitions held
// here are in the tables; 0 once all that was published is.
func (s *Stage) Backlog(ctx context.Context) (uint64, error) {
	last, _, err := s.cfg.Bus.LastSequence(ctx, jetstream.StreamSpans)
	if err != nil {
		return 0, err
	}
	s.mu.Lock()
	durable := maps.Clone(s.durable)
	s.mu.Unlock()
	var backlog uint64
	for number, after := range durable {
		if after >= last {
			continue
		}
		next, err := s.cfg.Bus.NextSequence(ctx, jetstream.StreamSpans, schemas.SpanSubject(number), after)
		if err != nil {
			return 0, err
		}
		if next != 0 {
			backlog = max(backlog, last-after)
		}
	}
	return backlog, nil
}

// expect makes the backlog that of the partitions held. What is not known of them
// yet counts as waiting.
func (s *Stage) expect(held []int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.durable
	s.durable = make(map[int]uint64, len(held))
	for _, number := range held {
		s.durable[number] = old[number]
	}
}

func (s *Stage) beginDurable(held []*partition) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.durable = make(map[int]uint64, len(held))
	for _, p := range held {
		s.durable[p.number] = p.position.Sequence
	}
}

func (s *Stage) setDurable(positions []clickhouse.SpanPosition) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range positions {
		if _, ok := s.durable[p.Partition]; ok {
			s.durable[p.Partition] = p.Sequence
		}
	}
}

// retry tries until it succeeds or ctx ends; a first attempt is always made.
func retry[T any](ctx context.Context, s *Stage, what string, do func() (T, error)) (T, error) {
	backoff := minBackoff
	for {
		v, err := do()
		if err == nil {
			return v, nil
		}
		if ctx.Err() != nil {
			return v, fmt.Errorf("%s: %w", what, err) // stopped; it is done again after the restart
		}
		s.metrics.retries.Inc()
		s.cfg.Logger.Warn(what+" failed, trying again", "after", backoff, "error", err)
		if !pause(ctx, backoff) {
			return v, fmt.Errorf("%s: %w", what, err)
		}
		backoff = min(2*backoff, maxBackoff)
	}
}

func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
