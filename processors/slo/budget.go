package slo

import (
	"time"

	"github.com/fivekeys/fivekeys/schemas"
)

// state is what evaluation carries from one minute to the next; it is stored
// beside the status it belongs to.
type state struct {
	// Stepped is the minute up to which alerts and budget are; zero before the
	// first evaluation.
	Stepped time.Time `json:"stepped"`
	// Firing are the alerts that are not over, as they were signalled.
	Firing []schemas.AlertSignal `json:"firing,omitempty"`
	// Exhausted is since when the budget is spent, in the window that began at
	// Window.
	Exhausted *time.Time `json:"exhausted,omitempty"`
	Window    time.Time  `json:"window"`
	// Packed are the hours stored as packed ones, in which every change up to
	// Seen by the store's clock is.
	Packed   int64     `json:"packed,omitempty"`
	Seen     time.Time `json:"seen"`
	Reported bool      `json:"reported,omitempty"` // where they were counted from
	// Alerts and Budgets are signals that may not have been published yet.
	Alerts  []schemas.AlertSignal  `json:"alerts,omitempty"`
	Budgets []schemas.BudgetSignal `json:"budgets,omitempty"`
}

func (s *state) firing(rule string) *schemas.AlertSignal {
	for i := range s.Firing {
		if s.Firing[i].Rule == rule {
			return &s.Firing[i]
		}
	}
	return nil
}

// drop makes a new slice: what is handed out keeps the old one.
func (s *state) drop(rule string) {
	var left []schemas.AlertSignal
	for _, f := range s.Firing {
		if f.Rule != rule {
			left = append(left, f)
		}
	}
	s.Firing = left
}

// stepBudget moves the budget's state on to a minute. No data changes nothing,
// but a new period of the calendar begins with the whole budget.
func (a *account) stepBudget(at int64) *schemas.BudgetSignal {
	budget := a.remaining(at)
	f := &budget.BudgetFigures
	fresh := a.Window.Rolling == 0 && !a.state.Window.IsZero() && !a.state.Window.Equal(budget.From)
	a.state.Window = budget.From
	spent := budget.Exhausted()
	switch {
	case a.state.Exhausted == nil && spent:
		now := budget.At
		a.state.Exhausted = &now
		return a.budgetSignal(schemas.BudgetExhausted, f, now)
	case a.state.Exhausted != nil && !spent && (f.Remaining != nil || fresh):
		a.state.Exhausted = nil
		return a.budgetSignal(schemas.BudgetRestored, f, budget.At)
	}
	return nil
}

func (a *account) budgetSignal(to schemas.BudgetState, f *schemas.BudgetFigures, at time.Time) *schemas.BudgetSignal {
	remaining := 1.0 // of a new period
	if f.Remaining != nil {
		remaining = *f.Remaining
	}
	s := &schemas.BudgetSignal{
		ID:        a.Key + "|" + string(to) + "|" + at.Format(time.RFC3339),
		Objective: a.Key, SLO: a.SLO, Service: a.Service, Team: a.team,
		State: to, At: at, Remaining: remaining,
	}
	s.Summary = budgetSummary(s, f)
	return s
}

// step moves an account on to a minute and notes what there is to tell.
func (a *account) step(at int64) {
	a.state.Alerts = append(a.state.Alerts, a.stepAlerts(at)...)
	if signal := a.stepBudget(at); signal != nil {
		a.state.Budgets = append(a.state.Budgets, *signal)
	}
	a.state.Stepped = timeOf(at)
}
