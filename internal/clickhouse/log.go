package clickhouse

import (
	"context"
	"fmt"
	"iter"
	"time"

	ch "github.com/ClickHouse/clickhouse-go/v2"

	"github.com/fivekeys/fivekeys/schemas"
)

var eventColumns = []ch.ColumnNameAndType{
	{Name: "service", Type: "LowCardinality(String)"},
	{Name: "source", Type: "LowCardinality(String)"},
	{Name: "id", Type: "String"},
	{Name: "type", Type: "LowCardinality(String)"},
	{Name: "time", Type: "DateTime64(3, 'UTC')"},
	{Name: "known_at", Type: "DateTime64(3, 'UTC')"},
	{Name: "data", Type: "String"},
	{Name: "precedence", Type: "UInt64"},
}

// AppendEvents stores events. An event that is there already is the same row.
func (s *Store) AppendEvents(ctx context.Context, events []schemas.Event) error {
	return s.insert(ctx, "event_log", eventColumns, len(events), func(i int) []any {
		e := &events[i]
		return []any{e.Subject, e.Source, e.ID, string(e.Type), e.Time.UTC(), e.KnownAt.UTC(), e.Data, e.Precedence()}
	})
}

var deliveryColumns = []ch.ColumnNameAndType{
	{Name: "source", Type: "LowCardinality(String)"},
	{Name: "received_at", Type: "DateTime64(3, 'UTC')"},
	{Name: "delivery_id", Type: "String"},
	{Name: "kind", Type: "LowCardinality(String)"},
	{Name: "headers", Type: "Map(LowCardinality(String), String)"},
	{Name: "body", Type: "String"},
}

// AppendDeliveries stores raw deliveries for audit.
func (s *Store) AppendDeliveries(ctx context.Context, deliveries []schemas.Delivery) error {
	return s.insert(ctx, "delivery_log", deliveryColumns, len(deliveries), func(i int) []any {
		d := &deliveries[i]
		header := d.Header
		if header == nil {
			header = map[string]string{}
		}
		return []any{d.Source, d.ReceivedAt.UTC(), d.ID, d.Kind, header, d.Body}
	})
}

// insert sends rows as one block: all of them are stored, or none is.
func (s *Store) insert(ctx context.Context, table string, columns []ch.ColumnNameAndType, n int, row func(int) []any) error {
	if n == 0 {
		return nil
	}
	ctx, cancel := insertContext(ctx, columns)
	defer cancel()
	batch, err := s.conn.PrepareBatch(ctx, "INSERT INTO "+table+" ("+names(columns)+")")
	if err != nil {
		return fmt.Errorf("prepare insert into %s: %w", table, err)
	}
	for i := range n {
		if err := batch.Append(row(i)...); err != nil {
			_ = batch.Abort()
			return fmt.Errorf("append row to %s: %w", table, err)
		}
	}
	if err := batch.Send(); err != nil {
		return fmt.Errorf("insert %d rows into %s: %w", n, table, err)
	}
	return nil
}

func names(columns []ch.ColumnNameAndType) string {
	s := ""
	for i, c := range columns {
		if i > 0 {
			s += ", "
		}
		s += c.Name
	}
	return s
}

// foldable are the types whose events the dora fold takes.
const foldable = "type IN ('fivekeys.deployment.v1', 'fivekeys.change.v1', 'fivekeys.pull_request.v1', 'fivekeys.branch.v1', 'fivekeys.incident.v1', 'fivekeys.burn.v1')"

// Events streams the foldable events of services, service by service.
func (s *Store) Events(ctx context.Context, services []string) iter.Seq2[schemas.Event, error] {
	return s.events(ctx, "service IN ($1)", services)
}

// AllEvents streams every foldable event, service by service, in bounded memory.
func (s *Store) AllEvents(ctx context.Context) iter.Seq2[schemas.Event, error] {
	return s.events(ctx, "service != ''")
}

// eventBlock is how many events arrive together. Some blocks wait while one is
// read, and a server's usual 65,000 events each are a hundred megabytes.
const eventBlock = 8192

func (s *Store) events(ctx context.Context, where string, args ...any) iter.Seq2[schemas.Event, error] {
	return func(yield func(schemas.Event, error) bool) {
		ctx := ch.Context(ctx, ch.WithSettings(ch.Settings{"max_block_size": eventBlock}))
		rows, err := s.conn.Query(ctx, "SELECT service, source, id, type, time, known_at, data FROM event_log FINAL WHERE "+
			foldable+" AND "+where+" ORDER BY service", args...)
		if err != nil {
			yield(schemas.Event{}, fmt.Errorf("read events: %w", err))
			return
		}
		defer func() { _ = rows.Close() }()
		var e schemas.Event
		var kind string
		into := []any{&e.Subject, &e.Source, &e.ID, &kind, &e.Time, &e.KnownAt, &e.Data}
		for rows.Next() {
			if err := rows.Scan(into...); err != nil {
				yield(schemas.Event{}, fmt.Errorf("read event: %w", err))
				return
			}
			e.Type = schemas.EventType(kind)
			if !yield(e, nil) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(schemas.Event{}, fmt.Errorf("read events: %w", err))
		}
	}
}

// Tally tells one set of a service's events from another: events are added, and
// sometimes one takes the place of another of its identity.
type Tally struct {
	Events int
	// Precedences is the sum of theirs, cut to 64 bits.
	Precedences uint64
}

// CountEvents says which foldable events the store holds of each service.
func (s *Store) CountEvents(ctx context.Context, services []string) (map[string]Tally, error) {
	rows, err := s.conn.Query(ctx, "SELECT service, count(), sum(precedence) FROM event_log FINAL WHERE "+foldable+
		" AND service IN ($1) GROUP BY service", services)
	if err != nil {
		return nil, fmt.Errorf("count events: %w", err)
	}
	defer func() { _ = rows.Close() }()
	tallies := make(map[string]Tally, len(services))
	for rows.Next() {
		var service string
		var n, sum uint64
		if err := rows.Scan(&service, &n, &sum); err != nil {
			return nil, fmt.Errorf("count events: %w", err)
		}
		tallies[service] = Tally{Events: int(n), Precedences: sum}
	}
	return tallies, rows.Err()
}

// FoldedRules gives the fingerprint each service's facts were folded under.
func (s *Store) FoldedRules(ctx context.Context) (map[string]string, error) {
	rows, err := s.conn.Query(ctx, "SELECT service, fingerprint FROM folded_rules FINAL")
	if err != nil {
		return nil, fmt.Errorf("read folded rules: %w", err)
	}
	defer func() { _ = rows.Close() }()
	rules := map[string]string{}
	for rows.Next() {
		var service, fingerprint string
		if err := rows.Scan(&service, &fingerprint); err != nil {
			return nil, fmt.Errorf("read folded rules: %w", err)
		}
		rules[service] = fingerprint
	}
	return rules, rows.Err()
}

var ruleColumns = []ch.ColumnNameAndType{
	{Name: "service", Type: "LowCardinality(String)"},
	{Name: "fingerprint", Type: "String"},
	{Name: "folded_at", Type: "DateTime64(3, 'UTC')"},
}

// SetFoldedRules records under which rules services were folded.
func (s *Store) SetFoldedRules(ctx context.Context, rules map[string]string, at time.Time) error {
	services := make([]string, 0, len(rules))
	for service := range rules {
		services = append(services, service)
	}
	return s.insert(ctx, "folded_rules", ruleColumns, len(services), func(i int) []any {
		return []any{services[i], rules[services[i]], at.UTC()}
	})
}
