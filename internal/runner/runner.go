package runner

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/fivekeys/fivekeys/internal/jetstream"
)

// Outcome is what became of one message.
type Outcome struct {
	// Poison, if set, is why the message can never be processed: it becomes a
	// dead letter. The zero Outcome is done.
	Poison error
}

// Processor works through a batch. It returns one outcome for each message, or
// nil where all are done. An error means that nothing is settled: the same
// batch is tried again until it succeeds or the runner stops.
type Processor interface {
	Process(ctx context.Context, batch []*jetstream.Received) ([]Outcome, error)
}

// ProcessorFunc is a Processor that is a function.
type ProcessorFunc func(ctx context.Context, batch []*jetstream.Received) ([]Outcome, error)

// Process calls f.
func (f ProcessorFunc) Process(ctx context.Context, batch []*jetstream.Received) ([]Outcome, error) {
	return f(ctx, batch)
}

// DeadLetters takes what can't be processed; it returns once the letter is durable.
type DeadLetters interface {
	Bury(ctx context.Context, stage string, m *jetstream.Received, reason error) error
}

const (
	// DefaultBatch suits ClickHouse: ten thousand rows an insert.
	DefaultBatch = 10_000
	// DefaultWait is how long the first message of a batch waits for company: the
	// price in latency of fewer and larger inserts.
	DefaultWait = 200 * time.Millisecond
	// lastCall is what the first message waits where it is late already: enough for
	// the subscription to hand over what it holds.
	lastCall = 20 * time.Millisecond
	// batchBytes bounds a batch of large bodies.
	batchBytes = 64 << 20

	minBackoff = 200 * time.Millisecond
	maxBackoff = 10 * time.Second
)

// Config configures a Runner.
type Config struct {
	// Stage names it in logs, metrics and dead letters.
	Stage        string
	Subscription *jetstream.Subscription
	Processor    Processor
	DeadLetters  DeadLetters
	Batch        int
	Wait         time.Duration
	Logger       *slog.Logger
	Registerer   prometheus.Registerer
}

// Runner drives one processor.
type Runner struct {
	cfg     Config
	metrics metrics
}

type metrics struct {
	messages *prometheus.CounterVec
	batches  prometheus.Histogram
	retries  prometheus.Counter
	delay    prometheus.Histogram
}

// New checks the configuration and registers the metrics.
func New(cfg Config) (*Runner, error) {
	if cfg.Stage == "" || cfg.Subscription == nil || cfg.Processor == nil || cfg.DeadLetters == nil {
		return nil, errors.New("new runner: stage, subscription, processor and dead letters are required")
	}
	if cfg.Batch <= 0 {
		cfg.Batch = DefaultBatch
	}
	if cfg.Wait <= 0 {
		cfg.Wait = DefaultWait
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	cfg.Logger = cfg.Logger.With("stage", cfg.Stage)
	r := &Runner{cfg: cfg}
	label := prometheus.Labels{"stage": cfg.Stage}
	r.metrics = metrics{
		messages: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "fivekeys_stage_messages_total", Help: "Messages settled by a stage, by outcome.", ConstLabels: label,
		}, []string{"outcome"}),
		batches: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "fivekeys_stage_batch_seconds", Help: "Time a stage takes for a batch.", ConstLabels: label,
			Buckets: prometheus.ExponentialBuckets(0.001, 4, 9),
		}),
		retries: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "fivekeys_stage_retries_total", Help: "Batches tried again after an error.", ConstLabels: label,
		}),
		delay: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "fivekeys_stage_delay_seconds", Help: "From a message's publishing to its being settled.", ConstLabels: label,
			Buckets: prometheus.ExponentialBuckets(0.01, 3, 10),
		}),
	}
	if cfg.Registerer != nil {
		for _, c := range []prometheus.Collector{r.metrics.messages, r.metrics.batches, r.metrics.retries, r.metrics.delay} {
			if err := cfg.Registerer.Register(c); err != nil {
				return nil, fmt.Errorf("register metrics of stage %s: %w", cfg.Stage, err)
			}
		}
	}
	return r, nil
}

// Run works until the context ends or the subscription is closed. The batch at
// hand is finished first; what is not settled then is redelivered.
func (r *Runner) Run(ctx context.Context) error {
	for {
		batch := r.collect(ctx)
		if len(batch) == 0 {
			return nil
		}
		if err := r.settle(ctx, batch); err != nil {
			return err
		}
	}
}

// collect waits for a first message and then for company, until the batch is
// full or has waited long enough. It returns nothing when it is time to stop.
func (r *Runner) collect(ctx context.Context) []*jetstream.Received {
	var batch []*jetstream.Received
	select {
	case m, ok := <-r.cfg.Subscription.Messages():
		if !ok {
			return nil
		}
		batch = append(batch, m)
	case <-ctx.Done():
		return nil
	}
	// What came while the last batch was processed has waited already. Somebody
	// else's clock may have set its time, hence the bounds.
	waited := max(time.Since(batch[0].Time), 0)
	timer := time.NewTimer(max(r.cfg.Wait-waited, lastCall))
	defer timer.Stop()
	bytes := len(batch[0].Data)
	for len(batch) < r.cfg.Batch && bytes < batchBytes {
		select {
		case m, ok := <-r.cfg.Subscription.Messages():
			if !ok {
				return batch
			}
			batch = append(batch, m)
			bytes += len(m.Data)
		case <-timer.C:
			return batch
		case <-ctx.Done():
			return batch
		}
	}
	return batch
}

// settle processes a batch until it succeeds, then answers its messages. While
// the store is away it keeps trying and the backlog grows in NATS, which is
// what NATS is for.
func (r *Runner) settle(ctx context.Context, batch []*jetstream.Received) error {
	backoff := minBackoff
	for {
		start := time.Now()
		// Stopping must not cut the last insert in half: the store bounds it.
		outcomes, err := r.cfg.Processor.Process(context.WithoutCancel(ctx), batch)
		if err == nil {
			r.metrics.batches.Observe(time.Since(start).Seconds())
			return r.answer(ctx, batch, outcomes)
		}
		r.metrics.retries.Inc()
		r.cfg.Logger.Warn("batch failed, trying again", "messages", len(batch), "after", backoff, "error", err)
		select {
		case <-time.After(backoff):
		case <-ctx.Done():
			r.giveBack(batch)
			return nil
		}
		backoff = min(2*backoff, maxBackoff)
	}
}

func (r *Runner) answer(ctx context.Context, batch []*jetstream.Received, outcomes []Outcome) error {
	if outcomes != nil && len(outcomes) != len(batch) {
		r.giveBack(batch)
		return fmt.Errorf("stage %s: %d outcomes for %d messages", r.cfg.Stage, len(outcomes), len(batch))
	}
	now := time.Now()
	for i, m := range batch {
		if outcomes != nil && outcomes[i].Poison != nil {
			r.bury(ctx, m, outcomes[i].Poison)
			continue
		}
		// A lost acknowledgement means a redelivery, which changes nothing.
		if err := m.Ack(); err != nil {
			r.cfg.Logger.Debug("ack failed, the message will come again", "sequence", m.Sequence, "error", err)
			continue
		}
		r.metrics.messages.WithLabelValues("done").Inc()
		r.metrics.delay.Observe(now.Sub(m.Time).Seconds())
	}
	return nil
}

// bury makes a message a dead letter and only then ends it.
func (r *Runner) bury(ctx context.Context, m *jetstream.Received, reason error) {
	if err := r.cfg.DeadLetters.Bury(context.WithoutCancel(ctx), r.cfg.Stage, m, reason); err != nil {
		r.cfg.Logger.Warn("dead letter not stored, the message will come again", "sequence", m.Sequence, "error", err)
		_ = m.NakWithDelay(maxBackoff) // where this fails too it comes again anyway
		return
	}
	if err := m.Term(reason.Error()); err != nil {
		r.cfg.Logger.Debug("term failed, the message will come again", "sequence", m.Sequence, "error", err)
	}
	r.metrics.messages.WithLabelValues("dead_letter").Inc()
}

func (r *Runner) giveBack(batch []*jetstream.Received) {
	for _, m := range batch {
		_ = m.NakWithDelay(0) // where this fails it comes again after AckWait
	}
}
