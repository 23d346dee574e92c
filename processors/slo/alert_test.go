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
// order, and gives every signal.
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
	return a.state.Alerts, a.state.Budgets, a
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
		"a burst that ends in silence fires on until the hour is silent too": {
			phases: []traffic.Phase{traffic.Steady(60, 60, 0), traffic.Burst(10, 60), traffic.Silence(240)},
			fast:   []string{"firing 09:09", "resolved 10:10"},
			medium: []string{"firing 09:04"}, // six hours are not over
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

// TestBudgetIsExhaustedAndRestored: 1 % of all requests may fail. 100 minutes
// without a failure allow one bad minute; after the second one the 1 % is
// reached at 200 minutes.
func TestBudgetIsExhaustedAndRestored(t *testing.T) {
	m := model(traffic.Steady(98, 100, 0), traffic.Burst(2, 100), traffic.Steady(200, 100, 0))
	_, budgets, a := run(t, m, traffic.Key("shop"), nil)
	var got []string
	for _, b := range budgets {
		got = append(got, string(b.State)+" "+b.At.Format("15:04"))
	}
	// Minute 99: 1 of 99 is more than 1 %. After 200 minutes it is 2 of 200: all
	// spent; one later there is budget again.
	want := []string{"exhausted " + at(99).Format("15:04"), "restored " + at(201).Format("15:04")}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if budgets[0].ID != "shop-availability|exhausted|2026-03-02T09:39:00Z" || a.state.Exhausted != nil {
		t.Errorf("id %s, exhausted %v", budgets[0].ID, a.state.Exhausted)
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
	if len(b) != 2 || b[1].State != schemas.BudgetRestored || minuteOf(b[1].At) != midnight || b[1].Remaining != 1 {
		t.Errorf("budget events: %+v", b)
	}
}

func TestSummaries(t *testing.T) {
	at := time.Date(2026, 3, 2, 13, 40, 0, 0, time.UTC)
	left, remaining := 31.2, 0.7222
	runsOut := time.Date(2026, 3, 2, 14, 20, 0, 0, time.UTC)
	deployed := at.Add(-6 * time.Minute)
	s := schemas.AlertSignal{
		Objective: "checkout-availability", LongBurn: 14.9123, StartedAt: at, RunsOutAt: &runsOut, Version: "v1.8.2", DeployedAt: &deployed,
	}
	f := schemas.BudgetFigures{Remaining: &remaining, RemainingMinutes: &left, BudgetMinutes: 43.2}
	spent, over := -0.1, -4.32
	gone := schemas.BudgetFigures{Remaining: &spent, RemainingMinutes: &over, BudgetMinutes: 43.2}
	later := at.Add(30 * time.Hour)
	tomorrow := s
	tomorrow.RunsOutAt, tomorrow.DeployedAt = &later, nil
	ended := at.Add(12 * time.Minute)
	resolved := s
	resolved.ResolvedAt = &ended
	for want, got := range map[string]string{
		"checkout-availability burns 14.9 times too fast: 31 of 43 minutes are left and run out at 14:20 UTC; deployment v1.8.2 went live 6 minutes before": firingSummary(&s, &f),
		"checkout-availability burns 14.9 times too fast: 31 of 43 minutes are left and run out on 3 March at 19:40 UTC":                                    firingSummary(&tomorrow, &f),
		"checkout-availability burns 14.9 times too fast: all of the 43 minutes are spent and 4.3 more":                                                     firingSummary(&tomorrow, &gone),
		"checkout-availability does not burn too fast any more after 12 minutes: it took 8.8 minutes of the budget, 31 of 43 minutes are left":              resolvedSummary(&resolved, &f, 40),
		"checkout-availability has spent its error budget: the 43 minutes are gone":                                                                         budgetSummary(&schemas.BudgetSignal{Objective: "checkout-availability", State: schemas.BudgetExhausted}, &gone),
		"checkout-availability has error budget again: 31 of 43 minutes":                                                                                    budgetSummary(&schemas.BudgetSignal{Objective: "checkout-availability", State: schemas.BudgetRestored}, &f),
	} {
		if got != want {
			t.Errorf("\n got %s\nwant %s", got, want)
		}
	}
}
