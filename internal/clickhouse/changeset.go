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
	group, ctx := errgroup.WithContext(ctx)
	for slot, t := range [tableCount]struct {
		name string
		keys []string
	}{
		deployments: {deploymentTable.name, deploymentTable.keys},
		changes:     {changeTable.name, changeTable.keys},
		incidents:   {incidentTable.name, incidentTable.keys},
		failures:    {failureTable.name, failureTable.keys},
		days:        {dayTable.name, dayTable.keys},
	} {
		group.Go(func() error {
			if err := s.readWritten(ctx, t.name, t.keys, services, func(service, id string, digest uint64) {
				out[service].tables[slot][id] = digest
			}); err != nil {
				return fmt.Errorf("read %s: %w", t.name, err)
			}
			return nil
		})
	}
	return out, group.Wait()
}

func (s *Store) readWritten(ctx context.Context, table string, keys, services []string, each func(service, id string, digest uint64)) error {
	rows, err := s.conn.Query(ctx, "SELECT service, ["+strings.Join(keys, ", ")+"] AS key, digest FROM "+table+
		" FINAL WHERE service IN ($1)", services)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	var service string
	var key []string
	var digest uint64
	for rows.Next() {
		if err := rows.Scan(&service, &key, &digest); err != nil {
			return err
		}
		each(service, identity(key), digest)
	}
	return rows.Err()
}

// Changeset collects the rows in which the facts of services differ from what
// the store holds. It is not safe for concurrent use.
type Changeset struct {
	rows  [tableCount][]factRow
	after []func() // makes the Written maps true once the rows are stored
}

// factRow is a fact's row and the columns that every table of facts has.
type factRow struct {
	values          []any
	version, digest uint64
	deleted         bool
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
		c.rows[slot] = append(c.rows[slot], factRow{values: row, version: uint64(version), digest: sum})
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
		c.rows[slot] = append(c.rows[slot], factRow{values: t.row(&gone), version: uint64(version), deleted: true})
		c.after = append(c.after, func() { delete(held, id) })
	}
}

// Apply writes a changeset. Tables are written one beside the other and not
// atomically together: whoever calls it acknowledges its input only
// afterwards, so a crash between two tables is mended by the redelivery.
func (s *Store) Apply(ctx context.Context, c *Changeset) error {
	group, ctx := errgroup.WithContext(ctx)
	for slot, insert := range [tableCount]func(context.Context, []factRow) error{
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

func inserter[T any](s *Store, t *table[T]) func(context.Context, []factRow) error {
	return func(ctx context.Context, rows []factRow) error {
		all := make([]any, 0, len(t.columns)) // of the row at hand: the batch copies it
		for len(rows) > 0 {
			n := min(len(rows), maxRowsPerInsert)
			err := s.insert(ctx, t.name, t.columns, n, func(i int) []any {
				r := &rows[i]
				all = append(append(all[:0], r.values...), r.version, flag(r.deleted), r.digest)
				return all
			})
			if err != nil {
				return err
			}
			rows = rows[n:]
		}
		return nil
	}
}

func flag(b bool) uint8 {
	if b {
		return 1
	}
	return 0
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
	at := func(t time.Time) { word(uint64(t.UnixMilli())) }
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
