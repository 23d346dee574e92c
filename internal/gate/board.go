package gate

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/fivekeys/fivekeys/internal/jetstream"
	"github.com/fivekeys/fivekeys/schemas"
)

// BucketName is where the last budgets are.
const BucketName = "fivekeys_budgets"

// Bucket holds the last value of each key; *jetstream.Bucket does.
type Bucket interface {
	Put(ctx context.Context, key string, value []byte) error
	Delete(ctx context.Context, key string) error
	Watch(ctx context.Context, tell func(jetstream.Change)) error
}

// OpenBucket opens the bucket of last budgets.
func OpenBucket(ctx context.Context, client *jetstream.Client) (*jetstream.Bucket, error) {
	return client.Bucket(ctx, jetstream.BucketConfig{Name: BucketName, Description: "The last error budgets of each service, for the gate"})
}

// BoardConfig is what a Board needs.
type BoardConfig struct {
	Bucket Bucket
	Logger *slog.Logger
	Now    func() time.Time
}

// Board has the last known budgets of all services in memory. Its methods may
// be called side by side.
type Board struct {
	cfg    BoardConfig
	loaded chan struct{} // closed once everything that was there is known

	mu        sync.RWMutex
	services  map[string][]schemas.BudgetStatus
	evaluated time.Time

	publishing sync.Mutex
	published  map[string]publication
	announced  time.Time // when the time of evaluation was published
}

// NewBoard makes a board that knows nothing until Run runs.
func NewBoard(cfg BoardConfig) (*Board, error) {
	if cfg.Bucket == nil {
		return nil, errors.New("configure the board of budgets: a bucket is required")
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Board{
		cfg: cfg, loaded: make(chan struct{}),
		services: make(map[string][]schemas.BudgetStatus), published: make(map[string]publication),
	}, nil
}

// Run follows the bucket until ctx ends. What is known by then stays known.
func (b *Board) Run(ctx context.Context) error { return b.cfg.Bucket.Watch(ctx, b.apply) }

// Loaded is closed once everything that was in the bucket is known.
func (b *Board) Loaded() <-chan struct{} { return b.loaded }

// Known gives what is known about a service's budgets. The statuses are shared:
// nobody changes them.
func (b *Board) Known(service string) Known {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return Known{Statuses: b.services[service], EvaluatedAt: b.evaluated}
}

// Keys of the bucket: one that every evaluation renews, and one for each service.
const (
	evaluatedKey  = "evaluated"
	servicePrefix = "service/"
)

// record is a service's value.
type record struct {
	Statuses []schemas.BudgetStatus `json:"statuses"`
}

func (b *Board) apply(c jetstream.Change) {
	if c.Kind == jetstream.Loaded {
		select {
		case <-b.loaded:
		default:
			close(b.loaded)
		}
		return
	}
	if c.Key == evaluatedKey {
		var at time.Time
		if err := at.UnmarshalText(c.Value); err != nil && c.Kind == jetstream.Put {
			b.cfg.Logger.Warn("the time of the last evaluation is not understood", "error", err)
			return
		}
		b.mu.Lock()
		b.evaluated = at
		b.mu.Unlock()
		return
	}
	service, ours := strings.CutPrefix(c.Key, servicePrefix)
	if !ours {
		return
	}
	var r record
	if c.Kind == jetstream.Put {
		if err := json.Unmarshal(c.Value, &r); err != nil {
			// Of a newer version, perhaps. What was known stays, and grows older.
			b.cfg.Logger.Warn("the budgets of a service are not understood", "service", service, "error", err)
			return
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if c.Kind == jetstream.Deleted {
		delete(b.services, service)
		return
	}
	b.services[service] = r.Statuses
}
