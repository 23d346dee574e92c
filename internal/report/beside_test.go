package report

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// besideStore has nothing of what stands beside the keys.
func besideStore(t *testing.T) driver.Conn {
	t.Helper()
	conn := store(t)
	for _, table := range []string{"event_log", "toil_log", "toil_rules", "slo_status_facts", "deployment_facts", "incident_facts", "inferred_toil_facts"} {
		run(t, conn, "TRUNCATE TABLE "+table)
	}
	return conn
}

func run(t *testing.T, conn driver.Conn, sql string, args ...any) {
	t.Helper()
	if err := conn.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// thisMonday is the Monday of the week that `now` lies in.
var thisMonday = time.Date(2025, 11, 17, 0, 0, 0, 0, time.UTC)

// did stores toil of a week, counted back from the running one.
func did(t *testing.T, conn driver.Conn, team, category string, weeksAgo int, minutes float64, more string) {
	t.Helper()
	at := thisMonday.AddDate(0, 0, -DaysPerWeek*weeksAgo).Add(10 * time.Hour)
	run(t, conn, `INSERT INTO event_log (source, id, type, time, known_at, data, precedence)
		VALUES ('api', generateUUIDv4(), 'fivekeys.toil.v1', $1, $1, $2, 1)`, at,
		fmt.Sprintf(`{"team":%q,"category":%q,"minutes":%g%s}`, team, category, minutes, more))
}

func allow(t *testing.T, conn driver.Conn, team string, from time.Time, hours, share float64) {
	t.Helper()
	run(t, conn, "INSERT INTO toil_rules VALUES ($1, $2, true, $3, $4, now())", team, from, hours*60, share)
}

const insertBudget = `INSERT INTO slo_status_facts (objective, slo, service, team, at, window_from, window_to, target, budgeting, good, total,
	sli, remaining, remaining_minutes, budget_minutes, corrected, corrected_sli, corrected_remaining, corrected_remaining_minutes,
	burn_windows, burn_rates, exhausted_at) VALUES ($1, $1, $2, $3, $4, $5, $4, $6, 'Occurrences', 1, 2,
	$7, $8, $9, $10, $11, $12, $13, $14, [3600, 2592000], [$15, $15], $16)`

// seeded has budgets in every state, a team over its cap, one below it, one
// without a capacity and one that reports nothing.
func seeded(t *testing.T) driver.Conn {
	t.Helper()
	conn := besideStore(t)
	epoch := time.Unix(0, 0).UTC()
	allow(t, conn, "payments", epoch, 160, .25)
	allow(t, conn, "payments", thisMonday.AddDate(0, 0, -14), 80, .25) // two have left
	allow(t, conn, "discovery", epoch, 40, .5)
	for ago, minutes := range map[int]float64{3: 2400, 2: 1200, 1: 1800, 0: 30} {
		did(t, conn, "payments", "certificates", ago, minutes, `,"automatable":true`)
	}
	for range 9 {
		did(t, conn, "payments", "restarts", 2, 4, "")
	}
	did(t, conn, "payments", "account <b>reviews</b>", 1, 40, "")
	did(t, conn, "payments", "exports", 1, 700, `,"automated":true`)
	did(t, conn, "payments", "pipeline re-run", 1, 10, `,"inferred":"pipeline_rerun"`)
	did(t, conn, "payments", "certificates", 40, 9999, "") // long before the period
	did(t, conn, "discovery", "reindexing", 5, 120, "")
	did(t, conn, "discovery", "reindexing", 2, 60.5, "")
	did(t, conn, "web", "cache flushes", 1, 90, "")
	did(t, conn, "platform", "pipeline re-run", 1, 10, `,"inferred":"pipeline_rerun"`)

	minute, month := now.Truncate(time.Minute), now.Truncate(time.Minute).AddDate(0, 0, -30)
	end := minute.Add(5 * time.Hour)
	none := (*float64)(nil)
	for _, args := range [][]any{
		{"checkout-availability", "checkout", "payments", minute, month, .999, .99965, .65, 28.08, 43.2, false, none, none, none, .4, nil},
		{"search", "search", "discovery", minute, month, .99, .98999999, -.02, -8.64, 432., false, none, none, none, 12.5, minute},
		{"storefront-latency-at-the-edge-of-the-network", "storefront", "web", minute, month, .95, .959, .18, 388.8, 2160., true, .97, .4, 864., 3., end},
		{"ledger", "ledger", "payments", minute, month, .9995, none, none, none, 21.6, false, none, none, none, none, nil},
		{"recommendations", "recommendations", "discovery", minute, month, .99999, .999998, .2, .0864, .432, false, none, none, none, 6.2, end},
	} {
		run(t, conn, insertBudget, args...)
	}
	return conn
}

// printed compares what the renderers make of a report with the golden files.
func printed(t *testing.T, scene string, r Report) {
	t.Helper()
	for suffix, render := range map[string]func(io.Writer, Report) error{
		".table":  func(w io.Writer, r Report) error { return Table(w, r, TableOptions{}) },
		".narrow": func(w io.Writer, r Report) error { return Table(w, r, TableOptions{Width: 72}) },
		".color":  func(w io.Writer, r Report) error { return Table(w, r, TableOptions{Color: true}) },
		".json":   JSON,
		".md":     Markdown,
	} {
		var b bytes.Buffer
		if err := render(&b, r); err != nil {
			t.Fatal(err)
		}
		golden(t, scene+suffix, b.Bytes())
	}
}

func complete(t *testing.T, conn driver.Conn, q Query) Report {
	t.Helper()
	r := makeReport(t, rows(1, 180, habits...), q)
	if err := (ClickHouse{conn}).Complete(t.Context(), q, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestBesideTheKeys(t *testing.T) {
	conn := seeded(t)
	r := complete(t, conn, someQuery())
	printed(t, "beside", r)

	figure := func(v float64) *float64 { return &v }
	var payments TeamToil
	for _, toil := range r.Toil {
		if toil.Team == "payments" {
			payments = toil
		}
	}
	// From the first week, long ago, to the last all are recorded: 14 lie in the
	// period, the first of which began before it, and 13 of these are over.
	capacity := 11*160*60. + 2*80*60
	minutes := 2400 + 1200 + 1800 + 9*4 + 40.
	want := TeamToil{
		Team: "payments", Weeks: 13, Minutes: &minutes, CapacityMinutes: &capacity, Ratio: figure(minutes / capacity), Cap: figure(.25),
		Burn:     figure(minutes / (capacity / 4)),
		LastWeek: &ToilWeek{Week: thisMonday, Minutes: 30, CapacityMinutes: figure(4800), MinutesLeft: figure(1170)},
		Weekly: []*float64{figure(0), figure(0), figure(0), figure(0), figure(0), figure(0), figure(0), figure(0), figure(0), figure(0),
			figure(.25), figure(1236. / 4800), figure(1840. / 4800), figure(30. / 4800)},
		Categories: []ToilCategory{{"certificates", 5430, 4, 5430}, {"account <b>reviews</b>", 40, 1, 0}, {"restarts", 36, 9, 0}},
		Frequent:   []ToilCategory{{"restarts", 36, 9, 0}, {"certificates", 5430, 4, 5430}, {"account <b>reviews</b>", 40, 1, 0}},
		Inferred:   InferredToil{Minutes: 10, Entries: 1},
	}
	if diff := cmp.Diff(want, payments, cmpopts.EquateApprox(1e-12, 0)); diff != "" {
		t.Errorf("payments' toil (-want +got):\n%s", diff)
	}
}

func TestWhoIsListedBesideTheKeys(t *testing.T) {
	conn := seeded(t)
	names := func(r Report) (budgets, teams []string) {
		for _, b := range r.Budgets {
			budgets = append(budgets, b.Objective)
		}
		for _, t := range r.Toil {
			teams = append(teams, t.Team)
		}
		return budgets, teams
	}
	for name, tt := range map[string]struct {
		change         func(*Query)
		budgets, teams []string
		of, ofTeams    int
	}{
		"everybody, the worst first": {func(*Query) {},
			[]string{"search", "recommendations", "storefront-latency-at-the-edge-of-the-network", "checkout-availability", "ledger"},
			[]string{"payments", "discovery", "web", "platform"}, 5, 4},
		"the worst two":                     {func(q *Query) { q.Top = 2 }, []string{"search", "recommendations"}, []string{"payments", "discovery"}, 5, 4},
		"a team":                            {func(q *Query) { q.Teams = []string{"payments"} }, []string{"checkout-availability", "ledger"}, []string{"payments"}, 2, 1},
		"a service has budgets and no toil": {func(q *Query) { q.Services = []string{"search"} }, []string{"search"}, nil, 1, 0},
		"nobody":                            {func(q *Query) { q.Teams = []string{"nobody"} }, nil, nil, 0, 0},
		"weeks before anybody recorded toil": {func(q *Query) { q.Period = CompleteDays(now.AddDate(-2, 0, 0), 30) },
			[]string{"search", "recommendations", "storefront-latency-at-the-edge-of-the-network", "checkout-availability", "ledger"}, nil, 5, 0},
	} {
		t.Run(name, func(t *testing.T) {
			q := someQuery()
			tt.change(&q)
			r := complete(t, conn, q)
			budgets, teams := names(r)
			if diff := cmp.Diff([][]string{tt.budgets, tt.teams}, [][]string{budgets, teams}); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if r.BudgetCount != tt.of || r.ToilCount != tt.ofTeams {
				t.Errorf("%d budgets and %d teams are counted, want %d and %d", r.BudgetCount, r.ToilCount, tt.of, tt.ofTeams)
			}
		})
	}
}

func TestOnlyTheRunningWeekIsShownWhereThereIsNoOther(t *testing.T) {
	conn := besideStore(t)
	allow(t, conn, "", time.Unix(0, 0).UTC(), 10, .5)
	did(t, conn, "payments", "certificates", 0, 150, "")
	q := someQuery()
	q.Period = ThroughToday(now, 1)
	r := complete(t, conn, q)
	if len(r.Toil) != 1 || r.Toil[0].Weeks != 1 || *r.Toil[0].Ratio != .25 || *r.Toil[0].LastWeek.MinutesLeft != 150 {
		t.Errorf("toil is %+v", r.Toil)
	}
}

func TestNothingBesideTheKeysIsNothingShown(t *testing.T) {
	r := complete(t, besideStore(t), someQuery())
	if diff := cmp.Diff(makeReport(t, rows(1, 180, habits...), someQuery()), r); diff != "" {
		t.Errorf("(-without +with):\n%s", diff)
	}
}

func TestShares(t *testing.T) {
	for share, want := range map[float64]string{
		1: "100 %", .9995: "99.95 %", .999: "99.9 %", .99999: "99.999 %", .9999999: "99.999 %", .95: "95 %", .5: "50 %", 0: "0 %", .29: "29 %",
		math.Nextafter(1, 0): "99.999 %",
	} {
		if got := humanShare(share); got != want {
			t.Errorf("%v is printed as %s, want %s", share, got, want)
		}
	}
	for minutes, want := range map[float64]string{
		43.2: "43 min", -8.64: "-8.6 min", .432: "26 s", 0: "0 min", 1170: "20 h", 59.999: "1 h", -90: "-1.5 h", 9.96: "10 min",
	} {
		if got := humanMinutes(minutes); got != want {
			t.Errorf("%v minutes are printed as %s, want %s", minutes, got, want)
		}
	}
}
