package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	ch "github.com/ClickHouse/clickhouse-go/v2"

	"github.com/fivekeys/fivekeys/schemas"
)

// The counts of objectives, read past the public view: objectives, minutes and
// hours are numbers here, and nothing is joined that the caller knows.

// SLOMinute is what an objective counted in one minute, all versions together.
type SLOMinute struct {
	Objective   string
	Minute      int64 // since 1970
	Good, Total uint64
}

// SLOHour is an hour of one objective as the evaluation packs it.
type SLOHour struct {
	Objective string
	Hour      int64 // since 1970
	Minutes   []byte
}

// SLOQuery says what to read: objectives, [From, To).
type SLOQuery struct {
	Objectives []string
	Reported   bool // counted from events that name the objective or its SLO
	From, To   time.Time
}

// counts is the statement for single counts of a query; several rows may be
// one minute's.
func (q *SLOQuery) counts() string {
	bounds := fmt.Sprintf("minute >= toDateTime(%d, 'UTC') AND minute < toDateTime(%d, 'UTC')", q.From.Unix(), q.To.Unix())
	if q.Reported {
		return "SELECT o.objective AS objective, r.minute AS minute, r.good AS good, r.total AS total FROM" +
			" (SELECT slo, minute, good, total FROM sli_report_facts FINAL WHERE " + bounds + ") AS r INNER JOIN " +
			reportNames("objective IN ($1)") + " AS o ON r.slo = o.name"
	}
	return "SELECT objective, minute, good, total FROM sli_minute_facts FINAL WHERE objective IN ($1) AND " + bounds
}

// reportNames are the names under which senders may report an objective.
func reportNames(where string) string {
	return "(SELECT toString(objective) AS objective, arrayJoin(arrayDistinct([toString(objective), toString(slo)])) AS name" +
		" FROM slo_objective_facts FINAL WHERE reported AND " + where + ")"
}

// SLOMinutes reads counts in no order. Several may be of one minute, one for
// each partition and version: the caller adds them up, which is faster by far
// than having it done here.
func (s *Store) SLOMinutes(ctx context.Context, q SLOQuery, each func(SLOMinute)) error {
	if len(q.Objectives) == 0 || !q.From.Before(q.To) {
		return nil
	}
	err := s.sloMinutes(ctx, "SELECT objective, toInt64(intDiv(toUnixTimestamp(minute), 60)), good, total FROM ("+q.counts()+")", each, q.Objectives)
	if err != nil {
		return fmt.Errorf("read minutes of %d objectives: %w", len(q.Objectives), err)
	}
	return nil
}

// SLOBegins reads the first minute of each objective of a query; the query's
// bounds mean nothing.
func (s *Store) SLOBegins(ctx context.Context, q SLOQuery, each func(objective string, minute int64)) error {
	if len(q.Objectives) == 0 {
		return nil
	}
	q.From, q.To = time.Unix(0, 0), time.Unix(maxMinute, 0)
	err := s.sloMinutes(ctx, "SELECT objective, toInt64(intDiv(toUnixTimestamp(min(minute)), 60)), toUInt64(0), toUInt64(0) FROM ("+
		q.counts()+") WHERE total > 0 GROUP BY objective", func(m SLOMinute) { each(m.Objective, m.Minute) }, q.Objectives)
	if err != nil {
		return fmt.Errorf("read since when %d objectives are known: %w", len(q.Objectives), err)
	}
	return nil
}

// maxMinute is past every minute there can be, in seconds of a DateTime.
const maxMinute = math.MaxUint32

// SLOHours reads packed hours, in no order.
func (s *Store) SLOHours(ctx context.Context, objectives []string, from, to time.Time, each func(SLOHour)) error {
	if len(objectives) == 0 || !from.Before(to) {
		return nil
	}
	rows, err := s.conn.Query(ctx, fmt.Sprintf(`SELECT objective, toInt64(intDiv(toUnixTimestamp(hour), 3600)), minutes FROM slo_hour_facts FINAL
		WHERE objective IN ($1) AND hour >= toDateTime(%d, 'UTC') AND hour < toDateTime(%d, 'UTC')`, from.Unix(), to.Unix()), objectives)
	if err != nil {
		return fmt.Errorf("read hours of %d objectives: %w", len(objectives), err)
	}
	defer func() { _ = rows.Close() }()
	var h SLOHour
	into := []any{&h.Objective, &h.Hour, &h.Minutes}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return fmt.Errorf("read hours of %d objectives: %w", len(objectives), err)
		}
		each(h)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read hours of %d objectives: %w", len(objectives), err)
	}
	return nil
}

var hourColumns = []ch.ColumnNameAndType{
	{Name: "objective", Type: "LowCardinality(String)"},
	{Name: "hour", Type: "DateTime('UTC')"},
	{Name: "minutes", Type: "String"},
}

// SaveHours stores packed hours.
func (s *Store) SaveHours(ctx context.Context, hours []SLOHour) error {
	return s.insert(ctx, "slo_hour_facts", hourColumns, len(hours), func(i int) []any {
		h := &hours[i]
		return []any{h.Objective, time.Unix(h.Hour*3600, 0).UTC(), h.Minutes}
	})
}

// ErrManyChanges says that so much was written at once that reading everything
// again is the better way.
var ErrManyChanges = errors.New("too many minutes have changed to be read one by one")

// manyChanges bounds the rows whose minutes are looked up: some 100 MB of keys.
const manyChanges = 2_000_000

// SLOChanges reads every minute that was written since a time, whole: rows are
// absolute, so a minute that is read twice is as if read once. Before bounds the
// minutes, the zero time doesn't.
func (s *Store) SLOChanges(ctx context.Context, since, before time.Time, each func(SLOMinute)) error {
	written := fmt.Sprintf("written_at >= fromUnixTimestamp64Milli(%d, 'UTC')", since.UnixMilli())
	if !before.IsZero() {
		written += fmt.Sprintf(" AND minute < toDateTime(%d, 'UTC')", before.Unix())
	}
	var spans, reports uint64
	if err := s.conn.QueryRow(ctx, "SELECT (SELECT count() FROM sli_minute_facts WHERE "+written+
		"), (SELECT count() FROM sli_report_facts WHERE "+written+")").Scan(&spans, &reports); err != nil {
		return fmt.Errorf("count changed minutes: %w", err)
	}
	if spans > manyChanges || reports > manyChanges {
		return fmt.Errorf("read changed minutes: %w", ErrManyChanges)
	}
	if spans > 0 {
		if err := s.changedSpans(ctx, since, written, each); err != nil {
			return fmt.Errorf("read changed minutes: %w", err)
		}
	}
	if reports > 0 {
		if err := s.sloMinutes(ctx, `SELECT o.objective, toInt64(intDiv(toUnixTimestamp(r.minute), 60)), sum(r.good), sum(r.total)
			FROM (SELECT slo, minute, good, total FROM sli_report_facts FINAL
				WHERE slo IN (SELECT slo FROM sli_report_facts WHERE `+written+`)
					AND minute IN (SELECT minute FROM sli_report_facts WHERE `+written+`)) AS r
			INNER JOIN `+reportNames("1")+` AS o ON r.slo = o.name
			GROUP BY o.objective, r.minute`, each); err != nil {
			return fmt.Errorf("read changed reports: %w", err)
		}
	}
	return nil
}

const (
	// recent minutes are those that change all the time.
	recent = 2 * time.Hour
	// ahead is how far a minute may be in the future when it is counted first:
	// clocks that are wrong by more are not looked for.
	ahead = 2 * time.Hour
)

// changedSpans looks for the other rows of a recent minute only where they can
// be: among those written since, which an index finds. By the key it would be
// a granule or two of each objective.
func (s *Store) changedSpans(ctx context.Context, since time.Time, written string, each func(SLOMinute)) error {
	from := since.Add(-recent).Unix()
	err := s.sloMinutes(ctx, fmt.Sprintf(`SELECT objective, toInt64(intDiv(toUnixTimestamp(minute), 60)), sum(g), sum(t) FROM (
			SELECT objective, minute, argMax(good, sequence) AS g, argMax(total, sequence) AS t FROM sli_minute_facts
			WHERE minute >= toDateTime(%[1]d, 'UTC') AND written_at >= fromUnixTimestamp64Milli(%[2]d, 'UTC')
				AND (objective, minute) IN (SELECT objective, minute FROM sli_minute_facts WHERE minute >= toDateTime(%[1]d, 'UTC') AND %[3]s)
			GROUP BY objective, minute, release, partition)
		GROUP BY objective, minute`, from, 1000*from-ahead.Milliseconds(), written), each)
	if err != nil {
		return err
	}
	late := fmt.Sprintf("minute < toDateTime(%d, 'UTC') AND %s", from, written)
	var rows uint64
	if err := s.conn.QueryRow(ctx, "SELECT count() FROM sli_minute_facts WHERE "+late).Scan(&rows); err != nil || rows == 0 {
		return err
	}
	return s.sloMinutes(ctx, `SELECT objective, toInt64(intDiv(toUnixTimestamp(minute), 60)), sum(good), sum(total)
		FROM sli_minute_facts FINAL
		WHERE (objective, minute) IN (SELECT objective, minute FROM sli_minute_facts WHERE `+late+`)
		GROUP BY objective, minute`, each)
}

func (s *Store) sloMinutes(ctx context.Context, statement string, each func(SLOMinute), args ...any) error {
	rows, err := s.conn.Query(ctx, statement, args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	var m SLOMinute
	into := []any{&m.Objective, &m.Minute, &m.Good, &m.Total}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		each(m)
	}
	return rows.Err()
}

// Now is the store's clock, by which rows say when they were written.
func (s *Store) Now(ctx context.Context) (time.Time, error) {
	var now time.Time
	if err := s.conn.QueryRow(ctx, "SELECT now64(3, 'UTC')").Scan(&now); err != nil {
		return now, fmt.Errorf("read the store's clock: %w", err)
	}
	return now.UTC(), nil
}

// AppendSLIMinutes stores minutes as one partition of the span stream counted
// them. The stage that reads the stream has its own way, which stores its
// position too; this one is for imports, demonstrations and tests.
func (s *Store) AppendSLIMinutes(ctx context.Context, minutes []schemas.SLIMinute, partition uint16, sequence uint64) error {
	return s.insert(ctx, "sli_minute_facts", sliMinuteColumns, len(minutes), func(i int) []any {
		m := &minutes[i]
		return []any{m.Objective, m.Minute.UTC(), m.Version, partition, m.Good, m.Total, sequence}
	})
}
