package bands

import "slices"

// rule asks for a rhythm: in the median of consecutive blocks of `every` days,
// at least `active` days with a deployment.
type rule struct {
	band   Band
	every  int
	active float64
}

// Rhythm tells on which days something was deployed.
type Rhythm struct {
	// Ago are the days with at least one deployment, each once, counted back
	// from the last day of the period, which is 0.
	Ago []int
	// Days is how many days were observed, ending with day 0. Days before the
	// first deployment ever seen don't belong to it: a service that is a month
	// old didn't pause for the two months before.
	Days int
}

// Median is the median count of days with a deployment over the complete
// blocks of n days, counted back from the end. A block that the period cuts
// off would count too few days and is left out; ok is false where none is
// complete.
func (r Rhythm) Median(n int) (days float64, ok bool) {
	counts := make([]int, r.Days/n)
	if len(counts) == 0 {
		return 0, false
	}
	for _, ago := range r.Ago {
		if block := ago / n; ago >= 0 && block < len(counts) {
			counts[block]++
		}
	}
	slices.Sort(counts)
	middle := len(counts) / 2
	if len(counts)%2 == 1 {
		return float64(counts[middle]), true
	}
	return float64(counts[middle-1]+counts[middle]) / 2, true
}

// ClassifyFrequency gives the band of deployment frequency. The sample is the
// days observed and not the deployments: with a minimum of deployments nobody
// could ever be seen to deploy rarely.
func (s Set) ClassifyFrequency(r Rhythm, minimum int) Band {
	if len(s.rhythm) == 0 || len(r.Ago) == 0 {
		return None
	}
	if r.Days < minimum {
		return NotEnoughData
	}
	for _, rule := range s.rhythm {
		median, ok := r.Median(rule.every)
		if !ok {
			return NotEnoughData // not ruled out either: too short to say
		}
		if median >= rule.active {
			return rule.band
		}
	}
	return Low
}
