package clickhouse

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	ch "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/pressly/goose/v3"

	ddl "github.com/fivekeys/fivekeys/schemas/clickhouse"
)

// Migrate brings tables and views up to date and says how many statements ran.
// Each statement is idempotent: a migration cut off half way is run again.
func (s *Store) Migrate(ctx context.Context) (int, error) {
	migrations, err := ddl.Migrations(s.layout)
	if err != nil {
		return 0, err
	}
	steps := make([]*goose.Migration, 0, len(migrations))
	for _, m := range migrations {
		steps = append(steps, goose.NewGoMigration(m.Version, &goose.GoFunc{
			RunDB: func(ctx context.Context, db *sql.DB) error {
				if _, err := db.ExecContext(ctx, strings.TrimSpace(m.SQL)); err != nil {
					return fmt.Errorf("apply migration %s: %w", m.Name, err)
				}
				return nil
			},
		}, nil))
	}
	db := ch.OpenDB(s.options)
	defer func() { _ = db.Close() }()
	provider, err := goose.NewProvider(goose.DialectClickHouse, db, nil,
		goose.WithGoMigrations(steps...),
		goose.WithDisableGlobalRegistry(true),
		goose.WithAllowOutofOrder(true), // tables count below 100, views above
	)
	if err != nil {
		return 0, fmt.Errorf("prepare migrations: %w", err)
	}
	results, err := provider.Up(ctx)
	if err != nil {
		return 0, fmt.Errorf("migrate the store: %w", err)
	}
	if len(results) > 0 {
		s.logger.Info("store migrated", "statements", len(results))
	}
	return len(results), nil
}
