package main

import (
	"context"
	"fmt"
	"time"

	"github.com/fivekeys/fivekeys/processors/dora"
)

type rebuildCommand struct{}

// Run folds every service again.
func (c *rebuildCommand) Run(ctx context.Context, g *globals, env *environment) error {
	s, err := g.settings(env)
	if err != nil {
		return err
	}
	store, done, err := g.openStore(ctx, env, s, false)
	if err != nil {
		return err
	}
	defer done()
	stage, err := dora.NewStage(dora.StageConfig{Store: store, Catalog: &s.catalog, Logger: env.logger})
	if err != nil {
		return err
	}
	start := time.Now()
	stats, err := stage.Rebuild(ctx, func(stats dora.RebuildStats) {
		env.logger.Debug("rebuilding", "services", stats.Services, "events", stats.Events)
	})
	if err != nil {
		return fmt.Errorf("rebuild: %w; what was written stays right, run it again for the rest", err)
	}
	if err := store.RefillToil(ctx); err != nil {
		return fmt.Errorf("rebuild: %w; what was written stays right, run it again for the rest", err)
	}
	took := time.Since(start)
	_, err = fmt.Fprintf(env.stdout, "%s folded again from %s in %s (%.0f events/s).\n",
		countOf(stats.Services, "service", "services"), countOf(stats.Events, "event", "events"), took.Round(time.Millisecond), float64(stats.Events)/took.Seconds())
	return err
}
