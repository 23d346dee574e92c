package main

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/fivekeys/fivekeys/internal/clickhouse"
	"github.com/fivekeys/fivekeys/internal/engine"
	"github.com/fivekeys/fivekeys/internal/lifecycle"
)

// stopTimeout bounds the closing of everything; what is acknowledged is on disk
// already.
const stopTimeout = 30 * time.Second

// openStore opens the ClickHouse a command works on: the server of
// --clickhouse-url, the engine of a serve that runs on the data folder, or one
// of its own, which it stops again. reader makes it the read-only role.
func (g *globals) openStore(ctx context.Context, env *environment, s *settings, reader bool) (_ *clickhouse.Store, done func(), err error) {
	var closing lifecycle.Stack
	closeAll := func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
		defer cancel()
		if err := closing.Close(ctx); err != nil {
			env.logger.Warn("stop", "error", err)
		}
	}
	defer func() {
		if err != nil {
			closeAll()
		}
	}()
	cfg := clickhouse.Config{URL: s.clickhouseURL, Cluster: s.cluster, Logger: env.logger}
	if cfg.URL == "" {
		role := credentials.writer
		if reader {
			role = credentials.reader
		}
		if live, ok := findRunning(g.Data); ok && live.Socket != "" {
			cfg.Options = engine.SocketOptions(live.Socket, clickhouse.Database, role(live.Engine))
		} else {
			if reader {
				if err := holdsData(g.Data, engineFolder); err != nil {
					return nil, nil, err
				}
			}
			f, err := openFolder(g.Data)
			if err != nil {
				return nil, nil, err
			}
			closing.Push("data folder", func(context.Context) error { return f.close() })
			e, creds, err := f.startEngine(ctx, env, "")
			if err != nil {
				return nil, nil, err
			}
			closing.Push("engine", e.Close)
			// The tables are there before a reader, who may not make them, looks.
			if reader {
				if err := migrateOnce(ctx, e, creds); err != nil {
					return nil, nil, err
				}
			}
			cfg.Options = e.ClientOptions(role(creds))
		}
	}
	store, err := clickhouse.Open(ctx, cfg)
	if err != nil {
		return nil, nil, err
	}
	closing.Push("store", func(context.Context) error { return store.Close() })
	if !reader {
		if _, err := store.Migrate(ctx); err != nil {
			return nil, nil, err
		}
	}
	return store, closeAll, nil
}

func migrateOnce(ctx context.Context, e *engine.Engine, creds credentials) error {
	store, err := clickhouse.Open(ctx, clickhouse.Config{Options: e.ClientOptions(creds.writer())})
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	_, err = store.Migrate(ctx)
	return err
}

// startEngine starts the embedded ClickHouse of the data folder; httpAddr is
// where others may reach it, empty for nowhere.
func (f *folder) startEngine(ctx context.Context, env *environment, httpAddr string) (*engine.Engine, credentials, error) {
	creds, err := f.credentials(env.getenv)
	if err != nil {
		return nil, creds, err
	}
	e, err := engine.Start(ctx, engine.Config{
		DataDir: filepath.Join(f.path, engineFolder), HTTPAddr: httpAddr,
		Writer: creds.writer(), Reader: creds.reader(), Database: clickhouse.Database, Logger: env.logger,
	})
	if err != nil {
		return nil, creds, fmt.Errorf("start the embedded ClickHouse: %w", err)
	}
	return e, creds, nil
}
