package slo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fivekeys/fivekeys/internal/clickhouse"
	"github.com/fivekeys/fivekeys/internal/jetstream"
	"github.com/fivekeys/fivekeys/internal/testkit"
	"github.com/fivekeys/fivekeys/internal/traffic"
	"github.com/fivekeys/fivekeys/schemas"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// recorder is a stream that keeps what is published, and can be away.
type recorder struct {
	away     bool
	messages []jetstream.Message
}

func (r *recorder) Publish(_ context.Context, m jetstream.Message) (jetstream.Receipt, error) {
	if r.away {
		return jetstream.Receipt{}, errors.New("no stream")
	}
	r.messages = append(r.messages, m)
	return jetstream.Receipt{}, nil
}

// ids are the distinct message ids on subjects that begin so, in order.
func (r *recorder) ids(prefix string) []string {
	var out []string
	for _, m := range r.messages {
		if strings.HasPrefix(m.Subject, prefix) && !slices.Contains(out, m.ID) {
			out = append(out, m.ID)
		}
	}
	return out
}

// world is a store, a stream and a clock.
type world struct {
	t      *testing.T
	store  *clickhouse.Store
	stream *recorder
	now    time.Time
	handed []schemas.BudgetStatus
}

func newWorld(t *testing.T, now time.Time) *world {
	return &world{t: t, store: testkit.Store(t), stream: &recorder{}, now: now}
}

func (w *world) evaluator(objectives ...schemas.Objective) *Evaluator {
	w.t.Helper()
	e, err := New(Config{
		Objectives: objectives, Store: w.store, Publisher: w.stream, Partitions: 4, Grace: time.Second,
		Catalog: &schemas.Catalog{Services: []schemas.Service{{Name: "shop", Team: "web"}}},
		Publish: func(_ context.Context, s []schemas.BudgetStatus) error { w.handed = s; return nil },
		Now:     func() time.Time { return w.now.Add(time.Second) },
	})
	if err != nil {
		w.t.Fatal(err)
	}
	if err := e.Load(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	return e
}

var sequence uint64

func (w *world) count(minutes ...schemas.SLIMinute) {
	w.t.Helper()
	sequence++
	if err := w.store.AppendSLIMinutes(w.t.Context(), minutes, 0, sequence); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) evaluate(e *Evaluator) {
	w.t.Helper()
	if err := e.Evaluate(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) scalar(sql string) string {
	w.t.Helper()
	var v string
	if err := w.store.Conn().QueryRow(w.t.Context(), sql).Scan(&v); err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
	return v
}

// burstModel is quiet for an hour, then a burst of ten minutes, then quiet. The
// slow alerts fire too: in their days there is yet no more than this.
func burstModel() traffic.Model {
	m := model(traffic.Steady(60, 60, 0), traffic.Burst(10, 60), traffic.Steady(30, 60, 0))
	m.Start = time.Now().UTC().Truncate(time.Hour).Add(-3 * time.Hour) // rows are stamped by the store's clock
	return m
}

func (w *world) objective() schemas.Objective { return burstModel().Objectives()[0] }

// longKnown makes an objective older than its window.
func (w *world) longKnown(o schemas.Objective) {
	w.count(schemas.SLIMinute{Objective: o.Key, Minute: w.now.Add(-60 * day).Truncate(time.Minute), Good: 1, Total: 1})
}

// by minute, so that evaluation sees them as they come.
func byMinute(m traffic.Model, key string) map[time.Time]schemas.SLIMinute {
	out := map[time.Time]schemas.SLIMinute{}
	for _, c := range m.Minutes() {
		if c.Objective == key {
			out[c.Minute] = c
		}
	}
	return out
}

// each moves on minute by minute, from the first one on that is of interest.
func (w *world) each(m traffic.Model, key string, from int, then func(minute int)) {
	minutes := byMinute(m, key)
	var before []schemas.SLIMinute
	for i := 0; ; i++ {
		at := m.Start.Add(time.Duration(i) * time.Minute)
		if !at.Before(m.End()) {
			return
		}
		if before = append(before, minutes[at]); i < from {
			continue
		}
		w.count(before...)
		before = nil
		w.now = at.Add(time.Minute)
		then(i)
	}
}

// TestTheWayOfAnAlert evaluates minute by minute: what is stored and published
// is what the formula says, once.
func TestTheWayOfAnAlert(t *testing.T) {
	m := burstModel()
	w := newWorld(t, m.Start)
	o := w.objective()
	deployed := m.Start.Add(58 * time.Minute)
	deploy(t, w.store, schemas.Deployment{
		Service: "shop", DeploymentID: "d1", Version: "v1.8.2", Production: true, Environment: "prod",
		Status: schemas.DeploymentSucceeded, FinishedAt: deployed, KnownAt: deployed, URL: "https://example.com/d1",
	})
	w.longKnown(o)
	e := w.evaluator(o)
	w.each(m, o.Key, 58, func(minute int) {
		w.evaluate(e)
		if minute == 65 {
			e = w.evaluator(o) // a restart in the midst of it
		}
	})
	clock := func(minute int) string { return m.Start.Add(time.Duration(minute) * time.Minute).Format(time.RFC3339) }
	id := func(rule string, minute int) string { return o.Key + "|" + rule + "|" + clock(minute) }
	// The ticket waits for the page that may come, and is part of it then. So is the
	// faster page; the outage is over when neither burns any more.
	want := []string{id("medium", 64) + "|firing", id("medium", 64) + "|resolved"}
	if diff := cmp.Diff(want, w.stream.ids("signals.alert.shop")); diff != "" {
		t.Error(diff)
	}
	if got := w.stream.ids("events.burn."); len(got) != 2 {
		t.Errorf("burn events: %v", got)
	}
	if diff := cmp.Diff([]string{o.Key + "|exhausted|" + clock(61)}, w.stream.ids("signals.budget.shop")); diff != "" {
		t.Error(diff)
	}
	var signal schemas.AlertSignal
	for _, sent := range w.stream.messages {
		if sent.ID == want[0] {
			if err := json.Unmarshal(sent.Data, &signal); err != nil {
				t.Fatal(err)
			}
		}
	}
	if signal.DeploymentID != "d1" || signal.Team != "web" || !strings.HasSuffix(signal.Summary, "; deployment v1.8.2 went live 6 minutes before") {
		t.Errorf("signal: %+v", signal)
	}
	for sql, want := range map[string]string{
		"SELECT toString(arraySort(groupArray((rule, started_at = deployed_at + INTERVAL 11 MINUTE, resolved_at IS NOT NULL, deployment_id)))) FROM alerts": "[('fast',1,1,'d1'),('medium',0,1,'d1'),('slow',0,0,'d1')]",
		"SELECT toString(groupArray((state, at))) FROM budget_events":                                                                                       "[('exhausted','" + m.Start.Add(61*time.Minute).Format(time.DateTime) + "')]",
		"SELECT toString((total, good, round(burn_window, 6), team)) FROM slo_status":                                                                       "(6000,5400,10,'web')",
		"SELECT toString(count()) FROM slo_status_history":                                                                                                  "10",
		"SELECT toString(count()) FROM freeze_deployments":                                                                                                  "0",
	} {
		if got := w.scalar(sql); got != want {
			t.Errorf("%s\n got %s\nwant %s", sql, got, want)
		}
	}
	if len(w.handed) != 1 || !w.handed[0].Exhausted() {
		t.Errorf("handed over: %+v", w.handed)
	}
}

func deploy(t *testing.T, s *clickhouse.Store, deployments ...schemas.Deployment) {
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

// TestTheFirstEvaluationTellsOfThePresentAlone: who defines an objective is not
// woken for an outage that is over.
func TestTheFirstEvaluationTellsOfThePresentAlone(t *testing.T) {
	m := burstModel()
	w := newWorld(t, m.End())
	o := w.objective()
	w.count(slices.Collect(maps.Values(byMinute(m, o.Key)))...)
	w.evaluate(w.evaluator(o))
	if len(w.handed) != 1 || w.handed[0].Total == 0 {
		t.Fatalf("the budgets are %+v", w.handed)
	}
	for _, id := range w.stream.ids("signals.alert.") {
		if !strings.Contains(id, w.now.Format(time.RFC3339)) {
			t.Errorf("%s is told of at %s", id, w.now.Format(time.RFC3339))
		}
	}
	if got := w.scalar("SELECT toString(count()) FROM alerts WHERE resolved_at IS NOT NULL"); got != "0" {
		t.Errorf("%s alerts are over already", got)
	}
	if got := w.scalar("SELECT toString(count()) FROM slo_status_history"); got > "1" {
		t.Errorf("%s statuses of the past are kept", got)
	}
}

// TestMissedMinutesAreSteppedInOrder: after a downtime alerts have the times
// they would have had.
func TestMissedMinutesAreSteppedInOrder(t *testing.T) {
	m := burstModel()
	w := newWorld(t, m.Start.Add(time.Minute))
	o := w.objective()
	w.evaluate(w.evaluator(o))
	w.count(slices.Collect(maps.Values(byMinute(m, o.Key)))...)
	w.now = m.End()
	w.evaluate(w.evaluator(o))
	want := w.stream.ids("signals.alert.")
	if len(want) != 2 || !strings.Contains(want[0], m.Start.Add(64*time.Minute).Format(time.RFC3339)) {
		t.Errorf("signals: %v", want)
	}
	// And not again.
	w.stream.messages = nil
	w.now = w.now.Add(time.Minute)
	w.evaluate(w.evaluator(o))
	if got := w.stream.ids(""); len(got) != 0 {
		t.Errorf("published again: %v", got)
	}
}

// TestSignalsOutliveAStreamThatIsAway: they are published once it is back, also
// by another process, under the ids they had.
func TestSignalsOutliveAStreamThatIsAway(t *testing.T) {
	m := burstModel()
	w := newWorld(t, m.Start.Add(time.Minute))
	o := w.objective()
	w.longKnown(o)
	e := w.evaluator(o)
	w.evaluate(e)
	w.count(slices.Collect(maps.Values(byMinute(m, o.Key)))...)
	w.now = m.Start.Add(70 * time.Minute)
	w.stream.away = true
	if err := e.Evaluate(t.Context()); err == nil {
		t.Fatal("no error though the stream is away")
	}
	if len(w.handed) != 1 || w.handed[0].Total == 0 {
		t.Error("the gate was not told")
	}
	if got := w.scalar("SELECT toString(count()) FROM alerts"); got != "3" {
		t.Errorf("%s alerts are stored, want 3", got)
	}
	w.stream.away = false
	crashed := w.evaluator(o)
	w.evaluate(crashed)
	want := w.stream.ids("signals.")
	if len(want) != 2 { // a page and a spent budget
		t.Fatalf("published: %v", want)
	}
	w.evaluate(e) // the first one publishes the same again, which is no news
	if diff := cmp.Diff(want, w.stream.ids("signals.")); diff != "" {
		t.Error(diff)
	}
}

// TestTwoAtOnceAreHarmless: both evaluate everything, in turns and with one of
// them lagging.
func TestTwoAtOnceAreHarmless(t *testing.T) {
	m := burstModel()
	w := newWorld(t, m.Start)
	o := w.objective()
	both := []*Evaluator{w.evaluator(o), w.evaluator(o)}
	w.evaluate(both[0])
	w.each(m, o.Key, 58, func(i int) {
		w.evaluate(both[i%2])
		if i%3 == 0 {
			w.evaluate(both[(i+1)%2])
		}
	})
	if got := w.stream.ids("signals.alert."); len(got) != 2 {
		t.Errorf("signals: %v", got)
	}
	if got := w.scalar("SELECT toString((count(), countIf(resolved_at IS NULL))) FROM alerts"); got != "(3,1)" {
		t.Errorf("alerts: %s", got)
	}
}

// TestLateMinutesCount: a minute of long ago, in a closed hour, changes the
// figures as if it had been there from the beginning.
func TestLateMinutesCount(t *testing.T) {
	now := time.Now().UTC().Truncate(time.Minute)
	w := newWorld(t, now)
	o := w.objective()
	long := now.Add(-10 * day)
	minute := func(offset time.Duration, bad uint64) schemas.SLIMinute {
		return schemas.SLIMinute{Objective: o.Key, Minute: long.Add(offset), Good: 100 - bad, Total: 100}
	}
	w.count(minute(0, 0), minute(time.Minute, 0), minute(9*day, 0))
	e := w.evaluator(o)
	w.evaluate(e)
	w.count(minute(0, 50), minute(2*time.Minute, 0), minute(-20*day, 100))
	w.evaluate(e)
	if s := e.Statuses()[0]; s.Good != 350 || s.Total != 400 {
		t.Errorf("late minutes: %v of %v, want 350 of 400", s.Good, s.Total)
	}
	if diff := cmp.Diff(w.evaluatedAfresh(o), e.Statuses()); diff != "" {
		t.Errorf("as if from the beginning: %s", diff)
	}
}

func (w *world) evaluatedAfresh(o ...schemas.Objective) []schemas.BudgetStatus {
	w.t.Helper()
	e := w.evaluator(o...)
	w.evaluate(e)
	return e.Statuses()
}

// TestWeeksOfClockwork moves the clock on by hours and more and compares the
// figures with those of an evaluation that has just read everything.
func TestWeeksOfClockwork(t *testing.T) {
	now := time.Now().UTC().Truncate(time.Minute)
	w := newWorld(t, now)
	rolling := w.objective()
	week := rolling
	week.Key, week.SLO, week.Window = "week", "week", schemas.Window{Rolling: 7 * day}
	week.Budgeting, week.Slice, week.SliceTarget = schemas.Timeslices, 5*time.Minute, 0.95
	month := rolling
	month.Key, month.SLO = "month", "month"
	month.Window = schemas.Window{Unit: schemas.UnitMonth, Count: 1, Start: time.Date(2026, 1, 1, 0, 30, 0, 0, time.UTC)}
	all := rolling
	all.Key, all.SLO, all.Parts = "all", "all", []schemas.WeightedPart{{Objective: rolling.Key, Weight: 2}, {Objective: "week", Weight: 1}}
	objectives := []schemas.Objective{rolling, week, month, all}
	var counts []schemas.SLIMinute
	for i := range 40 * dayMinutes / 7 {
		at := now.Add(-30*day + 7*time.Duration(i)*time.Minute)
		for k, key := range []string{rolling.Key, "week", "month"} {
			bad := uint64((i*i + k) % 13 / 12 * 40)
			counts = append(counts, schemas.SLIMinute{Objective: key, Minute: at, Good: 100 - bad, Total: 100})
		}
	}
	w.count(counts...)
	e := w.evaluator(objectives...)
	for _, step := range []time.Duration{time.Minute, time.Minute, 59 * time.Minute, 3 * time.Hour, 20 * time.Hour, 50 * time.Hour, time.Minute, 61 * time.Minute} {
		w.now = w.now.Add(step)
		w.evaluate(e)
		if diff := cmp.Diff(w.evaluatedAfresh(objectives...), e.Statuses(), approximately); diff != "" {
			t.Fatalf("after %s more: %s", step, diff)
		}
	}
}

// approximately: the store adds ratios in another order.
var approximately = cmp.Comparer(func(a, b float64) bool { return fmt.Sprintf("%.9g", a) == fmt.Sprintf("%.9g", b) })

// TestWhatIsDefinedNoMoreIsGone: its status goes, its alerts end, its budget
// freezes nobody, and who was told that they began is told so. Also where
// nothing is defined any more.
func TestWhatIsDefinedNoMoreIsGone(t *testing.T) {
	m := burstModel()
	other := burstModel().Objectives()[0]
	other.Key, other.SLO, other.Service = "other", "other", "another"
	for name, remain := range map[string][]schemas.Objective{"another one remains": {other}, "none remains": nil} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, m.Start.Add(time.Minute))
			o := w.objective()
			w.longKnown(o)
			e := w.evaluator(o)
			w.evaluate(e)
			w.count(slices.Collect(maps.Values(byMinute(m, o.Key)))...)
			w.now = m.Start.Add(70 * time.Minute)
			w.evaluate(e)
			began := w.stream.ids("signals.")
			w.now = w.now.Add(20 * time.Minute)
			w.stream.away = true
			left, err := New(e.cfg)
			if err != nil {
				t.Fatal(err)
			}
			left.cfg.Objectives = remain
			if err := left.Load(t.Context()); err == nil {
				t.Fatal("no error though the stream is away")
			}
			w.stream.away = false
			w.evaluate(w.evaluator(remain...))
			over := m.Start.Add(71 * time.Minute).Format(time.RFC3339)
			want := slices.Concat(began, []string{strings.Replace(began[0], "|firing", "|resolved", 1), o.Key + "|restored|" + over})
			if diff := cmp.Diff(want, w.stream.ids("signals.")); diff != "" {
				t.Error(diff)
			}
			for _, s := range w.handed {
				if s.Objective == o.Key {
					t.Errorf("the gate is told of %+v", s)
				}
			}
			for sql, want := range map[string]string{
				"SELECT toString(countIf(objective = '" + o.Key + "')) FROM slo_status":                           "0",
				"SELECT toString((count(), countIf(resolved_at IS NULL), countIf(minutes_left = 0))) FROM alerts": "(3,0,0)",
				"SELECT toString(arraySort(groupArray((state, remaining IS NULL)))) FROM budget_events":           "[('exhausted',0),('restored',1)]",
			} {
				if got := w.scalar(sql); got != want {
					t.Errorf("%s\n got %s\nwant %s", sql, got, want)
				}
			}
		})
	}
}

// TestAnOlderStateTellsTheEndOfAllItTold: before one alert was told for all of
// an outage, each was.
func TestAnOlderStateTellsTheEndOfAllItTold(t *testing.T) {
	m := burstModel()
	w := newWorld(t, m.Start.Add(70*time.Minute))
	o := w.objective()
	w.longKnown(o)
	w.count(slices.Collect(maps.Values(byMinute(m, o.Key)))...)
	old := `{"stepped":"` + w.now.Format(time.RFC3339) + `","seen":"` + w.now.Format(time.RFC3339) + `","firing":[` +
		`{"id":"a","rule":"fast","severity":"page","state":"firing","objective":"shop-availability","service":"shop","started_at":"` + w.now.Format(time.RFC3339) + `"},` +
		`{"id":"b","rule":"medium","severity":"page","state":"firing","objective":"shop-availability","service":"shop","started_at":"` + w.now.Format(time.RFC3339) + `"}]}`
	s := schemas.BudgetStatus{Objective: o.Key, At: w.now}
	if err := w.store.SaveStatuses(t.Context(), "older", []clickhouse.SLOState{{BudgetStatus: s, State: []byte(old)}}); err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(28 * time.Minute)
	w.evaluate(w.evaluator(o))
	if got := w.stream.ids("signals.alert."); len(got) > 0 {
		t.Errorf("told while the outage goes on: %v", got)
	}
	w.now = w.now.Add(15 * time.Minute)
	w.evaluate(w.evaluator(o))
	got := w.stream.ids("signals.alert.")
	slices.Sort(got)
	if diff := cmp.Diff([]string{"a|resolved", "b|resolved"}, got); diff != "" {
		t.Error(diff)
	}
}
