// Package sample holds the statistics of the report: exact quantiles of a list
// of durations and the uncertainty of a rate.
//
// They are defined so that ClickHouse and Go give the same figures for the
// same rows; the formulas follow ClickHouse's own order of operations. Pure
// functions, no dependencies.
package sample

import (
	"math"
	"slices"
)

// Quantile gives the p-quantile (0…1) of ascending values by linear
// interpolation between the two nearest (type 7, "inclusive"): the definition
// of spreadsheets, of R and of ClickHouse's quantileExactInclusive. ok is false
// for no values: there is no quantile of nothing.
func Quantile(ascending []float64, p float64) (value float64, ok bool) {
	if len(ascending) == 0 {
		return 0, false
	}
	position := p*float64(len(ascending)-1) + 1
	n := int(position)
	switch {
	case n < 1:
		return ascending[0], true
	case n >= len(ascending):
		return ascending[len(ascending)-1], true
	}
	below, above := ascending[n-1], ascending[n]
	return below + (position-float64(n))*(above-below), true
}

// Summary describes a list of durations. All figures are zero where Count is.
type Summary struct {
	Count              int
	P50, P75, P90, P95 float64
	Max, Mean          float64
}

// Summarize pools lists into one and describes it. Quantiles of pooled values
// are not the averages of the lists' quantiles, which is why the lists and not
// their summaries are passed on.
func Summarize(lists ...[]float64) Summary {
	pooled := slices.Concat(lists...)
	if len(pooled) == 0 {
		return Summary{}
	}
	slices.Sort(pooled)
	s := Summary{Count: len(pooled), Max: pooled[len(pooled)-1]}
	s.P50, _ = Quantile(pooled, .5)
	s.P75, _ = Quantile(pooled, .75)
	s.P90, _ = Quantile(pooled, .9)
	s.P95, _ = Quantile(pooled, .95)
	sum := 0.0
	for _, v := range pooled {
		sum += v
	}
	s.Mean = sum / float64(len(pooled))
	return s
}

// z95 is the standard normal quantile of a two-sided 95 % interval.
const z95 = 1.959963984540054

// Wilson gives the 95 % Wilson score interval of a rate. Unlike the textbook's
// ± it stays within 0…1 and has a width for 0 of n, where "0 %" would look
// certain. ok is false without trials.
func Wilson(successes, trials int) (low, high float64, ok bool) {
	if trials <= 0 || successes < 0 || successes > trials {
		return 0, 0, false
	}
	n := float64(trials)
	p := float64(successes) / n
	z2 := z95 * z95
	middle := (p + z2/(2*n)) / (1 + z2/n)
	half := z95 / (1 + z2/n) * math.Sqrt(p*(1-p)/n+z2/(4*n*n))
	low, high = math.Max(0, middle-half), math.Min(1, middle+half)
	// Rounding must not move the ends that are known exactly.
	if successes == 0 {
		low = 0
	}
	if successes == trials {
		high = 1
	}
	return low, high, true
}
