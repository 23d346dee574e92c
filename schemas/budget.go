package schemas

import "time"

// BudgetStatus is an objective's error budget at one minute: what the gate
// answers from, what slo_status holds. A nil figure means no data.
type BudgetStatus struct {
	Objective string    `json:"objective"`
	SLO       string    `json:"slo"`
	Service   string    `json:"service"`
	Team      string    `json:"team,omitempty"`
	At        time.Time `json:"at"`   // data before this minute is included
	From      time.Time `json:"from"` // the window
	To        time.Time `json:"to"`   // its end: At of a rolling one, the calendar's otherwise
	// KnownSince is the objective's first minute with data; nil without any. One
	// that is younger than its window is judged by the time since then.
	KnownSince *time.Time `json:"known_since"`
	Target     float64    `json:"target"`
	Budgeting  Budgeting  `json:"budgeting"`
	// BudgetFigures as recorded; Corrected are the same without the periods that
	// corrections exclude, nil where there is none.
	BudgetFigures
	Corrected *BudgetFigures `json:"corrected,omitempty"`
	// Burn by window length, shortest first, the whole window last; of the
	// corrected figures where there are any.
	Burn []Burn `json:"burn"`
	// ExhaustedAt is when the budget ends at the burn of the last hour; nil where
	// it does not end within the window.
	ExhaustedAt *time.Time `json:"exhausted_at,omitempty"`
	// RestoredAt is about when a spent budget has something left again, if nothing
	// else fails and traffic goes on as it was; nil for one that is not spent.
	RestoredAt *time.Time `json:"restored_at,omitempty"`
	// Methods shows the same indicator under each budgeting method.
	Methods []MethodFigures `json:"methods"`
}

// BudgetFigures is the arithmetic of a budget. Good and Total are events, or
// slices for the time-slice methods (for RatioTimeslices Good is the sum of the
// slices' ratios).
type BudgetFigures struct {
	Good  float64  `json:"good"`
	Total float64  `json:"total"`
	SLI   *float64 `json:"sli"`
	// Remaining is the share of the budget left: 1 untouched, 0 spent, below 0
	// overspent.
	Remaining *float64 `json:"remaining"`
	// RemainingMinutes of BudgetMinutes = (1 - target) × window.
	RemainingMinutes *float64 `json:"remaining_minutes"`
	BudgetMinutes    float64  `json:"budget_minutes"`
}

// MethodFigures are the figures under one budgeting method.
type MethodFigures struct {
	Budgeting Budgeting `json:"budgeting"`
	BudgetFigures
}

// Burn is how many times faster than allowed the budget is spent: 1 spends it
// exactly within the window.
type Burn struct {
	Window time.Duration `json:"window_ns"`
	Rate   *float64      `json:"rate"` // nil: no data
}

// BurnRate is how many times faster than allowed a budget is spent:
// (bad ÷ total) ÷ (1 − target). Bad and total are events, minutes of an outage
// and of its window, or minutes of toil and of a team's capacity. Nil where
// there is no total: no data.
func BurnRate(bad, total, target float64) *float64 {
	if total <= 0 {
		return nil
	}
	rate := bad / total / (1 - target)
	return &rate
}

// Exhausted says whether the budget in force (corrected where there are
// corrections) is spent. No data is not exhausted.
func (s *BudgetStatus) Exhausted() bool {
	f := &s.BudgetFigures
	if s.Corrected != nil {
		f = s.Corrected
	}
	return f.Remaining != nil && *f.Remaining <= 0
}

// BudgetState is what happened to a budget.
type BudgetState string

// The states.
const (
	BudgetExhausted BudgetState = "exhausted"
	BudgetRestored  BudgetState = "restored"
)

// BudgetSignal tells that a budget was exhausted or restored: published on
// signals.budget.<service>, kept in budget_events.
type BudgetSignal struct {
	ID        string      `json:"id"` // stable: objective, state and minute
	Objective string      `json:"objective"`
	SLO       string      `json:"slo"`
	Service   string      `json:"service"`
	Team      string      `json:"team,omitempty"`
	State     BudgetState `json:"state"`
	At        time.Time   `json:"at"`
	Remaining *float64    `json:"remaining"` // null: no data
	Summary   string      `json:"summary"`
}

// AlertState is whether an alert fires.
type AlertState string

// The states.
const (
	AlertFiring   AlertState = "firing"
	AlertResolved AlertState = "resolved"
)

// AlertSignal tells that a burn-rate alert fires or is over: published on
// signals.alert.<service>, sent to the receivers. Of the alerts of one outage the
// most urgent one is told, and is over when all of its severity are.
type AlertSignal struct {
	ID         string     `json:"id"`   // stable: objective, rule and StartedAt
	Rule       string     `json:"rule"` // BurnAlert.Name
	Severity   Severity   `json:"severity"`
	State      AlertState `json:"state"`
	Objective  string     `json:"objective"`
	SLO        string     `json:"slo"`
	Service    string     `json:"service"`
	Team       string     `json:"team,omitempty"`
	StartedAt  time.Time  `json:"started_at"`
	ResolvedAt *time.Time `json:"resolved_at,omitempty"`
	Long       string     `json:"long_window"`
	Short      string     `json:"short_window"`
	Factor     float64    `json:"factor"`
	LongBurn   float64    `json:"long_burn"`
	ShortBurn  float64    `json:"short_burn"`
	// NoData: it fires because there is no traffic for Long; the rates mean nothing.
	NoData bool `json:"no_data,omitempty"`
	// MinutesLeft of the budget (null: no data), and when they run out at this rate.
	MinutesLeft *float64   `json:"minutes_left"`
	RunsOutAt   *time.Time `json:"runs_out_at,omitempty"`
	// Deployment is the service's last production deployment before StartedAt.
	DeploymentID  string     `json:"deployment_id,omitempty"`
	Version       string     `json:"version,omitempty"`
	DeployedAt    *time.Time `json:"deployed_at,omitempty"`
	DeploymentURL string     `json:"deployment_url,omitempty"`
	// Summary is a sentence for people: minutes left, when they end, what spent them.
	Summary string `json:"summary"`
}
