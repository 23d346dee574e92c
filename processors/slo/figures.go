package slo

import (
	"math"

	"github.com/fivekeys/fivekeys/schemas"
)

// rounding is what binary fractions may be off by.
const rounding = 1e-9

// burn is how many times faster than allowed budget is spent; nil without
// traffic.
func burn(s share, target float64) *float64 {
	return schemas.BurnRate(s.total-s.good, s.total, target)
}

// period is how long a budget's window is and how much of it is over, in
// minutes: all of a rolling one, once there is data for as long as that.
type period struct{ elapsed, length float64 }

// figures are a budget's: remaining = 1 − burn × elapsed ÷ length, which for a
// rolling window that is wholly known is 1 − bad ÷ (total × (1 − target)).
//
// Where part of the window is still to come, the total of the whole of it is not
// known; traffic is taken to go on as so far. Measured against the traffic so
// far alone, five bad minutes on the first day would spend a month's budget of
// 43 more than once.
func figures(s share, target float64, p period) schemas.BudgetFigures {
	f := schemas.BudgetFigures{Good: s.good, Total: s.total, BudgetMinutes: (1 - target) * p.length}
	rate := burn(s, target)
	if rate == nil {
		return f
	}
	sli := s.good / s.total
	remaining := 1 - *rate*p.elapsed/p.length
	if math.Abs(remaining) < rounding {
		remaining = 0 // 1 − 0.99 is a little more than 0.01, and a spent budget is spent
	}
	left := remaining * f.BudgetMinutes
	f.SLI, f.Remaining, f.RemainingMinutes = &sli, &remaining, &left
	return f
}

// exceeds compares a burn rate with a factor. At the factor itself nothing
// fires, whatever the last binary digit says.
func exceeds(rate, factor float64) bool {
	return rate > factor*(1+rounding)
}
