package slo

import (
	"fmt"

	"github.com/fivekeys/fivekeys/internal/amount"
	"github.com/fivekeys/fivekeys/schemas"
)

// The sentences are for people who are woken by them: minutes, a clock time,
// and what changed last.

func firingSummary(s *schemas.AlertSignal, f *schemas.BudgetFigures) string {
	if s.NoData {
		return fmt.Sprintf("%s had traffic and has had none for %s%s", s.Objective, s.Long, deploymentClause(s))
	}
	text := fmt.Sprintf("%s burns %s too fast", s.Objective, amount.Times(s.LongBurn))
	if f.Remaining != nil {
		text += ": " + amount.Left(*f.RemainingMinutes, f.BudgetMinutes)
	}
	if s.RunsOutAt != nil {
		text += " and run out " + amount.Clock(*s.RunsOutAt, s.StartedAt)
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
	return fmt.Sprintf("; deployment %s went live %s before", name, amount.Span(s.StartedAt.Sub(*s.DeployedAt)))
}

// leastCost is the least a summary calls the cost of an alert, in minutes.
const leastCost = 0.05

func resolvedSummary(s *schemas.AlertSignal, f *schemas.BudgetFigures, before *float64) string {
	lasted := amount.Span(s.ResolvedAt.Sub(s.StartedAt))
	if s.NoData {
		return fmt.Sprintf("%s has traffic again, %s after this was told", s.Objective, lasted)
	}
	text := fmt.Sprintf("%s does not burn too fast any more after %s", s.Objective, lasted)
	if f.Remaining == nil {
		return text
	}
	left := amount.Left(*f.RemainingMinutes, f.BudgetMinutes)
	if before != nil && *before-*f.RemainingMinutes >= leastCost {
		return fmt.Sprintf("%s: it took %s of the budget, %s", text, amount.Minutes(*before-*f.RemainingMinutes), left)
	}
	return text + ": " + left
}

func budgetSummary(s *schemas.BudgetSignal, f *schemas.BudgetFigures) string {
	switch {
	case s.State == schemas.BudgetExhausted:
		return fmt.Sprintf("%s has spent its error budget: %s", s.Objective, amount.Left(orZero(f.RemainingMinutes), f.BudgetMinutes))
	case f.RemainingMinutes == nil:
		return fmt.Sprintf("%s has error budget again: no failure is known within the window, and no traffic", s.Objective)
	}
	return fmt.Sprintf("%s has error budget again: %s", s.Objective, amount.Left(*f.RemainingMinutes, f.BudgetMinutes))
}
