package clickhouse

import (
	"context"
	"fmt"
	"math"
	"slices"
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
	inferred
	known
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
		inferred:    {inferredTable.name, inferredTable.keys},
		known:       {knownTable.name, knownTable.keys},
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
	// The same string that identity makes, made over there: an array a row costs
	// more to read than everything else of it.
	key := keys[0]
	if len(keys) > 1 {
		key = "concat(" + strings.Join(keys, `, '\0', `) + ")"
	}
	rows, err := s.conn.Query(ctx, "SELECT service, "+key+", digest FROM "+table+" FINAL WHERE service IN ($1)", services)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	var service, id string
	var digest uint64
	for rows.Next() {
		if err := rows.Scan(&service, &id, &digest); err != nil {
			return err
		}
		each(service, id, digest)
	}
	return rows.Err()
}

// Changeset collects the facts of services that differ from what the store
// holds. It is not safe for concurrent use.
type Changeset struct {
	deployments []changed[schemas.Deployment]
	changes     []changed[schemas.Change]
	incidents   []changed[schemas.Incident]
	failures    []changed[schemas.Failure]
	days        []changed[schemas.Day]
	inferred    []changed[schemas.InferredToil]
	known       []changed[schemas.Knowledge]

	row []any // of the fact that is looked at
}

// changed is a fact to be written.
type changed[T any] struct {
	fact            T
	version, digest uint64
	deleted         bool
	// What is noted of it once it is stored.
	held map[string]uint64
	id   string
}

// Add compares one service's facts with what the store holds of it. version is
// the number of events they were folded from.
func (c *Changeset) Add(w *Written, service string, version int, f *schemas.Facts) {
	c.deployments = diff(c, c.deployments, &deploymentTable, w, deployments, service, version, f.Deployments)
	c.changes = diff(c, c.changes, &changeTable, w, changes, service, version, f.Changes)
	c.incidents = diff(c, c.incidents, &incidentTable, w, incidents, service, version, f.Incidents)
	c.failures = diff(c, c.failures, &failureTable, w, failures, service, version, f.Failures)
	c.days = diff(c, c.days, &dayTable, w, days, service, version, f.Days)
	c.inferred = diff(c, c.inferred, &inferredTable, w, inferred, service, version, f.InferredToil)
	c.known = diff(c, c.known, &knownTable, w, known, service, version, f.Known)
}

// Merge adds what other changesets, of other services, have collected.
func (c *Changeset) Merge(others []Changeset) {
	c.deployments = merged(c.deployments, others, func(o *Changeset) []changed[schemas.Deployment] { return o.deployments })
	c.changes = merged(c.changes, others, func(o *Changeset) []changed[schemas.Change] { return o.changes })
	c.incidents = merged(c.incidents, others, func(o *Changeset) []changed[schemas.Incident] { return o.incidents })
	c.failures = merged(c.failures, others, func(o *Changeset) []changed[schemas.Failure] { return o.failures })
	c.days = merged(c.days, others, func(o *Changeset) []changed[schemas.Day] { return o.days })
	c.inferred = merged(c.inferred, others, func(o *Changeset) []changed[schemas.InferredToil] { return o.inferred })
	c.known = merged(c.known, others, func(o *Changeset) []changed[schemas.Knowledge] { return o.known })
}

func merged[T any](facts []changed[T], others []Changeset, of func(*Changeset) []changed[T]) []changed[T] {
	n := 0
	for i := range others {
		n += len(of(&others[i]))
	}
	facts = slices.Grow(facts, n) // these are large, growing by and by would copy them again and again
	for i := range others {
		facts = append(facts, of(&others[i])...)
	}
	return facts
}

// Rows says how many rows would be written.
func (c *Changeset) Rows() int {
	return len(c.deployments) + len(c.changes) + len(c.incidents) + len(c.failures) + len(c.days) + len(c.inferred) + len(c.known)
}

func diff[T any](c *Changeset, out []changed[T], t *table[T], w *Written, slot int, service string, version int, facts []T) []changed[T] {
	held := w.tables[slot]
	kept := 0
	if w.distrusted || len(held) == 0 {
		out = slices.Grow(out, len(facts)) // all will be written
	}
	seen := make(map[string]struct{}, len(facts))
	for i := range facts {
		id := identity(t.key(&facts[i]))
		if _, twice := seen[id]; twice {
			continue // the fold never does this; a second row would fight the first for ever
		}
		seen[id] = struct{}{}
		c.row = t.row(c.row[:0], &facts[i])
		sum := digest(c.row)
		old, exists := held[id]
		if exists {
			kept++
			if old == sum && !w.distrusted {
				continue
			}
		}
		out = append(out, changed[T]{fact: facts[i], version: uint64(version), digest: sum, held: held, id: id})
	}
	if kept == len(held) {
		return out
	}
	for id := range held {
		if _, still := seen[id]; still {
			continue
		}
		gone := t.of(service, strings.Split(id, "\x00"))
		out = append(out, changed[T]{fact: gone, version: uint64(version), deleted: true, held: held, id: id})
	}
	return out
}

// Apply writes a changeset. Tables are written one beside the other and not
// atomically together: whoever calls it acknowledges its input only
// afterwards, so a crash between two tables is mended by the redelivery.
func (s *Store) Apply(ctx context.Context, c *Changeset) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return write(ctx, s, &deploymentTable, c.deployments) })
	group.Go(func() error { return write(ctx, s, &changeTable, c.changes) })
	group.Go(func() error { return write(ctx, s, &incidentTable, c.incidents) })
	group.Go(func() error { return write(ctx, s, &failureTable, c.failures) })
	group.Go(func() error { return write(ctx, s, &dayTable, c.days) })
	group.Go(func() error { return write(ctx, s, &inferredTable, c.inferred) })
	group.Go(func() error { return write(ctx, s, &knownTable, c.known) })
	if err := group.Wait(); err != nil {
		return err
	}
	note(c.deployments)
	note(c.changes)
	note(c.incidents)
	note(c.failures)
	note(c.days)
	note(c.inferred)
	note(c.known)
	return nil
}

// maxRowsPerInsert keeps one insert's memory bounded.
const maxRowsPerInsert = 100_000

func write[T any](ctx context.Context, s *Store, t *table[T], facts []changed[T]) error {
	row := make([]any, 0, len(t.columns))
	for len(facts) > 0 {
		n := min(len(facts), maxRowsPerInsert)
		err := s.insert(ctx, t.name, t.columns, n, func(i int) []any {
			f := &facts[i]
			deleted := uint8(0)
			if f.deleted {
				deleted = 1
			}
			row = append(t.row(row[:0], &f.fact), f.version, deleted, f.digest)
			return row // the batch copies it
		})
		if err != nil {
			return err
		}
		facts = facts[n:]
	}
	return nil
}

// note makes the Written maps true.
func note[T any](facts []changed[T]) {
	for i := range facts {
		if f := &facts[i]; f.deleted {
			delete(f.held, f.id)
		} else {
			f.held[f.id] = f.digest
		}
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
