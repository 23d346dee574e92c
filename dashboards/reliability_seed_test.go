package dashboards

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	store "github.com/fivekeys/fivekeys/internal/clickhouse"
	"github.com/fivekeys/fivekeys/schemas"
)

const (
	month    = 28 * 24 * time.Hour
	checkers = "o'brien & co" // a team whose name ends a string in SQL
)

var (
	slowTrace  = schemas.TraceID{0xab, 0xcd, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14}
	shortTrace = schemas.TraceID{8: 0xfe, 15: 1} // as Zipkin's of 64 bits
)

// seedReliability stores a month that ends at a minute, with figures that are
// easily computed by hand.
func (s site) seedReliability(t *testing.T, end time.Time) {
	t.Helper()
	s.seedBudgets(t, end)
	s.seedSpent(t, end)
	s.seedToil(t, mondayBefore(end))
	s.seedSpans(t, end.Add(-10*time.Minute))
	s.seedVitals(t, end.Add(-10*time.Minute))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func f64(v float64) *float64 { return &v }

// Four objectives of 99 % over 28 days, 403.2 minutes each: one is spent, one
// runs out, one lasts, one has no data.
func (s site) seedBudgets(t *testing.T, end time.Time) {
	t.Helper()
	const minutes = 403.2
	at := func(d time.Duration) *time.Time { v := end.Add(d); return &v }
	figures := func(remaining float64) schemas.BudgetFigures {
		return schemas.BudgetFigures{
			Good: 1000 - 10*(1-remaining), Total: 1000, SLI: f64(1 - (1-remaining)/100), Remaining: &remaining, RemainingMinutes: f64(remaining * minutes), BudgetMinutes: minutes,
		}
	}
	corrected := figures(0.6)
	statuses := []schemas.BudgetStatus{
		{Objective: "checkout", SLO: "checkout", Service: "checkout", Team: checkers, BudgetFigures: figures(-0.25), ExhaustedAt: at(-2 * time.Hour)},
		{Objective: "search/fast", SLO: "search", Service: "search", BudgetFigures: figures(0.4), Corrected: &corrected, ExhaustedAt: at(3 * time.Hour)},
		{Objective: "pay", SLO: "pay", Service: "pay", Team: "payments", BudgetFigures: figures(0.9)},
		{Objective: "quiet", SLO: "quiet", Service: "quiet", Team: "payments", BudgetFigures: schemas.BudgetFigures{BudgetMinutes: minutes}},
	}
	hourly := []*float64{f64(20), f64(14), f64(0.5), nil}
	var states []store.SLOState
	var definitions []store.SLODefinition
	for i := range statuses {
		b := &statuses[i]
		b.At, b.From, b.To, b.Target, b.Budgeting = end, end.Add(-month), end, 0.99, schemas.Occurrences
		for _, w := range []time.Duration{5 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 6 * time.Hour, 24 * time.Hour, 72 * time.Hour} {
			rate := hourly[i]
			if w > time.Hour && rate != nil {
				rate = f64(*rate / 2)
			}
			b.Burn = append(b.Burn, schemas.Burn{Window: w, Rate: rate})
		}
		b.Burn = append(b.Burn, schemas.Burn{Window: month, Rate: f64(1)})
		for j, m := range schemas.Budgetings {
			b.Methods = append(b.Methods, schemas.MethodFigures{Budgeting: m, BudgetFigures: figures(0.6 - float64(j)/10)})
		}
		states = append(states, store.SLOState{BudgetStatus: *b})
		definitions = append(definitions, store.SLODefinition{Team: b.Team, Objective: schemas.Objective{
			Key: b.Objective, SLO: b.SLO, Service: b.Service, Target: 0.99, Budgeting: schemas.Occurrences, Window: schemas.Window{Rolling: month},
		}})
	}
	gone := statuses[0]
	gone.Objective = "gone"
	must(t, s.store.SetObjectives(t.Context(), definitions))
	must(t, s.store.SaveStatuses(t.Context(), "test", states))
	for _, ago := range []time.Duration{2 * time.Hour, time.Hour} { // before it was spent
		past := slices.Concat(statuses, []schemas.BudgetStatus{gone})
		for i := range past {
			past[i].At, past[i].From, past[i].To = end.Add(-ago), end.Add(-ago-month), end.Add(-ago)
		}
		past[0].BudgetFigures = figures(0.125)
		past[0].ExhaustedAt = at(-2 * time.Hour)
		must(t, s.store.AppendHistory(t.Context(), past))
	}
	must(t, s.store.SaveAlerts(t.Context(), []schemas.AlertSignal{
		{
			ID: "1", Rule: "fast", Severity: schemas.SeverityPage, Objective: "checkout", SLO: "checkout", Service: "checkout", Team: checkers, StartedAt: end.Add(-30 * time.Minute),
			Long: "1h", Short: "5m", Factor: 13.44, LongBurn: 20, ShortBurn: 25, MinutesLeft: new(10.0), RunsOutAt: at(time.Hour), DeploymentID: "d2", Version: "2.0",
			DeployedAt: at(-24 * time.Hour), DeploymentURL: "https://ci.example/d2", Summary: "At this rate they end soon.",
		},
		{
			ID: "2", Rule: "slow", Severity: schemas.SeverityTicket, Objective: "search/fast", SLO: "search", Service: "search", StartedAt: end.Add(-48 * time.Hour), ResolvedAt: at(-47 * time.Hour),
			Long: "1d", Short: "2h", Factor: 2.8, LongBurn: 3, ShortBurn: 4, MinutesLeft: new(200.0),
		},
	}))
	must(t, s.store.SaveBudgetEvents(t.Context(), []schemas.BudgetSignal{
		{ID: "1", Objective: "checkout", SLO: "checkout", Service: "checkout", Team: checkers, State: schemas.BudgetExhausted, At: end.Add(-2 * time.Hour), Remaining: new(-0.01)},
		{ID: "2", Objective: "pay", SLO: "pay", Service: "pay", Team: "payments", State: schemas.BudgetExhausted, At: end.Add(-240 * time.Hour), Remaining: new(-0.01)},
		{ID: "3", Objective: "pay", SLO: "pay", Service: "pay", Team: "payments", State: schemas.BudgetRestored, At: end.Add(-216 * time.Hour), Remaining: new(0.01)},
	}))
	s.tell(t, schemas.TypeCorrection, "c1", end.Add(-time.Hour), schemas.CorrectionEvent{
		CorrectionID: "c1", SLO: "search", From: end.Add(-72 * time.Hour), To: end.Add(-71 * time.Hour), Author: "ada", Reason: "the load test",
	})
}

func (s site) tell(t *testing.T, kind schemas.EventType, id string, at time.Time, payload any) {
	t.Helper()
	data, err := json.Marshal(payload)
	must(t, err)
	must(t, s.store.AppendEvents(t.Context(), []schemas.Event{{ID: id, Source: "api", Type: kind, Data: data, Time: at, KnownAt: at}}))
}

// Of 600 events 45 are bad: 5 before any deployment, 10 while the first was
// live, 30 that name the second's version. Two more deployments come after the
// budget is spent, one of them a rollback.
func (s site) seedSpent(t *testing.T, end time.Time) {
	t.Helper()
	deployment := func(id, version string, ago time.Duration, rework bool) schemas.Deployment {
		at := end.Add(-ago)
		return schemas.Deployment{
			Service: "checkout", Team: checkers, Environment: "production", Production: true, DeploymentID: id, Version: version, SHA: id + "sha", Status: schemas.DeploymentSucceeded,
			StartedAt: at.Add(-time.Minute), FinishedAt: at, Rework: rework, Rollback: rework, URL: "https://ci.example/" + id, KnownAt: at,
		}
	}
	s.apply(t, map[string]*schemas.Facts{"checkout": {Deployments: []schemas.Deployment{
		deployment("d1", "1.0", 72*time.Hour, false), deployment("d2", "2.0", 24*time.Hour, false),
		deployment("d3", "1.0", 90*time.Minute, true), deployment("d4", "3.0", 45*time.Minute, false),
	}}})
	minute := func(ago time.Duration, version string, good, total uint64) schemas.SLIMinute {
		return schemas.SLIMinute{Objective: "checkout", Minute: end.Add(-ago), Version: version, Good: good, Total: total}
	}
	must(t, s.store.AppendSLIMinutes(t.Context(), []schemas.SLIMinute{
		minute(20*24*time.Hour, "", 95, 100), minute(10*24*time.Hour, "", 300, 300), minute(48*time.Hour, "", 90, 100), minute(12*time.Hour, "2.0", 70, 100),
	}, 0, 1))
}

func mondayBefore(end time.Time) time.Time {
	day := end.Truncate(24 * time.Hour)
	return day.AddDate(0, 0, -int(day.Weekday()+6)%7-7)
}

// A team of 100 hours and a cap of 40 %: 7 hours of toil in two weeks; another
// one without a capacity; and something inferred.
func (s site) seedToil(t *testing.T, monday time.Time) {
	t.Helper()
	must(t, s.store.AppendToilRules(t.Context(), []store.ToilRule{
		{ToilRules: schemas.ToilRules{Team: "payments", Capacity: 100 * time.Hour, Cap: 0.4}, From: time.Unix(0, 0), Own: true},
	}, monday))
	for i, e := range []struct {
		after time.Duration
		schemas.ToilEvent
	}{
		{-144 * time.Hour, schemas.ToilEvent{Team: "payments", Category: "restarts", Minutes: 300}},
		{time.Hour, schemas.ToilEvent{Team: "payments", Category: "certificates", Minutes: 60, Automatable: true, URL: "https://issues.example/7", Title: "Renewed by hand"}},
		{48 * time.Hour, schemas.ToilEvent{Team: "payments", Category: "certificates", Minutes: 60, URL: "javascript:alert(1)"}},
		{50 * time.Hour, schemas.ToilEvent{Team: "payments", Category: "backups", Minutes: 600, Automated: true}},
		{51 * time.Hour, schemas.ToilEvent{Team: "payments", Category: "re-run", Minutes: 90, Inferred: schemas.InferredRerun, Trigger: "workflow"}},
		{52 * time.Hour, schemas.ToilEvent{Team: "web", Category: "tickets", Minutes: 30}},
	} {
		s.tell(t, schemas.TypeToil, string(rune('a'+i)), monday.Add(e.after), e.ToilEvent)
	}
}

func latencies(n uint64, each time.Duration) schemas.Histogram {
	return schemas.Histogram{{Index: schemas.BucketIndex(int64(each)), Count: n}}
}

// gateway calls checkout, which fails every tenth time and calls a database
// that sends no spans; cron calls it too and serves nobody.
func (s site) seedSpans(t *testing.T, at time.Time) {
	t.Helper()
	counts := &store.SpanCounts{}
	for _, m := range []schemas.ServiceMinute{
		{Service: "gateway", Operation: "GET /", Kind: "server", Minute: at, Requests: 120, Latency: latencies(120, 10*time.Millisecond)},
		{Service: "checkout", Operation: "POST /orders", Kind: "server", Minute: at, Requests: 60, Errors: 6, Latency: latencies(60, 100*time.Millisecond)},
		{Service: "checkout", Operation: "POST /orders", Kind: "server", Minute: at.Add(time.Minute), Requests: 30, Latency: latencies(30, 100*time.Millisecond)},
	} {
		counts.Services = append(counts.Services, store.Counted[schemas.ServiceMinute]{Sequence: 1, Row: m})
	}
	for _, d := range []schemas.Dependency{
		{Caller: "gateway", Callee: "checkout", Minute: at, Calls: 60, Errors: 6, Latency: latencies(60, 110*time.Millisecond)},
		{Caller: "cron", Callee: "checkout", Minute: at, Calls: 30, Latency: latencies(30, 110*time.Millisecond)},
		{Caller: "checkout", Callee: "postgres", Minute: at, Calls: 50, Errors: 5, Latency: latencies(50, 5*time.Millisecond)},
	} {
		counts.Dependencies = append(counts.Dependencies, store.Counted[schemas.Dependency]{Sequence: 1, Row: d})
	}
	must(t, s.store.WriteSpanCounts(t.Context(), counts))
	batch := store.SpanBatch{}
	for _, span := range []schemas.Span{
		{TraceID: slowTrace, SpanID: schemas.SpanID{1}, Service: "gateway", Name: "GET /", Kind: schemas.KindServer, Start: at.UnixNano(), Duration: 250e6},
		{
			TraceID: slowTrace, SpanID: schemas.SpanID{2}, ParentID: schemas.SpanID{1}, Service: "checkout", Version: "2.0", Name: "POST /orders", Kind: schemas.KindServer,
			Start: at.UnixNano() + 20e6, Duration: 200e6, Status: schemas.StatusError, StatusMessage: "no money",
			Attributes: []schemas.Attribute{{Key: "http.response.status_code", Value: "500"}}, Resource: []schemas.Attribute{{Key: "host.name", Value: "a1"}},
			Events: []schemas.SpanEvent{{Time: at.UnixNano() + 30e6, Name: "exception"}},
		},
		{TraceID: shortTrace, SpanID: schemas.SpanID{3}, Service: "gateway", Name: "GET /", Kind: schemas.KindServer, Start: at.UnixNano() + 1e9, Duration: 20e6, Status: schemas.StatusOK},
	} {
		batch.Add(&span)
	}
	must(t, s.store.InsertSpans(t.Context(), &batch))
}

// Counters of a process that begins again between the second and third sample.
func (s site) seedVitals(t *testing.T, from time.Time) {
	t.Helper()
	var all []schemas.Vital
	series := func(metric, label string, values ...float64) {
		for i, v := range values {
			all = append(all, schemas.Vital{At: from.Add(time.Duration(i) * time.Minute), Process: "a/1", Metric: metric, Label: label, Value: v})
		}
	}
	series("fivekeys_backlog_messages", "stage=dora", 9000, 40, 5)
	series("fivekeys_backlog_messages", "stage=spans", 0, 0, 7)
	series("fivekeys_dead_letters", "", 0, 1, 2)
	series("fivekeys_ingest_requests_total", "outcome=accepted,source=github", 100, 110, 6)
	series("fivekeys_ingest_requests_total", "outcome=unauthorized,source=github", 5, 8, 1)
	series("fivekeys_span_requests_total", "outcome=accepted,protocol=otlp_http", 0, 10, 20)
	series("fivekeys_decode_deliveries_total", "outcome=payload,source=gitlab", 0, 2, 2)
	series("fivekeys_decode_deliveries_total", "outcome=ignored,source=gitlab", 0, 9, 9)
	series("fivekeys_spans_received_total", "protocol=otlp_http,result=accepted", 0, 300, 600)
	series("fivekeys_spans_received_total", "protocol=otlp_http,result=rejected", 0, 0, 1)
	series("fivekeys_spans_total", "outcome=counted", 0, 300, 590)
	series("fivekeys_spans_total", "outcome=duplicate", 0, 0, 10)
	series("fivekeys_spans_delay_seconds", "", 1, 90, 2.5)
	series("process_resident_memory_bytes", "", 1e8, 2e8, 1.5e8)
	must(t, s.store.AppendVitals(t.Context(), all))
}
