package simulation

import "math"

// Quantile is the linearly interpolated ("inclusive", type 7) quantile of an
// ascending list; NaN where there is none.
func Quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return math.NaN()
	}
	h := q * float64(len(sorted)-1)
	low := int(math.Floor(h))
	if low >= len(sorted)-1 {
		return sorted[len(sorted)-1]
	}
	return sorted[low] + (h-float64(low))*(sorted[low+1]-sorted[low])
}
