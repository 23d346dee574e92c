package gate

import (
	"slices"
	"time"

	"github.com/fivekeys/fivekeys/schemas"
)

// Known is what is known about a service's budgets.
type Known struct {
	// Statuses are the last known budgets; none where no objective is defined.
	Statuses []schemas.BudgetStatus
	// EvaluatedAt is when the budgets of all services were last evaluated, zero
	// for never. Without it, no status may as well mean that nobody looked.
	EvaluatedAt time.Time
}

// Ground is what a verdict rests on: one of a small closed set, which is also
// the metric label.
type Ground string

// The grounds.
const (
	// WithinBudget: every budget that freezes has something left.
	WithinBudget Ground = "within_budget"
	// Exhausted: one has not.
	Exhausted Ground = "exhausted"
	// Excepted: one has not, and an exception of the policy is in force.
	Excepted Ground = "excepted"
	// NoBudget: no objective of the service freezes.
	NoBudget Ground = "no_budget"
	// Unknown: no budget that is recent enough is known; the policy's fail mode
	// decides.
	Unknown Ground = "unknown"
	// NoFreeze: the policy freezes nobody.
	NoFreeze Ground = "no_freeze"
	// NotProduction: the environment is none of the service's production ones.
	NotProduction Ground = "not_production"
)

// Verdict is the answer.
type Verdict struct {
	Allow  bool
	Ground Ground
	// Reason is a sentence for people.
	Reason string
	// Exhausted are the keys of the objectives whose budget is spent.
	Exhausted []string
	// Age is how old the oldest of the budgets is that this rests on; with none,
	// how long ago somebody looked. Nil where nobody ever did.
	Age *time.Duration
	// Exception is the one in force, where it made the difference.
	Exception *schemas.FreezeException
}

// Decide is the policy applied to what is known about a service's budgets.
func Decide(service string, known Known, policy schemas.Policy, now time.Time) Verdict {
	budgets := freezing(known.Statuses, policy.Objectives)
	v := Verdict{Age: age(budgets, known.EvaluatedAt, now)}
	var spent []schemas.BudgetStatus
	for _, s := range budgets {
		if s.Exhausted() {
			spent = append(spent, s)
			v.Exhausted = append(v.Exhausted, s.Objective)
		}
	}
	say := speaker{service: service, budgets: budgets, spent: spent, now: now}
	stale := v.Age == nil || *v.Age > MaxAge(policy)
	switch {
	case !policy.Freeze:
		v.Allow, v.Ground, v.Reason = true, NoFreeze, say.noFreeze(v.Age, stale)
		return v
	case stale:
		v.Allow, v.Ground, v.Reason = policy.FailOpen, Unknown, say.unknown(v.Age, MaxAge(policy), policy.FailOpen)
	case len(budgets) == 0:
		v.Allow, v.Ground, v.Reason = true, NoBudget, say.noBudget(len(known.Statuses) > 0)
	case len(spent) == 0:
		v.Allow, v.Ground, v.Reason = true, WithinBudget, say.within()
	default:
		v.Ground, v.Reason = Exhausted, say.exhausted()
	}
	if v.Allow {
		return v
	}
	if e := exception(service, policy.Exceptions, now); e != nil {
		v.Allow, v.Ground, v.Exception = true, Excepted, e
		v.Reason = say.excepted(e, v.Reason)
	}
	return v
}

// Elsewhere turns the verdict into that on a deployment to an environment that
// is none of the service's production ones.
func (v Verdict) Elsewhere(service, environment string) Verdict {
	v.Allow, v.Ground, v.Exception = true, NotProduction, nil
	v.Reason = environment + " is not a production environment of " + service + ", and budgets freeze production only"
	return v
}

// freezing are the budgets that the policy has freeze a service.
func freezing(statuses []schemas.BudgetStatus, objectives []string) []schemas.BudgetStatus {
	if len(objectives) == 0 {
		return statuses
	}
	var out []schemas.BudgetStatus
	for _, s := range statuses {
		if slices.Contains(objectives, s.Objective) || slices.Contains(objectives, s.SLO) {
			out = append(out, s)
		}
	}
	return out
}

// age is that of the oldest: if one of several is unknown, so is the answer.
// It counts from the data's own time and not from when somebody wrote it down:
// an evaluation of old data is old.
func age(budgets []schemas.BudgetStatus, evaluated, now time.Time) *time.Duration {
	oldest := evaluated
	if len(budgets) > 0 {
		oldest = slices.MinFunc(budgets, func(a, b schemas.BudgetStatus) int { return a.At.Compare(b.At) }).At
	}
	if oldest.IsZero() {
		return nil
	}
	d := max(now.Sub(oldest), 0) // clocks differ
	return &d
}

// MaxAge is how old a budget may be to be known.
func MaxAge(p schemas.Policy) time.Duration {
	if p.MaxAge <= 0 {
		return schemas.DefaultPolicy().MaxAge
	}
	return p.MaxAge
}

// exception gives the first one in force. One without an end is none: it would
// be the end of the policy.
func exception(service string, all []schemas.FreezeException, now time.Time) *schemas.FreezeException {
	for i := range all {
		if now.Before(all[i].Until) && schemas.MatchGlob(all[i].Service, service) {
			return &all[i]
		}
	}
	return nil
}
