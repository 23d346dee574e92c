package report

import (
	"context"
	"time"

	"github.com/fivekeys/fivekeys/internal/report/sample"
	"github.com/fivekeys/fivekeys/schemas"
)

// Source pools daily rows. Every source gives the same Aggregates for the same
// rows; TestSourcesAgree holds them to it.
type Source interface {
	Aggregates(ctx context.Context, q Query) (Aggregates, error)
}

// Aggregates are the pooled figures of a query.
type Aggregates struct {
	Whole    Aggregate
	Teams    []Aggregate // most deployments first, then by name; Query.Top of them
	Services []Aggregate
	// TeamCount and ServiceCount count all that have rows in the period.
	TeamCount    int
	ServiceCount int
}

// Aggregate are the pooled figures of one scope.
type Aggregate struct {
	Scope  Scope
	Now    Totals   // of the period
	Before Totals   // of the period before
	Weeks  []Totals // the period's complete weeks, oldest first
	// ActiveDays are the days with a deployment in both periods, ascending,
	// counted back from the period's last day, which is 0.
	ActiveDays []int
	// UnrecoveredSince and IncidentSince are the days of the period's oldest
	// failed deployment that hasn't recovered and incident that is open.
	UnrecoveredSince time.Time
	IncidentSince    time.Time
	// OpenAge describes the ages, in seconds, of the changes that are merged
	// and not in production; its Count is how many.
	OpenAge sample.Summary
	// Excluded counts the changes deployed in the period that have no lead
	// time, by reason.
	Excluded map[schemas.Exclusion]int
}

// Totals are the sums and pooled durations of some days of one scope. Durations
// are described in full for the period; of the one before and of weeks only how
// many there are and their median are known, which is all that is compared.
type Totals struct {
	Deployments   int
	Failed        int
	Rework        int
	Rollbacks     int
	Unrecovered   int
	Unresolved    int
	Changes       int
	Excluded      int
	Incidents     int
	Unattributed  int
	OpenIncidents int
	LeadTime      sample.Summary
	Coding        sample.Summary
	Pickup        sample.Summary
	Review        sample.Summary
	Deploy        sample.Summary
	Recovery      sample.Summary
	Restore       sample.Summary
	Acknowledge   sample.Summary
}
