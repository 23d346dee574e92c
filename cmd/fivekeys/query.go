package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"

	ch "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/fivekeys/fivekeys/internal/terminal"
)

type queryCommand struct {
	SQL    string `arg:"" help:"One SELECT; - reads it from standard input. The views are documented in the database: DESCRIBE deployments."`
	Format string `help:"${enum}." enum:"table,json,csv,parquet,arrow" default:"table"`
}

// Run prints the rows of one read-only statement.
func (c *queryCommand) Run(ctx context.Context, g *globals, env *environment) error {
	s, err := g.settings(env)
	if err != nil {
		return err
	}
	text := c.SQL
	if text == "-" {
		input, err := io.ReadAll(io.LimitReader(env.stdin, 1<<20))
		if err != nil {
			return fmt.Errorf("read SQL from standard input: %w", err)
		}
		text = string(input)
	}
	text = strings.TrimRight(strings.TrimSpace(text), ";")
	if text == "" {
		return usagef(`query: no SQL given, try fivekeys query 'SELECT * FROM deployments LIMIT 10'`)
	}
	store, done, err := g.openStore(ctx, env, s, true)
	if err != nil {
		return err
	}
	defer done()
	if s.clickhouseURL != "" {
		// The embedded engine has a read-only role; a server gets whichever user
		// the DSN names, so the statement itself is made read-only.
		ctx = ch.Context(ctx, ch.WithSettings(ch.Settings{"readonly": 1}))
	}
	if name := clickhouseFormats[c.Format]; name != "" {
		if isTerminal(env.stdout) {
			return usagef("query --format %s: that is binary; send it to a file with > result.%s", c.Format, c.Format)
		}
		if err := store.Formats(ctx, text, name, s.clickhouseURL != "", terminal.Raw(env.stdout)); err != nil {
			return queryError(err)
		}
		return nil
	}
	rows, err := store.Conn().Query(ctx, text)
	if err != nil {
		return queryError(err)
	}
	defer func() { _ = rows.Close() }()
	if c.Format == "csv" && len(rows.ColumnTypes()) == 0 {
		return printHeader(ctx, env.stdout, store.Conn(), text)
	}
	if err := printRows(env.stdout, c.Format, rows); err != nil {
		return queryError(err)
	}
	return nil
}

// printHeader asks for the columns of a statement whose answer, having no rows,
// came without them.
func printHeader(ctx context.Context, w io.Writer, conn driver.Conn, text string) error {
	rows, err := conn.Query(ctx, "SELECT name FROM (DESCRIBE TABLE ("+text+"))")
	if err != nil {
		return nil // a statement that is no SELECT has no columns, and no rows
	}
	defer func() { _ = rows.Close() }()
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return queryError(err)
		}
		names = append(names, name)
	}
	if err := rows.Err(); err != nil {
		return queryError(err)
	}
	out := csv.NewWriter(w)
	if err := out.Write(fields(names)); err != nil {
		return err
	}
	out.Flush()
	return out.Error()
}

// clickhouseFormats are the formats that ClickHouse writes itself.
var clickhouseFormats = map[string]string{"parquet": "Parquet", "arrow": "Arrow"}

// queryError adds the hint that helps most people.
func queryError(err error) error {
	var e *ch.Exception
	if !errors.As(err, &e) {
		return fmt.Errorf("query: %w", err)
	}
	text := "query: " + strings.TrimSpace(e.Message)
	switch e.Code {
	case 60: // unknown table
		return errors.New(text + " (docs/sql.md lists the views; SHOW TABLES too)")
	case 164: // readonly
		return errors.New(text + " (query is read-only)")
	}
	return errors.New(text)
}
