package clickhouse

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	ch "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/pressly/goose/v3"

	ddl "github.com/fivekeys/fivekeys/schemas/clickhouse"
)

// Migrate brings tables and views up to date and says how many statements ran.
// Each statement is idempotent: a migration cut off half way is run again.
func (s *Store) Migrate(ctx context.Context) (int, error) {
	if err := s.CheckVersion(ctx); err != nil {
		return 0, err
	}
	migrations, err := ddl.Migrations(s.layout)
	if err != nil {
		return 0, err
	}
	tables, err := s.migrateTables(ctx, migrations)
	if err != nil {
		return 0, err
	}
	views, err := s.migrateViews(ctx, migrations)
	if err != nil {
		return 0, err
	}
	if n := tables + views; n > 0 {
		s.logger.Info("store migrated", "tables", tables, "views", views)
	}
	return tables + views, nil
}

// ErrNewer is what a store says that a newer version has migrated.
var ErrNewer = errors.New("the store was written by a newer fivekeys")

// Views were migrations once. Stores of that time have these among their versions.
const firstOldView, lastOldView = 101, 140

// CheckVersion refuses a store with migrations that this version doesn't know, and
// changes nothing.
func (s *Store) CheckVersion(ctx context.Context) error {
	var there uint64
	if err := s.conn.QueryRow(ctx, "SELECT count() FROM system.tables WHERE database = currentDatabase() AND name = $1",
		goose.DefaultTablename).Scan(&there); err != nil || there == 0 {
		return err
	}
	migrations, err := ddl.Migrations(s.layout)
	if err != nil {
		return err
	}
	known := []int64{0} // goose's own
	for _, m := range migrations {
		known = append(known, m.Version)
	}
	var unknown []int64
	if err := s.conn.QueryRow(ctx, "SELECT arraySort(groupUniqArray(version_id)) FROM "+goose.DefaultTablename+
		" WHERE NOT has($1, version_id) AND version_id NOT BETWEEN $2 AND $3", known, firstOldView, lastOldView).Scan(&unknown); err != nil {
		return fmt.Errorf("read the store's version: %w", err)
	}
	if len(unknown) > 0 {
		return fmt.Errorf("%w: it has the migrations %v, which this version does not know; run the newer version, nothing was changed", ErrNewer, unknown)
	}
	return nil
}

// migrateTables applies the statements about tables that never were.
func (s *Store) migrateTables(ctx context.Context, migrations []ddl.Migration) (int, error) {
	var steps []*goose.Migration
	for _, m := range migrations {
		if m.View() != "" {
			continue
		}
		steps = append(steps, goose.NewGoMigration(m.Version, &goose.GoFunc{
			RunDB: func(ctx context.Context, db *sql.DB) error {
				if _, err := db.ExecContext(ctx, m.SQL); err != nil {
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
		goose.WithAllowOutofOrder(true), // numbers are grouped by subject
	)
	if err != nil {
		return 0, fmt.Errorf("prepare migrations: %w", err)
	}
	results, err := provider.Up(ctx)
	if err != nil {
		return 0, fmt.Errorf("migrate the store: %w", err)
	}
	return len(results), nil
}

// viewMark begins a view's comment in the store; the digest of its text follows.
// The mark comes and goes with the view itself, so a view that was dropped,
// replaced or restored from a backup is noticed too.
const viewMark = "fivekeys "

// migrateViews applies every view whose text the store does not have.
func (s *Store) migrateViews(ctx context.Context, migrations []ddl.Migration) (int, error) {
	marks, err := s.viewMarks(ctx)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, m := range migrations {
		view := m.View()
		mark := viewMark + m.Digest()
		if view == "" || marks[view] == mark {
			continue
		}
		if err := s.conn.Exec(ctx, m.SQL+"\nCOMMENT '"+mark+"'"); err != nil {
			return n, fmt.Errorf("apply view %s: %w", m.Name, err)
		}
		n++
	}
	return n, nil
}

// viewMarks reads the comment of every view there is.
func (s *Store) viewMarks(ctx context.Context) (map[string]string, error) {
	rows, err := s.conn.Query(ctx, "SELECT name, comment FROM system.tables WHERE database = currentDatabase() AND engine = 'View'")
	if err != nil {
		return nil, fmt.Errorf("read the views: %w", err)
	}
	defer func() { _ = rows.Close() }()
	marks := map[string]string{}
	for rows.Next() {
		var name, comment string
		if err := rows.Scan(&name, &comment); err != nil {
			return nil, fmt.Errorf("read the views: %w", err)
		}
		marks[name] = comment
	}
	return marks, rows.Err()
}
