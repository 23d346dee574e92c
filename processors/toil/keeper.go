package toil

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/fivekeys/fivekeys/internal/clickhouse"
	"github.com/fivekeys/fivekeys/schemas"
)

// Store is the part of the store that a Keeper needs.
type Store interface {
	ToilRules(ctx context.Context) ([]clickhouse.ToilRule, error)
	AppendToilRules(ctx context.Context, rules []clickhouse.ToilRule, at time.Time) error
	RefillToil(ctx context.Context) error
}

var _ Store = (*clickhouse.Store)(nil)

// Config is what a Keeper needs.
type Config struct {
	Store Store
	// Teams are the configured ones, Default is for all others; a zero capacity
	// means that it is not known, and such teams have no ratio.
	Teams   []schemas.ToilRules
	Default schemas.ToilRules
	Logger  *slog.Logger
	Now     func() time.Time
}

// Keeper keeps the rules in the store those of the configuration.
type Keeper struct{ cfg Config }

// New checks the configuration; Settle does the work.
func New(cfg Config) (*Keeper, error) {
	if cfg.Store == nil {
		return nil, errors.New("configure toil: a store is required")
	}
	if cfg.Default.Cap == 0 {
		cfg.Default.Cap = schemas.DefaultToilRules().Cap
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Keeper{cfg: cfg}, nil
}

// Settle stores the rules that changed, and looks that no toil event is missing
// from toil_log. It is called once when a process starts; calling it again, or
// in several processes of one configuration, changes nothing.
func (k *Keeper) Settle(ctx context.Context) error {
	if err := k.cfg.Store.RefillToil(ctx); err != nil {
		return err
	}
	stored, err := k.cfg.Store.ToilRules(ctx)
	if err != nil {
		return err
	}
	now := k.cfg.Now()
	plan := Plan(stored, k.cfg.Teams, k.cfg.Default, now)
	if len(plan) == 0 {
		return nil
	}
	if err := k.cfg.Store.AppendToilRules(ctx, plan, now); err != nil {
		return fmt.Errorf("store toil rules: %w", err)
	}
	k.cfg.Logger.Info("capacities and caps of toil changed", "teams", len(plan), "from_week", Week(now).Format(time.DateOnly))
	return nil
}
