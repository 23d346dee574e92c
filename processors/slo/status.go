package slo

import (
	"time"

	"github.com/fivekeys/fivekeys/schemas"
)

// status is the budget at a minute, from the data before it.
func (a *account) status(at int64) schemas.BudgetStatus {
	from, to := a.window(at)
	p := a.period(at)
	s := schemas.BudgetStatus{
		Objective: a.Key, SLO: a.SLO, Service: a.Service, Team: a.team,
		At: timeOf(at), From: timeOf(from), To: timeOf(to), KnownSince: a.knownSince(at),
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
	if s.Exhausted() {
		s.RestoredAt = a.restoredAt(at)
	}
	return s
}

func (a *account) knownSince(at int64) *time.Time {
	since := a.since()
	if since == 0 || since >= at {
		return nil
	}
	t := timeOf(since)
	return &t
}

// restoredAt is about when a spent budget has something left again, if nothing
// else fails and traffic goes on as it was on average. A calendar window simply
// ends. In a rolling one the bad minutes leave one after another, while the
// traffic to come is added. It is found to the hour, to the minute in windows of
// up to a day.
func (a *account) restoredAt(at int64) *time.Time {
	from, to := a.window(at)
	if to > at {
		return timeAt(to)
	}
	p := a.period(at)
	whole := a.share(a.Budgeting, from, at, true)
	left := func(ahead int64) bool {
		rest, come := a.share(a.Budgeting, from+ahead, at, true), whole.total/p.elapsed*float64(ahead)
		f := figures(share{rest.good + come, rest.total + come}, a.Target, period{min(p.elapsed+float64(ahead), p.length), p.length})
		return f.Remaining != nil && *f.Remaining > 0
	}
	// Only sums over whole hours are always at hand.
	coarse, fine := int64(dayMinutes), int64(hourMinutes)
	if at-from <= dayMinutes {
		coarse, fine = hourMinutes, 1
	}
	before := (hourMinutes - from%hourMinutes) % hourMinutes
	for ahead := before; ahead < at-from; ahead += coarse {
		if !left(ahead) {
			before = ahead
			continue
		}
		for before < ahead && !left(before) {
			before += fine
		}
		return timeAt(at + before)
	}
	for before < at-from && !left(before) {
		before += fine
	}
	return timeAt(min(at+before, at+at-from))
}

func timeAt(minute int64) *time.Time {
	t := timeOf(minute)
	return &t
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
// nothing is left, where that is after the window's end, or, of a rolling one, more than its length
// away: older bad minutes leave it before that.
func runsOut(s *schemas.BudgetStatus, f *schemas.BudgetFigures, rate *float64) *time.Time {
	if f.Remaining == nil || *f.Remaining <= 0 || rate == nil || *rate <= 0 {
		return nil
	}
	length := s.To.Sub(s.From)
	end := s.To
	if !end.After(s.At) {
		end = s.At.Add(length)
	}
	lasts := *f.Remaining * length.Minutes() / *rate
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
