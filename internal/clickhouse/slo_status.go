package clickhouse

import (
	"context"
	"fmt"
	"time"

	ch "github.com/ClickHouse/clickhouse-go/v2"

	"github.com/fivekeys/fivekeys/schemas"
)

var statusColumns = []ch.ColumnNameAndType{
	{Name: "objective", Type: "LowCardinality(String)"},
	{Name: "slo", Type: "LowCardinality(String)"},
	{Name: "service", Type: "LowCardinality(String)"},
	{Name: "team", Type: "LowCardinality(String)"},
	{Name: "at", Type: "DateTime('UTC')"},
	{Name: "window_from", Type: "DateTime('UTC')"},
	{Name: "window_to", Type: "DateTime('UTC')"},
	{Name: "target", Type: "Float64"},
	{Name: "budgeting", Type: "LowCardinality(String)"},
	{Name: "good", Type: "Float64"},
	{Name: "total", Type: "Float64"},
	{Name: "sli", Type: "Nullable(Float64)"},
	{Name: "remaining", Type: "Nullable(Float64)"},
	{Name: "remaining_minutes", Type: "Nullable(Float64)"},
	{Name: "budget_minutes", Type: "Float64"},
	{Name: "corrected", Type: "Bool"},
	{Name: "corrected_good", Type: "Nullable(Float64)"},
	{Name: "corrected_total", Type: "Nullable(Float64)"},
	{Name: "corrected_sli", Type: "Nullable(Float64)"},
	{Name: "corrected_remaining", Type: "Nullable(Float64)"},
	{Name: "corrected_remaining_minutes", Type: "Nullable(Float64)"},
	{Name: "burn_windows", Type: "Array(UInt32)"},
	{Name: "burn_rates", Type: "Array(Nullable(Float64))"},
	{Name: "exhausted_at", Type: "Nullable(DateTime('UTC'))"},
	{Name: "methods", Type: "Array(LowCardinality(String))"},
	{Name: "method_good", Type: "Array(Float64)"},
	{Name: "method_total", Type: "Array(Float64)"},
	{Name: "method_sli", Type: "Array(Nullable(Float64))"},
	{Name: "method_remaining", Type: "Array(Nullable(Float64))"},
	{Name: "known_since", Type: "Nullable(DateTime('UTC'))"},
	{Name: "restored_at", Type: "Nullable(DateTime('UTC'))"},
}

var stateColumns = append(statusColumns[:len(statusColumns):len(statusColumns)],
	ch.ColumnNameAndType{Name: "state", Type: "String"},
	ch.ColumnNameAndType{Name: "writer", Type: "LowCardinality(String)"},
	ch.ColumnNameAndType{Name: "deleted", Type: "UInt8"},
)

func statusRow(s *schemas.BudgetStatus) []any {
	row := []any{
		s.Objective, s.SLO, s.Service, s.Team, s.At.UTC(), s.From.UTC(), s.To.UTC(), s.Target, string(s.Budgeting),
		s.Good, s.Total, s.SLI, s.Remaining, s.RemainingMinutes, s.BudgetMinutes,
	}
	if c := s.Corrected; c != nil {
		row = append(row, true, &c.Good, &c.Total, c.SLI, c.Remaining, c.RemainingMinutes)
	} else {
		none := (*float64)(nil)
		row = append(row, false, none, none, none, none, none)
	}
	windows, rates := make([]uint32, len(s.Burn)), make([]*float64, len(s.Burn))
	for i, b := range s.Burn {
		windows[i], rates[i] = uint32(b.Window/time.Second), b.Rate
	}
	n := len(s.Methods)
	methods, good, total := make([]string, n), make([]float64, n), make([]float64, n)
	sli, remaining := make([]*float64, n), make([]*float64, n)
	for i, m := range s.Methods {
		methods[i], good[i], total[i], sli[i], remaining[i] = string(m.Budgeting), m.Good, m.Total, m.SLI, m.Remaining
	}
	return append(row, windows, rates, s.ExhaustedAt, methods, good, total, sli, remaining, s.KnownSince, s.RestoredAt)
}

// SLOState is a status with what the evaluation goes on from.
type SLOState struct {
	schemas.BudgetStatus
	State   []byte // the evaluation's own JSON
	Deleted bool   // the objective is gone
}

// SaveStatuses stores statuses and states in one insert.
func (s *Store) SaveStatuses(ctx context.Context, writer string, states []SLOState) error {
	return s.insert(ctx, "slo_status_facts", stateColumns, len(states), func(i int) []any {
		deleted := uint8(0)
		if states[i].Deleted {
			deleted = 1
		}
		return append(statusRow(&states[i].BudgetStatus), string(states[i].State), writer, deleted)
	})
}

// AppendHistory keeps statuses beside those of other minutes.
func (s *Store) AppendHistory(ctx context.Context, statuses []schemas.BudgetStatus) error {
	return s.insert(ctx, "slo_status_history_facts", statusColumns, len(statuses), func(i int) []any { return statusRow(&statuses[i]) })
}

// SavedState is the state that was stored last of an objective.
type SavedState struct {
	Objective, SLO, Service, Team string

	At    time.Time
	State []byte
}

// LoadStates reads the states of all objectives but those that a writer stored
// itself; an empty writer reads all.
func (s *Store) LoadStates(ctx context.Context, but string) ([]SavedState, error) {
	rows, err := s.conn.Query(ctx, "SELECT objective, slo, service, team, at, state FROM slo_status_facts FINAL WHERE writer != $1 OR $1 = ''", but)
	if err != nil {
		return nil, fmt.Errorf("read states of budgets: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var out []SavedState
	for rows.Next() {
		var st SavedState
		var text string
		if err := rows.Scan(&st.Objective, &st.SLO, &st.Service, &st.Team, &st.At, &text); err != nil {
			return nil, fmt.Errorf("read states of budgets: %w", err)
		}
		st.State = []byte(text)
		out = append(out, st)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read states of budgets: %w", err)
	}
	return out, nil
}
