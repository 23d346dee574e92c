package slo

import (
	"time"

	"github.com/fivekeys/fivekeys/schemas"
)

// verdict is what a rule says at a minute.
type verdict struct {
	fires, resolves bool
	long, short     float64 // 0 where there is no data
}

// judge looks at a rule at a minute.
//
// It fires where the burn over both windows exceeds the factor and resolves
// where the short one does not any more. A short window without traffic says
// nothing: an alert goes on then, until the long one is without traffic too, so
// that a service that has gone silent isn't reported as recovered.
func (a *account) judge(rule *schemas.BurnAlert, firing bool, at int64) verdict {
	short := a.burn(minutes(rule.Short), at)
	hot := short != nil && exceeds(*short, rule.Factor)
	if !firing && !hot {
		return verdict{} // most rules, most minutes
	}
	long := a.burn(minutes(rule.Long), at)
	v := verdict{long: orZero(long), short: orZero(short)}
	if firing {
		v.resolves = short != nil && !hot || long == nil
	} else {
		v.fires = long != nil && exceeds(*long, rule.Factor)
	}
	return v
}

func orZero(v *float64) float64 {
	if v == nil {
		return 0
	}
	return *v
}

// stepAlerts moves the alerts on to a minute and gives those that changed.
func (a *account) stepAlerts(at int64) []schemas.AlertSignal {
	var changed []schemas.AlertSignal
	for i := range a.alerts {
		rule := &a.alerts[i]
		now := a.state.firing(rule.Name)
		v := a.judge(rule, now != nil, at)
		switch {
		case v.fires:
			signal := a.fired(rule, v, at)
			a.state.Firing = append(a.state.Firing, signal)
			changed = append(changed, signal)
		case v.resolves:
			changed = append(changed, a.resolved(*now, at))
			a.state.drop(rule.Name)
		}
	}
	return changed
}

// fired is the signal of an alert that begins. Its deployment is added where
// the store is at hand.
func (a *account) fired(rule *schemas.BurnAlert, v verdict, at int64) schemas.AlertSignal {
	started := timeOf(at)
	s := schemas.AlertSignal{
		ID: alertID(a.Key, rule.Name, started), Rule: rule.Name, Severity: rule.Severity, State: schemas.AlertFiring,
		Objective: a.Key, SLO: a.SLO, Service: a.Service, Team: a.team, StartedAt: started,
		Long: schemas.Shorthand(rule.Long), Short: schemas.Shorthand(rule.Short), Factor: rule.Factor,
		LongBurn: v.long, ShortBurn: v.short,
	}
	budget := a.remaining(at)
	f := inForce(&budget)
	s.MinutesLeft = orZero(f.RemainingMinutes)
	s.RunsOutAt = runsOut(&budget, f, &v.short)
	s.Summary = firingSummary(&s, f)
	return s
}

// resolved is the signal of an alert that is over. It keeps the rates at which
// the alert fired.
func (a *account) resolved(s schemas.AlertSignal, at int64) schemas.AlertSignal {
	over := timeOf(at)
	before := s.MinutesLeft
	budget := a.remaining(at)
	f := inForce(&budget)
	s.State, s.ResolvedAt, s.RunsOutAt = schemas.AlertResolved, &over, nil
	s.MinutesLeft = orZero(f.RemainingMinutes)
	s.Summary = resolvedSummary(&s, f, before)
	return s
}

// remaining is a status without burn rates and methods, for the signals.
func (a *account) remaining(at int64) schemas.BudgetStatus {
	from, to := a.window(at)
	p := period{elapsed: float64(at - from), length: float64(to - from)}
	return schemas.BudgetStatus{
		At: timeOf(at), From: timeOf(from), To: timeOf(to),
		BudgetFigures: figures(a.share(a.Budgeting, from, at, true), a.Target, p),
	}
}

// alertID names an alert: there is one of an objective and a rule that begins
// at a minute.
func alertID(objective, rule string, started time.Time) string {
	return objective + "|" + rule + "|" + started.UTC().Format(time.RFC3339)
}
