package report

import (
	"time"

	"github.com/fivekeys/fivekeys/internal/bands"
	"github.com/fivekeys/fivekeys/schemas"
)

// Report is what is printed. Its JSON form is a published contract: fields may
// be added, never renamed or given another meaning. Times are RFC 3339,
// durations seconds, rates 0…1; null means "no data".
type Report struct {
	From time.Time `json:"from"`
	// To is exclusive: the midnight after the last day.
	To   time.Time `json:"to"`
	Days int       `json:"days"`
	// ComparedWith is the beginning of the period before, which ends at From.
	ComparedWith time.Time `json:"compared_with_from"`
	// At is the moment to which ages of open things are measured.
	At            time.Time `json:"at"`
	Rules         string    `json:"rules_version"`
	Bands         string    `json:"bands_version"`
	MinimumSample int       `json:"minimum_sample"`

	Summary Section `json:"summary"`
	// Teams and Services are those with the most deployments; TeamCount and
	// ServiceCount count all that something is known of in the period, also those
	// that have stopped.
	Teams        []Section `json:"teams"`
	TeamCount    int       `json:"team_count"`
	Services     []Section `json:"services"`
	ServiceCount int       `json:"service_count"`

	// Budgets and Toil stand beside the keys and are left out where there are
	// none: the error budgets with the least left, the teams with the most toil.
	Budgets     []Budget   `json:"budgets,omitempty"`
	BudgetCount int        `json:"budget_count,omitempty"`
	Toil        []TeamToil `json:"toil,omitempty"`
	ToilCount   int        `json:"toil_team_count,omitempty"`
}

// empty says that nothing at all is known of the period.
func (r Report) empty() bool {
	for _, m := range r.Summary.Metrics {
		if m.State != StateNoData {
			return false
		}
	}
	return true
}

// Section holds the figures of one scope.
type Section struct {
	Scope Scope `json:"scope"`
	// KnownSince is when the first of its services was first heard of: rates per
	// day divide by the days since then. FailureSignalSince is the first sign that
	// somebody tells of failures.
	KnownSince         *time.Time `json:"known_since"`
	FailureSignalSince *time.Time `json:"failure_signal_since"`
	// ComparedCount is how many of its services were known before the period
	// before began: trends compare these, in both periods.
	ServiceCount  int `json:"service_count"`
	ComparedCount int `json:"compared_service_count"`

	Metrics []Metric `json:"metrics"`
	Open    Open     `json:"open"`
	LeftOut LeftOut  `json:"left_out"`
}

// Metric finds a metric by name.
func (s Section) Metric(name Name) Metric {
	for _, m := range s.Metrics {
		if m.Name == name {
			return m
		}
	}
	return Metric{Name: name, State: StateNoData}
}

// Scope is what the figures are about.
type Scope struct {
	Kind ScopeKind `json:"kind"`
	Name string    `json:"name"`
	Team string    `json:"team,omitempty"` // of a service
}

// ScopeKind is the kind of a scope.
type ScopeKind string

// The kinds of scope.
const (
	ScopeWhole    ScopeKind = "whole"
	ScopeTeam     ScopeKind = "team"
	ScopeService  ScopeKind = "service"
	ScopeTeams    ScopeKind = "teams"    // several by name
	ScopeServices ScopeKind = "services" // several by name
)

// Name names a metric.
type Name string

// The metrics, in the order of the report. Those that have bands carry the
// names that package bands gives them.
const (
	DeploymentFrequency Name = Name(bands.DeploymentFrequency)
	LeadTime            Name = Name(bands.LeadTime)
	Coding              Name = "lead_time_coding"
	Pickup              Name = "lead_time_pickup"
	Review              Name = "lead_time_review"
	Deploy              Name = "lead_time_deploy"
	ChangeFailRate      Name = Name(bands.ChangeFailRate)
	RecoveryTime        Name = Name(bands.RecoveryTime)
	ReworkRate          Name = "deployment_rework_rate"
	TimeToRestore       Name = Name(bands.TimeToRestore)
	TimeToAcknowledge   Name = "time_to_acknowledge"
	OpenChanges         Name = "open_changes"
	BatchSize           Name = "batch_size"
)

// Names lists the metrics in the order of the report.
var Names = []Name{
	DeploymentFrequency, LeadTime, Coding, Pickup, Review, Deploy, ChangeFailRate, RecoveryTime,
	ReworkRate, TimeToRestore, TimeToAcknowledge, OpenChanges, BatchSize,
}

// Unit is the unit of a metric's value.
type Unit string

// The units.
const (
	PerDay        Unit = "per_day"
	Seconds       Unit = "seconds"
	Ratio         Unit = "ratio"
	Count         Unit = "changes"
	PerDeployment Unit = "changes_per_deployment"
)

// State says whether there is a value.
type State string

// The states of a metric. No data is never shown as 0 or as 100 %.
const (
	StateOK            State = "ok"
	StateNotEnoughData State = "not_enough_data" // there is a value, on less than the minimum sample
	StateNoData        State = "no_data"
	// StateNobodyTells is a fail rate of deployments of which nobody could have
	// told that they failed: there are a numerator, a denominator and no value.
	StateNobodyTells State = "nobody_tells"
)

// Metric is one figure with what it rests on.
type Metric struct {
	Name  Name     `json:"metric"`
	Unit  Unit     `json:"unit"`
	State State    `json:"state"`
	Value *float64 `json:"value"`
	// Sample is how many deployments, changes or incidents the value rests on.
	Sample int `json:"sample"`
	// Numerator and Denominator of a rate; of frequency, deployments and the days
	// of the period on which its services were known.
	Numerator   *int `json:"numerator,omitempty"`
	Denominator *int `json:"denominator,omitempty"`
	// Told is how many deployments of a fail rate's denominator are of services of
	// which somebody tells failures. The band is judged by these.
	Told *int `json:"told,omitempty"`
	// Interval is the 95 % Wilson interval of a rate.
	Interval *Interval `json:"interval,omitempty"`
	// Spread describes durations; of open changes, their ages in seconds.
	Spread *Spread `json:"spread,omitempty"`
	// Band is empty where the bands have no thresholds for the metric.
	Band bands.Band `json:"band,omitempty"`
	// DeploymentsPerWeek is what the band of frequency rests on: the deployments of
	// the median week. ActiveDaysPerWeek are its days with one.
	DeploymentsPerWeek *float64 `json:"deployments_per_week,omitempty"`
	ActiveDaysPerWeek  *float64 `json:"active_days_per_week,omitempty"`
	Trend              *Trend   `json:"trend,omitempty"`
	// Weekly has a value for each complete week, oldest first, counted back
	// from the end; null for a week without data.
	Weekly []*float64 `json:"weekly"`
}

// Interval is a 95 % confidence interval.
type Interval struct {
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// Spread describes a list of durations in seconds.
type Spread struct {
	P50  float64 `json:"p50"`
	P75  float64 `json:"p75"`
	P90  float64 `json:"p90"`
	P95  float64 `json:"p95"`
	Max  float64 `json:"max"`
	Mean float64 `json:"mean"`
}

// Trend compares with the period before: the services that were known before it
// began, so that a service that is new here makes nobody faster. There is none
// where no service was.
type Trend struct {
	Before float64 `json:"before"`
	// Now is the value of the services that are compared; that of the section
	// where all are.
	Now float64 `json:"now"`
	// Change is relative: 0.12 is 12 % more than before; null where it was 0.
	Change  *float64 `json:"change"`
	Verdict Verdict  `json:"verdict"`
}

// Verdict says whether a change is good.
type Verdict string

// The verdicts. A change is unclear from or to less than the minimum sample,
// and where a rate's interval holds the rate of before: that may be chance.
const (
	Better  Verdict = "better"
	Worse   Verdict = "worse"
	Same    Verdict = "same"
	Unclear Verdict = "unclear"
)

// Open counts what isn't over: it is in no duration yet and must not be
// forgotten for that.
type Open struct {
	// UnrecoveredDeployments failed and haven't recovered; Since is the day of
	// the oldest.
	UnrecoveredDeployments int        `json:"unrecovered_deployments"`
	UnrecoveredSince       *time.Time `json:"unrecovered_since"`
	Incidents              int        `json:"incidents"`
	IncidentSince          *time.Time `json:"incident_since"`
}

// LeftOut counts what is in the period and not in a figure.
type LeftOut struct {
	// Changes deployed in the period that have no lead time, with the reasons
	// as far as they are known.
	Changes int                       `json:"changes"`
	Reasons map[schemas.Exclusion]int `json:"reasons"`
	// UnresolvedDeployments are of a SHA on no branch we know: their contents
	// are unknown.
	UnresolvedDeployments int `json:"unresolved_deployments"`
	// UnattributedIncidents are in time to restore and in no fail rate.
	UnattributedIncidents int `json:"unattributed_incidents"`
}
