package report

import "time"

// Budget is an objective's error budget as of At. Where a correction excludes
// part of its window, the figures are those without it. Null is no data.
type Budget struct {
	Objective        string     `json:"objective"`
	Service          string     `json:"service"`
	Team             string     `json:"team"`
	At               time.Time  `json:"at"`
	Target           float64    `json:"target"`
	SLI              *float64   `json:"sli"`
	Remaining        *float64   `json:"remaining"` // 1 untouched, 0 spent, below 0 overspent
	RemainingMinutes *float64   `json:"remaining_minutes"`
	BudgetMinutes    float64    `json:"budget_minutes"`
	Burn             *float64   `json:"burn_1h"` // 1 spends the budget exactly within its window
	ExhaustedAt      *time.Time `json:"exhausted_at"`
	Corrected        bool       `json:"corrected"`
}

// budgetWarning is the share of a budget below which it is painted.
const budgetWarning = 0.25

// left prints what is left of the budget, and how to paint it.
func (b Budget) left() cell {
	switch {
	case b.Remaining == nil:
		return cell{noData, faint}
	case *b.Remaining <= 0:
		return cell{humanPercent(*b.Remaining), vermillion}
	case *b.Remaining < budgetWarning:
		return cell{humanPercent(*b.Remaining), orange}
	}
	return cell{humanPercent(*b.Remaining), bluishGreen}
}

// minutes prints "28 min of 43 min".
func (b Budget) minutes() string {
	if b.RemainingMinutes == nil {
		return ""
	}
	return humanMinutes(*b.RemainingMinutes) + " of " + humanMinutes(b.BudgetMinutes)
}

func (b Budget) sli() string {
	if b.SLI == nil {
		return noData
	}
	return humanShare(*b.SLI)
}

func (b Budget) burn() string {
	if b.Burn == nil {
		return ""
	}
	return significant(*b.Burn) + "×"
}

// end prints when the budget ends, or that it has.
func (b Budget) end() string {
	switch {
	case b.Remaining != nil && *b.Remaining <= 0:
		return "spent"
	case b.ExhaustedAt == nil:
		return ""
	}
	return b.ExhaustedAt.UTC().Format("2006-01-02 15:04")
}

// of names whose the budget is, where its name doesn't tell.
func (b Budget) of() string {
	if b.Service == b.Objective {
		return ""
	}
	return printable(b.Service)
}

// budgetNote says what the figures are.
func budgetNote(budgets []Budget) string {
	latest, corrected := time.Time{}, 0
	for _, b := range budgets {
		if b.At.After(latest) {
			latest = b.At
		}
		if b.Corrected {
			corrected++
		}
	}
	note := "As of " + latest.UTC().Format("2006-01-02 15:04") + ", each over its own window"
	if corrected > 0 {
		note += "; " + plural(corrected, "is", "are") + " without what a correction excludes"
	}
	return note + ". Runs out: at the burn of the last hour."
}

func (t *table) budgets() {
	r := t.report
	if len(r.Budgets) == 0 {
		return
	}
	t.out.WriteString("\n")
	t.paragraph(bold, headingOf("Error budgets", len(r.Budgets), r.BudgetCount, "with the least left"))
	g := grid{columns: []column{
		{title: "OBJECTIVE", flexible: true}, {title: "SERVICE", flexible: true, optional: true}, {title: "TARGET", right: true},
		{title: "SLI", right: true}, {title: "LEFT", right: true}, {title: "", right: true, optional: true},
		{title: "BURN", right: true, optional: true}, {title: "RUNS OUT"},
	}}
	for _, b := range r.Budgets {
		g.add(cell{printable(b.Objective), plain}, cell{b.of(), faint}, cell{humanShare(b.Target), plain}, cell{b.sli(), plain}, b.left(),
			cell{b.minutes(), faint}, cell{b.burn(), plain}, cell{b.end(), plain})
	}
	g.write(&t.out, t.options.Width, t.options.Color)
	t.paragraph(faint, budgetNote(r.Budgets))
}
