package clickhouse

import (
	"context"
	"fmt"
	"math"
	"time"

	ch "github.com/ClickHouse/clickhouse-go/v2"

	"github.com/fivekeys/fivekeys/schemas"
)

// ToilRule is a team's capacity and cap from a Monday on.
type ToilRule struct {
	schemas.ToilRules
	// From is midnight UTC of a Monday, or the epoch for a team's first rule.
	From time.Time
	// Own says that the configuration names the team; otherwise the rules of the
	// empty team, which is everybody else, are its.
	Own bool
	// WrittenAt is when it was stored; AppendToilRules sets it.
	WrittenAt time.Time
}

// ToilRules gives every rule there was, by team and From.
func (s *Store) ToilRules(ctx context.Context) ([]ToilRule, error) {
	rows, err := s.conn.Query(ctx, "SELECT team, valid_from, own, capacity_minutes, cap, written_at FROM toil_rules FINAL ORDER BY team, valid_from")
	if err != nil {
		return nil, fmt.Errorf("read toil rules: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var rules []ToilRule
	for rows.Next() {
		var r ToilRule
		var minutes float64
		if err := rows.Scan(&r.Team, &r.From, &r.Own, &minutes, &r.Cap, &r.WrittenAt); err != nil {
			return nil, fmt.Errorf("read toil rules: %w", err)
		}
		r.Capacity = time.Duration(math.Round(minutes * float64(time.Minute)))
		rules = append(rules, r)
	}
	return rules, rows.Err()
}

var toilRuleColumns = []ch.ColumnNameAndType{
	{Name: "team", Type: "LowCardinality(String)"},
	{Name: "valid_from", Type: "Date"},
	{Name: "own", Type: "Bool"},
	{Name: "capacity_minutes", Type: "Float64"},
	{Name: "cap", Type: "Float64"},
	{Name: "written_at", Type: "DateTime64(3, 'UTC')"},
}

// AppendToilRules stores rules; one of the same team and day is replaced.
func (s *Store) AppendToilRules(ctx context.Context, rules []ToilRule, at time.Time) error {
	return s.insert(ctx, "toil_rules", toilRuleColumns, len(rules), func(i int) []any {
		r := &rules[i]
		return []any{r.Team, r.From.UTC(), r.Own, r.Capacity.Minutes(), r.Cap, at.UTC()}
	})
}

// toilEvents select from event_log what toil_log holds.
const toilEvents = "FROM event_log WHERE type = '" + string(schemas.TypeToil) + "'"

// RefillToil makes toil_log what event_log says: what is missing is added, and
// what is no event any more is deleted. Nothing is missing and nothing to be
// deleted unless an insert was cut off between the two tables of a replicated
// server, or events were deleted.
func (s *Store) RefillToil(ctx context.Context) error {
	const columns = "source, id, time, known_at, data, precedence"
	if err := s.conn.Exec(ctx, "INSERT INTO toil_log ("+columns+") SELECT "+columns+" "+toilEvents+
		" AND (source, id, precedence) NOT IN (SELECT source, id, precedence FROM toil_log)"); err != nil {
		return fmt.Errorf("refill toil_log: %w", err)
	}
	var gone uint64
	orphans := "(source, id) NOT IN (SELECT source, id " + toilEvents + ")"
	if err := s.conn.QueryRow(ctx, "SELECT count() FROM toil_log WHERE "+orphans).Scan(&gone); err != nil {
		return fmt.Errorf("look for toil without an event: %w", err)
	}
	if gone == 0 {
		return nil // a DELETE rewrites parts, also where it deletes nothing
	}
	if err := s.conn.Exec(ctx, "DELETE FROM toil_log WHERE "+orphans); err != nil {
		return fmt.Errorf("delete %d toil rows without an event: %w", gone, err)
	}
	return nil
}
