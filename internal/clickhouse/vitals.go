package clickhouse

import (
	"context"

	ch "github.com/ClickHouse/clickhouse-go/v2"

	"github.com/fivekeys/fivekeys/schemas"
)

var vitalColumns = []ch.ColumnNameAndType{
	{Name: "at", Type: "DateTime('UTC')"},
	{Name: "process", Type: "LowCardinality(String)"},
	{Name: "metric", Type: "LowCardinality(String)"},
	{Name: "label", Type: "LowCardinality(String)"},
	{Name: "value", Type: "Float64"},
}

// AppendVitals stores what a process says of itself.
func (s *Store) AppendVitals(ctx context.Context, vitals []schemas.Vital) error {
	return s.insert(ctx, "vital_log", vitalColumns, len(vitals), func(i int) []any {
		v := &vitals[i]
		return []any{v.At.UTC(), v.Process, v.Metric, v.Label, v.Value}
	})
}
