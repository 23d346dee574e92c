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
	// TeamCount and ServiceCount count all that have rows in the period or had
	// been deployed before: one that has stopped is still one.
	TeamCount    int
	ServiceCount int
}

// Aggregate are the pooled figures of one scope.
type Aggregate struct {
	Scope Scope
	// Known says since when what is known of its services: since the first of
	// them was. Of Services, as many are compared: those that were known before
	// the period before began.
	Known    schemas.Knowledge
	Services int
	Compared int

	Now    Totals   // of the period
	Like   Totals   // of the period, of the services that are compared
	Before Totals   // of the period before, of the services that are compared
	Weeks  []Totals // the period's complete weeks, oldest first
	// PerDay are the deployments of the period's days, back from its last one.
	PerDay []int
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
	Told          int // deployments of services of which somebody tells failures
	Changes       int
	Excluded      int
	Batches       int // deployments whose contents are known, and their changes
	BatchChanges  int
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
