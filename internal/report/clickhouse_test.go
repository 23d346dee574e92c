package report

import (
	"context"
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/fivekeys/fivekeys/internal/engine"
	"github.com/fivekeys/fivekeys/schemas"
	ddl "github.com/fivekeys/fivekeys/schemas/clickhouse"
)

// The real engine, shared by the tests of this package, which take turns: each
// begins with the tables and views of the migrations, empty.
var (
	writer        = engine.Credentials{User: "writer", Password: "writer"}
	sharedOnce    sync.Once
	sharedEngine  *engine.Engine
	sharedProblem error
	sharedDir     string
)

func TestMain(m *testing.M) {
	engine.RunChildIfAsked()
	code := m.Run()
	if sharedEngine != nil {
		if err := sharedEngine.Close(context.Background()); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = max(code, 1)
		}
	}
	if sharedDir != "" {
		_ = os.RemoveAll(sharedDir)
	}
	os.Exit(code)
}

// store gives a connection to empty tables.
func store(t testing.TB) driver.Conn {
	t.Helper()
	sharedOnce.Do(func() {
		if sharedDir, sharedProblem = os.MkdirTemp("", "fivekeys-report-*"); sharedProblem == nil {
			sharedEngine, sharedProblem = engine.Start(context.Background(), engine.Config{DataDir: sharedDir, Writer: writer, MemoryLimit: 4 << 30})
		}
	})
	if sharedProblem != nil {
		t.Fatal(sharedProblem)
	}
	conn, err := clickhouse.Open(sharedEngine.ClientOptions(writer))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	migrations, err := ddl.Migrations(ddl.Layout{})
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	for _, m := range migrations {
		if err := conn.Exec(ctx, m.SQL); err != nil {
			t.Fatalf("%s: %v", m.Name, err)
		}
	}
	for _, table := range []string{"daily_facts", "change_facts", "known_facts", "service_facts"} {
		if err := conn.Exec(ctx, "TRUNCATE TABLE "+table); err != nil {
			t.Fatal(err)
		}
	}
	return conn
}

const insertDays = `INSERT INTO daily_facts (service, team, day, deployments, failed, rework, rollbacks, unrecovered, unresolved,
	changes, excluded, batches, batch_changes, incidents, unattributed, open_incidents, lead_times, coding, pickup, review, deploy, recoveries, restores,
	acknowledges, version, deleted, digest)`

func insert(t testing.TB, conn driver.Conn, m Memory, version uint64) {
	t.Helper()
	ctx := context.Background()
	batch, err := conn.PrepareBatch(ctx, insertDays)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range m.Days {
		n := func(v int) uint32 { return uint32(v) }
		if err := batch.Append(d.Service, d.Team, d.Day, n(d.Deployments), n(d.Failed), n(d.Rework), n(d.Rollbacks), n(d.Unrecovered),
			n(d.Unresolved), n(d.Changes), n(d.Excluded), n(d.Batches), n(d.BatchChanges), n(d.Incidents), n(d.Unattributed), n(d.OpenIncidents), d.LeadTimes, d.Coding,
			d.Pickup, d.Review, d.Deploy, d.Recoveries, d.Restores, d.Acknowledges, version, uint8(0), uint64(0)); err != nil {
			t.Fatal(err)
		}
	}
	if err := batch.Send(); err != nil {
		t.Fatal(err)
	}
	if batch, err = conn.PrepareBatch(ctx, "INSERT INTO change_facts (service, team, sha, merged_at, deployed_at, excluded, version, deleted, digest)"); err != nil {
		t.Fatal(err)
	}
	for _, c := range m.Changes {
		if err := batch.Append(c.Service, c.Team, c.SHA, nullable(c.MergedAt), nullable(c.DeployedAt), string(c.Excluded), version, uint8(0), uint64(0)); err != nil {
			t.Fatal(err)
		}
	}
	if err := batch.Send(); err != nil {
		t.Fatal(err)
	}
}

// know stores since when what is known of services.
func know(t testing.TB, conn driver.Conn, known []schemas.Knowledge) {
	t.Helper()
	ctx := context.Background()
	for _, k := range known {
		if err := conn.Exec(ctx, "INSERT INTO known_facts (service, team, known_since, deployed_since, changes_since, failure_signal_since, version) VALUES ($1, $2, $3, $4, $5, $6, 1)",
			k.Service, k.Team, nullable(k.Since), nullable(k.Deployed), nullable(k.Changes), nullable(k.FailureSignal)); err != nil {
			t.Fatal(err)
		}
		if err := conn.Exec(ctx, "INSERT INTO service_facts (service, team) VALUES ($1, (now64(3), $2))", k.Service, k.Team); err != nil {
			t.Fatal(err)
		}
	}
}

func nullable(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// TestSourcesAgree is the conformance test of Source: the same rows give the
// same aggregates, whoever pools them.
func TestSourcesAgree(t *testing.T) {
	all := rows(1, 180, habits...)
	moved := schemas.Day{Service: "ledger", Team: "platform", Day: now.Truncate(Day).Add(-Day), Deployments: 1, Changes: 1, LeadTimes: []float64{1}}
	all.Days = slices.DeleteFunc(all.Days, func(d schemas.Day) bool { return d.Service == moved.Service && d.Day.Equal(moved.Day) })
	awkward := []string{"tab\tnew\nline", `quote ' back\slash " {x:String}`, "ünïcödé/🚀", "`; DROP TABLE daily_facts; --"}
	for i, name := range awkward {
		all.Days = append(all.Days, schemas.Day{Service: name, Team: name, Day: now.Truncate(Day).AddDate(0, 0, -1-i), Deployments: 40, LeadTimes: []float64{1, 2.5}})
	}
	all.Days = append(all.Days, moved,
		schemas.Day{Service: "incidents only", Day: now.Truncate(Day).AddDate(0, 0, -90), Incidents: 1, OpenIncidents: 1},
		schemas.Day{Service: "gone", Day: now.Truncate(Day).AddDate(0, 0, -91), Deployments: 7},
		schemas.Day{Service: "ancient", Day: now.Truncate(Day).AddDate(0, 0, -181), Deployments: 7},
		schemas.Day{Service: "today", Day: now.Truncate(Day), Deployments: 7})
	all.Changes = append(all.Changes,
		schemas.Change{Service: "checkout", Team: "payments", SHA: "future", Excluded: schemas.ExcludedOpen, MergedAt: now.Add(time.Hour)},
		schemas.Change{Service: "checkout", Team: "payments", SHA: "timeless", Excluded: schemas.ExcludedOpen},
		schemas.Change{Service: "checkout", Team: "payments", SHA: "edge", Excluded: schemas.ExcludedNoTime, DeployedAt: now.Truncate(Day).AddDate(0, 0, -90)},
		schemas.Change{Service: "checkout", Team: "payments", SHA: "before", Excluded: schemas.ExcludedNoTime, DeployedAt: now.Truncate(Day).AddDate(0, 0, -90).Add(-time.Millisecond)})
	conn := store(t)
	insert(t, conn, rows(2, 180, habits...), 1) // older versions of many rows
	if err := conn.Exec(context.Background(), "INSERT INTO daily_facts SELECT * REPLACE (2 AS version, 1 AS deleted) FROM daily_facts FINAL"); err != nil {
		t.Fatal(err)
	}
	if err := conn.Exec(context.Background(), "INSERT INTO change_facts SELECT * REPLACE (2 AS version, 1 AS deleted) FROM change_facts FINAL"); err != nil {
		t.Fatal(err)
	}
	insert(t, conn, all, 3)
	old := knownFor("incidents only", "", 300)
	old.Deployed, old.Changes = time.Time{}, time.Time{}
	mute := knownFor("gone", "", 300)
	mute.FailureSignal = time.Time{}
	unplaced := knownFor("storefront", "web", 120)
	unplaced.Changes = time.Time{}
	all.Known = slices.DeleteFunc(all.Known, func(k schemas.Knowledge) bool { return k.Service == "storefront" })
	all.Known = append(all.Known, old, mute, unplaced, knownFor("ancient", "", 181), knownFor("today", "", 0), knownFor("stopped", "web", 400))
	for _, name := range awkward {
		all.Known = append(all.Known, knownFor(name, name, 60))
	}
	know(t, conn, all.Known)
	base := someQuery()
	for name, change := range map[string]func(*Query){
		"a quarter, the busiest five":         func(*Query) {},
		"everybody":                           func(q *Query) { q.Top = 0 },
		"a service":                           func(q *Query) { q.Services = []string{"checkout"} },
		"a service that doesn't exist":        func(q *Query) { q.Services = []string{"nobody"} },
		"a team":                              func(q *Query) { q.Teams = []string{"payments"} },
		"a team, everybody":                   func(q *Query) { q.Teams, q.Top = []string{"discovery"}, 0 },
		"a service of another team":           func(q *Query) { q.Services, q.Teams = []string{"checkout"}, []string{"web"} },
		"a service that changed its team":     func(q *Query) { q.Services = []string{"ledger"} },
		"a name with awkward characters":      func(q *Query) { q.Services = []string{awkward[1]} },
		"a team with control characters":      func(q *Query) { q.Teams = []string{awkward[0]} },
		"several services":                    func(q *Query) { q.Services = []string{"checkout", "labs", "stopped"} },
		"several teams":                       func(q *Query) { q.Teams = []string{"payments", ""} },
		"services of one of two teams":        func(q *Query) { q.Services, q.Teams = []string{"checkout", "labs"}, []string{"web"} },
		"a single day":                        func(q *Query) { q.Period = CompleteDays(now, 1) },
		"a week":                              func(q *Query) { q.Period = CompleteDays(now, 7) },
		"a month that holds the running day":  func(q *Query) { q.Period = ThroughToday(now, 30) },
		"two years, most of them without row": func(q *Query) { q.Period = CompleteDays(now, 730) },
		"an earlier period":                   func(q *Query) { q.Period = q.Period.Before() },
	} {
		t.Run(name, func(t *testing.T) {
			q := base
			change(&q)
			ctx := context.Background()
			want, err := all.Aggregates(ctx, q)
			if err != nil {
				t.Fatal(err)
			}
			got, err := ClickHouse{conn}.Aggregates(ctx, q)
			if err != nil {
				t.Fatal(err)
			}
			// Sums are added up in another order; everything else is exact.
			nearly := cmpopts.EquateApprox(1e-12, 0)
			if diff := cmp.Diff(want, got, nearly, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("-memory +ClickHouse:\n%s", diff)
			}
		})
	}
}

// TestListsPooledOneByOneAreThoseOfOneQuery: how many lists a query pools is a
// question of memory, not of figures.
func TestListsPooledOneByOneAreThoseOfOneQuery(t *testing.T) {
	conn := store(t)
	insert(t, conn, rows(1, 180, habits...), 1)
	pooled := func(atOnce int) Aggregates {
		c, p := ClickHouse{conn}, &pool{query: someQuery(), scopes: map[Scope]*Aggregate{}}
		if err := c.names(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		for lists := range slices.Chunk(listColumns, atOnce) {
			if err := c.each(t.Context(), totalsSQL(lists), p.args(), p.addTotals(lists)); err != nil {
				t.Fatal(err)
			}
		}
		return p.result
	}
	if diff := cmp.Diff(pooled(len(listColumns)), pooled(1), cmpopts.EquateApprox(1e-12, 0)); diff != "" {
		t.Errorf("-in one query +one by one:\n%s", diff)
	}
	for changes, want := range map[int]int{0: len(listColumns), 1_000_000: len(listColumns), 3_650_000: 2, 1e9: 1} {
		if got := (&pool{changes: changes}).listsAtOnce(); got != want {
			t.Errorf("%d changes pool %d lists at once, want %d", changes, got, want)
		}
	}
}

// BenchmarkClickHouse reports on a quarter of a store that holds two years of
// ten thousand services, of which each is deployed on two days of five.
func BenchmarkClickHouse(b *testing.B) {
	conn, ctx := store(b), context.Background()
	durations := func(seed int) string {
		return fmt.Sprintf("[round(exp(rand(%d) / 4e8), 3), round(exp(rand(%d) / 4e8), 3)]", seed, seed+1)
	}
	if err := conn.Exec(ctx, fmt.Sprintf(`INSERT INTO daily_facts (service, team, day, deployments, failed, changes,
		lead_times, coding, pickup, review, deploy, recoveries, restores, version)
		SELECT concat('service-', toString(s)), concat('team-', toString(s %% 300)), toDate('%s') + d, 1 + rand(1) %% 2, rand(2) %% 20 = 0, 2,
		%s, %s, %s, %s, %s, if(rand(2) %% 20 = 0, %s, []), if(rand(2) %% 20 = 0, %s, []), 1
		FROM (SELECT number %% 10000 AS s, intDiv(number, 10000) AS d FROM numbers(7300000)) WHERE rand(20) %% 5 < 2`,
		now.AddDate(-2, 0, 0).Format(time.DateOnly), durations(30), durations(40), durations(50), durations(60), durations(70),
		durations(80), durations(90))); err != nil {
		b.Fatal(err)
	}
	q := someQuery()
	q.Top = 20
	for b.Loop() {
		a, err := ClickHouse{conn}.Aggregates(ctx, q)
		if err != nil || a.ServiceCount != 10000 {
			b.Fatal(a.ServiceCount, err)
		}
	}
}
