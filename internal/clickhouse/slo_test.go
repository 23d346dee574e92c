package clickhouse_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fivekeys/fivekeys/internal/clickhouse"
	"github.com/fivekeys/fivekeys/internal/testkit"
	"github.com/fivekeys/fivekeys/schemas"
)

func objective(key string) schemas.Objective {
	return schemas.Objective{
		Key: key, SLO: key, Service: "shop", Target: 0.99, Budgeting: schemas.Occurrences, Slice: time.Minute,
		SliceTarget: 0.99, Window: schemas.Window{Rolling: 28 * 24 * time.Hour},
	}
}

func define(t *testing.T, s *clickhouse.Store, objectives ...schemas.Objective) {
	t.Helper()
	var all []clickhouse.SLODefinition
	for _, o := range objectives {
		all = append(all, clickhouse.SLODefinition{Objective: o, Team: "web"})
	}
	if err := s.SetObjectives(t.Context(), all); err != nil {
		t.Fatal(err)
	}
}

func minutesOf(t *testing.T, s *clickhouse.Store, q clickhouse.SLOQuery) []clickhouse.SLOMinute {
	t.Helper()
	var got []clickhouse.SLOMinute
	sums := map[int64]*clickhouse.SLOMinute{}
	if err := s.SLOMinutes(t.Context(), q, func(m clickhouse.SLOMinute) {
		if sum := sums[m.Minute]; sum != nil {
			sum.Good, sum.Total = sum.Good+m.Good, sum.Total+m.Total
			return
		}
		sums[m.Minute] = &m
	}); err != nil {
		t.Fatal(err)
	}
	for _, m := range sums {
		got = append(got, *m)
	}
	slices.SortFunc(got, func(a, b clickhouse.SLOMinute) int { return int(a.Minute - b.Minute) })
	return got
}

func TestObjectivesAreThoseOfToday(t *testing.T) {
	s := testkit.Store(t)
	composite := objective("journey")
	composite.Parts = []schemas.WeightedPart{{Objective: "a", Weight: 2}}
	define(t, s, objective("a"), objective("gone"), composite)
	define(t, s, objective("a"), composite)
	got := scalar(t, s, "SELECT arrayStringConcat(groupArray(concat(objective, ' ', team, ' ', time_window, ' ', toString(parts))), '; ') FROM (SELECT * FROM slo_objectives ORDER BY objective)")
	if want := "a web 28d []; journey web 28d ['a']"; got != want {
		t.Errorf("objectives are %q, want %q", got, want)
	}
}

func TestMinutesAreTheSumOfPartitionsAndVersionsAsLastCounted(t *testing.T) {
	s := testkit.Store(t)
	define(t, s, objective("a"), objective("b"))
	for name, at := range map[string]time.Time{"long ago": noon, "just now": time.Now().UTC().Truncate(time.Minute)} {
		t.Run(name, func(t *testing.T) { sumOfParts(t, s, at) })
	}
}

func sumOfParts(t *testing.T, s *clickhouse.Store, noon time.Time) {
	began := time.Now()
	put := func(partition uint16, sequence uint64, good, total uint64, version string) {
		t.Helper()
		if err := s.AppendSLIMinutes(t.Context(), []schemas.SLIMinute{{Objective: "a", Minute: noon, Version: version, Good: good, Total: total}}, partition, sequence); err != nil {
			t.Fatal(err)
		}
	}
	put(0, 5, 10, 10, "v1")
	put(1, 3, 1, 2, "v1")
	put(1, 3, 1, 1, "v2")
	put(0, 9, 20, 22, "v1") // absolute: it takes the place of the first
	put(0, 7, 15, 15, "v1") // and a lagging one changes nothing
	want := []clickhouse.SLOMinute{{Objective: "a", Minute: noon.Unix() / 60, Good: 22, Total: 25}}
	q := clickhouse.SLOQuery{Objectives: []string{"a", "b"}, From: noon, To: noon.Add(time.Hour)}
	if diff := cmp.Diff(want, minutesOf(t, s, q)); diff != "" {
		t.Error(diff)
	}
	var changed []clickhouse.SLOMinute
	if err := s.SLOChanges(t.Context(), began.Add(-time.Millisecond), time.Time{}, func(m clickhouse.SLOMinute) { changed = append(changed, m) }); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, changed); diff != "" {
		t.Error(diff)
	}
	q.From, q.To = noon.Add(time.Minute), noon
	if got := minutesOf(t, s, q); got != nil {
		t.Errorf("an empty period gave %v", got)
	}
}

func TestPackedHoursAreReadAsWrittenLast(t *testing.T) {
	s := testkit.Store(t)
	hour := noon.Unix() / 3600
	for _, text := range []string{"first", "\x00\xffsecond"} {
		if err := s.SaveHours(t.Context(), []clickhouse.SLOHour{{Objective: "a", Hour: hour, Minutes: []byte(text)}, {Objective: "a", Hour: hour + 1}}); err != nil {
			t.Fatal(err)
		}
	}
	var got []clickhouse.SLOHour
	if err := s.SLOHours(t.Context(), []string{"a"}, noon, noon.Add(time.Hour), func(h clickhouse.SLOHour) {
		h.Minutes = slices.Clone(h.Minutes)
		got = append(got, h)
	}); err != nil {
		t.Fatal(err)
	}
	want := []clickhouse.SLOHour{{Objective: "a", Hour: hour, Minutes: []byte("\x00\xffsecond")}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func sliEvent(id, slo string, at time.Time, good, total int64) schemas.Event {
	e, err := schemas.NewEvent(id, "api", schemas.TypeSLI, at, "shop", &schemas.SLIEvent{SLO: slo, Good: &good, Total: &total})
	if err != nil {
		panic(err)
	}
	e.KnownAt = at
	return e
}

func TestReportedCountsNeedNoStage(t *testing.T) {
	s := testkit.Store(t)
	first, second, spans := objective("journey/first"), objective("journey/second"), objective("other")
	first.SLO, second.SLO = "journey", "journey"
	first.Indicator.Reported, second.Indicator.Reported = true, true
	define(t, s, first, second, spans)
	events := []schemas.Event{
		sliEvent("1", "journey", noon.Add(30*time.Second), 8, 10),
		sliEvent("2", "journey/first", noon, 1, 1),
		sliEvent("3", "other", noon, 1, 1), // counted from spans: what is sent for it counts nothing
	}
	for range 2 { // sent twice it is one event
		if err := s.AppendEvents(t.Context(), events); err != nil {
			t.Fatal(err)
		}
	}
	q := clickhouse.SLOQuery{Objectives: []string{first.Key}, Reported: true, From: noon, To: noon.Add(time.Hour)}
	want := []clickhouse.SLOMinute{{Objective: first.Key, Minute: noon.Unix() / 60, Good: 9, Total: 11}}
	if diff := cmp.Diff(want, minutesOf(t, s, q)); diff != "" {
		t.Error(diff)
	}
	changed := map[string]uint64{}
	if err := s.SLOChanges(t.Context(), time.Now().Add(-time.Minute), time.Time{}, func(m clickhouse.SLOMinute) { changed[m.Objective] += m.Total }); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]uint64{first.Key: 11, second.Key: 10}, changed); diff != "" {
		t.Error(diff)
	}
}

func TestTheLastEventOfACorrectionIsInForce(t *testing.T) {
	s := testkit.Store(t)
	event := func(id string, at time.Time, c schemas.CorrectionEvent) schemas.Event {
		c.CorrectionID, c.SLO, c.Author, c.From, c.To = id, "a", "ann", noon, noon.Add(time.Hour)
		e, err := schemas.NewEvent(id+at.String(), "cli", schemas.TypeCorrection, at, "", &c)
		if err != nil {
			t.Fatal(err)
		}
		e.KnownAt = at
		return e
	}
	events := []schemas.Event{
		event("one", noon.Add(2*time.Hour), schemas.CorrectionEvent{Reason: "second"}),
		event("one", noon.Add(time.Hour), schemas.CorrectionEvent{Reason: "first"}),
		event("two", noon, schemas.CorrectionEvent{Reason: "mistake"}),
		event("two", noon.Add(time.Minute), schemas.CorrectionEvent{Reason: "mistake", Withdrawn: true}),
	}
	if err := s.AppendEvents(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	got, err := s.SLOCorrections(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || got[0].Reason != "second" {
		t.Errorf("in force: %+v", got)
	}
	if got := scalar(t, s, "SELECT concat(correction_id, ' ', reason, ' ', toString(from_time)) FROM corrections"); got != "one second 2026-03-01 12:00:00" {
		t.Errorf("the view says %q", got)
	}
}

func status(at time.Time, remaining *float64) schemas.BudgetStatus {
	rate := 2.5
	return schemas.BudgetStatus{
		Objective: "a", SLO: "a", Service: "shop", Team: "web", At: at, From: at.Add(-28 * 24 * time.Hour), To: at, Target: 0.99,
		Budgeting:     schemas.Occurrences,
		BudgetFigures: schemas.BudgetFigures{Good: 98, Total: 100, SLI: remaining, Remaining: remaining, RemainingMinutes: remaining, BudgetMinutes: 403.2},
		Burn:          []schemas.Burn{{Window: 5 * time.Minute}, {Window: time.Hour, Rate: &rate}, {Window: 28 * 24 * time.Hour, Rate: &rate}},
		Methods:       []schemas.MethodFigures{{Budgeting: schemas.Occurrences, BudgetFigures: schemas.BudgetFigures{Good: 98, Total: 100, Remaining: remaining}}, {Budgeting: schemas.Timeslices}},
	}
}

func TestStatusesAreReadBackByTheViews(t *testing.T) {
	s := testkit.Store(t)
	left := 0.25
	hour := time.Now().UTC().Truncate(time.Hour) // history of long ago goes
	at := hour.Format(time.DateTime)
	later := hour.Add(time.Minute).Format(time.DateTime)
	for i, r := range []*float64{nil, &left} {
		st := status(hour.Add(time.Duration(i)*time.Minute), r)
		if i == 1 {
			st.Corrected = &schemas.BudgetFigures{Good: 1, Total: 2, Remaining: &left}
		}
		if err := s.SaveStatuses(t.Context(), "me", []clickhouse.SLOState{{BudgetStatus: st, State: []byte(`{"n":1}`)}}); err != nil {
			t.Fatal(err)
		}
		if err := s.AppendHistory(t.Context(), []schemas.BudgetStatus{st}); err != nil {
			t.Fatal(err)
		}
	}
	for sql, want := range map[string]string{
		"SELECT toString((at, window_seconds, remaining, remaining_in_force, burn_5m, burn_1h, burn_3d, burn_window, corrected_total)) FROM slo_status": "('" + later + "',2419200,0.25,0.25,NULL,2.5,NULL,2.5,2)",
		"SELECT toString(arraySort(groupArray((at, remaining)))) FROM slo_status_history":                                                               "[('" + at + "',NULL),('" + later + "',0.25)]",
		"SELECT toString(groupArray((window_seconds, rate))) FROM slo_burn":                                                                             "[(300,NULL),(3600,2.5),(2419200,2.5)]",
		"SELECT toString(groupArray((budgeting, chosen, remaining))) FROM slo_methods":                                                                  "[('Occurrences',true,0.25),('Timeslices',false,NULL)]",
	} {
		if got := scalar(t, s, sql); got != want {
			t.Errorf("%s\n got %s\nwant %s", sql, got, want)
		}
	}
	for writer, want := range map[string]int{"me": 0, "you": 1, "": 1} {
		got, err := s.LoadStates(t.Context(), writer)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != want {
			t.Errorf("%d states but those of %q, want %d", len(got), writer, want)
		}
	}
	gone := status(hour.Add(time.Minute), nil)
	if err := s.SaveStatuses(t.Context(), "me", []clickhouse.SLOState{{BudgetStatus: gone, Deleted: true}}); err != nil {
		t.Fatal(err)
	}
	if got := scalar(t, s, "SELECT toString(count()) FROM slo_status"); got != "0" {
		t.Errorf("%s statuses are left of an objective that is gone", got)
	}
}

func deployAll(t *testing.T, s *clickhouse.Store, deployments []schemas.Deployment) {
	t.Helper()
	written, err := s.LoadWritten(t.Context(), []string{"shop"})
	if err != nil {
		t.Fatal(err)
	}
	var set clickhouse.Changeset
	set.Add(written["shop"], "shop", 1, &schemas.Facts{Deployments: deployments})
	if err := s.Apply(t.Context(), &set); err != nil {
		t.Fatal(err)
	}
}

func production(id, version, sha string, at time.Time) schemas.Deployment {
	return schemas.Deployment{
		Service: "shop", DeploymentID: id, Version: version, SHA: sha, Production: true, Environment: "prod",
		Status: schemas.DeploymentSucceeded, FinishedAt: at, KnownAt: at,
	}
}

func TestDeploymentsDuringAFreezeAreCounted(t *testing.T) {
	s := testkit.Store(t)
	deployAll(t, s, []schemas.Deployment{
		production("before", "v1", "aaa", noon.Add(-time.Minute)),
		production("during", "v2", "bbb", noon.Add(time.Minute)),
		production("after", "v3", "ccc", noon.Add(time.Hour)),
		production("again", "v4", "ddd", noon.Add(3*time.Hour)),
	})
	event := func(objective string, state schemas.BudgetState, at time.Time) schemas.BudgetSignal {
		return schemas.BudgetSignal{ID: objective + at.String(), Objective: objective, SLO: objective, Service: "shop", State: state, At: at}
	}
	if err := s.SaveBudgetEvents(t.Context(), []schemas.BudgetSignal{
		event("a", schemas.BudgetExhausted, noon), event("a", schemas.BudgetRestored, noon.Add(time.Hour)),
		event("b", schemas.BudgetExhausted, noon.Add(2*time.Hour)),
	}); err != nil {
		t.Fatal(err)
	}
	got := scalar(t, s, "SELECT toString(groupArray((objective, deployment_id, restored_at))) FROM (SELECT * FROM freeze_deployments ORDER BY finished_at)")
	if want := "[('a','during','2026-03-01 13:00:00'),('b','again',NULL)]"; got != want {
		t.Errorf("deployed during a freeze: %s, want %s", got, want)
	}
	d, err := s.LastDeployment(t.Context(), "shop", noon.Add(30*time.Minute))
	if err != nil || d.DeploymentID != "during" || !d.FinishedAt.Equal(noon.Add(time.Minute)) {
		t.Errorf("the last deployment is %+v, %v", d, err)
	}
	if d, err := s.LastDeployment(t.Context(), "shop", noon.Add(-time.Hour)); err != nil || d.DeploymentID != "" {
		t.Errorf("before all there is %+v, %v", d, err)
	}
}

func TestAnAlertIsOneRowFromFiringToResolved(t *testing.T) {
	s := testkit.Store(t)
	end := noon.Add(time.Hour)
	a := schemas.AlertSignal{ID: "a|fast|x", Rule: "fast", Severity: schemas.SeverityPage, State: schemas.AlertFiring, Objective: "a", SLO: "a", Service: "shop", StartedAt: noon, Long: "1h", Short: "5m", Factor: 13.44, LongBurn: 20, ShortBurn: 30, RunsOutAt: &end, Version: "v2", DeployedAt: &noon}
	if err := s.SaveAlerts(t.Context(), []schemas.AlertSignal{a}); err != nil {
		t.Fatal(err)
	}
	firing, err := s.FiringAlerts(t.Context())
	if err != nil || len(firing) != 1 {
		t.Fatalf("firing: %+v, %v", firing, err)
	}
	want := a
	want.RunsOutAt = nil // not read back: it is of no use any more
	if diff := cmp.Diff(want, firing[0]); diff != "" {
		t.Error(diff)
	}
	over := firing[0]
	over.State, over.ResolvedAt = schemas.AlertResolved, &end
	for _, row := range []schemas.AlertSignal{over, a} { // and once more what was before
		if err := s.SaveAlerts(t.Context(), []schemas.AlertSignal{row}); err != nil {
			t.Fatal(err)
		}
	}
	if got := scalar(t, s, "SELECT toString(groupArray((rule, started_at, resolved_at, version))) FROM alerts"); got != "[('fast','2026-03-01 12:00:00','2026-03-01 13:00:00','v2')]" {
		t.Errorf("alerts: %s", got)
	}
}
