package decode

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/fivekeys/fivekeys/internal/jetstream"
	"github.com/fivekeys/fivekeys/schemas"
)

// Stage is the stage's name in dead-letter subjects.
const Stage = "decode"

const (
	// maxBatch and maxBatchBytes bound what is decoded before it is published.
	maxBatch      = 256
	maxBatchBytes = 16 << 20
	// linger is how long a batch waits for its next delivery: long enough for the
	// subscription to hand over what has arrived, too short to be noticed.
	linger = 2 * time.Millisecond
	// publishTimeout is far below the time for which the subscription holds a
	// message for us.
	publishTimeout = 30 * time.Second
)

// Publisher stores messages durably before it returns.
type Publisher interface {
	Publish(ctx context.Context, m jetstream.Message) (jetstream.Receipt, error)
	PublishBatch(ctx context.Context, msgs []jetstream.Message) ([]jetstream.Receipt, error)
}

// Config is what a Decoding needs.
type Config struct {
	Sources Sources
	// Catalog gives the catalogue in force; nil means an empty one.
	Catalog func() *schemas.Catalog
	// Messages are the deliveries; their channel's end is the stage's.
	Messages  <-chan *jetstream.Received
	Publisher Publisher
	// Partitions is how many ways events are split; it must be the topology's.
	Partitions int
	// Workers decode side by side; 0 is one per processor.
	Workers    int
	Registerer prometheus.Registerer
	Logger     *slog.Logger
	Now        func() time.Time
}

func (c *Config) defaults() error {
	switch {
	case c.Messages == nil:
		return errors.New("configure decoding: a subscription is required")
	case c.Publisher == nil:
		return errors.New("configure decoding: a publisher is required")
	case c.Partitions < 1:
		return errors.New("configure decoding: partitions must be at least 1")
	}
	if c.Catalog == nil {
		empty := &schemas.Catalog{}
		c.Catalog = func() *schemas.Catalog { return empty }
	}
	if c.Workers < 1 {
		c.Workers = runtime.GOMAXPROCS(0)
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

// Decoding is the running stage.
type Decoding struct {
	cfg      Config
	decoders map[string]Decoder
	metrics  *metrics
}

// New wires the stage; Run runs it.
func New(cfg Config) (*Decoding, error) {
	if err := cfg.defaults(); err != nil {
		return nil, err
	}
	m, err := newMetrics(cfg.Registerer, cfg.Sources)
	if err != nil {
		return nil, err
	}
	d := &Decoding{cfg: cfg, metrics: m, decoders: make(map[string]Decoder, len(cfg.Sources))}
	for _, s := range cfg.Sources {
		d.decoders[s.Name()] = s
	}
	return d, nil
}

// Run decodes until the subscription is closed or ctx ends. What it has taken
// by then is published and acknowledged before it returns.
func (d *Decoding) Run(ctx context.Context) error {
	var workers sync.WaitGroup
	for range d.cfg.Workers {
		workers.Go(func() {
			for {
				batch, more := d.take(ctx)
				if len(batch) > 0 {
					// A batch that is taken is finished, whoever asks us to stop.
					d.process(context.WithoutCancel(ctx), batch)
				}
				if !more {
					return
				}
			}
		})
	}
	workers.Wait()
	return nil
}

// take waits for a delivery and adds what is there besides. It says whether
// there may be more.
func (d *Decoding) take(ctx context.Context) ([]*jetstream.Received, bool) {
	var batch []*jetstream.Received
	select {
	case m, open := <-d.cfg.Messages:
		if !open {
			return nil, false
		}
		batch = append(batch, m)
	case <-ctx.Done():
		return nil, false
	}
	timer := time.NewTimer(linger)
	defer timer.Stop()
	for size := len(batch[0].Data); len(batch) < maxBatch && size < maxBatchBytes; {
		select {
		case m, open := <-d.cfg.Messages:
			if !open {
				return batch, false
			}
			batch = append(batch, m)
			size += len(m.Data)
			timer.Reset(linger)
		case <-timer.C:
			return batch, true
		case <-ctx.Done():
			return batch, false
		}
	}
	return batch, true
}
