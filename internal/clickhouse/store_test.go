package clickhouse_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fivekeys/fivekeys/internal/clickhouse"
	"github.com/fivekeys/fivekeys/internal/testkit"
	"github.com/fivekeys/fivekeys/schemas"
)

func TestMain(m *testing.M) { testkit.Main(m) }

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestMigrateTwiceAppliesNothingTheSecondTime(t *testing.T) {
	s := testkit.Store(t)
	if n, err := s.Migrate(t.Context()); err != nil || n != 0 {
		t.Fatalf("%d statements ran again, error %v", n, err)
	}
}

func TestAStoreOfANewerVersionIsRefusedBeforeAnythingIsChanged(t *testing.T) {
	s := testkit.Store(t)
	for _, statement := range []string{
		"DROP VIEW events",
		"INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, 1)",
	} {
		if err := s.Conn().Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := s.Migrate(t.Context()); !errors.Is(err, clickhouse.ErrNewer) || n != 0 || !strings.Contains(err.Error(), "99") {
		t.Fatalf("%d statements ran, error %v", n, err)
	}
	var views uint64
	if err := s.Conn().QueryRow(t.Context(), "SELECT count() FROM system.tables WHERE database = currentDatabase() AND name = 'events'").Scan(&views); err != nil || views != 0 {
		t.Errorf("the view was made again, %v", err)
	}
}

// Views were goose's migrations once.
func TestAStoreOfTheTimeWhenViewsWereMigrationsIsTaken(t *testing.T) {
	s := testkit.Store(t)
	if err := s.Conn().Exec(t.Context(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (101, 1), (140, 1)"); err != nil {
		t.Fatal(err)
	}
	if n, err := s.Migrate(t.Context()); err != nil || n != 0 {
		t.Fatalf("%d statements ran, error %v", n, err)
	}
}

// What a view's edited file, a view replaced by hand and a view of an older
// version, which had no mark, come down to.
func TestAViewWhoseTextDiffersIsAppliedAgain(t *testing.T) {
	s := testkit.Store(t)
	view := func(name string) string {
		t.Helper()
		var text string
		if err := s.Conn().QueryRow(t.Context(), "SELECT create_table_query FROM system.tables WHERE database = currentDatabase() AND name = $1", name).Scan(&text); err != nil {
			t.Fatal(err)
		}
		return text
	}
	exec := func(statement string) {
		t.Helper()
		if err := s.Conn().Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	events, services := view("events"), view("services")
	exec("CREATE OR REPLACE VIEW events AS SELECT service FROM event_log")
	exec("CREATE OR REPLACE VIEW services AS SELECT service FROM event_log COMMENT 'fivekeys of another text'")
	exec("DROP VIEW toil")
	if n, err := s.Migrate(t.Context()); err != nil || n != 3 {
		t.Fatalf("%d statements ran, error %v: three views differ", n, err)
	}
	if got := view("events"); got != events {
		t.Errorf("events is now %s", got)
	}
	if got := view("services"); got != services {
		t.Errorf("services is now %s", got)
	}
	if n, err := s.Migrate(t.Context()); err != nil || n != 0 {
		t.Fatalf("%d statements ran again, error %v", n, err)
	}
}

func TestEveryColumnOfEveryViewHasAComment(t *testing.T) {
	s := testkit.Store(t)
	rows, err := s.Conn().Query(t.Context(), `SELECT table, name, comment FROM system.columns
		WHERE database = currentDatabase() AND table IN (SELECT name FROM system.tables WHERE database = currentDatabase() AND engine = 'View')`)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	views := map[string]int{}
	for rows.Next() {
		var table, name, comment string
		if err := rows.Scan(&table, &name, &comment); err != nil {
			t.Fatal(err)
		}
		views[table]++
		if comment == "" {
			t.Errorf("%s.%s has no comment", table, name)
		}
	}
	for _, view := range []string{"events", "deliveries", "deployments", "changes", "incidents", "failures", "dora_daily"} {
		if views[view] == 0 {
			t.Errorf("view %s is missing", view)
		}
	}
}

func TestAnEventSentTwiceIsOneEventAndTheFirstKnownWins(t *testing.T) {
	s := testkit.Store(t)
	first := schemas.Event{
		ID: "1", Source: "api", Type: schemas.TypeIncident, Subject: "shop", Time: noon, KnownAt: noon,
		Data: json.RawMessage(`{"title":"first"}`),
	}
	later := first
	later.KnownAt, later.Data = noon.Add(time.Hour), json.RawMessage(`{"title":"later"}`)
	for _, batch := range [][]schemas.Event{{later}, {first, later}, {later}} {
		if err := s.AppendEvents(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
	}
	var got []schemas.Event
	for e, err := range s.Events(t.Context(), []string{"shop", "other"}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, e)
	}
	if diff := cmp.Diff([]schemas.Event{first}, got); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	counts, err := s.CountEvents(t.Context(), []string{"shop"})
	if err != nil || counts["shop"] != (clickhouse.Tally{Events: 1, Precedences: first.Precedence()}) {
		t.Errorf("count is %v, error %v", counts, err)
	}
}

func TestOnlyFactsThatDifferAreWrittenAndGoneOnesAreGone(t *testing.T) {
	s := testkit.Store(t)
	seconds := 90.5
	facts := schemas.Facts{
		Deployments: []schemas.Deployment{
			{Service: "shop", DeploymentID: "a", Environment: "prod", Production: true, Status: schemas.DeploymentSucceeded, FinishedAt: noon, KnownAt: noon},
			{Service: "shop", DeploymentID: "b", Environment: "prod", Production: true, Status: schemas.DeploymentSucceeded, FinishedAt: noon.Add(time.Hour), Failed: true, KnownAt: noon},
		},
		Changes:   []schemas.Change{{Service: "shop", SHA: "c1", LeadTime: &seconds, DeploymentID: "a", KnownAt: noon}},
		Incidents: []schemas.Incident{{Service: "shop", IncidentID: "7", OpenedAt: noon, KnownAt: noon}},
		Failures:  []schemas.Failure{{Service: "shop", DeploymentID: "b", IncidentID: "7", Method: schemas.MethodWindow, FailedAt: noon}},
		Days:      []schemas.Day{{Service: "shop", Day: noon.Truncate(24 * time.Hour), Deployments: 2, Failed: 1, LeadTimes: []float64{90.5}}},
	}
	apply := func(version int, f schemas.Facts) int {
		t.Helper()
		// What the store holds is read again each time, as after a restart.
		written, err := s.LoadWritten(t.Context(), []string{"shop"})
		if err != nil {
			t.Fatal(err)
		}
		var set clickhouse.Changeset
		set.Add(written["shop"], "shop", version, &f)
		rows := set.Rows()
		if err := s.Apply(t.Context(), &set); err != nil {
			t.Fatal(err)
		}
		return rows
	}
	if n := apply(5, facts); n != 6 {
		t.Errorf("%d rows written at first, want 6", n)
	}
	if n := apply(6, facts); n != 0 {
		t.Errorf("%d rows written though nothing differs", n)
	}
	// More events show that b did not fail after all.
	facts.Deployments[1].Failed = false
	facts.Failures = nil
	facts.Days[0].Failed = 0
	if n := apply(7, facts); n != 3 {
		t.Errorf("%d rows written, want the deployment, the day and the end of the failure", n)
	}
	if got := scalar(t, s, "SELECT concat(toString(countIf(failed)), '/', toString(count())) FROM deployments"); got != "0/2" {
		t.Errorf("failed deployments are %s", got)
	}
	if got := scalar(t, s, "SELECT toString(count()) FROM failures"); got != "0" {
		t.Errorf("%s failures are left", got)
	}
	// A fold over fewer events, from a process that lags, changes nothing.
	facts.Deployments[1].Failed = true
	apply(4, facts)
	if got := scalar(t, s, "SELECT toString(countIf(failed)) FROM deployments"); got != "0" {
		t.Error("a fold over fewer events has won")
	}
	if got := scalar(t, s, "SELECT toString((lead_time_seconds[1], failed, deployments)) FROM dora_daily"); got != "(90.5,0,2)" {
		t.Errorf("the day is %s", got)
	}
}

func TestDeliveriesAreKept(t *testing.T) {
	s := testkit.Store(t)
	now := time.Now() // an old one would be past its TTL
	d := schemas.Delivery{Source: "github", ID: "guid", Kind: "ping", Header: map[string]string{"User-Agent": "GitHub"}, Body: []byte("{}"), ReceivedAt: now}
	for range 2 {
		if err := s.AppendDeliveries(t.Context(), []schemas.Delivery{d, {Source: "github", ID: "other", ReceivedAt: now}}); err != nil {
			t.Fatal(err)
		}
	}
	if got := scalar(t, s, "SELECT concat(toString(count()), any(headers['User-Agent'])) FROM deliveries WHERE delivery_id = 'guid'"); got != "1GitHub" {
		t.Errorf("deliveries: %s", got)
	}
}

func scalar(t *testing.T, s *clickhouse.Store, sql string) string {
	t.Helper()
	var v string
	if err := s.Conn().QueryRow(t.Context(), sql).Scan(&v); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return v
}

func BenchmarkApply(b *testing.B) {
	s := testkit.Store(b)
	for i := 0; b.Loop(); i++ {
		service := fmt.Sprint("s", i)
		written, err := s.LoadWritten(b.Context(), []string{service})
		if err != nil {
			b.Fatal(err)
		}
		f := schemas.Facts{}
		for j := range 10_000 {
			f.Changes = append(f.Changes, schemas.Change{Service: service, SHA: fmt.Sprint(j), KnownAt: noon})
		}
		var set clickhouse.Changeset
		set.Add(written[service], service, 1, &f)
		if err := s.Apply(b.Context(), &set); err != nil {
			b.Fatal(err)
		}
	}
}
