package clickhouse

import (
	"strings"
	"time"

	ch "github.com/ClickHouse/clickhouse-go/v2"

	"github.com/fivekeys/fivekeys/schemas"
)

// A table maps one kind of fact to its rows.
type table[T any] struct {
	name    string
	keys    []string // identity columns beside the service
	columns []ch.ColumnNameAndType
	// key gives the identity as the values of keys.
	key func(*T) []string
	// of is the inverse of key: a fact with nothing but its identity, for the
	// row that says it is gone.
	of func(service string, key []string) T
	// row appends the values of columns, without the bookkeeping ones.
	row func(to []any, fact *T) []any
}

// identity is a key as a map key; no value holds a NUL.
func identity(key []string) string { return strings.Join(key, "\x00") }

func columns(spec string) []ch.ColumnNameAndType {
	var cols []ch.ColumnNameAndType
	for line := range strings.Lines(spec + "\nversion UInt64\ndeleted UInt8\ndigest UInt64") {
		if name, kind, ok := strings.Cut(strings.TrimSpace(line), " "); ok {
			cols = append(cols, ch.ColumnNameAndType{Name: name, Type: shorthand[kind]})
		}
	}
	return cols
}

var shorthand = map[string]string{
	"Name":    "LowCardinality(String)",
	"String":  "String",
	"Bool":    "Bool",
	"UInt8":   "UInt8",
	"UInt32":  "UInt32",
	"UInt64":  "UInt64",
	"Date":    "Date",
	"Time":    "DateTime64(3, 'UTC')",
	"Time?":   "Nullable(DateTime64(3, 'UTC'))",
	"Float?":  "Nullable(Float64)",
	"Float[]": "Array(Float64)",
}

var deploymentTable = table[schemas.Deployment]{
	name: "deployment_facts",
	keys: []string{"deployment_id"},
	columns: columns(`service Name
		team Name
		environment Name
		production Bool
		deployment_id String
		sha String
		release String
		status Name
		started_at Time?
		finished_at Time?
		changes UInt32
		baseline Bool
		unresolved Bool
		redeploy Bool
		rollback Bool
		rework Bool
		rework_reason Name
		failed Bool
		failure_method Name
		recovered_at Time?
		url String
		actor Name
		known_at Time`),
	key: func(d *schemas.Deployment) []string { return []string{d.DeploymentID} },
	of: func(service string, key []string) schemas.Deployment {
		return schemas.Deployment{Service: service, DeploymentID: key[0]}
	},
	row: func(to []any, d *schemas.Deployment) []any {
		return append(to,
			d.Service, d.Team, d.Environment, d.Production, d.DeploymentID, d.SHA, d.Version, string(d.Status),
			optional(d.StartedAt), optional(d.FinishedAt), count(d.Changes), d.Baseline, d.Unresolved, d.Redeploy,
			d.Rollback, d.Rework, string(d.ReworkReason), d.Failed, string(d.FailureMethod), optional(d.RecoveredAt),
			d.URL, d.Actor, instant(d.KnownAt),
		)
	},
}

var changeTable = table[schemas.Change]{
	name: "change_facts",
	keys: []string{"sha"},
	columns: columns(`service Name
		team Name
		sha String
		pull_request UInt32
		title String
		author Name
		first_commit_at Time?
		committed_at Time?
		opened_at Time?
		first_review_at Time?
		merged_at Time?
		deployed_at Time?
		deployment_id String
		last_deployed_at Time?
		lead_time Float?
		coding Float?
		pickup Float?
		review Float?
		deploy Float?
		excluded Name
		known_at Time`),
	key: func(c *schemas.Change) []string { return []string{c.SHA} },
	of: func(service string, key []string) schemas.Change {
		return schemas.Change{Service: service, SHA: key[0]}
	},
	row: func(to []any, c *schemas.Change) []any {
		return append(to,
			c.Service, c.Team, c.SHA, count(c.PullRequest), c.Title, c.Author, optional(c.FirstCommitAt), optional(c.CommittedAt),
			optional(c.OpenedAt), optional(c.FirstReviewAt), optional(c.MergedAt), optional(c.DeployedAt), c.DeploymentID,
			optional(c.LastDeployedAt), c.LeadTime, c.Coding, c.Pickup, c.Review, c.Deploy, string(c.Excluded), instant(c.KnownAt),
		)
	},
}

var incidentTable = table[schemas.Incident]{
	name: "incident_facts",
	keys: []string{"incident_id"},
	columns: columns(`service Name
		team Name
		incident_id String
		source Name
		severity Name
		title String
		environment Name
		production Bool
		opened_at Time
		acknowledged_at Time?
		resolved_at Time?
		restore Float?
		acknowledge Float?
		deployment_id String
		method Name
		url String
		known_at Time`),
	key: func(i *schemas.Incident) []string { return []string{i.IncidentID} },
	of: func(service string, key []string) schemas.Incident {
		return schemas.Incident{Service: service, IncidentID: key[0]}
	},
	row: func(to []any, i *schemas.Incident) []any {
		return append(to,
			i.Service, i.Team, i.IncidentID, i.Source, i.Severity, i.Title, i.Environment, i.Production, instant(i.OpenedAt),
			optional(i.AcknowledgedAt), optional(i.ResolvedAt), i.RestoreSeconds, i.AcknowledgeSeconds, i.DeploymentID,
			string(i.Method), i.URL, instant(i.KnownAt),
		)
	},
}

var failureTable = table[schemas.Failure]{
	name: "failure_facts",
	keys: []string{"deployment_id", "method", "incident_id", "fix_id"},
	columns: columns(`service Name
		team Name
		deployment_id String
		method Name
		incident_id String
		fix_id String
		failed_at Time
		recovered_at Time?
		recovery Float?`),
	key: func(f *schemas.Failure) []string {
		return []string{f.DeploymentID, string(f.Method), f.IncidentID, f.FixID}
	},
	of: func(service string, key []string) schemas.Failure {
		return schemas.Failure{
			Service: service, DeploymentID: key[0], Method: schemas.FailureMethod(key[1]), IncidentID: key[2], FixID: key[3],
		}
	},
	row: func(to []any, f *schemas.Failure) []any {
		return append(to,
			f.Service, f.Team, f.DeploymentID, string(f.Method), f.IncidentID, f.FixID, instant(f.FailedAt),
			optional(f.RecoveredAt), f.RecoverySeconds,
		)
	},
}

var dayTable = table[schemas.Day]{
	name: "daily_facts",
	keys: []string{"toString(day)"},
	columns: columns(`day Date
		service Name
		team Name
		deployments UInt32
		failed UInt32
		rework UInt32
		rollbacks UInt32
		unrecovered UInt32
		unresolved UInt32
		changes UInt32
		excluded UInt32
		incidents UInt32
		unattributed UInt32
		open_incidents UInt32
		batches UInt32
		batch_changes UInt32
		lead_times Float[]
		coding Float[]
		pickup Float[]
		review Float[]
		deploy Float[]
		recoveries Float[]
		restores Float[]
		acknowledges Float[]`),
	key: func(d *schemas.Day) []string { return []string{d.Day.UTC().Format(time.DateOnly)} },
	of: func(service string, key []string) schemas.Day {
		day, _ := time.Parse(time.DateOnly, key[0]) // our own format
		return schemas.Day{Service: service, Day: day}
	},
	row: func(to []any, d *schemas.Day) []any {
		return append(to,
			d.Day.UTC(), d.Service, d.Team, count(d.Deployments), count(d.Failed), count(d.Rework), count(d.Rollbacks),
			count(d.Unrecovered), count(d.Unresolved), count(d.Changes), count(d.Excluded), count(d.Incidents),
			count(d.Unattributed), count(d.OpenIncidents), count(d.Batches), count(d.BatchChanges),
			d.LeadTimes, d.Coding, d.Pickup, d.Review, d.Deploy, d.Recoveries, d.Restores, d.Acknowledges,
		)
	},
}

// knownTable has one row for each service, so it has no key of its own: "" stands
// for it.
var knownTable = table[schemas.Knowledge]{
	name: "known_facts",
	keys: []string{"''"},
	columns: columns(`service Name
		team Name
		known_since Time?
		deployed_since Time?
		changes_since Time?
		failure_signal_since Time?`),
	key: func(*schemas.Knowledge) []string { return []string{""} },
	of:  func(service string, _ []string) schemas.Knowledge { return schemas.Knowledge{Service: service} },
	row: func(to []any, k *schemas.Knowledge) []any {
		return append(to, k.Service, k.Team, optional(k.Since), optional(k.Deployed), optional(k.Changes), optional(k.FailureSignal))
	},
}

func count(n int) uint32 { return uint32(max(n, 0)) }

// optional makes an unknown time NULL.
func optional(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// instant keeps an unknown time within DateTime64.
func instant(t time.Time) time.Time {
	if t.IsZero() {
		return time.Unix(0, 0).UTC()
	}
	return t.UTC()
}
