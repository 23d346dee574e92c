package bands

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Band is a performance band, or why there is none.
type Band string

// The bands, and the answer below the minimum sample. The empty Band means
// that there is no value or that the set has no thresholds for the metric.
const (
	Elite         Band = "elite"
	High          Band = "high"
	Medium        Band = "medium"
	Low           Band = "low"
	NotEnoughData Band = "not_enough_data"
	None          Band = ""
)

// Metric is a figure that at least one set bands.
type Metric string

// The metrics with thresholds. Durations are in seconds, rates 0…1.
const (
	DeploymentFrequency Metric = "deployment_frequency"
	LeadTime            Metric = "change_lead_time"
	ChangeFailRate      Metric = "change_fail_rate"
	RecoveryTime        Metric = "recovery_time"
	TimeToRestore       Metric = "time_to_restore"
)

// Defaults of the configuration.
const (
	DefaultVersion = "2023"
	// DefaultMinimumSample is the smallest sample that gets a band: with four
	// deployments one failure more moves the fail rate by 25 points.
	DefaultMinimumSample = 5
)

// Set is one version of the thresholds.
type Set struct {
	Version string
	cuts    map[Metric]cuts
	rhythm  []rule
}

// cuts are the upper bounds of the three better bands; what is above is Low.
type cuts struct {
	elite, high, medium float64
	// inclusive: rates are "5 %", durations "less than one day".
	inclusive bool
}

func below(elite, high, medium time.Duration) cuts {
	return cuts{elite: elite.Seconds(), high: high.Seconds(), medium: medium.Seconds()}
}

func atMost(elite, high, medium float64) cuts {
	return cuts{elite: elite, high: high, medium: medium, inclusive: true}
}

// The best band of frequency is "on demand, several a day". More than one a
// working day is that; exactly one is not.
func moreThan(b Band, days int, deployments float64) rule { return rule{b, days, deployments, true} }

func atLeastOne(b Band, days int) rule { return rule{b, days, 1, false} }

const (
	day   = 24 * time.Hour
	week  = 7 * day
	month = 30 * day
	never = 0 // a band nobody reached in that year's report
)

var sets = map[string]Set{
	// Lead times between an hour and a day, and recoveries of more than a
	// week, are in nobody's band in the report; they count for the worse one.
	// The fail rate separates Elite from the rest only: all others share
	// 16–30 %, so what is within it is High, what is beyond it Low.
	"2021": {
		Version: "2021",
		cuts: map[Metric]cuts{
			LeadTime:       below(time.Hour, week, 6*month),
			ChangeFailRate: atMost(.15, .30, .30),
			RecoveryTime:   below(time.Hour, day, week),
			TimeToRestore:  below(time.Hour, day, week),
		},
		rhythm: []rule{moreThan(Elite, 7, 5), atLeastOne(High, 30), atLeastOne(Medium, 182)},
	},
	"2022": { // no Elite cluster was found that year
		Version: "2022",
		cuts: map[Metric]cuts{
			LeadTime:       below(never, week, month),
			ChangeFailRate: atMost(-1, .15, .30),
			RecoveryTime:   below(never, day, week),
			TimeToRestore:  below(never, day, week),
		},
		rhythm: []rule{moreThan(High, 7, 5), atLeastOne(Medium, 30)},
	},
	// From 2023 on DORA asks for the recovery of failed deployments, not for
	// the time to restore after any incident: the latter has no band.
	"2023": {
		Version: "2023",
		cuts: map[Metric]cuts{
			LeadTime:       below(day, week, month),
			ChangeFailRate: atMost(.05, .10, .15),
			RecoveryTime:   below(time.Hour, day, week),
		},
		rhythm: []rule{moreThan(Elite, 7, 5), atLeastOne(High, 7), atLeastOne(Medium, 30)},
	},
}

// Versions lists the known versions, oldest first.
func Versions() []string { return slices.Sorted(maps.Keys(sets)) }

// Lookup finds a version's thresholds; the empty version is the default.
func Lookup(version string) (Set, error) {
	if version == "" {
		version = DefaultVersion
	}
	if s, ok := sets[version]; ok {
		return s, nil
	}
	known := strings.Join(Versions(), ", ")
	switch version {
	case "2024":
		return Set{}, fmt.Errorf("find bands 2024: its fail rates are not monotonic (High 20 %%, Medium 10 %%) and can't be cut-offs; use one of %s", known)
	case "2025":
		return Set{}, fmt.Errorf("find bands 2025: that report has no tiers; use one of %s", known)
	}
	return Set{}, fmt.Errorf("find bands %q: unknown version; use one of %s", version, known)
}

// Classify gives the band of a value that rests on a sample of the given size.
// Deployment frequency is a rhythm, not a value: see ClassifyFrequency.
func (s Set) Classify(m Metric, value float64, sample, minimum int) Band {
	c, ok := s.cuts[m]
	switch {
	case !ok || sample == 0:
		return None
	case sample < minimum:
		return NotEnoughData
	case c.holds(value, c.elite):
		return Elite
	case c.holds(value, c.high):
		return High
	case c.holds(value, c.medium):
		return Medium
	}
	return Low
}

func (c cuts) holds(value, bound float64) bool {
	return value < bound || c.inclusive && value == bound
}
