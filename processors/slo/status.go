package slo

import (
	"time"

	"github.com/fivekeys/fivekeys/schemas"
)

// status is the budget at a minute, from the data before it.
func (a *account) status(at int64) schemas.BudgetStatus {
	from, to := a.window(at)
	p := period{elapsed: float64(at - from), length: float64(to - from)}
	s := schemas.BudgetStatus{
		Objective: a.Key, SLO: a.SLO, Service: a.Service, Team: a.team,
		At: timeOf(at), From: timeOf(from), To: timeOf(to),
		Target: a.Target, Budgeting: a.Budgeting,
		BudgetFigures: figures(a.share(a.Budgeting, from, at, false), a.Target, p),
	}
	inForce := &s.BudgetFigures
	if a.corrected(from, at) {
		corrected := figures(a.share(a.Budgeting, from, at, true), a.Target, p)
		s.Corrected, inForce = &corrected, &corrected
	}
	var hour *float64
	for _, window := range a.burns {
		rate := a.burn(window, at)
		if window == hourMinutes {
			hour = rate
		}
		s.Burn = append(s.Burn, schemas.Burn{Window: time.Duration(window) * time.Minute, Rate: rate})
	}
	s.Burn = append(s.Burn, schemas.Burn{Window: s.To.Sub(s.From), Rate: burn(a.share(a.Budgeting, from, at, true), a.Target)})
	for _, method := range schemas.Budgetings {
		f := figures(a.share(method, from, at, true), a.Target, p)
		s.Methods = append(s.Methods, schemas.MethodFigures{Budgeting: method, BudgetFigures: f})
	}
	s.ExhaustedAt = a.exhaustedAt(&s, inForce, hour)
	return s
}

// exhaustedAt is when the budget ends at a burn rate; of a spent one, when it
// was spent.
func (a *account) exhaustedAt(s *schemas.BudgetStatus, f *schemas.BudgetFigures, rate *float64) *time.Time {
	if f.Remaining != nil && *f.Remaining <= 0 {
		if a.state.Exhausted != nil {
			return a.state.Exhausted
		}
		return &s.At
	}
	return runsOut(s, f, rate)
}

// runsOut is when a budget ends at a burn rate: a rate of 1 spends all of it in
// a window's length, so what remains lasts remaining × length ÷ rate. Nil where
// that is after the window's end, or, of a rolling one, more than its length
// away: older bad minutes leave it before that.
func runsOut(s *schemas.BudgetStatus, f *schemas.BudgetFigures, rate *float64) *time.Time {
	if f.Remaining == nil || rate == nil || *rate <= 0 {
		return nil
	}
	length := s.To.Sub(s.From)
	end := s.To
	if !end.After(s.At) {
		end = s.At.Add(length)
	}
	lasts := max(*f.Remaining, 0) * length.Minutes() / *rate
	if lasts >= end.Sub(s.At).Minutes() {
		return nil
	}
	at := s.At.Add(time.Duration(lasts * float64(time.Minute))).Truncate(time.Second)
	return &at
}

// inForce are the figures that count: the corrected ones where there are any.
func inForce(s *schemas.BudgetStatus) *schemas.BudgetFigures {
	if s.Corrected != nil {
		return s.Corrected
	}
	return &s.BudgetFigures
}
