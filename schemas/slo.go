package schemas

import "time"

// Objective is one target of an SLO: what is counted, how good it must be over
// which window. An SLO with one objective is that objective.
type Objective struct {
	// Key is its identity in tables and signals: the SLO's name, followed by
	// "/" and the objective's own where the SLO has several.
	Key         string
	SLO         string // metadata.name
	DisplayName string
	Description string
	Service     string // spec.service: whose budget it is
	Target      float64
	Budgeting   Budgeting
	// SliceTarget and Slice are for the two time-slice methods: a slice is good
	// where its ratio reaches the target. Slice divides an hour.
	SliceTarget float64
	Slice       time.Duration
	Window      Window
	Indicator   Indicator
	// Alerts are the burn rates that alert; nil means DefaultBurnAlerts, an empty
	// slice none at all (a part of a composite objective, which alerts for it).
	Alerts []BurnAlert
	// Parts are the objectives that a composite one is made of; it has no
	// Indicator of its own then.
	Parts []WeightedPart
	// Definition names the counting rules: rows counted under another one were
	// counted differently.
	Definition string
}

// WeightedPart is one objective within a composite one.
type WeightedPart struct {
	Objective string // Key
	Weight    float64
}

// Budgeting is how bad events become spent budget. The names are OpenSLO's.
type Budgeting string

// The methods.
const (
	Occurrences     Budgeting = "Occurrences"
	Timeslices      Budgeting = "Timeslices"
	RatioTimeslices Budgeting = "RatioTimeslices"
)

// Budgetings lists the methods in the order of the documentation.
var Budgetings = []Budgeting{Occurrences, Timeslices, RatioTimeslices}

// Window is the period a budget is for: rolling, or aligned to the calendar.
type Window struct {
	// Rolling is the length of a rolling window; 0 for a calendar one.
	Rolling time.Duration
	// Count units of the calendar, counted from Start in Start's location.
	Unit  CalendarUnit
	Count int
	Start time.Time
}

// CalendarUnit is a unit of calendar windows.
type CalendarUnit string

// The units.
const (
	UnitDay     CalendarUnit = "day"
	UnitWeek    CalendarUnit = "week"
	UnitMonth   CalendarUnit = "month"
	UnitQuarter CalendarUnit = "quarter"
	UnitYear    CalendarUnit = "year"
)

// Indicator says what is counted. Either Total with Good or Bad, or Total with
// Threshold (good is a span of Total within it), or Reported.
type Indicator struct {
	Good, Bad, Total *SpanSelector
	Threshold        *Threshold
	// Reported: counts come as fivekeys.sli.v1 events that name the objective's
	// Key or its SLO.
	Reported bool
}

// SpanSelector selects spans; empty fields select all.
type SpanSelector struct {
	Service    string   // exact
	Operation  string   // glob of MatchGlob
	Kinds      []string // server, consumer, client …; none means server and consumer
	Status     string   // error, ok (not an error) or empty
	Attributes []AttributeMatch
	// MaxDuration and MinDuration bound the span's duration (at most, at least).
	MaxDuration, MinDuration time.Duration
}

// AttributeMatch is a condition on an attribute of the span or its resource.
type AttributeMatch struct {
	Key    string
	Values []string // globs of MatchGlob, any of which
	Not    bool
}

// Threshold makes a span good by its duration.
type Threshold struct {
	Limit time.Duration
	Op    ThresholdOp
}

// ThresholdOp compares a duration with the limit. The names are OpenSLO's.
type ThresholdOp string

// The operators.
const (
	OpLT  ThresholdOp = "lt"
	OpLTE ThresholdOp = "lte"
	OpGT  ThresholdOp = "gt"
	OpGTE ThresholdOp = "gte"
)

// BurnAlert is one multi-window burn-rate alert: it fires while the burn rate
// over both windows exceeds the factor.
type BurnAlert struct {
	Name     string // "fast", "slow" …: part of an alert's identity
	Severity Severity
	Long     time.Duration
	Short    time.Duration
	Factor   float64
	// NoData makes it another alert: it fires when an objective that had traffic
	// has had none for Long. Short and Factor mean nothing then.
	NoData bool
}

// Severity is what an alert asks for.
type Severity string

// The severities.
const (
	SeverityPage   Severity = "page"
	SeverityTicket Severity = "ticket"
)

// SLIMinute is what an objective counted in one minute.
type SLIMinute struct {
	Objective string
	Minute    time.Time
	Version   string // service.version of the spans counted; empty where unknown
	Good      uint64
	Total     uint64
}

// defaultAlerts are the published ones: each fires when a share of the budget is
// spent within its long window.
var defaultAlerts = []struct {
	name        string
	severity    Severity
	percent     float64
	long, short time.Duration
}{
	{"fast", SeverityPage, 2, time.Hour, 5 * time.Minute},
	{"medium", SeverityPage, 5, 6 * time.Hour, 30 * time.Minute},
	{"slow", SeverityTicket, 10, day, 2 * time.Hour},
	{"creeping", SeverityTicket, 10, 3 * day, 6 * time.Hour},
}

// DefaultBurnAlerts are the alerts of an objective that names none, for a
// window of this length: factor = share of the budget × window ÷ long window.
// For 30 days that is 14.4, 6, 3 and 1. OmittedBurnAlerts are left out.
func DefaultBurnAlerts(window time.Duration) []BurnAlert {
	kept, _ := burnAlertsFor(window)
	return kept
}

// OmittedBurnAlerts are those of the default alerts that do not fit a window of
// this length. They look further back than the window, or their factor is below
// 1: a burn rate between the two would alert although the objective is met.
func OmittedBurnAlerts(window time.Duration) []BurnAlert {
	_, omitted := burnAlertsFor(window)
	return omitted
}

func burnAlertsFor(window time.Duration) (kept, omitted []BurnAlert) {
	for _, a := range defaultAlerts {
		factor := a.percent * window.Hours() / (100 * a.long.Hours())
		alert := BurnAlert{Name: a.name, Severity: a.severity, Long: a.long, Short: a.short, Factor: factor}
		if a.long > window || factor < 1 {
			omitted = append(omitted, alert)
		} else {
			kept = append(kept, alert)
		}
	}
	return kept, omitted
}

// BurnAlerts are the alerts in force: the objective's own or the default ones.
func (o *Objective) BurnAlerts() []BurnAlert {
	if o.Alerts != nil {
		return o.Alerts
	}
	return DefaultBurnAlerts(o.Window.Length())
}
