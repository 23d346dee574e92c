package clickhouse

import (
	"context"
	"fmt"
	"time"

	ch "github.com/ClickHouse/clickhouse-go/v2"
	"golang.org/x/sync/errgroup"

	"github.com/fivekeys/fivekeys/schemas"
)

// Counted is a row that one partition of the span stream counted, up to and
// including the message Sequence. Of two the larger sequence is in force.
type Counted[T any] struct {
	Partition int
	Sequence  uint64
	Row       T
}

// SpanCounts are the rows that spans count per minute.
type SpanCounts struct {
	Services     []Counted[schemas.ServiceMinute]
	Dependencies []Counted[schemas.Dependency]
	SLIs         []Counted[schemas.SLIMinute]
}

// Len is how many rows these are.
func (c *SpanCounts) Len() int { return len(c.Services) + len(c.Dependencies) + len(c.SLIs) }

const (
	serviceMinuteTable = "service_minute_facts"
	dependencyTable    = "dependency_facts"
	countedSLITable    = "sli_minute_facts"
)

var (
	serviceMinuteColumns = []ch.ColumnNameAndType{
		{Name: "partition", Type: "UInt16"}, {Name: "sequence", Type: "UInt64"}, {Name: "minute", Type: "DateTime('UTC')"},
		{Name: "service", Type: "LowCardinality(String)"}, {Name: "operation", Type: "LowCardinality(String)"}, {Name: "kind", Type: "LowCardinality(String)"},
		{Name: "requests", Type: "UInt64"}, {Name: "errors", Type: "UInt64"},
		{Name: "latency_buckets", Type: "Array(UInt16)"}, {Name: "latency_counts", Type: "Array(UInt64)"},
	}
	dependencyColumns = []ch.ColumnNameAndType{
		{Name: "partition", Type: "UInt16"}, {Name: "sequence", Type: "UInt64"}, {Name: "minute", Type: "DateTime('UTC')"},
		{Name: "caller", Type: "LowCardinality(String)"}, {Name: "callee", Type: "LowCardinality(String)"},
		{Name: "calls", Type: "UInt64"}, {Name: "errors", Type: "UInt64"},
		{Name: "latency_buckets", Type: "Array(UInt16)"}, {Name: "latency_counts", Type: "Array(UInt64)"},
	}
	countedSLIColumns = []ch.ColumnNameAndType{
		{Name: "partition", Type: "UInt16"}, {Name: "sequence", Type: "UInt64"}, {Name: "minute", Type: "DateTime('UTC')"},
		{Name: "objective", Type: "LowCardinality(String)"}, {Name: "release", Type: "LowCardinality(String)"},
		{Name: "good", Type: "UInt64"}, {Name: "total", Type: "UInt64"},
	}
)

// WriteSpanCounts stores rows. Tables are written one beside the other; rows that
// are written again are the same rows.
func (s *Store) WriteSpanCounts(ctx context.Context, c *SpanCounts) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		return insertCounted(ctx, s, serviceMinuteTable, serviceMinuteColumns, c.Services, func(m *schemas.ServiceMinute) []any {
			buckets, counts := bucketArrays(m.Latency)
			return []any{m.Minute.UTC(), m.Service, m.Operation, m.Kind, m.Requests, m.Errors, buckets, counts}
		})
	})
	group.Go(func() error {
		return insertCounted(ctx, s, dependencyTable, dependencyColumns, c.Dependencies, func(d *schemas.Dependency) []any {
			buckets, counts := bucketArrays(d.Latency)
			return []any{d.Minute.UTC(), d.Caller, d.Callee, d.Calls, d.Errors, buckets, counts}
		})
	})
	group.Go(func() error {
		return insertCounted(ctx, s, countedSLITable, countedSLIColumns, c.SLIs, func(m *schemas.SLIMinute) []any {
			return []any{m.Minute.UTC(), m.Objective, m.Version, m.Good, m.Total}
		})
	})
	return group.Wait()
}

func insertCounted[T any](ctx context.Context, s *Store, table string, columns []ch.ColumnNameAndType, rows []Counted[T], values func(*T) []any) error {
	return s.insert(ctx, table, columns, len(rows), func(i int) []any {
		return append([]any{uint16(rows[i].Partition), rows[i].Sequence}, values(&rows[i].Row)...)
	})
}

func bucketArrays(h schemas.Histogram) ([]uint16, []uint64) {
	buckets, counts := make([]uint16, len(h)), make([]uint64, len(h))
	for i, b := range h {
		buckets[i], counts[i] = b.Index, b.Count
	}
	return buckets, counts
}

func histogramOf(buckets []uint16, counts []uint64) schemas.Histogram {
	h := make(schemas.Histogram, min(len(buckets), len(counts)))
	for i := range h {
		h[i] = schemas.Bucket{Index: buckets[i], Count: counts[i]}
	}
	return h
}

// LoadSpanCounts reads the rows of partitions in minutes.
func (s *Store) LoadSpanCounts(ctx context.Context, partitions []int, minutes []time.Time) (*SpanCounts, error) {
	c := &SpanCounts{}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		c.Services, err = loadCounted(ctx, s, serviceMinuteTable, serviceMinuteColumns, partitions, minutes,
			func(m *schemas.ServiceMinute, buckets *[]uint16, counts *[]uint64) []any {
				return []any{&m.Minute, &m.Service, &m.Operation, &m.Kind, &m.Requests, &m.Errors, buckets, counts}
			}, func(m *schemas.ServiceMinute, h schemas.Histogram) { m.Latency = h })
		return err
	})
	group.Go(func() (err error) {
		c.Dependencies, err = loadCounted(ctx, s, dependencyTable, dependencyColumns, partitions, minutes,
			func(d *schemas.Dependency, buckets *[]uint16, counts *[]uint64) []any {
				return []any{&d.Minute, &d.Caller, &d.Callee, &d.Calls, &d.Errors, buckets, counts}
			}, func(d *schemas.Dependency, h schemas.Histogram) { d.Latency = h })
		return err
	})
	group.Go(func() (err error) {
		c.SLIs, err = loadCounted(ctx, s, countedSLITable, countedSLIColumns, partitions, minutes,
			func(m *schemas.SLIMinute, _ *[]uint16, _ *[]uint64) []any {
				return []any{&m.Minute, &m.Objective, &m.Version, &m.Good, &m.Total}
			}, func(*schemas.SLIMinute, schemas.Histogram) {})
		return err
	})
	return c, group.Wait()
}

func loadCounted[T any](ctx context.Context, s *Store, table string, columns []ch.ColumnNameAndType, partitions []int, minutes []time.Time,
	into func(*T, *[]uint16, *[]uint64) []any, latency func(*T, schemas.Histogram),
) ([]Counted[T], error) {
	rows, err := s.conn.Query(ctx, "SELECT "+names(columns)+" FROM "+table+" FINAL WHERE partition IN ("+list(partitions, func(p int) string {
		return fmt.Sprint(p)
	})+") AND minute IN ("+list(minutes, func(m time.Time) string { return fmt.Sprintf("toDateTime(%d, 'UTC')", m.Unix()) })+")")
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", table, err)
	}
	defer func() { _ = rows.Close() }()
	var out []Counted[T]
	for rows.Next() {
		var (
			c         Counted[T]
			partition uint16
			buckets   []uint16
			counts    []uint64
		)
		if err := rows.Scan(append([]any{&partition, &c.Sequence}, into(&c.Row, &buckets, &counts)...)...); err != nil {
			return nil, fmt.Errorf("read %s: %w", table, err)
		}
		c.Partition = int(partition)
		latency(&c.Row, histogramOf(buckets, counts))
		out = append(out, c)
	}
	return out, rows.Err()
}

// list joins what can't hold anything harmful: numbers.
func list[T any](values []T, text func(T) string) string {
	s := ""
	for i, v := range values {
		if i > 0 {
			s += ", "
		}
		s += text(v)
	}
	return s
}
