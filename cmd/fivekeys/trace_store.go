package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	ch "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/fivekeys/fivekeys/schemas"
)

// traceRows reads traces from the store.
type traceRows struct{ conn driver.Conn }

// traceAt is where a trace lies.
type traceAt struct {
	id            string
	first, last   time.Time // starts of its first and of its last span
	count, failed uint64
	root          string
}

// mostSpansRead bounds the memory that one trace takes.
const mostSpansRead = 200_000

// find gives the latest traces whose id begins with these digits. 16 digits are
// also a whole id of 64 bits, which the store pads.
func (r traceRows) find(ctx context.Context, prefix string, limit int) ([]traceAt, error) {
	if len(prefix) == traceDigits/2 {
		if found, err := r.between(ctx, strings.Repeat("0", traceDigits/2)+prefix, strings.Repeat("0", traceDigits/2)+prefix, 1); err != nil || len(found) > 0 {
			return found, err
		}
	}
	rest := traceDigits - len(prefix)
	found, err := r.between(ctx, prefix+strings.Repeat("0", rest), prefix+strings.Repeat("f", rest), limit)
	if err != nil || len(found) < 2 {
		return found, err
	}
	return found, r.describe(ctx, found)
}

// between reads the index of traces: it is sorted by their ids, the spans are
// not.
func (r traceRows) between(ctx context.Context, from, to string, limit int) ([]traceAt, error) {
	rows, err := r.conn.Query(ctx, `SELECT toString(trace_id), min(first) AS begin, max(last)
		FROM trace_index WHERE trace_id BETWEEN @from AND @to
		GROUP BY trace_id ORDER BY begin DESC, trace_id LIMIT @limit`,
		ch.Named("from", from), ch.Named("to", to), ch.Named("limit", limit))
	if err != nil {
		return nil, fmt.Errorf("find trace: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var found []traceAt
	for rows.Next() {
		var t traceAt
		if err := rows.Scan(&t.id, &t.first, &t.last); err != nil {
			return nil, fmt.Errorf("find trace: %w", err)
		}
		found = append(found, t)
	}
	return found, rows.Err()
}

// describe says of each trace what tells it from the others.
func (r traceRows) describe(ctx context.Context, found []traceAt) error {
	at := map[string]*traceAt{}
	first, last := found[0].first, found[0].last
	for i := range found {
		at[found[i].id] = &found[i]
		if found[i].first.Before(first) {
			first = found[i].first
		}
		if found[i].last.After(last) {
			last = found[i].last
		}
	}
	rows, err := r.conn.Query(ctx, `SELECT toString(trace_id), count(), countIf(status = 'error'),
			argMin(concat(service, ' ', name), (parent_span_id != '', start))
		FROM spans WHERE trace_id IN @ids
			AND start >= fromUnixTimestamp64Nano(@first) AND start <= fromUnixTimestamp64Nano(@last)
		GROUP BY trace_id`,
		ch.Named("ids", slices.Collect(maps.Keys(at))), nanoseconds("first", first), nanoseconds("last", last))
	if err != nil {
		return fmt.Errorf("describe traces: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var t traceAt
		if err := rows.Scan(&t.id, &t.count, &t.failed, &t.root); err != nil {
			return fmt.Errorf("describe traces: %w", err)
		}
		if known := at[t.id]; known != nil {
			known.count, known.failed, known.root = t.count, t.failed, t.root
		}
	}
	return rows.Err()
}

func nanoseconds(name string, t time.Time) driver.NamedValue {
	return driver.NamedValue{Name: name, Value: t.UnixNano()}
}

// spans reads a whole trace.
func (r traceRows) spans(ctx context.Context, t traceAt) ([]schemas.Span, error) {
	rows, err := r.conn.Query(ctx, `SELECT toString(trace_id), span_id, parent_span_id, service, name, kind, start, duration_ns,
			status, status_message, version, environment, peer, attributes
		FROM spans WHERE trace_id = @id
			AND start >= fromUnixTimestamp64Nano(@first) AND start <= fromUnixTimestamp64Nano(@last)
		ORDER BY start LIMIT @limit`,
		ch.Named("id", t.id), nanoseconds("first", t.first), nanoseconds("last", t.last), ch.Named("limit", mostSpansRead))
	if err != nil {
		return nil, fmt.Errorf("read trace %s: %w", t.id, err)
	}
	defer func() { _ = rows.Close() }()
	var spans []schemas.Span
	for rows.Next() {
		var (
			s                               schemas.Span
			trace, id, parent, kind, status string
			start                           time.Time
			duration                        uint64
			attributes                      map[string]string
		)
		if err := rows.Scan(&trace, &id, &parent, &s.Service, &s.Name, &kind, &start, &duration,
			&status, &s.StatusMessage, &s.Version, &s.Environment, &s.Peer, &attributes); err != nil {
			return nil, fmt.Errorf("read trace %s: %w", t.id, err)
		}
		for _, field := range []struct {
			into []byte
			text string
		}{{s.TraceID[:], trace}, {s.SpanID[:], id}, {s.ParentID[:], parent}} {
			if _, err := hex.Decode(field.into, []byte(field.text)); err != nil {
				return nil, fmt.Errorf("read trace %s: id %q: %w", t.id, field.text, err)
			}
		}
		s.Start, s.Duration = start.UnixNano(), int64(duration)
		s.Kind, s.Status = kindNamed(kind), statusNamed(status)
		for _, key := range slices.Sorted(maps.Keys(attributes)) {
			s.Attributes = append(s.Attributes, schemas.Attribute{Key: key, Value: attributes[key]})
		}
		spans = append(spans, s)
	}
	return spans, rows.Err()
}

func kindNamed(name string) schemas.SpanKind {
	for k := range schemas.KindConsumer + 1 {
		if k.String() == name {
			return k
		}
	}
	return schemas.KindUnspecified
}

func statusNamed(name string) schemas.SpanStatus {
	for s := range schemas.StatusError + 1 {
		if s.String() == name {
			return s
		}
	}
	return schemas.StatusUnset
}

// noSuchTrace says what there is instead.
func (r traceRows) noSuchTrace(ctx context.Context, id string) error {
	what := "trace " + id + ": no such trace"
	if len(id) < traceDigits {
		what = "trace " + id + ": no trace begins like that"
	}
	var newest string
	var traces uint64
	row := r.conn.QueryRow(ctx, "SELECT toString(argMax(trace_id, last)), count() FROM trace_index")
	if err := row.Scan(&newest, &traces); err != nil {
		return fmt.Errorf("find trace: %w", err)
	}
	if traces == 0 {
		return fmt.Errorf("%s: no spans are stored yet; point an OTLP exporter at /v1/traces or a Zipkin reporter at /api/v2/spans", what)
	}
	return fmt.Errorf("%s; it may be older than spans are kept, not sampled (spans.keep), or still open; the latest trace stored is %s", what, newest)
}
