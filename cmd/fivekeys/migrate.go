package main

import (
	"context"
	"fmt"
)

type migrateCommand struct{}

// Run brings the store up to date.
func (c *migrateCommand) Run(ctx context.Context, g *globals, env *environment) error {
	s, err := g.settings(env)
	if err != nil {
		return err
	}
	store, done, err := g.openStore(ctx, env, s, false)
	if err != nil {
		return err
	}
	defer done()
	n, err := store.Migrate(ctx)
	if err != nil {
		return err
	}
	if n == 0 {
		_, err = fmt.Fprintln(env.stdout, "The store is up to date.")
		return err
	}
	_, err = fmt.Fprintf(env.stdout, "%d statements applied.\n", n)
	return err
}
