package slo

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fivekeys/fivekeys/internal/traffic"
	"github.com/fivekeys/fivekeys/schemas"
)

var start = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

// run steps an objective through a model's minutes, put into its ledger in any
// order, and gives what became of every alert and of the budget.
func run(t *testing.T, m traffic.Model, key string, order func([]schemas.SLIMinute)) (alerts []schemas.AlertSignal, budgets []schemas.BudgetSignal, a *account) {
	t.Helper()
	for _, o := range m.Objectives() {
		if o.Key == key {
			a = whole(t, o)
		}
	}
	minutes := m.Minutes()
	if order != nil {
		order(minutes)
	}
	for _, c := range minutes {
		if c.Objective == key {
			a.parts[0].ledger.Put(minuteOf(c.Minute), c.Good, c.Total)
		}
	}
	for at := minuteOf(m.Start) + 1; at <= minuteOf(m.End()); at++ {
		a.step(at)
	}
	return a.state.Rows, a.state.Budgets, a
}

func model(phases ...traffic.Phase) traffic.Model {
	return traffic.Model{
		Start: start, Target: 0.99, Window: schemas.Window{Rolling: 28 * day},
		Services: []traffic.Service{{Name: "shop", Phases: phases}},
	}
}

func at(minute int) time.Time { return start.Add(time.Duration(minute) * time.Minute) }

func of(alerts []schemas.AlertSignal, rule string) (times []string) {
	for _, s := range alerts {
		if s.Rule != rule {
			continue
		}
		when := s.StartedAt
		if s.ResolvedAt != nil {
			when = *s.ResolvedAt
		}
		times = append(times, string(s.State)+" "+when.Format("15:04"))
	}
	return times
}

// TestAlertTimesAreWhatTheFormulaSays: all times follow from the phases. With a
// budget of 1 % and 28 days the fast alert needs more than 13.44 % bad over an
// hour and over 5 minutes, the medium one 5.6 % over 6 hours and 30 minutes.
func TestAlertTimesAreWhatTheFormulaSays(t *testing.T) {
	for name, c := range map[string]struct {
		phases []traffic.Phase
		fast   []string
		medium []string
	}{
		"steady traffic within the budget never alerts": {
			phases: []traffic.Phase{traffic.Steady(600, 1000, 9)},
		},
		"a burst after an hour fires in its 9th minute, 9/60 = 15 %, and is over 5 minutes after": {
			// 8 minutes are 13.33 %, below. After the burst the 5 minutes hold a bad
			// one until 5 are over. The 6 hours, of which there are yet 69 minutes,
			// exceed 5.6 % from the 4th bad minute on (4/64 = 6.25 %, 3/63 = 4.76 %);
			// the 30 minutes are without a bad one, or with one (3.3 %), 29 after.
			phases: []traffic.Phase{traffic.Steady(60, 60, 0), traffic.Burst(10, 60), traffic.Steady(120, 60, 0)},
			fast:   []string{"firing 09:09", "resolved 09:15"},
			medium: []string{"firing 09:04", "resolved 09:39"},
		},
		"a burst that is the first traffic fires at once": {
			phases: []traffic.Phase{traffic.Burst(2, 60), traffic.Steady(60, 60, 0)},
			fast:   []string{"firing 08:01", "resolved 08:07"},
			medium: []string{"firing 08:01", "resolved 08:31"},
		},
		"a burst that ends in silence fires on until it has left the hour": {
			phases: []traffic.Phase{traffic.Steady(60, 60, 0), traffic.Burst(10, 60), traffic.Silence(240)},
			fast:   []string{"firing 09:09", "resolved 10:10"},
			medium: []string{"firing 09:04"}, // six hours are not over
		},
		"an alert whose long window is below the factor is over, also where the short one is silent": {
			// 8 bad of 12 minutes; an hour without traffic leaves the hour's ratio as it
			// is. Then 100 good ones, in a single minute: 480 of 6720 are 7 %. After
			// another 5 minutes of silence the short window knows nothing.
			phases: []traffic.Phase{
				traffic.Steady(4, 60, 0), traffic.Burst(8, 60), traffic.Silence(6), traffic.Steady(1, 6000, 0), traffic.Silence(40),
			},
			fast:   []string{"firing 08:05", "resolved 08:19"},
			medium: []string{"firing 08:05", "resolved 08:37"}, // the 30 minutes have 5 of the bad ones, and the good ones: 300 of 6300
		},
		"a slow leak fires when it exceeds": {
			// One more of 100 fails after each 20 minutes. Over the hour before minute
			// 20k the mean is k-2 of 100: 14 % from 08:00 + 320 min on, with the 5
			// minutes at 15 %; within it rises by a twentieth of 1 / 3 a minute.
			phases: []traffic.Phase{traffic.Leak(400, 100, 20)},
			fast:   []string{"firing 13:09"},
			medium: []string{"firing 12:05"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			alerts, _, _ := run(t, model(c.phases...), traffic.Key("shop"), nil)
			if strings.HasPrefix(name, "a slow leak") {
				c.fast, c.medium = leakTimes()
			}
			if diff := cmp.Diff(c.fast, of(alerts, "fast")); diff != "" {
				t.Errorf("fast: %s", diff)
			}
			if diff := cmp.Diff(c.medium, of(alerts, "medium")); diff != "" {
				t.Errorf("medium: %s", diff)
			}
		})
	}
}

// leakTimes finds by plain sums when a leak of one more per cent in 20 minutes
// exceeds: integers only, bad × 100 > factor × 100 × total.
func leakTimes() (fast, medium []string) {
	bad := func(from, to int) (sum, total int) {
		for m := max(from, 0); m < to; m++ {
			sum += m / 20
			total += 100
		}
		return sum, total
	}
	first := func(long, short, hundredths int) []string {
		for m := 1; m <= 400; m++ {
			lb, lt := bad(m-long, m)
			sb, st := bad(m-short, m)
			if lb*10_000 > hundredths*lt && sb*10_000 > hundredths*st {
				return []string{"firing " + at(m).Format("15:04")}
			}
		}
		return nil
	}
	return first(60, 5, 1344), first(360, 30, 560)
}

func TestTheOrderInWhichMinutesComeChangesNothing(t *testing.T) {
	m := model(traffic.Steady(60, 60, 0), traffic.Burst(10, 60), traffic.Steady(60, 60, 1), traffic.Leak(200, 60, 20))
	want, wantBudgets, _ := run(t, m, traffic.Key("shop"), nil)
	for seed := range uint64(5) {
		random := rand.New(rand.NewPCG(seed, 2))
		got, gotBudgets, _ := run(t, m, traffic.Key("shop"), func(minutes []schemas.SLIMinute) {
			random.Shuffle(len(minutes), func(i, j int) { minutes[i], minutes[j] = minutes[j], minutes[i] })
		})
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
		if diff := cmp.Diff(wantBudgets, gotBudgets); diff != "" {
			t.Fatal(diff)
		}
	}
}

// TestBudgetIsExhaustedAndRestored: 1 % of 200 minutes' requests may fail, which
// is two bad minutes. The first of them leaves the window 200 minutes after it
// began.
func TestBudgetIsExhaustedAndRestored(t *testing.T) {
	m := model(traffic.Steady(198, 100, 0), traffic.Burst(2, 100), traffic.Steady(300, 100, 0))
	m.Window = schemas.Window{Rolling: 200 * time.Minute}
	_, budgets, a := run(t, m, traffic.Key("shop"), nil)
	var got []string
	for _, b := range budgets {
		got = append(got, string(b.State)+" "+b.At.Format("15:04"))
	}
	want := []string{"exhausted " + at(200).Format("15:04"), "restored " + at(399).Format("15:04")}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatal(diff)
	}
	if budgets[0].ID != "shop-availability|exhausted|2026-03-02T11:20:00Z" || a.state.Exhausted != nil {
		t.Errorf("id %s, exhausted %v", budgets[0].ID, a.state.Exhausted)
	}
}

// TestASpentBudgetWithoutDataIsRestored: the gate refuses nothing of which
// nothing is known, and the events say the same.
func TestASpentBudgetWithoutDataIsRestored(t *testing.T) {
	m := model(traffic.Steady(100, 100, 2), traffic.Silence(200))
	m.Window = schemas.Window{Rolling: 100 * time.Minute}
	_, budgets, _ := run(t, m, traffic.Key("shop"), nil)
	if len(budgets) != 2 || !budgets[1].At.Equal(at(199)) && !budgets[1].At.Equal(at(200)) || budgets[1].State != schemas.BudgetRestored || budgets[1].Remaining != nil {
		t.Errorf("budget events: %+v", budgets)
	}
}

func TestANewPeriodBeginsWithTheWholeBudget(t *testing.T) {
	o := objective(0.99, 0)
	o.Window = schemas.Window{Unit: schemas.UnitDay, Count: 1, Start: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	a := whole(t, o)
	midnight := minuteOf(time.Date(2026, 3, 3, 0, 0, 0, 0, time.UTC))
	for m := midnight - 60; m < midnight; m++ {
		a.parts[0].ledger.Put(m, 0, 10)
	}
	for m := midnight - 61; m <= midnight+10; m++ {
		a.step(m)
	}
	b := a.state.Budgets
	if len(b) != 2 || b[1].State != schemas.BudgetRestored || minuteOf(b[1].At) != midnight || b[1].Remaining != nil {
		t.Errorf("budget events: %+v", b)
	}
}

// TestSummaries: a sentence for each amount that there can be.
func TestSummaries(t *testing.T) {
	at := time.Date(2026, 3, 2, 13, 40, 0, 0, time.UTC)
	runsOut, later := time.Date(2026, 3, 2, 14, 20, 0, 0, time.UTC), at.Add(30*time.Hour)
	figuresOf := func(left, budget float64) *schemas.BudgetFigures {
		remaining := left / budget
		return &schemas.BudgetFigures{Remaining: &remaining, RemainingMinutes: &left, BudgetMinutes: budget}
	}
	nothing := &schemas.BudgetFigures{BudgetMinutes: 43.2}
	signal := func(change func(*schemas.AlertSignal)) *schemas.AlertSignal {
		ended, deployed := at.Add(12*time.Minute), at.Add(-6*time.Minute)
		s := &schemas.AlertSignal{Objective: "checkout", LongBurn: 14.9123, StartedAt: at, ResolvedAt: &ended, Version: "v1.8.2", DeployedAt: &deployed}
		change(s)
		return s
	}
	plain := func(s *schemas.AlertSignal) { s.DeployedAt = nil }
	silent := signal(func(s *schemas.AlertSignal) { s.DeployedAt, s.NoData, s.Long = nil, true, "1h" })
	budget := func(to schemas.BudgetState) *schemas.BudgetSignal {
		return &schemas.BudgetSignal{Objective: "checkout", State: to}
	}
	forty, same := 40.0, 31.2
	for _, c := range []struct{ got, want string }{
		{
			firingSummary(signal(func(s *schemas.AlertSignal) { s.RunsOutAt = &runsOut }), figuresOf(31.2, 43.2)),
			"checkout burns 14.9 times too fast: 31 of 43 minutes are left and run out at 14:20 UTC; deployment v1.8.2 went live 6 minutes before",
		},
		{
			firingSummary(signal(func(s *schemas.AlertSignal) { s.RunsOutAt, s.DeployedAt = &later, nil }), figuresOf(31.2, 43.2)),
			"checkout burns 14.9 times too fast: 31 of 43 minutes are left and run out on 3 March at 19:40 UTC",
		},
		{
			firingSummary(signal(func(s *schemas.AlertSignal) { s.Version, s.DeploymentID = "", "d1" }), figuresOf(31.2, 43.2)),
			"checkout burns 14.9 times too fast: 31 of 43 minutes are left; deployment d1 went live 6 minutes before",
		},
		{firingSummary(signal(plain), figuresOf(-4.32, 43.2)), "checkout burns 14.9 times too fast: all of the 43 minutes are spent and 4.3 minutes more"},
		{firingSummary(signal(plain), figuresOf(0, 43.2)), "checkout burns 14.9 times too fast: all of the 43 minutes are spent"},
		{firingSummary(signal(plain), figuresOf(0.2, 0.432)), "checkout burns 14.9 times too fast: 12 of 26 seconds are left"},
		{firingSummary(signal(plain), nothing), "checkout burns 14.9 times too fast"},
		{firingSummary(silent, nothing), "checkout had traffic and has had none for 1h"},
		{
			resolvedSummary(signal(plain), figuresOf(31.2, 43.2), &forty),
			"checkout does not burn too fast any more after 12 minutes: it took 8.8 minutes of the budget, 31 of 43 minutes are left",
		},
		{resolvedSummary(signal(plain), figuresOf(31.2, 43.2), &same), "checkout does not burn too fast any more after 12 minutes: 31 of 43 minutes are left"},
		{resolvedSummary(signal(plain), figuresOf(31.2, 43.2), nil), "checkout does not burn too fast any more after 12 minutes: 31 of 43 minutes are left"},
		{
			resolvedSummary(signal(plain), figuresOf(-48, 43.2), &forty),
			"checkout does not burn too fast any more after 12 minutes: it took 88 minutes of the budget, all of the 43 minutes are spent and 48 minutes more",
		},
		{resolvedSummary(signal(plain), nothing, &forty), "checkout does not burn too fast any more after 12 minutes"},
		{resolvedSummary(silent, nothing, nil), "checkout has traffic again, 12 minutes after this was told"},
		{budgetSummary(budget(schemas.BudgetExhausted), figuresOf(0, 43.2)), "checkout has spent its error budget: all of the 43 minutes are spent"},
		{budgetSummary(budget(schemas.BudgetExhausted), figuresOf(-0.5, 43.2)), "checkout has spent its error budget: all of the 43 minutes are spent and 30 seconds more"},
		{budgetSummary(budget(schemas.BudgetRestored), figuresOf(31.2, 43.2)), "checkout has error budget again: 31 of 43 minutes are left"},
		{budgetSummary(budget(schemas.BudgetRestored), figuresOf(1, 43.2)), "checkout has error budget again: 1 of 43 minutes is left"},
		{budgetSummary(budget(schemas.BudgetRestored), nothing), "checkout has error budget again: no failure is known within the window, and no traffic"},
	} {
		if c.got != c.want {
			t.Errorf("\n got %s\nwant %s", c.got, c.want)
		}
	}
}
