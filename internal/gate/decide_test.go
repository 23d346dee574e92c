package gate_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fivekeys/fivekeys/internal/gate"
	"github.com/fivekeys/fivekeys/schemas"
)

const (
	day    = 24 * time.Hour
	window = 30 * day
)

var now = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

// status is a budget of 43.2 minutes in a rolling month, of which so many are
// left, evaluated a minute ago.
func status(objective string, left float64) schemas.BudgetStatus {
	const minutes = 43.2
	return schemas.BudgetStatus{
		Objective: objective, SLO: objective, Service: "checkout", Target: 0.999,
		At: now.Add(-time.Minute), From: now.Add(-time.Minute - window), To: now.Add(-time.Minute),
		BudgetFigures: figures(left, minutes),
	}
}

func figures(left, minutes float64) schemas.BudgetFigures {
	share := left / minutes
	return schemas.BudgetFigures{Remaining: &share, RemainingMinutes: &left, BudgetMinutes: minutes}
}

func with(s schemas.BudgetStatus, change func(*schemas.BudgetStatus)) schemas.BudgetStatus {
	change(&s)
	return s
}

func restored(at time.Time) func(*schemas.BudgetStatus) {
	return func(s *schemas.BudgetStatus) { s.RestoredAt = &at }
}

func aged(by time.Duration) func(*schemas.BudgetStatus) {
	return func(s *schemas.BudgetStatus) { s.At, s.From, s.To = now.Add(-by), now.Add(-by-window), now.Add(-by) }
}

func november(s *schemas.BudgetStatus) {
	s.From = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	s.To = time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
}

func TestDecide(t *testing.T) {
	freeze := schemas.Policy{Freeze: true, FailOpen: true, MaxAge: 10 * time.Minute}
	closed := schemas.Policy{Freeze: true, MaxAge: 10 * time.Minute}
	exempt := func(e ...schemas.FreezeException) schemas.Policy {
		p := closed
		p.Exceptions = e
		return p
	}
	migration := schemas.FreezeException{Service: "check*", Author: "Ada", Reason: "the data centre closes", Until: now.Add(5 * day)}
	spent := with(status("checkout-availability", -8.8), restored(now.Add(10*day)))

	for name, tt := range map[string]struct {
		statuses  []schemas.BudgetStatus
		evaluated time.Duration // ago; 0 for never
		policy    schemas.Policy
		allow     bool
		ground    gate.Ground
		reason    string
	}{
		"a budget that has something left allows": {
			[]schemas.BudgetStatus{status("checkout-availability", 12)}, time.Minute, freeze, true, gate.WithinBudget,
			"checkout-availability has 12 of its 43 minutes left",
		},
		"a spent budget refuses, and says since when and until when": {
			[]schemas.BudgetStatus{spent}, time.Minute, freeze, false, gate.Exhausted,
			"checkout-availability has spent 52 of its 43 minutes since 2 October; it is restored about 11 November if nothing else fails",
		},
		"an objective younger than its window has spent since it is known": {
			[]schemas.BudgetStatus{with(spent, func(s *schemas.BudgetStatus) { s.KnownSince = new(now.Add(-5 * day)) })}, time.Minute, freeze, false, gate.Exhausted,
			"checkout-availability has spent 52 of its 43 minutes since 27 October; it is restored about 11 November if nothing else fails",
		},
		"one that is older has spent since the window began": {
			[]schemas.BudgetStatus{with(spent, func(s *schemas.BudgetStatus) { s.KnownSince = new(now.Add(-500 * day)) })}, time.Minute, freeze, false, gate.Exhausted,
			"checkout-availability has spent 52 of its 43 minutes since 2 October; it is restored about 11 November if nothing else fails",
		},
		"a little that is left is not nothing": {
			[]schemas.BudgetStatus{status("checkout-availability", 0.01)}, time.Minute, freeze, true, gate.WithinBudget,
			"checkout-availability has less than 0.1 of its 43.2 minutes left",
		},
		"a budget spent to the last second refuses": {
			[]schemas.BudgetStatus{status("checkout-availability", 0)}, time.Minute, freeze, false, gate.Exhausted,
			"checkout-availability has spent 43 of its 43 minutes since 2 October",
		},
		"seconds are told where the budget has only some": {
			[]schemas.BudgetStatus{with(status("checkout-availability", 0), func(s *schemas.BudgetStatus) { s.BudgetFigures = figures(-0.1, 0.432) })},
			time.Minute, freeze, false, gate.Exhausted,
			"checkout-availability has spent 32 of its 26 seconds since 2 October",
		},
		"tenths are told where whole minutes would say nothing": {
			[]schemas.BudgetStatus{status("checkout-availability", -0.1)}, time.Minute, freeze, false, gate.Exhausted,
			"checkout-availability has spent 43.3 of its 43.2 minutes since 2 October",
		},
		"a calendar window is over when it ends": {
			[]schemas.BudgetStatus{with(spent, november)}, time.Minute, freeze, false, gate.Exhausted,
			"checkout-availability has spent 52 of its 43 minutes since 1 November 00:00 UTC; a new one begins on 1 December",
		},
		"one spent budget of two refuses, and only it is told": {
			[]schemas.BudgetStatus{status("checkout-latency", 40), status("checkout-availability", -8.8)}, time.Minute, freeze, false, gate.Exhausted,
			"checkout-availability has spent 52 of its 43 minutes since 2 October",
		},
		"two spent budgets are both told": {
			[]schemas.BudgetStatus{status("checkout-latency", -1), status("checkout-availability", -8.8)}, time.Minute, freeze, false, gate.Exhausted,
			"checkout-latency has spent 44 of its 43 minutes since 2 October. checkout-availability has spent 52 of its 43 minutes since 2 October",
		},
		"an objective that does not freeze does not": {
			[]schemas.BudgetStatus{status("checkout-latency", 12), spent}, time.Minute,
			schemas.Policy{Freeze: true, MaxAge: time.Hour, Objectives: []string{"checkout-latency"}}, true, gate.WithinBudget,
			"checkout-latency has 12 of its 43 minutes left",
		},
		"an objective is meant by the name of its SLO too": {
			[]schemas.BudgetStatus{with(status("availability/eu", -8.8), func(s *schemas.BudgetStatus) { s.SLO = "availability" })}, time.Minute,
			schemas.Policy{Freeze: true, MaxAge: time.Hour, Objectives: []string{"availability"}}, false, gate.Exhausted,
			"availability/eu has spent 52 of its 43 minutes since 2 October",
		},
		"a service none of whose objectives freezes is allowed": {
			[]schemas.BudgetStatus{spent}, time.Minute,
			schemas.Policy{Freeze: true, MaxAge: time.Hour, Objectives: []string{"other"}}, true, gate.NoBudget,
			"none of the objectives of checkout freezes it by the policy",
		},
		"a correction gives the budget back": {
			[]schemas.BudgetStatus{with(spent, func(s *schemas.BudgetStatus) { f := figures(3.2, 43.2); s.Corrected = &f })}, time.Minute, freeze, true, gate.WithinBudget,
			"checkout-availability has 3 of its 43 minutes (as corrected) left",
		},
		"a correction that is not enough says that it is one": {
			[]schemas.BudgetStatus{with(status("checkout-availability", -40), func(s *schemas.BudgetStatus) { f := figures(-8.8, 43.2); s.Corrected = &f })}, time.Minute, freeze, false, gate.Exhausted,
			"checkout-availability has spent 52 of its 43 minutes (as corrected) since 2 October",
		},
		"a budget without data is not spent": {
			[]schemas.BudgetStatus{with(spent, func(s *schemas.BudgetStatus) { s.BudgetFigures = schemas.BudgetFigures{BudgetMinutes: 43.2} })}, time.Minute, freeze, true, gate.WithinBudget,
			"checkout-availability has no data yet",
		},
		"a service without a budget is allowed": {
			nil, time.Minute, closed, true, gate.NoBudget, "no error budget is defined for checkout",
		},
		"a policy that does not freeze only tells": {
			[]schemas.BudgetStatus{spent}, time.Minute, schemas.Policy{}, true, gate.NoFreeze,
			"the policy freezes nobody; checkout-availability has spent 52 of its 43 minutes since 2 October; it is restored about 11 November if nothing else fails",
		},
		"a policy that does not freeze allows what is not known": {
			nil, 0, schemas.Policy{}, true, gate.NoFreeze, "the policy freezes nobody",
		},
		"a policy that does not freeze says how old the budget is": {
			[]schemas.BudgetStatus{with(spent, aged(time.Hour))}, time.Hour, schemas.Policy{}, true, gate.NoFreeze,
			"the policy freezes nobody; the last known budget of checkout is 1 hour old",
		},
		"an exception in force allows, with its author, reason and end": {
			[]schemas.BudgetStatus{status("checkout-availability", -8.8)}, time.Minute, exempt(migration), true, gate.Excepted,
			"checkout has an exception until 6 November, given by Ada: the data centre closes; without it, checkout-availability has spent 52 of its 43 minutes since 2 October",
		},
		"an exception that is over does not": {
			[]schemas.BudgetStatus{status("checkout-availability", -8.8)}, time.Minute,
			exempt(schemas.FreezeException{Service: "checkout", Until: now}), false, gate.Exhausted,
			"checkout-availability has spent 52 of its 43 minutes since 2 October",
		},
		"an exception without an end does not": {
			[]schemas.BudgetStatus{status("checkout-availability", -8.8)}, time.Minute,
			exempt(schemas.FreezeException{Service: "checkout"}), false, gate.Exhausted,
			"checkout-availability has spent 52 of its 43 minutes since 2 October",
		},
		"another service's exception does not": {
			[]schemas.BudgetStatus{status("checkout-availability", -8.8)}, time.Minute,
			exempt(schemas.FreezeException{Service: "search", Until: now.Add(day)}), false, gate.Exhausted,
			"checkout-availability has spent 52 of its 43 minutes since 2 October",
		},
		"an exception is not told where it is not needed": {
			[]schemas.BudgetStatus{status("checkout-availability", 12)}, time.Minute, exempt(migration), true, gate.WithinBudget,
			"checkout-availability has 12 of its 43 minutes left",
		},
		"an exception also covers a budget that is not known": {
			nil, 0, exempt(migration), true, gate.Excepted,
			"checkout has an exception until 6 November, given by Ada: the data centre closes; without it, no error budget has been evaluated yet, and the policy then refuses (fail closed)",
		},
		"a budget of ten minutes ago is known": {
			[]schemas.BudgetStatus{with(status("checkout-availability", 12), aged(10*time.Minute))}, 10 * time.Minute, closed, true, gate.WithinBudget,
			"checkout-availability has 12 of its 43 minutes left",
		},
		"an older one refuses where the policy fails closed": {
			[]schemas.BudgetStatus{with(status("checkout-availability", 12), aged(25*time.Minute))}, 25 * time.Minute, closed, false, gate.Unknown,
			"the last known budget of checkout is 25 minutes old (the limit is 10 minutes), and the policy then refuses (fail closed); as last known, checkout-availability had 12 of its 43 minutes left",
		},
		"an older one allows where the policy fails open, even a spent one": {
			[]schemas.BudgetStatus{with(spent, aged(3*time.Hour))}, 3 * time.Hour, freeze, true, gate.Unknown,
			"the last known budget of checkout is 3 hours old (the limit is 10 minutes), and the policy then allows (fail open); as last known, checkout-availability had spent 52 of its 43 minutes",
		},
		"an evaluation of old data is old, whenever it was made": {
			[]schemas.BudgetStatus{with(spent, aged(3*time.Hour))}, time.Second, closed, false, gate.Unknown,
			"the last known budget of checkout is 3 hours old (the limit is 10 minutes), and the policy then refuses (fail closed); as last known, checkout-availability had spent 52 of its 43 minutes",
		},
		"the oldest of two is what counts": {
			[]schemas.BudgetStatus{status("checkout-latency", 12), with(status("checkout-availability", 12), aged(day))}, time.Minute, closed, false, gate.Unknown,
			"the last known budget of checkout is 1 day old (the limit is 10 minutes), and the policy then refuses (fail closed); as last known, checkout-latency had 12 of its 43 minutes left. checkout-availability had 12 of its 43 minutes left",
		},
		"no budget and nobody who looked is not known": {
			nil, 0, closed, false, gate.Unknown, "no error budget has been evaluated yet, and the policy then refuses (fail closed)",
		},
		"no budget and nobody who looked for long is not known": {
			nil, 48 * time.Hour, freeze, true, gate.Unknown,
			"no error budget has been evaluated for 2 days (the limit is 10 minutes), and the policy then allows (fail open)",
		},
		"a clock that is behind makes nothing older": {
			[]schemas.BudgetStatus{with(status("checkout-availability", 12), aged(-time.Hour))}, time.Minute, closed, true, gate.WithinBudget,
			"checkout-availability has 12 of its 43 minutes left",
		},
		"without a limit the default one holds": {
			[]schemas.BudgetStatus{with(status("checkout-availability", 12), aged(16*time.Minute))}, time.Minute, schemas.Policy{Freeze: true}, false, gate.Unknown,
			"the last known budget of checkout is 16 minutes old (the limit is 15 minutes), and the policy then refuses (fail closed); as last known, checkout-availability had 12 of its 43 minutes left",
		},
	} {
		t.Run(name, func(t *testing.T) {
			known := gate.Known{Statuses: tt.statuses}
			if tt.evaluated > 0 {
				known.EvaluatedAt = now.Add(-tt.evaluated)
			}
			v := gate.Decide("checkout", known, tt.policy, now)
			if v.Allow != tt.allow || v.Ground != tt.ground {
				t.Errorf("allow %t on the ground %s, want %t, %s", v.Allow, v.Ground, tt.allow, tt.ground)
			}
			if diff := cmp.Diff(tt.reason, v.Reason); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if (v.Exception != nil) != (tt.ground == gate.Excepted) {
				t.Errorf("exception %+v", v.Exception)
			}
		})
	}
}

func TestAnotherEnvironmentIsAllowed(t *testing.T) {
	spent := gate.Known{Statuses: []schemas.BudgetStatus{status("a", -1)}}
	v := gate.Decide("checkout", spent, schemas.Policy{Freeze: true}, now).Elsewhere("checkout", "staging")
	if !v.Allow || v.Ground != gate.NotProduction || len(v.Exhausted) != 1 ||
		v.Reason != "staging is not a production environment of checkout, and budgets freeze production only" {
		t.Errorf("%+v", v)
	}
}
