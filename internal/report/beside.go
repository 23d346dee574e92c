package report

import (
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Complete adds what stands beside the keys: error budgets as they are now, and
// toil by team. What nobody counts is left out. Of services by name there is no
// toil: a ratio is a team's.
func (c ClickHouse) Complete(ctx context.Context, q Query, r *Report) error {
	if err := q.Validate(); err != nil {
		return err
	}
	budgets, err := c.budgets(ctx, q)
	if err != nil {
		return fmt.Errorf("query error budgets of the report: %w", err)
	}
	r.Budgets, r.BudgetCount = topOf(budgets, q.Top)
	if len(q.Services) > 0 {
		return nil
	}
	weeks, err := c.toilWeeks(ctx, q)
	if err != nil {
		return fmt.Errorf("query weeks of toil of the report: %w", err)
	}
	if len(weeks) == 0 {
		return nil
	}
	categories, err := c.toilCategories(ctx, q)
	if err != nil {
		return fmt.Errorf("query categories of toil of the report: %w", err)
	}
	r.Toil, r.ToilCount = topOf(buildToil(q, weeks, categories), q.Top)
	return nil
}

// topOf cuts a list and says how long it was; 0 cuts nothing.
func topOf[T any](list []T, top int) ([]T, int) {
	if top == 0 || len(list) <= top {
		return list, len(list)
	}
	return list[:top], len(list)
}

// budgets reads the error budgets, the least left first, those without data last.
func (c ClickHouse) budgets(ctx context.Context, q Query) ([]Budget, error) {
	var budgets []Budget
	err := c.each(ctx, budgetsSQL, besideArgs(q), func(rows driver.Rows) error {
		var b Budget
		if err := rows.Scan(&b.Objective, &b.Service, &b.Team, &b.At, &b.Target, &b.Corrected, &b.SLI, &b.Remaining,
			&b.RemainingMinutes, &b.BudgetMinutes, &b.Burn, &b.ExhaustedAt); err != nil {
			return err
		}
		budgets = append(budgets, b)
		return nil
	})
	return budgets, err
}

// toilWeeks reads the weeks that lie at least partly in the period, by team and
// week.
func (c ClickHouse) toilWeeks(ctx context.Context, q Query) ([]toilWeek, error) {
	var weeks []toilWeek
	err := c.each(ctx, toilWeeksSQL, besideArgs(q), func(rows driver.Rows) error {
		var w toilWeek
		var inferred uint64
		if err := rows.Scan(&w.team, &w.week, &w.minutes, &w.capacity, &w.cap, &w.inferred.Minutes, &inferred); err != nil {
			return err
		}
		w.inferred.Entries = int(inferred)
		weeks = append(weeks, w)
		return nil
	})
	return weeks, err
}

// toilCategories reads what the same weeks' confirmed toil was, by team, the
// longest first.
func (c ClickHouse) toilCategories(ctx context.Context, q Query) (map[string][]ToilCategory, error) {
	categories := map[string][]ToilCategory{}
	err := c.each(ctx, toilCategoriesSQL, besideArgs(q), func(rows driver.Rows) error {
		var team string
		var category ToilCategory
		var entries uint64
		if err := rows.Scan(&team, &category.Category, &category.Minutes, &entries, &category.AutomatableMinutes); err != nil {
			return err
		}
		category.Entries = int(entries)
		categories[team] = append(categories[team], category)
		return nil
	})
	return categories, err
}

func besideArgs(q Query) []any {
	return []any{
		clickhouse.Named("of_services", some(q.Services)), clickhouse.Named("of_teams", some(q.Teams)),
		clickhouse.Named("from", date(monday(q.Period.From))), clickhouse.Named("to", date(q.Period.To)),
	}
}

// monday gives the first day of a day's week, UTC.
func monday(day time.Time) time.Time {
	return day.AddDate(0, 0, -(int(day.UTC().Weekday())+DaysPerWeek-1)%DaysPerWeek)
}
