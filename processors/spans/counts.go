package spans

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/fivekeys/fivekeys/internal/clickhouse"
	"github.com/fivekeys/fivekeys/schemas"
)

// counts holds the rows of the minutes that spans come for, with all that was
// counted so far. A minute that may have rows in the store is loaded when it is
// first touched, and forgotten when nothing comes for it any more.
type counts struct {
	load    func(ctx context.Context, minute time.Time) (*clickhouse.SpanCounts, error)
	minutes map[int64]*minute
	// newest minute that may have rows in the store.
	newest int64
	dirty  dirtyRows
}

// patience is how long an untouched minute stays, in stream time.
const patience = 3 * time.Minute

type (
	serviceKey struct {
		partition          int
		kind               schemas.SpanKind
		service, operation string
	}
	callKey struct {
		partition      int
		caller, callee string
	}
	sliKey struct {
		partition          int
		objective, release string
	}
)

// row is a row in memory; dirty since the last cut.
type row[T any] struct {
	clickhouse.Counted[T]
	dirty bool
}

type minute struct {
	at       time.Time
	services map[serviceKey]*row[schemas.ServiceMinute]
	calls    map[callKey]*row[schemas.Dependency]
	slis     map[sliKey]*row[schemas.SLIMinute]
	touched  int64  // stream time
	cut      uint64 // the last one that has rows of it; 0 for none since they were loaded
	dirty    bool
}

type dirtyRows struct {
	minutes  []*minute
	services []*row[schemas.ServiceMinute]
	calls    []*row[schemas.Dependency]
	slis     []*row[schemas.SLIMinute]
}

func (d *dirtyRows) len() int { return len(d.services) + len(d.calls) + len(d.slis) }

// minute finds the minute of a time in ns, and loads it where that is needed.
func (c *counts) minute(ctx context.Context, at, now int64) (*minute, error) {
	unix := at / int64(time.Second)
	unix -= unix % 60
	m := c.minutes[unix]
	if m == nil {
		m = &minute{
			at:       time.Unix(unix, 0).UTC(),
			services: make(map[serviceKey]*row[schemas.ServiceMinute]),
			calls:    make(map[callKey]*row[schemas.Dependency]),
			slis:     make(map[sliKey]*row[schemas.SLIMinute]),
		}
		if unix <= c.newest {
			if err := c.fill(ctx, m); err != nil {
				return nil, err
			}
		}
		c.newest = max(c.newest, unix)
		c.minutes[unix] = m
	}
	m.touched = now
	return m, nil
}

func (c *counts) fill(ctx context.Context, m *minute) error {
	have, err := c.load(ctx, m.at)
	if err != nil {
		return err
	}
	for _, r := range have.Services {
		m.services[serviceKey{r.Partition, kindOf(r.Row.Kind), r.Row.Service, r.Row.Operation}] = &row[schemas.ServiceMinute]{Counted: r}
	}
	for _, r := range have.Dependencies {
		m.calls[callKey{r.Partition, r.Row.Caller, r.Row.Callee}] = &row[schemas.Dependency]{Counted: r}
	}
	for _, r := range have.SLIs {
		m.slis[sliKey{r.Partition, r.Row.Objective, r.Row.Version}] = &row[schemas.SLIMinute]{Counted: r}
	}
	return nil
}

func kindOf(name string) schemas.SpanKind {
	for k := schemas.KindUnspecified; k <= schemas.KindConsumer; k++ {
		if k.String() == name {
			return k
		}
	}
	return schemas.KindUnspecified
}

// service gives the row to add to, or nil where it has the message already.
func (c *counts) service(m *minute, key serviceKey, sequence uint64) *schemas.ServiceMinute {
	r := m.services[key]
	if r == nil {
		key.service, key.operation = strings.Clone(key.service), strings.Clone(key.operation)
		r = &row[schemas.ServiceMinute]{}
		r.Partition = key.partition
		r.Row = schemas.ServiceMinute{Service: key.service, Operation: key.operation, Kind: key.kind.String(), Minute: m.at}
		m.services[key] = r
	}
	return touch(c, m, r, &c.dirty.services, sequence)
}

func (c *counts) call(m *minute, key callKey, sequence uint64) *schemas.Dependency {
	r := m.calls[key]
	if r == nil {
		key.caller, key.callee = strings.Clone(key.caller), strings.Clone(key.callee)
		r = &row[schemas.Dependency]{}
		r.Partition = key.partition
		r.Row = schemas.Dependency{Caller: key.caller, Callee: key.callee, Minute: m.at}
		m.calls[key] = r
	}
	return touch(c, m, r, &c.dirty.calls, sequence)
}

func (c *counts) sli(m *minute, key sliKey, sequence uint64) *schemas.SLIMinute {
	r := m.slis[key]
	if r == nil {
		key.objective, key.release = strings.Clone(key.objective), strings.Clone(key.release)
		r = &row[schemas.SLIMinute]{}
		r.Partition = key.partition
		r.Row = schemas.SLIMinute{Objective: key.objective, Version: key.release, Minute: m.at}
		m.slis[key] = r
	}
	return touch(c, m, r, &c.dirty.slis, sequence)
}

func touch[T any](c *counts, m *minute, r *row[T], dirty *[]*row[T], sequence uint64) *T {
	if sequence <= r.Sequence {
		return nil
	}
	if !r.dirty {
		r.dirty = true
		*dirty = append(*dirty, r)
		if !m.dirty {
			m.dirty = true
			c.dirty.minutes = append(c.dirty.minutes, m)
		}
	}
	return &r.Row
}

// cut gives a copy of the rows that were touched. They have counted everything up
// to the sequence.
func (c *counts) cut(number, sequence uint64) clickhouse.SpanCounts {
	var out clickhouse.SpanCounts
	out.Services = settle(c.dirty.services, sequence)
	for i := range out.Services {
		out.Services[i].Row.Latency = slices.Clone(out.Services[i].Row.Latency)
	}
	out.Dependencies = settle(c.dirty.calls, sequence)
	for i := range out.Dependencies {
		out.Dependencies[i].Row.Latency = slices.Clone(out.Dependencies[i].Row.Latency)
	}
	out.SLIs = settle(c.dirty.slis, sequence)
	for _, m := range c.dirty.minutes {
		m.dirty, m.cut = false, number
	}
	c.dirty = dirtyRows{
		c.dirty.minutes[:0], c.dirty.services[:0], c.dirty.calls[:0], c.dirty.slis[:0],
	}
	return out
}

func settle[T any](dirty []*row[T], sequence uint64) []clickhouse.Counted[T] {
	out := make([]clickhouse.Counted[T], len(dirty))
	for i, r := range dirty {
		r.Sequence, r.dirty = max(r.Sequence, sequence), false
		out[i] = r.Counted
	}
	return out
}

// forget lets go of minutes for which nothing came for long and whose rows are
// stored: before, loading them again would find less than was counted.
func (c *counts) forget(now int64, stored uint64) {
	for unix, m := range c.minutes {
		if !m.dirty && m.cut <= stored && now-m.touched > int64(patience) {
			delete(c.minutes, unix)
		}
	}
}
