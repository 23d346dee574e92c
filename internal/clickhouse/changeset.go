package clickhouse

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/fivekeys/fivekeys/schemas"
)

// Written is what the store holds of one service's facts: per table, identity
// to digest of the row.
type Written struct {
	tables     [tableCount]map[string]uint64
	distrusted bool
}

// Distrust has every row written again, also where its digest says that it is
// right: a digest tells what was written, not what a table holds today.
func (w *Written) Distrust() { w.distrusted = true }

const (
	deployments = iota
	changes
	incidents
	failures
	days
	tableCount
)

// LoadWritten reads what the store holds of services. Every service asked for
// is in the answer.
func (s *Store) LoadWritten(ctx context.Context, services []string) (map[string]*Written, error) {
	out := make(map[string]*Written, len(services))
	for _, service := range services {
		w := &Written{}
		for i := range w.tables {
			w.tables[i] = map[string]uint64{}
		}
		out[service] = w
	}
	for i, t := range []struct {
		name string
		keys []string
	}{
		deployments: {deploymentTable.name, deploymentTable.keys},
		changes:     {changeTable.name, changeTable.keys},
		incidents:   {incidentTable.name, incidentTable.keys},
		failures:    {failureTable.name, failureTable.keys},
		days:        {dayTable.name, dayTable.keys},
	} {
		rows, err := s.conn.Query(ctx, "SELECT service, ["+strings.Join(t.keys, ", ")+"] AS key, digest FROM "+t.name+
			" FINAL WHERE service IN ($1)", services)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", t.name, err)
		}
		for rows.Next() {
			var service string
			var key []string
			var digest uint64
			if err := rows.Scan(&service, &key, &digest); err != nil {
				_ = rows.Close()
				return nil, fmt.Errorf("read %s: %w", t.name, err)
			}
			out[service].tables[i][identity(key)] = digest
		}
		err = rows.Err()
		_ = rows.Close()
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", t.name, err)
		}
	}
	return out, nil
}

// Changeset collects the rows in which the facts of services differ from what
// the store holds. It is not safe for concurrent use.
type Changeset struct {
	rows  [tableCount][][]any
	after []func() // makes the Written maps true once the rows are stored
}

// Add compares one service's facts with what the store holds of it. version is
// the number of events they were folded from.
func (c *Changeset) Add(w *Written, service string, version int, f *schemas.Facts) {
	diff(c, deployments, &deploymentTable, w, service, version, f.Deployments)
	diff(c, changes, &changeTable, w, service, version, f.Changes)
	diff(c, incidents, &incidentTable, w, service, version, f.Incidents)
	diff(c, failures, &failureTable, w, service, version, f.Failures)
	diff(c, days, &dayTable, w, service, version, f.Days)
}

// Rows says how many rows would be written.
func (c *Changeset) Rows() int {
	n := 0
	for _, rows := range c.rows {
		n += len(rows)
	}
	return n
}

func diff[T any](c *Changeset, slot int, t *table[T], w *Written, service string, version int, facts []T) {
	held := w.tables[slot]
	kept := 0
	seen := make(map[string]struct{}, len(facts))
	for i := range facts {
		id := identity(t.key(&facts[i]))
		if _, twice := seen[id]; twice {
			continue // the fold never does this; a second row would fight the first for ever
		}
		seen[id] = struct{}{}
		row := t.row(&facts[i])
		sum := digest(row)
		old, exists := held[id]
		if exists {
			kept++
			if old == sum && !w.distrusted {
				continue
			}
		}
		c.rows[slot] = append(c.rows[slot], append(row, uint64(version), uint8(0), sum)) //nolint:gosec // a count
		c.after = append(c.after, func() { held[id] = sum })
	}
	if kept == len(held) {
		return
	}
	for id := range held {
		if _, still := seen[id]; still {
			continue
		}
		gone := t.of(service, strings.Split(id, "\x00"))
		c.rows[slot] = append(c.rows[slot], append(t.row(&gone), uint64(version), uint8(1), uint64(0))) //nolint:gosec // a count
		c.after = append(c.after, func() { delete(held, id) })
	}
}

// Apply writes a changeset. Tables are written one beside the other and not
// atomically together: whoever calls it acknowledges its input only
// afterwards, so a crash between two tables is mended by the redelivery.
func (s *Store) Apply(ctx context.Context, c *Changeset) error {
	group, ctx := errgroup.WithContext(ctx)
	for slot, insert := range [tableCount]func(context.Context, [][]any) error{
		deployments: inserter(s, &deploymentTable),
		changes:     inserter(s, &changeTable),
		incidents:   inserter(s, &incidentTable),
		failures:    inserter(s, &failureTable),
		days:        inserter(s, &dayTable),
	} {
		if rows := c.rows[slot]; len(rows) > 0 {
			group.Go(func() error { return insert(ctx, rows) })
		}
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for _, apply := range c.after {
		apply()
	}
	return nil
}

// maxRowsPerInsert keeps one insert's memory bounded.
const maxRowsPerInsert = 100_000

func inserter[T any](s *Store, t *table[T]) func(context.Context, [][]any) error {
	return func(ctx context.Context, rows [][]any) error {
		for len(rows) > 0 {
			n := min(len(rows), maxRowsPerInsert)
			if err := s.insert(ctx, t.name, t.columns, n, func(i int) []any { return rows[i] }); err != nil {
				return err
			}
			rows = rows[n:]
		}
		return nil
	}
}

// digest is FNV-1a over a row's values. It is stored, so its form must not
// change between versions without a rebuild (schemas' fold version covers it).
func digest(row []any) uint64 {
	h := uint64(14695981039346656037)
	word := func(v uint64) {
		for range 8 {
			h = (h ^ (v & 0xff)) * 1099511628211
			v >>= 8
		}
	}
	at := func(t time.Time) { word(uint64(t.UnixMilli())) } //nolint:gosec // bits, not a quantity
	for _, v := range row {
		switch v := v.(type) {
		case string:
			for i := range len(v) {
				h = (h ^ uint64(v[i])) * 1099511628211
			}
		case uint32:
			word(uint64(v))
		case bool:
			if v {
				word(1)
			}
		case time.Time:
			at(v)
		case *time.Time:
			if v != nil {
				at(*v)
			}
		case *float64:
			if v != nil {
				word(math.Float64bits(*v))
			}
		case []float64:
			for _, f := range v {
				word(math.Float64bits(f))
			}
		default:
			panic(fmt.Sprintf("digest of %T", v)) // a table of ours with a new type
		}
		h = (h ^ 0xff) * 1099511628211 // ends the value: "a","b" is not "ab",""
	}
	return h
}
