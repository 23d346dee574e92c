package clickhouse

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	ch "github.com/ClickHouse/clickhouse-go/v2"

	"github.com/fivekeys/fivekeys/schemas"
)

var sliMinuteColumns = []ch.ColumnNameAndType{
	{Name: "objective", Type: "LowCardinality(String)"},
	{Name: "minute", Type: "DateTime('UTC')"},
	{Name: "release", Type: "LowCardinality(String)"},
	{Name: "partition", Type: "UInt16"},
	{Name: "good", Type: "UInt64"},
	{Name: "total", Type: "UInt64"},
	{Name: "sequence", Type: "UInt64"},
}

var objectiveColumns = []ch.ColumnNameAndType{
	{Name: "objective", Type: "LowCardinality(String)"},
	{Name: "slo", Type: "LowCardinality(String)"},
	{Name: "display_name", Type: "String"},
	{Name: "description", Type: "String"},
	{Name: "service", Type: "LowCardinality(String)"},
	{Name: "team", Type: "LowCardinality(String)"},
	{Name: "target", Type: "Float64"},
	{Name: "budgeting", Type: "LowCardinality(String)"},
	{Name: "slice_seconds", Type: "UInt32"},
	{Name: "slice_target", Type: "Float64"},
	{Name: "time_window", Type: "String"},
	{Name: "window_seconds", Type: "UInt32"},
	{Name: "reported", Type: "Bool"},
	{Name: "parts", Type: "Array(String)"},
	{Name: "weights", Type: "Array(Float64)"},
	{Name: "alerts", Type: "String"},
	{Name: "definition", Type: "String"},
	{Name: "deleted", Type: "UInt8"},
}

// SLODefinition is an objective as it is defined today.
type SLODefinition struct {
	schemas.Objective
	Team string
}

// burnAlert is an alert as the view shows it.
type burnAlert struct {
	Name     string           `json:"name"`
	Severity schemas.Severity `json:"severity"`
	Long     float64          `json:"long_seconds"`
	Short    float64          `json:"short_seconds"`
	Factor   float64          `json:"factor"`
	NoData   bool             `json:"no_data,omitempty"` // it fires where there is no traffic
}

// SetObjectives makes these the objectives there are. It comes before reading
// counts: reports find their objective by it.
func (s *Store) SetObjectives(ctx context.Context, definitions []SLODefinition) error {
	known := make(map[string]bool, len(definitions))
	rows := make([][]any, 0, len(definitions))
	for i := range definitions {
		d := &definitions[i]
		known[d.Key] = true
		alerts := []burnAlert{}
		for _, a := range d.BurnAlerts() {
			alerts = append(alerts, burnAlert{a.Name, a.Severity, a.Long.Seconds(), a.Short.Seconds(), a.Factor, a.NoData})
		}
		text, err := json.Marshal(alerts)
		if err != nil {
			return fmt.Errorf("encode alerts of %s: %w", d.Key, err)
		}
		parts, weights := []string{}, []float64{}
		for _, p := range d.Parts {
			parts, weights = append(parts, p.Objective), append(weights, p.Weight)
		}
		rows = append(rows, []any{
			d.Key, d.SLO, d.DisplayName, d.Description, d.Service, d.Team, d.Target, string(d.Budgeting),
			uint32(d.Slice / time.Second), d.SliceTarget, d.Window.String(), uint32(d.Window.Length() / time.Second),
			d.Indicator.Reported, parts, weights, string(text), d.Definition, uint8(0),
		})
	}
	gone, err := s.names(ctx, "SELECT objective FROM slo_objective_facts FINAL")
	if err != nil {
		return fmt.Errorf("read objectives: %w", err)
	}
	for _, name := range gone {
		if !known[name] {
			rows = append(rows, []any{name, "", "", "", "", "", 0.0, "", uint32(0), 0.0, "", uint32(0), false, []string{}, []float64{}, "", "", uint8(1)})
		}
	}
	return s.insert(ctx, "slo_objective_facts", objectiveColumns, len(rows), func(i int) []any { return rows[i] })
}

func (s *Store) names(ctx context.Context, statement string, args ...any) ([]string, error) {
	rows, err := s.conn.Query(ctx, statement, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var out []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		out = append(out, name)
	}
	return out, rows.Err()
}
