package gate

import (
	"fmt"
	"strings"
	"time"

	"github.com/fivekeys/fivekeys/internal/amount"
	"github.com/fivekeys/fivekeys/schemas"
)

// speaker makes sentences for people who are about to deploy: what was spent of
// what, in minutes, since when and until when.
type speaker struct {
	service        string
	budgets, spent []schemas.BudgetStatus
	now            time.Time
}

func (s *speaker) exhausted() string { return s.each(s.spent, s.spending) }

func (s *speaker) within() string { return s.each(s.budgets, left) }

func (s *speaker) noBudget(othersDefined bool) string {
	if othersDefined {
		return "none of the objectives of " + s.service + " freezes it by the policy"
	}
	return "no error budget is defined for " + s.service
}

func (s *speaker) noFreeze(age *time.Duration, stale bool) string {
	const rule = "the policy freezes nobody"
	switch {
	case len(s.budgets) == 0:
		return rule
	case stale:
		return rule + "; the last known budget of " + s.service + " is " + amount.Span(*age) + " old"
	case len(s.spent) > 0:
		return rule + "; " + s.exhausted()
	}
	return rule + "; " + s.within()
}

func (s *speaker) unknown(age *time.Duration, limit time.Duration, open bool) string {
	mode := "the policy then refuses (fail closed)"
	if open {
		mode = "the policy then allows (fail open)"
	}
	switch {
	case age == nil:
		return "no error budget has been evaluated yet, and " + mode
	case len(s.budgets) == 0:
		return fmt.Sprintf("no error budget has been evaluated for %s (the limit is %s), and %s", amount.Span(*age), amount.Span(limit), mode)
	}
	var last string
	if len(s.spent) > 0 {
		last = s.each(s.spent, func(b *schemas.BudgetStatus) string {
			f, corrected := inForce(b)
			return fmt.Sprintf("%s had spent %s%s", b.Objective, ofBudget(spentOf(f), f), corrected)
		})
	} else {
		last = s.each(s.budgets, func(b *schemas.BudgetStatus) string { return strings.Replace(left(b), " has ", " had ", 1) })
	}
	return fmt.Sprintf("the last known budget of %s is %s old (the limit is %s), and %s; as last known, %s",
		s.service, amount.Span(*age), amount.Span(limit), mode, last)
}

func (s *speaker) excepted(e *schemas.FreezeException, otherwise string) string {
	return fmt.Sprintf("%s has an exception until %s, given by %s: %s; without it, %s",
		s.service, s.date(e.Until), e.Author, e.Reason, otherwise)
}

// spending tells of one exhausted budget.
func (s *speaker) spending(b *schemas.BudgetStatus) string {
	f, corrected := inForce(b)
	since := b.From
	if b.KnownSince != nil && b.KnownSince.After(since) {
		since = *b.KnownSince
	}
	text := fmt.Sprintf("%s has spent %s%s since %s", b.Objective, ofBudget(spentOf(f), f), corrected, s.date(since))
	switch {
	case b.To.After(b.At): // a calendar window simply ends
		return text + fmt.Sprintf("; a new one begins on %s", s.date(b.To))
	case b.RestoredAt == nil:
		return text
	}
	return text + fmt.Sprintf("; it is restored about %s if nothing else fails", s.date(*b.RestoredAt))
}

// left tells of one budget that is not exhausted.
func left(b *schemas.BudgetStatus) string {
	f, corrected := inForce(b)
	if f.Remaining == nil {
		return b.Objective + " has no data yet"
	}
	return fmt.Sprintf("%s has %s%s left", b.Objective, ofBudget(*f.Remaining*f.BudgetMinutes, f), corrected)
}

func (s *speaker) each(budgets []schemas.BudgetStatus, sentence func(*schemas.BudgetStatus) string) string {
	var out []string
	for i := range budgets {
		out = append(out, sentence(&budgets[i]))
	}
	return strings.Join(out, ". ")
}

// inForce gives the figures that count, and how to say that they are corrected.
func inForce(b *schemas.BudgetStatus) (*schemas.BudgetFigures, string) {
	if b.Corrected != nil {
		return b.Corrected, " (as corrected)"
	}
	return &b.BudgetFigures, ""
}

func ofBudget(minutes float64, f *schemas.BudgetFigures) string {
	return amount.Of(minutes, f.BudgetMinutes, "of its")
}

func spentOf(f *schemas.BudgetFigures) float64 { return (1 - *f.Remaining) * f.BudgetMinutes }

// date says a day, with its time where it is near and its year where it is not
// this one.
func (s *speaker) date(t time.Time) string {
	const near = 48 * time.Hour
	switch d := t.Sub(s.now).Abs(); {
	case d < near:
		return t.Format("2 January 15:04 MST")
	case t.Year() != s.now.In(t.Location()).Year():
		return t.Format("2 January 2006")
	}
	return t.Format("2 January")
}
