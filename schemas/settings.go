package schemas

import (
	"slices"
	"time"
)

// MaxSpanAhead is how far the clock of a span's sender may be ahead of ours.
const MaxSpanAhead = time.Hour

// SpanRules say what becomes of spans.
type SpanRules struct {
	// Retention is how long single spans are kept; figures counted from them stay.
	Retention time.Duration
	// Keep is the share of ordinary traces to keep, 1 for all (no sampling).
	// Traces with an error or slower than Slow are always kept.
	Keep float64
	Slow time.Duration
}

// DefaultSpanRules keep every span for a week.
func DefaultSpanRules() SpanRules {
	return SpanRules{Retention: 7 * 24 * time.Hour, Keep: 1, Slow: time.Second}
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

// DefaultPolicy freezes a service whose budget is spent, and nobody because a
// figure is missing.
func DefaultPolicy() Policy {
	return Policy{Freeze: true, FailOpen: true, MaxAge: 15 * time.Minute}
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
	// Capacity is the team's working time a week, 0 where nobody said.
	Capacity time.Duration
	// Cap is the share of it that toil may take.
	Cap float64
}

// DefaultToilRules are those of a team that the configuration does not name:
// the cap of the SRE book, no known capacity.
func DefaultToilRules() ToilRules { return ToilRules{Cap: 0.5} }

// WorkingWeek is what one person adds to a team's capacity.
const WorkingWeek = 40 * time.Hour

// SignalKind is what a signal is about.
type SignalKind string

// The kinds.
const (
	SignalAlert  SignalKind = "alert"
	SignalBudget SignalKind = "budget"
)

// Receiver is who is told of signals. Exactly one of Alertmanager and Webhook is
// its address.
type Receiver struct {
	Name         string
	Alertmanager string // the root of an Alertmanager
	Webhook      string
	// SecretFile holds the key that a webhook is signed with, or the bearer token
	// of an Alertmanager.
	SecretFile string
	// Severities, Services (globs) and Signals narrow what it is told; none means
	// all. A budget that is spent counts as a ticket.
	Severities []Severity
	Services   []string
	Signals    []SignalKind
}

// Wants says whether the receiver is to be told of a signal.
func (r *Receiver) Wants(kind SignalKind, severity Severity, service string) bool {
	return (len(r.Signals) == 0 || slices.Contains(r.Signals, kind)) &&
		(len(r.Severities) == 0 || slices.Contains(r.Severities, severity)) &&
		(len(r.Services) == 0 || matchAny(r.Services, service))
}
