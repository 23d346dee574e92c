package clickhouse

import (
	"context"
	"fmt"
	"strings"
	"time"

	ch "github.com/ClickHouse/clickhouse-go/v2"
)

// SpanPosition is how far one partition of the span stream is counted.
type SpanPosition struct {
	Partition int
	// Sequence is of the last message that is in the tables.
	Sequence uint64
	// ReplayFrom is the message from which on a new reader has to read, to know
	// again what a reader remembers.
	ReplayFrom uint64
}

var positionColumns = []ch.ColumnNameAndType{
	{Name: "partition", Type: "UInt16"}, {Name: "sequence", Type: "UInt64"}, {Name: "replay_from", Type: "UInt64"},
}

// WriteSpanPositions stores positions; for each partition the farthest counts.
func (s *Store) WriteSpanPositions(ctx context.Context, positions []SpanPosition) error {
	return s.insert(ctx, "span_positions", positionColumns, len(positions), func(i int) []any {
		p := positions[i]
		return []any{uint16(p.Partition), p.Sequence, p.ReplayFrom}
	})
}

// SpanPositions reads the positions of all partitions.
func (s *Store) SpanPositions(ctx context.Context) (map[int]SpanPosition, error) {
	rows, err := s.conn.Query(ctx, "SELECT partition, sequence, replay_from FROM span_positions FINAL")
	if err != nil {
		return nil, fmt.Errorf("read span positions: %w", err)
	}
	defer func() { _ = rows.Close() }()
	out := make(map[int]SpanPosition)
	for rows.Next() {
		var partition uint16
		var p SpanPosition
		if err := rows.Scan(&partition, &p.Sequence, &p.ReplayFrom); err != nil {
			return nil, fmt.Errorf("read span positions: %w", err)
		}
		p.Partition = int(partition)
		out[p.Partition] = p
	}
	return out, rows.Err()
}

// CountedUntil says which minute after since is the newest that has rows, and the
// largest sequence among the rows after since; zero values where there are none.
func (s *Store) CountedUntil(ctx context.Context, since time.Time) (newest time.Time, sequence uint64, err error) {
	for _, table := range []string{serviceMinuteTable, dependencyTable, countedSLITable} {
		var m time.Time
		var n uint64
		query := fmt.Sprintf("SELECT max(minute), max(sequence) FROM %s WHERE minute >= toDateTime(%d, 'UTC')", table, since.Unix())
		if err := s.conn.QueryRow(ctx, query).Scan(&m, &n); err != nil {
			return time.Time{}, 0, fmt.Errorf("read the newest minute of %s: %w", table, err)
		}
		if m.After(newest) {
			newest = m
		}
		sequence = max(sequence, n)
	}
	return newest, sequence, nil
}

// KeepSpans sets how long single spans are kept. What is counted from them stays.
func (s *Store) KeepSpans(ctx context.Context, retention time.Duration) error {
	cluster := ""
	if s.layout.Cluster != "" {
		cluster = " ON CLUSTER `" + strings.ReplaceAll(s.layout.Cluster, "`", "") + "`"
	}
	for _, t := range []struct {
		table, column string
		keep          time.Duration
	}{
		{"span_log", "start", retention},
		{"trace_index", "day", retention + 24*time.Hour}, // a day ends after it began
	} {
		ttl := fmt.Sprintf("toDateTime(%s) + toIntervalSecond(%d)", t.column, int64(t.keep/time.Second))
		var have string
		if err := s.conn.QueryRow(ctx, "SELECT engine_full FROM system.tables WHERE database = currentDatabase() AND name = $1", t.table).Scan(&have); err != nil {
			return fmt.Errorf("read the retention of %s: %w", t.table, err)
		}
		if strings.Contains(have, ttl) {
			continue
		}
		if err := s.conn.Exec(ctx, "ALTER TABLE "+t.table+cluster+" MODIFY TTL "+ttl); err != nil {
			return fmt.Errorf("set the retention of %s: %w", t.table, err)
		}
		s.logger.Info("retention of spans changed", "table", t.table, "keep", t.keep)
	}
	return nil
}
