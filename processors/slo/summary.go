package slo

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/fivekeys/fivekeys/schemas"
)

// The sentences are for people who are woken by them: minutes, a clock time,
// and what changed last.

func firingSummary(s *schemas.AlertSignal, f *schemas.BudgetFigures) string {
	text := fmt.Sprintf("%s burns %s times too fast", s.Objective, number(s.LongBurn))
	switch {
	case f.Remaining == nil:
	case *f.Remaining <= 0:
		text += fmt.Sprintf(": all of the %s are spent", inMinutes(f.BudgetMinutes))
		if over := -*f.RemainingMinutes; over >= 0.05 {
			text += " and " + number(over) + " more"
		}
	default:
		text += fmt.Sprintf(": %s of %s are left", number(*f.RemainingMinutes), inMinutes(f.BudgetMinutes))
		if s.RunsOutAt != nil {
			text += " and run out " + clock(*s.RunsOutAt, s.StartedAt)
		}
	}
	return text + deploymentClause(s)
}

// deployedRecently is how long before an alert a deployment is worth naming.
const deployedRecently = schemas.DefaultAttributionWindow

func deploymentClause(s *schemas.AlertSignal) string {
	if s.DeployedAt == nil || s.StartedAt.Sub(*s.DeployedAt) > deployedRecently {
		return ""
	}
	name := s.Version
	if name == "" {
		name = s.DeploymentID
	}
	return fmt.Sprintf("; deployment %s went live %s before", name, span(s.StartedAt.Sub(*s.DeployedAt)))
}

func resolvedSummary(s *schemas.AlertSignal, f *schemas.BudgetFigures, before float64) string {
	text := fmt.Sprintf("%s does not burn too fast any more after %s", s.Objective, span(s.ResolvedAt.Sub(s.StartedAt)))
	if f.Remaining == nil {
		return text
	}
	left := fmt.Sprintf("%s of %s are left", number(*f.RemainingMinutes), inMinutes(f.BudgetMinutes))
	if *f.Remaining <= 0 {
		left = fmt.Sprintf("all of the %s are spent", inMinutes(f.BudgetMinutes))
	}
	if cost := before - *f.RemainingMinutes; cost >= 0.05 {
		return fmt.Sprintf("%s: it took %s of the budget, %s", text, inMinutes(cost), left)
	}
	return text + ": " + left
}

func budgetSummary(s *schemas.BudgetSignal, f *schemas.BudgetFigures) string {
	if s.State == schemas.BudgetExhausted {
		return fmt.Sprintf("%s has spent its error budget: the %s are gone", s.Objective, inMinutes(f.BudgetMinutes))
	}
	left := f.BudgetMinutes
	if f.RemainingMinutes != nil {
		left = *f.RemainingMinutes
	}
	return fmt.Sprintf("%s has error budget again: %s of %s", s.Objective, number(left), inMinutes(f.BudgetMinutes))
}

// number writes a figure as people say it: 43, 14.9, 0.43.
func number(v float64) string {
	switch a := math.Abs(v); {
	case a >= 20:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case a >= 1:
		return strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64)
	}
	return strconv.FormatFloat(v, 'g', 2, 64)
}

func inMinutes(v float64) string {
	if n := number(v); n != "1" {
		return n + " minutes"
	}
	return "1 minute"
}

// clock is a time of day, with its date where that is another one than now's.
func clock(t, now time.Time) string {
	t, now = t.UTC(), now.UTC()
	if t.YearDay() == now.YearDay() && t.Year() == now.Year() {
		return t.Format("at 15:04 UTC")
	}
	return t.Format("on 2 January at 15:04 UTC")
}

// span is a duration in its larger unit: 6 minutes, 3 hours.
func span(d time.Duration) string {
	n, unit := int(d.Round(time.Minute)/time.Minute), "minute"
	if d >= 2*time.Hour {
		n, unit = int(d.Round(time.Hour)/time.Hour), "hour"
	}
	if d >= 48*time.Hour {
		n, unit = int(d.Round(time.Hour)/(24*time.Hour)), "day"
	}
	if n == 1 {
		return "1 " + unit
	}
	return fmt.Sprintf("%d %ss", n, unit)
}
