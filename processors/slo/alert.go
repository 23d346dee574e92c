package slo

import (
	"time"

	"github.com/fivekeys/fivekeys/schemas"
)

// verdict is what a rule says at a minute.
type verdict struct {
	fires, resolves bool
	long, short     *float64 // nil where there is no data
}

// judge looks at a rule at a minute.
//
// It fires where the burn over both windows exceeds the factor, and is over
// where one of them is known and does not any more. A window without traffic
// says nothing: of a service that has gone silent, an alert goes on until what
// burned has left the long window, so that it isn't reported as recovered.
func (a *account) judge(rule *schemas.BurnAlert, firing bool, at int64) verdict {
	if rule.NoData {
		return a.judgeSilence(rule, firing, at)
	}
	short := a.burn(minutes(rule.Short), at)
	hot := short != nil && exceeds(*short, rule.Factor)
	if !firing && !hot {
		return verdict{} // most rules, most minutes
	}
	long := a.burn(minutes(rule.Long), at)
	burning := long != nil && exceeds(*long, rule.Factor)
	return verdict{
		fires: !firing && burning, resolves: firing && (!burning || short != nil && !hot),
		long: long, short: short,
	}
}

// judgeSilence fires where an objective that had traffic has had none for the
// long window. Traffic that a correction excludes is traffic, and a period that
// one touches is not looked at: a maintenance is meant to be silent.
func (a *account) judgeSilence(rule *schemas.BurnAlert, firing bool, at int64) verdict {
	from := at - minutes(rule.Long)
	silent := a.share(a.Budgeting, from, at, false).total == 0
	had := a.since() > 0 && a.since() < from
	return verdict{fires: !firing && silent && had && !a.corrected(from, at), resolves: firing && !silent}
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
	for _, f := range a.state.Firing {
		if !a.watches(f.Rule) {
			changed = append(changed, a.resolved(f, at))
			a.state.drop(f.Rule)
		}
	}
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
		Long: schemas.Shorthand(rule.Long), Factor: rule.Factor, NoData: rule.NoData,
		LongBurn: orZero(v.long), ShortBurn: orZero(v.short),
	}
	if !rule.NoData {
		s.Short = schemas.Shorthand(rule.Short)
	}
	budget := a.remaining(at)
	f := inForce(&budget)
	s.MinutesLeft = f.RemainingMinutes
	s.RunsOutAt = runsOut(&budget, f, v.short)
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
	s.MinutesLeft = f.RemainingMinutes
	s.Summary = resolvedSummary(&s, f, before)
	return s
}

// remaining is a status without burn rates and methods, for the signals.
func (a *account) remaining(at int64) schemas.BudgetStatus {
	from, to := a.window(at)
	return schemas.BudgetStatus{
		At: timeOf(at), From: timeOf(from), To: timeOf(to),
		BudgetFigures: figures(a.share(a.Budgeting, from, at, true), a.Target, a.period(at)),
	}
}

// alertID names an alert: there is one of an objective and a rule that begins
// at a minute.
func alertID(objective, rule string, started time.Time) string {
	return objective + "|" + rule + "|" + started.UTC().Format(time.RFC3339)
}
