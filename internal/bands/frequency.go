package bands

import "slices"

// rule asks for a rhythm: in the median of consecutive blocks of `every` days,
// that many deployments, or more than that many.
type rule struct {
	band        Band
	every       int
	deployments float64
	more        bool
}

func (r rule) holds(median float64) bool {
	return median > r.deployments || !r.more && median == r.deployments
}

// Rhythm tells on which days how much was deployed: the counts of the days
// observed, back from the last one, which is the first of them. Days on which the
// service was not known don't belong to it: one that is a month old didn't pause
// for the two months before.
type Rhythm []int

// Median is the median count of deployments over the complete blocks of n days,
// counted back from the end. A block that the period cuts off would count too
// few and is left out; ok is false where none is complete.
func (r Rhythm) Median(n int) (deployments float64, ok bool) {
	counts := make([]int, len(r)/n)
	if len(counts) == 0 {
		return 0, false
	}
	for ago, deployments := range r[:len(counts)*n] {
		counts[ago/n] += deployments
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
// could ever be seen to deploy rarely. A service that has stopped is observed,
// and deploys rarely.
func (s Set) ClassifyFrequency(r Rhythm, minimum int) Band {
	if len(s.rhythm) == 0 || len(r) == 0 {
		return None
	}
	if len(r) < minimum {
		return NotEnoughData
	}
	for _, rule := range s.rhythm {
		median, ok := r.Median(rule.every)
		if !ok {
			return NotEnoughData // not ruled out either: too short to say
		}
		if rule.holds(median) {
			return rule.band
		}
	}
	return Low
}
