package dashboards

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	store "github.com/fivekeys/fivekeys/internal/clickhouse"
	"github.com/fivekeys/fivekeys/internal/simulation"
	"github.com/fivekeys/fivekeys/internal/testkit"
	"github.com/fivekeys/fivekeys/schemas"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// site is the real engine with our tables: the writer's store to seed it, and
// a reader's connection as Grafana's.
type site struct {
	store  *store.Store
	reader driver.Conn
}

func newSite(t *testing.T) site {
	t.Helper()
	e := testkit.Engine(t)
	s := testkit.StoreOn(t, e)
	options := e.ClientOptions(testkit.Reader)
	options.Settings = clickhouse.Settings{"max_execution_time": 60} // as the plugin does
	reader, err := clickhouse.Open(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = reader.Close() })
	return site{store: s, reader: reader}
}

// result is what a statement answers.
type result struct {
	columns []string
	types   []string
	rows    []map[string]any
}

func (s site) query(t testing.TB, sql string) result {
	t.Helper()
	rows, err := s.reader.Query(t.Context(), sql)
	if err != nil {
		t.Fatalf("%v\n%s", err, sql)
	}
	defer func() { _ = rows.Close() }()
	r := result{columns: rows.Columns()}
	for rows.Next() {
		var values []any
		for _, c := range rows.ColumnTypes() {
			values = append(values, reflect.New(c.ScanType()).Interface())
		}
		if err := rows.Scan(values...); err != nil {
			t.Fatalf("%v\n%s", err, sql)
		}
		row := map[string]any{}
		for i, v := range values {
			row[r.columns[i]] = plain(reflect.ValueOf(v).Elem())
		}
		r.rows = append(r.rows, row)
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%v\n%s", err, sql)
	}
	return r
}

// described is the answer with its columns' types, which an answer without
// rows doesn't bring.
func (s site) described(t testing.TB, sql string) result {
	t.Helper()
	r := s.columns(t, sql)
	r.rows = s.query(t, sql).rows
	return r
}

func (s site) columns(t testing.TB, sql string) result {
	t.Helper()
	rows, err := s.reader.Query(t.Context(), "DESCRIBE TABLE ("+sql+")")
	if err != nil {
		t.Fatalf("%v\n%s", err, sql)
	}
	defer func() { _ = rows.Close() }()
	var r result
	for rows.Next() {
		var name, kind, ignored string
		if err := rows.Scan(&name, &kind, &ignored, &ignored, &ignored, &ignored, &ignored); err != nil {
			t.Fatal(err)
		}
		r.columns, r.types = append(r.columns, name), append(r.types, kind)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return r
}

// plain gives nil, a float64, a string, a bool or a time.
func plain(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		return plain(v.Elem())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return float64(v.Int())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return float64(v.Uint())
	case reflect.Float32, reflect.Float64:
		return v.Float()
	default:
		return v.Interface()
	}
}

// run asks what a panel asks.
func (s site) run(t testing.TB, p plugin, file string) result {
	t.Helper()
	sql, err := query(file)
	if err != nil {
		t.Fatal(err)
	}
	return s.query(t, p.expand(t, sql))
}

// Awkward names of teams: none at all, and one that ends a string in SQL.
var teamNames = map[int]string{0: "", 1: "o'brien & co"}

// seed stores a simulated organisation's facts, as its plan says they are.
func (s site) seed(t testing.TB, scenario *simulation.Scenario) {
	t.Helper()
	e := &scenario.Expected
	team := func(planned string) string { return seededTeam(scenario, planned) }
	services := simulation.Names(e.Full.Services)
	facts := map[string]*schemas.Facts{}
	teamOf := map[string]string{}
	for _, name := range services {
		facts[name] = &schemas.Facts{}
	}
	for i, d := range e.Deployments {
		f := facts[d.Service]
		teamOf[d.Service] = team(d.Team)
		out := schemas.Deployment{
			Service: d.Service, Team: team(d.Team), Environment: d.Environment, Production: d.Production, DeploymentID: d.DeploymentID, SHA: d.SHA,
			Status: schemas.DeploymentSucceeded, StartedAt: d.FinishedAt.Add(-time.Minute), FinishedAt: d.FinishedAt, Changes: d.Changes, Baseline: d.Baseline,
			Redeploy: d.Redeploy, Rollback: d.Rollback, Rework: d.Rework, Failed: d.Failed, FailureMethod: d.Method, RecoveredAt: d.RecoveredAt,
			URL: "https://ci.example/" + d.DeploymentID, KnownAt: d.FinishedAt,
		}
		if i%2 == 0 {
			out.URL = "javascript:alert(1)"
		}
		if i%3 == 0 {
			out.Version = d.SHA // some name a commit as their version
		}
		if !d.Succeeded {
			out.Status = schemas.DeploymentFailed
		}
		f.Deployments = append(f.Deployments, out)
		if d.Failed {
			failure := schemas.Failure{Service: d.Service, Team: out.Team, DeploymentID: d.DeploymentID, Method: d.Method, FailedAt: d.FinishedAt, RecoveredAt: d.RecoveredAt}
			if !d.RecoveredAt.IsZero() {
				failure.RecoverySeconds = between(d.FinishedAt, d.RecoveredAt)
			}
			f.Failures = append(f.Failures, failure)
		}
	}
	for _, c := range e.Changes {
		out := schemas.Change{
			Service: c.Service, Team: team(c.Team), SHA: c.SHA, PullRequest: c.PullRequest, Title: "a title", FirstCommitAt: c.FirstCommitAt, OpenedAt: c.OpenedAt,
			FirstReviewAt: c.FirstReviewAt, MergedAt: c.MergedAt, DeployedAt: c.DeployedAt, DeploymentID: c.DeploymentID, Excluded: c.Excluded, KnownAt: c.MergedAt,
		}
		if c.Excluded == schemas.NotExcluded {
			out.LeadTime, out.Deploy = between(c.FirstCommitAt, c.DeployedAt), between(c.MergedAt, c.DeployedAt)
		}
		facts[c.Service].Changes = append(facts[c.Service].Changes, out)
	}
	for _, in := range e.Incidents {
		severity := []string{"sev1", "sev2", ""}[in.Number%3]
		facts[in.Service].Incidents = append(facts[in.Service].Incidents, schemas.Incident{
			Service: in.Service, Team: team(in.Team), IncidentID: fmt.Sprint(in.IssueID), Source: "github", Severity: severity, Title: "it is broken", Production: true,
			OpenedAt: in.OpenedAt, AcknowledgedAt: in.AcknowledgedAt, ResolvedAt: in.ResolvedAt, DeploymentID: in.DeploymentID, Method: in.Method,
			RestoreSeconds: between(in.OpenedAt, in.ResolvedAt), AcknowledgeSeconds: between(in.OpenedAt, in.AcknowledgedAt),
			URL: "https://issues.example/1", KnownAt: in.OpenedAt,
		})
	}
	// One service is new, one stands for those of which nobody tells failures.
	for name, f := range facts {
		since := e.Full.From.AddDate(0, 0, -40)
		f.Known = []schemas.Knowledge{{Service: name, Team: teamOf[name], Since: since, Deployed: since, Changes: since, FailureSignal: since}}
	}
	names := slices.Sorted(maps.Keys(facts))
	facts[names[0]].Known[0].Since = e.Recent.From.AddDate(0, 0, -3)
	facts[names[0]].Known[0].Deployed = e.Recent.From.AddDate(0, 0, -3)
	facts[names[1]].Known[0].FailureSignal = time.Time{}
	for day := e.Full.From; day.Before(e.Full.To); day = day.AddDate(0, 0, 1) {
		for name, n := range e.Between(day, day.AddDate(0, 0, 1)).Services {
			if n.Deployments+n.Changes+n.Incidents == 0 {
				continue
			}
			facts[name].Days = append(facts[name].Days, schemas.Day{
				Service: name, Team: teamOf[name], Day: day, Deployments: n.Deployments, Failed: n.Failed, Rework: n.Rework, Rollbacks: n.Rollbacks,
				Unrecovered: n.Unrecovered, Changes: n.Changes, Excluded: n.Excluded, Incidents: n.Incidents, Unattributed: n.Unattributed,
				OpenIncidents: n.OpenIncidents, LeadTimes: n.LeadTimes, Coding: n.Coding, Pickup: n.Pickup, Review: n.Review, Deploy: n.Deploy,
				Recoveries: n.Recoveries, Restores: n.Restores, Acknowledges: n.Acknowledges,
			})
		}
	}
	s.apply(t, facts)
}

// seededTeam is the name under which a planned team was stored.
func seededTeam(scenario *simulation.Scenario, planned string) string {
	if name, ok := teamNames[slices.Index(simulation.Names(scenario.Expected.Full.Teams), planned)]; ok {
		return name
	}
	return planned
}

func (s site) apply(t testing.TB, facts map[string]*schemas.Facts) {
	t.Helper()
	var names []string
	for name := range facts {
		names = append(names, name)
	}
	slices.SortFunc(names, cmp.Compare[string])
	written, err := s.store.LoadWritten(t.Context(), names)
	if err != nil {
		t.Fatal(err)
	}
	var set store.Changeset
	for _, name := range names {
		set.Add(written[name], name, 1, facts[name])
	}
	if err := s.store.Apply(t.Context(), &set); err != nil {
		t.Fatal(err)
	}
}

// between is nil where one end is missing.
func between(from, to time.Time) *float64 {
	if from.IsZero() || to.IsZero() {
		return nil
	}
	s := to.Sub(from).Seconds()
	return &s
}
