package slo

import (
	"github.com/fivekeys/fivekeys/schemas"
)

// Tally is what was counted over some minutes, for every budgeting method.
//
// Slices are the pieces of the hour that Objective.Slice makes. One without
// traffic is none, and one that a window's edge or a correction cuts counts
// with the minutes that are left of it.
type Tally struct {
	Good, Total uint64
	// Ratios is the sum of the slices' ratios.
	Ratios             float64
	Slices, GoodSlices uint32
}

func (t *Tally) add(u *Tally) {
	t.Good += u.Good
	t.Total += u.Total
	t.Ratios += u.Ratios
	t.Slices += u.Slices
	t.GoodSlices += u.GoodSlices
}

// slice adds one slice's counts.
func (t *Tally) slice(good, total uint64, target float64) {
	if total == 0 {
		return
	}
	t.Good += good
	t.Total += total
	ratio := float64(good) / float64(total)
	t.Ratios += ratio
	t.Slices++
	if ratio >= target {
		t.GoodSlices++
	}
}

// share is how much was good of how much, in a method's own unit.
type share struct{ good, total float64 }

// under reads a tally by a budgeting method.
func (t *Tally) under(method schemas.Budgeting) share {
	switch method {
	case schemas.Timeslices:
		return share{float64(t.GoodSlices), float64(t.Slices)}
	case schemas.RatioTimeslices:
		// A sum of ratios may exceed the count of them by a rounding.
		return share{min(t.Ratios, float64(t.Slices)), float64(t.Slices)}
	case schemas.Occurrences:
	}
	return share{float64(t.Good), float64(t.Total)}
}
