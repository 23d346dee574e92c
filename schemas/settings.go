package schemas

import "time"

// SpanRules say what becomes of spans.
type SpanRules struct {
	// Retention is how long single spans are kept; figures counted from them stay.
	Retention time.Duration
	// Keep is the share of ordinary traces to keep, 1 for all (no sampling).
	// Traces with an error or slower than Slow are always kept.
	Keep float64
	Slow time.Duration
}

// Policy says what an exhausted error budget means for deployments.
type Policy struct {
	// Freeze: an exhausted budget freezes its service. Otherwise the gate only
	// tells.
	Freeze bool
	// FailOpen allows deployments where no budget newer than MaxAge is known.
	FailOpen   bool
	MaxAge     time.Duration
	Exceptions []FreezeException
	// Objectives that freeze, by key or SLO; none means all.
	Objectives []string
}

// FreezeException lets a service deploy although its budget is spent.
type FreezeException struct {
	Service string // glob
	Author  string
	Reason  string
	Until   time.Time
}

// ToilRules are a team's capacity and the cap on its toil.
type ToilRules struct {
	Team string
	// Capacity is the team's working minutes a week.
	Capacity time.Duration
	// Cap is the share of it that toil may take.
	Cap float64
}
