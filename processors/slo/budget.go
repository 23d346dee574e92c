package slo

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/fivekeys/fivekeys/schemas"
)

// state is what evaluation carries from one minute to the next; it is stored
// beside the status it belongs to.
type state struct {
	// Stepped is the minute up to which alerts and budget are; zero before the
	// first evaluation.
	Stepped time.Time `json:"stepped"`
	// Firing are the alerts that are not over, Told those that receivers were told
	// of (nil in a state of before they were told apart). PageOver is when the
	// last page was over.
	Firing   []schemas.AlertSignal `json:"firing,omitempty"`
	Told     []schemas.AlertSignal `json:"told"`
	PageOver time.Time             `json:"page_over"`
	// Exhausted is since when the budget is spent.
	Exhausted *time.Time `json:"exhausted,omitempty"`
	// Packed are the hours stored as packed ones, in which every change up to
	// Seen by the store's clock is.
	Packed   int64     `json:"packed,omitempty"`
	Seen     time.Time `json:"seen"`
	Reported bool      `json:"reported,omitempty"` // where they were counted from
	// Since is the first minute with traffic, 0 where it isn't known.
	Since int64 `json:"since,omitempty"`
	// Rows are alerts that may not have been stored yet, Alerts and Budgets are
	// signals that may not have been published yet.
	Rows    []schemas.AlertSignal  `json:"rows,omitempty"`
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

// UnmarshalJSON understands states of before one alert of an outage was told for
// all: every alert was told then.
func (s *state) UnmarshalJSON(text []byte) error {
	type plain state
	if err := json.Unmarshal(text, (*plain)(s)); err != nil {
		return err
	}
	if s.Told == nil {
		s.Told, s.Rows = append([]schemas.AlertSignal{}, s.Firing...), slices.Clone(s.Alerts)
	}
	return nil
}

// stepBudget moves the budget's state on to a minute. Silence changes nothing
// while what was spent is within the window. Where nothing of the window is
// known any more, because it is over, all bad minutes have left it or are
// excluded, the budget isn't spent.
func (a *account) stepBudget(at int64) *schemas.BudgetSignal {
	budget := a.remaining(at)
	f := &budget.BudgetFigures
	spent := budget.Exhausted()
	switch {
	case a.state.Exhausted == nil && spent:
		now := budget.At
		a.state.Exhausted = &now
		return a.budgetSignal(schemas.BudgetExhausted, f, now)
	case a.state.Exhausted != nil && !spent:
		a.state.Exhausted = nil
		return a.budgetSignal(schemas.BudgetRestored, f, budget.At)
	}
	return nil
}

func (a *account) budgetSignal(to schemas.BudgetState, f *schemas.BudgetFigures, at time.Time) *schemas.BudgetSignal {
	s := &schemas.BudgetSignal{
		ID: budgetID(a.Key, to, at), Objective: a.Key, SLO: a.SLO, Service: a.Service, Team: a.team,
		State: to, At: at, Remaining: f.Remaining,
	}
	s.Summary = budgetSummary(s, f)
	return s
}

func budgetID(objective string, to schemas.BudgetState, at time.Time) string {
	return objective + "|" + string(to) + "|" + at.Format(time.RFC3339)
}

// step moves an account on to a minute and notes what there is to store and to
// tell.
func (a *account) step(at int64) {
	a.state.Rows = append(a.state.Rows, a.stepAlerts(at)...)
	a.state.Alerts = append(a.state.Alerts, a.tell(at)...)
	if signal := a.stepBudget(at); signal != nil {
		a.state.Budgets = append(a.state.Budgets, *signal)
	}
	a.state.Stepped = timeOf(at)
}
