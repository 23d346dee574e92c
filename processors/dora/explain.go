package dora

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fivekeys/fivekeys/schemas"
)

// Metric names a figure that can be explained.
type Metric string

// The metrics.
const (
	DeploymentFrequency Metric = "deployment-frequency"
	LeadTime            Metric = "lead-time"
	ChangeFailRate      Metric = "change-fail-rate"
	RecoveryTime        Metric = "recovery-time"
	ReworkRate          Metric = "rework-rate"
	TimeToRestore       Metric = "time-to-restore"
)

// Metrics lists them in the order of the documentation.
var Metrics = []Metric{DeploymentFrequency, LeadTime, ChangeFailRate, RecoveryTime, ReworkRate, TimeToRestore}

// aliases are the other names people know the metrics by.
var aliases = map[string]Metric{
	"df": DeploymentFrequency, "frequency": DeploymentFrequency, "deployments": DeploymentFrequency, "deploy-frequency": DeploymentFrequency,
	"lt": LeadTime, "change-lead-time": LeadTime, "lead-time-for-changes": LeadTime,
	"cfr": ChangeFailRate, "fail-rate": ChangeFailRate, "change-failure-rate": ChangeFailRate,
	"fdrt": RecoveryTime, "recovery": RecoveryTime, "failed-deployment-recovery-time": RecoveryTime,
	"rework": ReworkRate, "deployment-rework-rate": ReworkRate,
	"mttr": TimeToRestore, "restore": TimeToRestore, "restore-time": TimeToRestore,
}

// ParseMetric finds a metric by its name or one of its aliases, in any case and
// with dashes, underscores or spaces.
func ParseMetric(name string) (Metric, error) {
	plain := strings.NewReplacer("_", "-", " ", "-").Replace(strings.ToLower(strings.TrimSpace(name)))
	if slices.Contains(Metrics, Metric(plain)) {
		return Metric(plain), nil
	}
	if m, ok := aliases[plain]; ok {
		return m, nil
	}
	known := make([]string, len(Metrics))
	for i, m := range Metrics {
		known[i] = string(m)
	}
	return "", fmt.Errorf("explain %q: no such metric (one of %s)", name, strings.Join(known, ", "))
}

// Explanation is what a figure is made of: which facts count, out of which, and
// what was left out and why.
type Explanation struct {
	Metric     Metric    `json:"metric"`
	Definition string    `json:"definition"`
	Service    string    `json:"service"`
	Team       string    `json:"team,omitempty"`
	From       time.Time `json:"from"` // inclusive
	To         time.Time `json:"to"`   // exclusive
	// Rules names the rules and the fold that made the facts.
	Rules string `json:"rules"`
	// Figures are the values; empty where there is no data to have one.
	Figures []Figure `json:"figures"`
	// Numerator holds what counts. For a rate it is part of the Denominator.
	Numerator   []Item    `json:"numerator"`
	Denominator []Item    `json:"denominator,omitempty"`
	LeftOut     []LeftOut `json:"left_out"`
}

// Figure is one value of a metric.
type Figure struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"` // count, per_day, ratio, seconds
}

// Item is one fact behind a figure.
type Item struct {
	Kind  string    `json:"kind"` // deployment, change, incident
	ID    string    `json:"id"`
	Time  time.Time `json:"time"` // the one that books it into the range
	Value *float64  `json:"value,omitempty"`
	Unit  string    `json:"unit,omitempty"`
	Why   string    `json:"why,omitempty"` // a sentence
	URL   string    `json:"url,omitempty"`
}

// LeftOut is a fact that does not count, and why.
type LeftOut struct {
	Kind   string    `json:"kind"`
	ID     string    `json:"id,omitempty"`
	Time   time.Time `json:"time"`
	Reason string    `json:"reason"` // a word, the same for all alike
	Why    string    `json:"why"`    // a sentence
	URL    string    `json:"url,omitempty"`
}

// Explain lists the facts of one service behind a metric, in a range of time
// that includes from and not to.
func Explain(metric Metric, f schemas.Facts, rules schemas.Service, from, to time.Time) (Explanation, error) {
	metric, err := ParseMetric(string(metric))
	if err != nil {
		return Explanation{}, err
	}
	if !from.Before(to) {
		return Explanation{}, fmt.Errorf("explain %s: the range from %s to %s is empty", metric, from.Format(time.RFC3339), to.Format(time.RFC3339))
	}
	fingerprint := rules.Fingerprint(FoldVersion) // of the rules as they are given
	if rules.AttributionWindow <= 0 {
		rules.AttributionWindow = schemas.DefaultAttributionWindow
	}
	x := &explainer{facts: &f, rules: &rules, Explanation: Explanation{
		Metric: metric, Service: rules.Name, Team: rules.Team, From: from.UTC(), To: to.UTC(),
		Rules: fingerprint, Figures: []Figure{}, Numerator: []Item{}, LeftOut: []LeftOut{},
	}}
	switch metric {
	case DeploymentFrequency:
		x.explainFrequency()
	case LeadTime:
		x.explainLeadTime()
	case ChangeFailRate:
		x.explainFailRate()
	case RecoveryTime:
		x.explainRecovery()
	case ReworkRate:
		x.explainRework()
	case TimeToRestore:
		x.explainRestore()
	}
	x.sort()
	return x.Explanation, nil
}

type explainer struct {
	Explanation
	facts *schemas.Facts
	rules *schemas.Service
}

func (x *explainer) within(at time.Time) bool { return !at.Before(x.From) && at.Before(x.To) }

func (x *explainer) figure(name string, value float64, unit string) {
	x.Figures = append(x.Figures, Figure{Name: name, Value: value, Unit: unit})
}

func (x *explainer) count(i Item)       { x.Numerator = append(x.Numerator, i) }
func (x *explainer) outOf(i Item)       { x.Denominator = append(x.Denominator, i) }
func (x *explainer) leaveOut(l LeftOut) { x.LeftOut = append(x.LeftOut, l) }

func (x *explainer) sort() {
	byTime := func(a, b Item) int {
		if c := a.Time.Compare(b.Time); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	}
	slices.SortStableFunc(x.Numerator, byTime)
	slices.SortStableFunc(x.Denominator, byTime)
	slices.SortStableFunc(x.LeftOut, func(a, b LeftOut) int {
		return byTime(Item{Time: a.Time, ID: a.ID}, Item{Time: b.Time, ID: b.ID})
	})
}

// deployments gives the deployments of the range: those that count in
// production, and says of each other one why it does not.
func (x *explainer) deployments() []*schemas.Deployment {
	var counted []*schemas.Deployment
	for i := range x.facts.Deployments {
		d := &x.facts.Deployments[i]
		at := d.FinishedAt
		if at.IsZero() {
			at = d.StartedAt
		}
		if !x.within(at) {
			continue
		}
		var reason, why string
		switch {
		case !d.Production:
			reason, why = "not_production", fmt.Sprintf("%s is none of the production environments (%s).",
				d.Environment, strings.Join(x.rules.Production, ", "))
		case d.Status == schemas.DeploymentStarted:
			reason, why = "not_finished", "It was started and nobody told how it ended."
		case d.Status != schemas.DeploymentSucceeded:
			reason, why = string(d.Status), fmt.Sprintf("It ended %s and never succeeded.", d.Status)
		default:
			counted = append(counted, d)
			continue
		}
		x.leaveOut(LeftOut{Kind: "deployment", ID: d.DeploymentID, Time: at, Reason: reason, Why: why, URL: d.URL})
	}
	return counted
}

func deploymentItem(d *schemas.Deployment, why string) Item {
	return Item{Kind: "deployment", ID: d.DeploymentID, Time: d.FinishedAt, Why: why, URL: d.URL}
}

// what says what a deployment brought.
func what(d *schemas.Deployment) string {
	release := d.SHA
	if len(release) > 12 && isHex(release) {
		release = release[:12]
	}
	if d.Version != "" {
		release = strings.TrimSpace(d.Version + " " + release)
	}
	if release == "" {
		release = "Something without a SHA or version"
	}
	s := fmt.Sprintf("%s reached %s", release, d.Environment)
	switch {
	case d.Unresolved:
		return s + "; its commit is on no branch we know, so its contents are unknown."
	case d.Baseline:
		return s + fmt.Sprintf(", the first seen there: a baseline of %s.", plural(d.Changes, "change"))
	case d.Rollback:
		return s + " again: a rollback."
	case d.Redeploy:
		return s + " again: it had been live there before and brought no new change."
	}
	return s + fmt.Sprintf(" with %s.", plural(d.Changes, "new change"))
}

// window writes the attribution window as people do: 24h and not 24h0m0s.
func (x *explainer) window() string {
	s := x.rules.AttributionWindow.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
