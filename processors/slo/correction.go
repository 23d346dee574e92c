package slo

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/teambition/rrule-go"

	"github.com/fivekeys/fivekeys/schemas"
)

// Period is the minutes [From, To).
type Period struct{ From, To int64 }

// Correction is a correction in force: it takes every minute it touches out of
// an SLO.
type Correction struct {
	schemas.CorrectionEvent
	rule *rrule.RRule
}

// errTooFast names the frequencies that would exclude the budget itself.
var errTooFast = errors.New("its rrule repeats more often than daily; give FREQ=DAILY, WEEKLY, MONTHLY or YEARLY")

// errRare names what the library counts past the year's end with.
var errRare = errors.New("its rrule has BYWEEKNO, BYYEARDAY or BYEASTER; give BYMONTH, BYMONTHDAY or BYDAY")

var errNever = errors.New("its rrule never comes about")

// ParseCorrection checks a correction and understands its rule. A rule without
// DTSTART repeats in the offset of From; DTSTART with a TZID gives a zone, whose
// clock it then follows.
func ParseCorrection(e schemas.CorrectionEvent) (Correction, error) {
	c := Correction{CorrectionEvent: e}
	if err := e.Validate(); err != nil {
		return c, fmt.Errorf("read correction %s: %w", e.CorrectionID, err)
	}
	if e.RRule == "" {
		return c, nil
	}
	option, err := rrule.StrToROption(strings.TrimSpace(e.RRule))
	if err != nil {
		return c, fmt.Errorf("read rrule of correction %s: %w", e.CorrectionID, err)
	}
	if len(option.Byeaster)+len(option.Byweekno)+len(option.Byyearday) > 0 {
		return c, fmt.Errorf("read correction %s: %w", e.CorrectionID, errRare)
	}
	if option.Freq > rrule.DAILY || len(option.Byhour)+len(option.Byminute)+len(option.Bysecond) > 0 {
		return c, fmt.Errorf("read correction %s: %w", e.CorrectionID, errTooFast)
	}
	start := e.From
	if !option.Dtstart.IsZero() {
		start = start.In(option.Dtstart.Location())
	}
	option.Dtstart = start
	if c.rule, err = rrule.NewRRule(*option); err != nil {
		return c, fmt.Errorf("read rrule of correction %s: %w", e.CorrectionID, err)
	}
	// The library looks for an occurrence until the year 9999: once is enough.
	if _, ever := c.rule.Iterator()(); !ever {
		return c, fmt.Errorf("read correction %s: %w", e.CorrectionID, errNever)
	}
	return c, nil
}

// periods are the correction's own within [from, to).
func (c *Correction) periods(from, to int64) []Period {
	length := c.To.Sub(c.From)
	if c.rule == nil {
		return clip(nil, c.From, c.To, from, to)
	}
	var out []Period
	next := c.rule.Iterator()
	for start, ok := next(); ok && start.Before(timeOf(to)); start, ok = next() {
		out = clip(out, start, start.Add(length), from, to)
	}
	return out
}

// clip appends the minutes that [a, b) touches, as far as they are in [from, to).
func clip(out []Period, a, b time.Time, from, to int64) []Period {
	p := Period{max(minuteOf(a), from), min(minuteOf(b.Add(time.Minute-time.Nanosecond)), to)}
	if p.From >= p.To {
		return out
	}
	return append(out, p)
}

// concerns says whether the correction is about an objective.
func (c *Correction) concerns(o *schemas.Objective) bool {
	return c.SLO == o.Key || c.SLO == o.SLO
}

// Excluded is what corrections take out of an objective within [from, to):
// sorted, and no two periods touch.
func Excluded(corrections []Correction, o *schemas.Objective, from, to int64) []Period {
	var all []Period
	for i := range corrections {
		if corrections[i].concerns(o) {
			all = append(all, corrections[i].periods(from, to)...)
		}
	}
	return union(all)
}

func union(all []Period) []Period {
	slices.SortFunc(all, func(a, b Period) int { return cmp.Compare(a.From, b.From) })
	out := all[:0]
	for _, p := range all {
		if n := len(out); n > 0 && p.From <= out[n-1].To {
			out[n-1].To = max(out[n-1].To, p.To)
			continue
		}
		out = append(out, p)
	}
	return out
}
