package clickhouse

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	ch "github.com/ClickHouse/clickhouse-go/v2"

	"github.com/fivekeys/fivekeys/schemas"
)

var alertColumns = []ch.ColumnNameAndType{
	{Name: "objective", Type: "LowCardinality(String)"},
	{Name: "rule", Type: "LowCardinality(String)"},
	{Name: "started_at", Type: "DateTime('UTC')"},
	{Name: "id", Type: "String"},
	{Name: "slo", Type: "LowCardinality(String)"},
	{Name: "service", Type: "LowCardinality(String)"},
	{Name: "team", Type: "LowCardinality(String)"},
	{Name: "severity", Type: "LowCardinality(String)"},
	{Name: "resolved_at", Type: "Nullable(DateTime('UTC'))"},
	{Name: "long_window", Type: "LowCardinality(String)"},
	{Name: "short_window", Type: "LowCardinality(String)"},
	{Name: "factor", Type: "Float64"},
	{Name: "long_burn", Type: "Float64"},
	{Name: "short_burn", Type: "Float64"},
	{Name: "minutes_left", Type: "Nullable(Float64)"},
	{Name: "runs_out_at", Type: "Nullable(DateTime('UTC'))"},
	{Name: "deployment_id", Type: "String"},
	{Name: "release", Type: "String"},
	{Name: "deployed_at", Type: "Nullable(DateTime64(3, 'UTC'))"},
	{Name: "deployment_url", Type: "String"},
	{Name: "summary", Type: "String"},
	{Name: "version", Type: "UInt64"},
}

// SaveAlerts stores alerts as they are now.
func (s *Store) SaveAlerts(ctx context.Context, alerts []schemas.AlertSignal) error {
	return s.insert(ctx, "alert_facts", alertColumns, len(alerts), func(i int) []any {
		a := &alerts[i]
		version := 2 * uint64(a.StartedAt.Unix()/60)
		if a.ResolvedAt != nil {
			version = 2*uint64(a.ResolvedAt.Unix()/60) + 1
		}
		return []any{
			a.Objective, a.Rule, a.StartedAt.UTC(), a.ID, a.SLO, a.Service, a.Team, string(a.Severity), a.ResolvedAt,
			a.Long, a.Short, a.Factor, a.LongBurn, a.ShortBurn, a.MinutesLeft, a.RunsOutAt,
			a.DeploymentID, a.Version, a.DeployedAt, a.DeploymentURL, a.Summary, version,
		}
	})
}

// FiringAlerts reads the alerts that are not over.
func (s *Store) FiringAlerts(ctx context.Context) ([]schemas.AlertSignal, error) {
	rows, err := s.conn.Query(ctx, `SELECT objective, rule, started_at, id, slo, service, team, severity, long_window, short_window,
		factor, long_burn, short_burn, minutes_left, deployment_id, release, deployed_at, deployment_url, summary
		FROM alert_facts FINAL WHERE resolved_at IS NULL ORDER BY started_at, objective, rule`)
	if err != nil {
		return nil, fmt.Errorf("read firing alerts: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var out []schemas.AlertSignal
	for rows.Next() {
		a := schemas.AlertSignal{State: schemas.AlertFiring}
		var severity string
		if err := rows.Scan(&a.Objective, &a.Rule, &a.StartedAt, &a.ID, &a.SLO, &a.Service, &a.Team, &severity, &a.Long, &a.Short,
			&a.Factor, &a.LongBurn, &a.ShortBurn, &a.MinutesLeft, &a.DeploymentID, &a.Version, &a.DeployedAt, &a.DeploymentURL, &a.Summary); err != nil {
			return nil, fmt.Errorf("read firing alerts: %w", err)
		}
		a.Severity = schemas.Severity(severity)
		out = append(out, a)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read firing alerts: %w", err)
	}
	return out, nil
}

var budgetEventColumns = []ch.ColumnNameAndType{
	{Name: "objective", Type: "LowCardinality(String)"},
	{Name: "at", Type: "DateTime('UTC')"},
	{Name: "state", Type: "LowCardinality(String)"},
	{Name: "id", Type: "String"},
	{Name: "slo", Type: "LowCardinality(String)"},
	{Name: "service", Type: "LowCardinality(String)"},
	{Name: "team", Type: "LowCardinality(String)"},
	{Name: "remaining", Type: "Nullable(Float64)"},
	{Name: "summary", Type: "String"},
}

// SaveBudgetEvents stores what happened to budgets.
func (s *Store) SaveBudgetEvents(ctx context.Context, events []schemas.BudgetSignal) error {
	return s.insert(ctx, "budget_event_facts", budgetEventColumns, len(events), func(i int) []any {
		b := &events[i]
		return []any{b.Objective, b.At.UTC(), string(b.State), b.ID, b.SLO, b.Service, b.Team, b.Remaining, b.Summary}
	})
}

// SLOCorrections reads the corrections that are not withdrawn. What isn't one
// (sent past the intake's check) is left out.
func (s *Store) SLOCorrections(ctx context.Context) ([]schemas.CorrectionEvent, error) {
	texts, err := s.names(ctx, "SELECT data FROM slo_correction_facts FINAL ORDER BY correction_id")
	if err != nil {
		return nil, fmt.Errorf("read corrections: %w", err)
	}
	var out []schemas.CorrectionEvent
	for _, text := range texts {
		var c schemas.CorrectionEvent
		if json.Unmarshal([]byte(text), &c) == nil && !c.Withdrawn && c.Validate() == nil {
			out = append(out, c)
		}
	}
	return out, nil
}

// LastDeployment is a service's last production deployment before a time;
// without one, its DeploymentID is empty.
func (s *Store) LastDeployment(ctx context.Context, service string, before time.Time) (schemas.Deployment, error) {
	d := schemas.Deployment{Service: service}
	var finished *time.Time
	err := s.conn.QueryRow(ctx, `SELECT deployment_id, release, sha, finished_at, url FROM deployment_facts FINAL
		WHERE service = $1 AND production AND status = 'succeeded' AND finished_at <= fromUnixTimestamp64Milli($2, 'UTC')
		ORDER BY finished_at DESC, deployment_id LIMIT 1`, service, before.UnixMilli()).
		Scan(&d.DeploymentID, &d.Version, &d.SHA, &finished, &d.URL)
	if errors.Is(err, sql.ErrNoRows) {
		return d, nil
	}
	if err != nil {
		return d, fmt.Errorf("read last deployment of %s: %w", service, err)
	}
	if finished != nil {
		d.FinishedAt = *finished
	}
	return d, nil
}

// IncidentsOf reads a service's production incidents opened within [from, to),
// oldest first.
func (s *Store) IncidentsOf(ctx context.Context, service string, from, to time.Time) ([]schemas.Incident, error) {
	rows, err := s.conn.Query(ctx, `SELECT incident_id, opened_at, resolved_at FROM incident_facts FINAL
		WHERE service = $1 AND production AND opened_at >= fromUnixTimestamp64Milli($2, 'UTC') AND opened_at < fromUnixTimestamp64Milli($3, 'UTC')
		ORDER BY opened_at, incident_id`, service, from.UnixMilli(), to.UnixMilli())
	if err != nil {
		return nil, fmt.Errorf("read incidents of %s: %w", service, err)
	}
	defer func() { _ = rows.Close() }()
	var out []schemas.Incident
	for rows.Next() {
		i := schemas.Incident{Service: service}
		var resolved *time.Time
		if err := rows.Scan(&i.IncidentID, &i.OpenedAt, &resolved); err != nil {
			return nil, fmt.Errorf("read incidents of %s: %w", service, err)
		}
		if resolved != nil {
			i.ResolvedAt = *resolved
		}
		out = append(out, i)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read incidents of %s: %w", service, err)
	}
	return out, nil
}
