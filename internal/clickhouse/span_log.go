package clickhouse

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	ch "github.com/ClickHouse/clickhouse-go/v2"

	"github.com/fivekeys/fivekeys/schemas"
)

const (
	kindType   = "Enum8('unspecified' = 0, 'internal' = 1, 'server' = 2, 'client' = 3, 'producer' = 4, 'consumer' = 5)"
	statusType = "Enum8('unset' = 0, 'ok' = 1, 'error' = 2)"
)

var spanColumns = []ch.ColumnNameAndType{
	{Name: "service", Type: "LowCardinality(String)"},
	{Name: "name", Type: "LowCardinality(String)"},
	{Name: "status_message", Type: "LowCardinality(String)"},
	{Name: "release", Type: "LowCardinality(String)"},
	{Name: "environment", Type: "LowCardinality(String)"},
	{Name: "peer", Type: "LowCardinality(String)"},
	{Name: "attribute_keys", Type: "LowCardinality(String)"},
	{Name: "resource_keys", Type: "LowCardinality(String)"},
	{Name: "resource_values", Type: "LowCardinality(String)"},
	{Name: "trace_id", Type: "FixedString(32)"},
	{Name: "span_id", Type: "FixedString(8)"},
	{Name: "parent_id", Type: "FixedString(8)"},
	{Name: "attribute_values", Type: "String"},
	{Name: "events", Type: "String"},
	{Name: "start", Type: "DateTime64(9, 'UTC')"},
	{Name: "kind", Type: kindType},
	{Name: "duration", Type: "UInt64"},
	{Name: "status", Type: statusType},
}

// The columns whose values come again and again, in the order of spanColumns.
const (
	colService = iota
	colName
	colStatusMessage
	colRelease
	colEnvironment
	colPeer
	colAttributeKeys
	colResourceKeys
	colResourceValues
	repeatedColumns
)

// SpanBatch collects spans column by column, the way they are sent. It keeps
// nothing of a span it was given. It is not safe for concurrent use.
type SpanBatch struct {
	repeated [repeatedColumns][]string
	known    map[string]string // one copy of each repeated value

	ids      []byte // trace, span and parent of each
	values   []byte // of the attributes, all spans' one after the other
	ends     []int  // where each span's values end
	events   []string
	start    []time.Time
	duration []uint64
	kind     []int8
	status   []int8

	scratch []byte
}

const (
	traceDigits = 2 * len(schemas.TraceID{})
	idLength    = traceDigits + 2*len(schemas.SpanID{})
	// maxKnown bounds what is remembered of repeated values where they don't repeat.
	maxKnown = 50_000
)

// Len is how many spans it holds.
func (b *SpanBatch) Len() int { return len(b.start) }

// Bytes is about how much memory the spans take.
func (b *SpanBatch) Bytes() int { return len(b.values) + len(b.start)*300 }

// Reset empties the batch and keeps its memory.
func (b *SpanBatch) Reset() {
	for i := range b.repeated {
		b.repeated[i] = b.repeated[i][:0]
	}
	if len(b.known) > maxKnown {
		clear(b.known)
	}
	b.ids, b.values, b.ends, b.events = b.ids[:0], b.values[:0], b.ends[:0], b.events[:0]
	b.start, b.duration, b.kind, b.status = b.start[:0], b.duration[:0], b.kind[:0], b.status[:0]
}

// Add appends a span.
func (b *SpanBatch) Add(s *schemas.Span) {
	b.repeat(colService, s.Service)
	b.repeat(colName, s.Name)
	b.repeat(colStatusMessage, s.StatusMessage)
	b.repeat(colRelease, s.Version)
	b.repeat(colEnvironment, s.Environment)
	b.repeat(colPeer, s.Peer)
	b.scratch = appendKeys(b.scratch[:0], s.Attributes)
	b.repeatBytes(colAttributeKeys, b.scratch)
	b.scratch = appendKeys(b.scratch[:0], s.Resource)
	b.repeatBytes(colResourceKeys, b.scratch)
	b.scratch = appendValues(b.scratch[:0], s.Resource)
	b.repeatBytes(colResourceValues, b.scratch)
	b.ids = hex.AppendEncode(b.ids, s.TraceID[:])
	b.ids = append(b.ids, s.SpanID[:]...)
	b.ids = append(b.ids, s.ParentID[:]...)
	b.values = appendValues(b.values, s.Attributes)
	b.ends = append(b.ends, len(b.values))
	b.events = append(b.events, eventsJSON(s.Events))
	b.start = append(b.start, time.Unix(0, s.Start))
	b.duration = append(b.duration, uint64(max(s.Duration, 0)))
	b.kind = append(b.kind, int8(min(s.Kind, schemas.KindConsumer)))
	b.status = append(b.status, int8(min(s.Status, schemas.StatusError)))
}

func (b *SpanBatch) repeat(column int, value string) {
	b.repeated[column] = append(b.repeated[column], b.one(column, value))
}

func (b *SpanBatch) one(column int, value string) string {
	if value == "" {
		return ""
	}
	// What was there last is there again more often than not.
	if last := b.repeated[column]; len(last) > 0 && last[len(last)-1] == value {
		return last[len(last)-1]
	}
	return b.remember(value)
}

func (b *SpanBatch) remember(value string) string {
	known, ok := b.known[value]
	if !ok {
		if b.known == nil {
			b.known = make(map[string]string)
		}
		known = strings.Clone(value)
		b.known[known] = known
	}
	return known
}

func (b *SpanBatch) repeatBytes(column int, value []byte) {
	var one string
	if last := b.repeated[column]; len(last) > 0 && last[len(last)-1] == string(value) {
		one = last[len(last)-1]
	} else if known, ok := b.known[string(value)]; ok {
		one = known
	} else if len(value) > 0 {
		one = b.remember(string(value))
	}
	b.repeated[column] = append(b.repeated[column], one)
}

// appendKeys joins attributes' keys by NUL; where there are none it is empty.
func appendKeys(to []byte, attributes []schemas.Attribute) []byte {
	for i := range attributes {
		if i > 0 {
			to = append(to, 0)
		}
		to = appendText(to, attributes[i].Key)
	}
	return to
}

func appendValues(to []byte, attributes []schemas.Attribute) []byte {
	for i := range attributes {
		if i > 0 {
			to = append(to, 0)
		}
		to = appendText(to, attributes[i].Value)
	}
	return to
}

// appendText keeps the separator out of what it separates.
func appendText(to []byte, text string) []byte {
	if strings.IndexByte(text, 0) < 0 {
		return append(to, text...)
	}
	return append(to, strings.ReplaceAll(text, "\x00", "\uFFFD")...)
}

// eventsJSON is what the view shows of a span's events.
func eventsJSON(events []schemas.SpanEvent) string {
	if len(events) == 0 {
		return ""
	}
	type event struct {
		Time       int64             `json:"time"`
		Name       string            `json:"name"`
		Attributes map[string]string `json:"attributes,omitempty"`
	}
	out := make([]event, len(events))
	for i, e := range events {
		out[i] = event{Time: e.Time, Name: e.Name}
		for _, a := range e.Attributes {
			if out[i].Attributes == nil {
				out[i].Attributes = make(map[string]string, len(e.Attributes))
			}
			out[i].Attributes[a.Key] = a.Value
		}
	}
	text, err := json.Marshal(out)
	if err != nil {
		return "" // strings and numbers always encode
	}
	return string(text)
}

// InsertSpans stores the spans of a batch, all or none. A span that is there
// already stays one.
func (s *Store) InsertSpans(ctx context.Context, b *SpanBatch) error {
	n := b.Len()
	if n == 0 {
		return nil
	}
	columns := make([]any, 0, len(spanColumns))
	for i := range b.repeated {
		columns = append(columns, b.repeated[i])
	}
	ids, values := string(b.ids), string(b.values)
	trace, span, parent, attributes := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	from := 0
	for i, end := range b.ends {
		id := ids[i*idLength:][:idLength]
		trace[i], span[i], parent[i] = id[:traceDigits], id[traceDigits:traceDigits+8], id[traceDigits+8:]
		attributes[i] = values[from:end]
		from = end
	}
	columns = append(columns, trace, span, parent, attributes, b.events, b.start, b.kind, b.duration, b.status)
	return s.insertColumns(ctx, "span_log", spanColumns, n, columns)
}

// maxSpanDays is how many days the spans of one insert may lie on; the server's
// own limit is for tables partitioned by mistake.
const maxSpanDays = 1000

// insertColumns sends whole columns as one block: all rows are stored, or none is.
func (s *Store) insertColumns(ctx context.Context, table string, columns []ch.ColumnNameAndType, n int, values []any) error {
	if n == 0 {
		return nil
	}
	ctx, cancel := insertContext(ctx, columns)
	defer cancel()
	ctx = ch.Context(ctx, ch.WithSettings(ch.Settings{"async_insert": 0, "max_partitions_per_insert_block": maxSpanDays}))
	batch, err := s.conn.PrepareBatch(ctx, "INSERT INTO "+table+" ("+names(columns)+")")
	if err != nil {
		return fmt.Errorf("prepare insert into %s: %w", table, err)
	}
	for i, column := range values {
		if err := batch.Column(i).Append(column); err != nil {
			_ = batch.Abort()
			return fmt.Errorf("append column %s of %s: %w", columns[i].Name, table, err)
		}
	}
	if err := batch.Send(); err != nil {
		return fmt.Errorf("insert %d rows into %s: %w", n, table, err)
	}
	return nil
}
