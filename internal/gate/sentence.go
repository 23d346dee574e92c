package gate

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

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
		return rule + "; the last known budget of " + s.service + " is " + span(*age) + " old"
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
		return fmt.Sprintf("no error budget has been evaluated for %s (the limit is %s), and %s", span(*age), span(limit), mode)
	}
	var last string
	if len(s.spent) > 0 {
		last = s.each(s.spent, func(b *schemas.BudgetStatus) string {
			f, corrected := inForce(b)
			return fmt.Sprintf("%s had spent %s%s", b.Objective, ratio(spentOf(f), f), corrected)
		})
	} else {
		last = s.each(s.budgets, func(b *schemas.BudgetStatus) string { return strings.Replace(left(b), " has ", " had ", 1) })
	}
	return fmt.Sprintf("the last known budget of %s is %s old (the limit is %s), and %s; as last known, %s",
		s.service, span(*age), span(limit), mode, last)
}

func (s *speaker) excepted(e *schemas.FreezeException, otherwise string) string {
	return fmt.Sprintf("%s has an exception until %s, given by %s: %s; without it, %s",
		s.service, s.date(e.Until), e.Author, e.Reason, otherwise)
}

// spending tells of one exhausted budget.
func (s *speaker) spending(b *schemas.BudgetStatus) string {
	f, corrected := inForce(b)
	text := fmt.Sprintf("%s has spent %s%s since %s", b.Objective, ratio(spentOf(f), f), corrected, s.date(b.From))
	at, next := restoredAt(b)
	switch {
	case next:
		return text + fmt.Sprintf("; a new one begins on %s", s.date(at))
	case at.IsZero():
		return text
	}
	return text + fmt.Sprintf("; it is restored about %s if nothing else fails", s.date(at))
}

// left tells of one budget that is not exhausted.
func left(b *schemas.BudgetStatus) string {
	f, corrected := inForce(b)
	if f.Remaining == nil {
		return b.Objective + " has no data yet"
	}
	return fmt.Sprintf("%s has %s%s left", b.Objective, ratio(*f.Remaining*f.BudgetMinutes, f), corrected)
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

func spentOf(f *schemas.BudgetFigures) float64 { return (1 - *f.Remaining) * f.BudgetMinutes }

// ratio says "52 of its 43 minutes", in the unit and with the digits that tell
// the two apart.
func ratio(minutes float64, f *schemas.BudgetFigures) string {
	const seconds = 60
	value, of, unit := minutes, f.BudgetMinutes, "minutes"
	if of < 2 {
		value, of, unit = value*seconds, of*seconds, "seconds"
	}
	digits := 0
	if rounded := math.Round(value); of < 10 || value != of && rounded == math.Round(of) || value != 0 && rounded == 0 {
		digits = 1
	}
	return fmt.Sprintf("%s of its %s %s", number(value, digits), number(of, digits), unit)
}

func number(v float64, digits int) string {
	return strings.TrimSuffix(strconv.FormatFloat(v, 'f', digits, 64), ".0")
}

// restoredAt is when an exhausted budget has something left again, if nothing
// else fails. A calendar window simply ends (next). In a rolling one the bad
// minutes leave one after another: the burn over the last L says which share of
// the budget was spent within it, burn × L ÷ window. Where that share is 1, what
// is older must leave. Between two known L's spending is taken as even, hence
// "about". It is zero where the burns don't say.
func restoredAt(b *schemas.BudgetStatus) (at time.Time, next bool) {
	if b.To.After(b.At) {
		return b.To, true
	}
	window := b.To.Sub(b.From)
	if window <= 0 {
		return time.Time{}, false
	}
	var l0, spent0 float64 // the longest known stretch that did not spend it all
	for _, burn := range b.Burn {
		if burn.Rate == nil || burn.Window <= 0 {
			continue
		}
		l := min(float64(burn.Window)/float64(window), 1)
		spent := *burn.Rate * l
		if spent >= 1 {
			tail := l0 + (l-l0)*(1-spent0)/(spent-spent0)
			return b.At.Add(time.Duration((1 - tail) * float64(window))), false
		}
		l0, spent0 = max(l0, l), max(spent0, spent)
	}
	return time.Time{}, false
}

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

// span says a duration in its largest unit.
func span(d time.Duration) string {
	const day = 24 * time.Hour
	for _, u := range []struct {
		unit time.Duration
		name string
	}{{day, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}} {
		if d >= 2*u.unit || d == u.unit {
			return plural(int64(d/u.unit), u.name)
		}
	}
	return plural(int64(d/time.Second), "second")
}

func plural(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.FormatInt(n, 10) + " " + noun + "s"
}
