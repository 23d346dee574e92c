package slo

import (
	"math"
	"testing"
	"time"

	"github.com/fivekeys/fivekeys/schemas"
)

const day = 24 * time.Hour

// whole is an account whose every minute before `at` counts the same.
func whole(t *testing.T, o schemas.Objective) *account {
	t.Helper()
	accounts, _, err := newAccounts([]schemas.Objective{o}, func(string) string { return "web" })
	if err != nil {
		t.Fatal(err)
	}
	return accounts[0]
}

func objective(target float64, window time.Duration) schemas.Objective {
	return schemas.Objective{
		Key: "checkout-availability", SLO: "checkout-availability", Service: "checkout", Target: target,
		Budgeting: schemas.Occurrences, Window: schemas.Window{Rolling: window},
	}
}

func near(t *testing.T, what string, got *float64, want float64) {
	t.Helper()
	if got == nil {
		t.Errorf("%s: no data, want %v", what, want)
		return
	}
	if math.Abs(*got-want) > 1e-9*max(1, math.Abs(want)) {
		t.Errorf("%s: %v, want %v", what, *got, want)
	}
}

// TestPublishedConstants: a service that fails altogether spends the whole
// budget in the time that the tables of allowed downtime give.
func TestPublishedConstants(t *testing.T) {
	for _, c := range []struct {
		target  float64
		days    int
		allowed time.Duration
	}{
		{0.99999, 30, 25920 * time.Millisecond},
		{0.99999, 31, 26784 * time.Millisecond},
		{0.9999, 30, 259200 * time.Millisecond},
		{0.999, 28, 40*time.Minute + 19200*time.Millisecond},
		{0.999, 30, 43*time.Minute + 12*time.Second},
		{0.99, 30, 7*time.Hour + 12*time.Minute},
		{0.9, 30, 3 * day},
	} {
		f := figures(share{}, c.target, period{1, float64(c.days * dayMinutes)})
		near(t, "budget minutes", &f.BudgetMinutes, c.allowed.Minutes())
		if f.Remaining != nil || f.SLI != nil || f.RemainingMinutes != nil {
			t.Errorf("%v: figures without data: %+v", c.target, f)
		}
	}
}

// TestPublishedFactors: each default alert fires when its share of the budget
// is spent within its long window.
func TestPublishedFactors(t *testing.T) {
	for window, want := range map[time.Duration][]float64{
		30 * day: {14.4, 6, 3, 1},
		28 * day: {13.44, 5.6, 2.8, 0.9333333333333333},
	} {
		for i, a := range schemas.DefaultBurnAlerts(window) {
			near(t, a.Name, &a.Factor, want[i])
		}
	}
}

func TestRemainingBudget(t *testing.T) {
	at := int64(29_000_040)
	for name, c := range map[string]struct {
		bad, total                        uint64 // per minute of the last hour
		sli, remaining, remainingOf, burn float64
	}{
		"an untouched budget is whole":         {0, 100, 1, 1, 40.32, 0},
		"at the target nothing is left":        {1, 1000, 0.999, 0, 0, 1},
		"half as bad leaves half":              {1, 2000, 0.9995, 0.5, 20.16, 0.5},
		"twice as bad is overspent by a whole": {2, 1000, 0.998, -1, -40.32, 2},
	} {
		t.Run(name, func(t *testing.T) {
			a := whole(t, objective(0.999, 28*day))
			a.parts[0].ledger.since = at - 28*dayMinutes
			for m := at - hourMinutes; m < at; m++ {
				a.parts[0].ledger.Put(m, c.total-c.bad, c.total)
			}
			s := a.status(at)
			near(t, "SLI", s.SLI, c.sli)
			near(t, "remaining", s.Remaining, c.remaining)
			near(t, "remaining minutes", s.RemainingMinutes, c.remainingOf)
			for _, b := range s.Burn {
				near(t, "burn over "+b.Window.String(), b.Rate, c.burn)
			}
		})
	}
}

func TestNoTrafficIsNoData(t *testing.T) {
	a := whole(t, objective(0.999, 28*day))
	at := int64(29_000_040)
	a.parts[0].ledger.since = at - 40*dayMinutes
	for m := at - 90; m < at-60; m++ {
		a.parts[0].ledger.Put(m, 9, 10)
	}
	before, after := a.status(at-60), a.status(at)
	if *before.Remaining != *after.Remaining {
		t.Errorf("silence moved the budget from %v to %v", *before.Remaining, *after.Remaining)
	}
	for _, b := range after.Burn {
		if (b.Rate == nil) != (b.Window <= time.Hour) {
			t.Errorf("burn over %s is %v", b.Window, b.Rate)
		}
	}
	if after.ExhaustedAt == nil || !after.ExhaustedAt.Equal(after.At) {
		t.Errorf("a spent budget ended at %v", after.ExhaustedAt)
	}
}

// TestForecast: 43.2 minutes, a third of the traffic bad. 43.2 ÷ (1/3) = 129.6
// minutes of it are the whole budget, of a window full of traffic.
func TestForecast(t *testing.T) {
	a := whole(t, objective(0.999, 30*day))
	at := int64(29_000_040)
	for m := at - 30*dayMinutes; m < at; m++ {
		bad := uint64(0)
		if m >= at-hourMinutes {
			bad = 100
		}
		a.parts[0].ledger.Put(m, 300-bad, 300)
	}
	s := a.status(at)
	near(t, "remaining minutes", s.RemainingMinutes, 43.2-20)
	if want := s.At.Add(69*time.Minute + 36*time.Second); s.ExhaustedAt == nil || s.ExhaustedAt.Sub(want).Abs() > time.Second {
		t.Errorf("the budget ends at %v, want %v", s.ExhaustedAt, want)
	}
}

// TestCalendarBudgetIsOfTheWholePeriod: ten bad minutes on the first day of a
// month are ten of its 43 minutes, however little traffic there was yet.
func TestCalendarBudgetIsOfTheWholePeriod(t *testing.T) {
	o := objective(0.999, 0)
	o.Window = schemas.Window{Unit: schemas.UnitMonth, Count: 1, Start: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	a := whole(t, o)
	from := minuteOf(time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC))
	for m := range int64(2 * dayMinutes) {
		good := uint64(100)
		if m >= 600 && m < 610 {
			good = 0
		}
		a.parts[0].ledger.Put(from-dayMinutes+m, good, 100)
		if m < dayMinutes {
			a.parts[0].ledger.Put(from-dayMinutes+m, 0, 100) // last month's
		}
	}
	for m := range int64(10) {
		a.parts[0].ledger.Put(from+600+m, 0, 100)
	}
	s := a.status(from + dayMinutes)
	near(t, "budget minutes", &s.BudgetMinutes, 43.2)
	near(t, "remaining minutes", s.RemainingMinutes, 33.2)
	near(t, "total", &s.Total, 100*dayMinutes)
	if !s.From.Equal(timeOf(from)) || !s.To.Equal(time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("the window is %v to %v", s.From, s.To)
	}
	if s := a.status(from); s.Remaining != nil || s.Total != 0 {
		t.Errorf("a month that begins has figures: %+v", s.BudgetFigures)
	}
}

// TestAYoungObjectiveIsJudgedByItsTime: 43.2 minutes of a month may fail. Ten
// bad requests of a hundred in its first five minutes are half a minute of them.
func TestAYoungObjectiveIsJudgedByItsTime(t *testing.T) {
	first := int64(29_000_100)
	for name, window := range map[string]schemas.Window{
		"a rolling window":  {Rolling: 30 * day},
		"a calendar window": {Unit: schemas.UnitDay, Count: 30, Start: timeOf(first - 20*dayMinutes).Truncate(day)},
	} {
		t.Run(name, func(t *testing.T) {
			o := objective(0.999, 0)
			o.Window = window
			a := whole(t, o)
			for m := first; m < first+5; m++ {
				a.parts[0].ledger.Put(m, 18, 20)
			}
			s := a.status(first + 5)
			near(t, "remaining", s.Remaining, 1-100.0*5/(30*dayMinutes))
			near(t, "remaining minutes", s.RemainingMinutes, 43.2-0.5)
			if s.Exhausted() || s.KnownSince == nil || !s.KnownSince.Equal(timeOf(first)) {
				t.Errorf("spent %t, known since %v", s.Exhausted(), s.KnownSince)
			}
			for _, m := range s.Methods {
				if *m.Remaining <= 0.5 {
					t.Errorf("%s leaves %v", m.Budgeting, *m.Remaining)
				}
			}
			// Five minutes like that each hour spend it, in nine hours or so.
			for h := range int64(24) {
				for m := first + h*hourMinutes; m < first+h*hourMinutes+5; m++ {
					a.parts[0].ledger.Put(m, 0, 20)
				}
			}
			if s := a.status(first + 20); !(*s.Remaining < 0.55 && *s.Remaining > 0.45) {
				t.Errorf("twenty minutes of which all fail leave %v", *s.Remaining)
			}
		})
	}
}

// TestAnObjectiveIsYoungUntilItsWindowIsFull, wherever it knows that from.
func TestAnObjectiveIsYoungUntilItsWindowIsFull(t *testing.T) {
	at := int64(29_000_040)
	a := whole(t, objective(0.99, day))
	l := a.parts[0].ledger
	l.Put(at-dayMinutes/2, 90, 100)
	near(t, "half a day", a.status(at).Remaining, 1-10.0/2)
	l.Put(at-3*dayMinutes, 1, 1)
	near(t, "three days", a.status(at).Remaining, 1-10.0)
	if a.status(at-3*dayMinutes).KnownSince != nil {
		t.Error("it is known before its first minute")
	}
}

// TestRestoredAboutReckonsWithTheTrafficToCome: a budget of 1 % of a day.
func TestRestoredAboutReckonsWithTheTrafficToCome(t *testing.T) {
	at := int64(29_000_040)
	for name, c := range map[string]struct {
		window time.Duration
		count  func(ago int64) (good, total uint64) // by minutes before
		in     int64                                // minutes
	}{
		"all of it an hour ago: when enough of it has left": {
			// 30 bad minutes, of which 14.4 are the budget: restored when 14 are left.
			day, func(ago int64) (uint64, uint64) { return 10 * one(ago <= 60 || ago > 90), 10 }, dayMinutes - 90 + 16,
		},
		"a little of it early on: when that leaves": {
			day, func(ago int64) (uint64, uint64) { return 10 * one(ago < dayMinutes-20), 10 }, 6,
		},
		"traffic that was less at night does not mislead": {
			// 20 bad minutes of 1000 requests among the day's, none of a few at night:
			// 20 of 600 × 1000 + 840 × 100 is more than 1 %; with one less leaving a minute.
			day, func(ago int64) (uint64, uint64) {
				n := uint64(100)
				if ago <= 600 {
					n = 1000
				}
				return n * one(ago <= 580 || ago > 600), n
			}, 0,
		},
		"a month, to the hour": {
			// 720 bad minutes, 432 are the budget: when fewer than 432 are left.
			30 * day, func(ago int64) (uint64, uint64) { return 10 * one(ago <= 5*dayMinutes || ago > 5*dayMinutes+720), 10 }, 25*dayMinutes - 720 + 300,
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := whole(t, objective(0.99, c.window))
			for ago := minutes(c.window); ago >= 1; ago-- {
				good, total := c.count(ago)
				a.parts[0].ledger.Put(at-ago, good, total)
			}
			s := a.status(at)
			if !s.Exhausted() || s.RestoredAt == nil {
				t.Fatalf("spent %t, restored at %v", s.Exhausted(), s.RestoredAt)
			}
			// What comes then is as it was on average; that decides.
			mean := uint64(s.Total / c.window.Minutes())
			in := minuteOf(*s.RestoredAt) - at
			for m := at; m < at+in; m++ {
				a.parts[0].ledger.Put(m, mean, mean)
			}
			step := int64(1)
			if c.window > day {
				step = hourMinutes
			}
			then, before := a.status(at+in), a.status(at+in-step)
			if then.Exhausted() || in > step && !before.Exhausted() {
				t.Errorf("it is not restored in %d minutes", in)
			}
			if c.in > 0 && (in < c.in || in > c.in+step) {
				t.Errorf("restored in %d minutes, want %d", in, c.in)
			}
		})
	}
}

func one(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

func TestCompositeIsTheMeanByWeight(t *testing.T) {
	a, b, c := objective(0.9, 28*day), objective(0.9, 28*day), objective(0.9, 28*day)
	a.Key, b.Key, c.Key = "journey/a", "journey/b", "journey"
	c.Parts = []schemas.WeightedPart{{Objective: a.Key, Weight: 3}, {Objective: b.Key, Weight: 1}}
	accounts, ledgers, err := newAccounts([]schemas.Objective{c, a, b}, func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	at := int64(29_000_040)
	ledgers[b.Key].since = at - 40*dayMinutes // of its parts the one that is known longest
	ledgers[a.Key].Put(at-1, 96, 100)
	s := accounts[0].status(at)
	near(t, "a part without traffic has no say", s.SLI, 0.96)
	ledgers[b.Key].Put(at-1, 400, 1000)
	s = accounts[0].status(at)
	near(t, "SLI", s.SLI, (3*0.96+0.4)/4)
	near(t, "total", &s.Total, 1100)
	near(t, "remaining", s.Remaining, 1-(1-(3*0.96+0.4)/4)/0.1)
	for _, m := range s.Methods {
		want := map[schemas.Budgeting]float64{schemas.Occurrences: 0.82, schemas.Timeslices: 0.75, schemas.RatioTimeslices: 0.82}[m.Budgeting]
		near(t, string(m.Budgeting), m.SLI, want)
	}
}

func TestWhatCannotBeEvaluatedIsRefused(t *testing.T) {
	for name, change := range map[string]func(*schemas.Objective){
		"a target of 1 has no budget": func(o *schemas.Objective) { o.Target = 1 },
		"a target of 0":               func(o *schemas.Objective) { o.Target = 0 },
		"no window":                   func(o *schemas.Objective) { o.Window = schemas.Window{} },
		"a part that is not there":    func(o *schemas.Objective) { o.Parts = []schemas.WeightedPart{{Objective: "x", Weight: 1}} },
		"two alerts of one name":      func(o *schemas.Objective) { o.Alerts = []schemas.BurnAlert{{Name: "a"}, {Name: "a"}} },
	} {
		t.Run(name, func(t *testing.T) {
			o := objective(0.99, 28*day)
			change(&o)
			if _, _, err := newAccounts([]schemas.Objective{o}, func(string) string { return "" }); err == nil {
				t.Error("it was taken")
			}
		})
	}
}
