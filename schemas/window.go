package schemas

import (
	"fmt"
	"strconv"
	"time"
)

const day = 24 * time.Hour

// nominal is what a unit of the calendar counts as where a length is needed
// and no date is known. OpenSLO's own reading of M, Q and Y.
var nominal = map[CalendarUnit]time.Duration{
	UnitDay: day, UnitWeek: 7 * day, UnitMonth: 30 * day, UnitQuarter: 90 * day, UnitYear: 365 * day,
}

// Length is the nominal length: of a rolling window its own, of a calendar one
// 30 days a month, 90 a quarter, 365 a year. Default alerts are made from it.
// The length of a certain month is the distance of the two times of At.
func (w Window) Length() time.Duration {
	if w.Rolling > 0 {
		return w.Rolling
	}
	return time.Duration(w.count()) * nominal[w.Unit]
}

func (w Window) count() int { return max(w.Count, 1) }

// At gives the window in force at t: [t - length, t) of a rolling one, the
// period of the calendar with from <= t < to otherwise. Periods are counted in
// the location of Start, so a day with a change of the clocks has 23 or 25
// hours, and they go on before Start as they do after it.
func (w Window) At(t time.Time) (from, to time.Time) {
	if w.Rolling > 0 {
		return t.Add(-w.Rolling), t
	}
	k := w.estimate(t)
	for w.boundary(k).After(t) {
		k--
	}
	for !w.boundary(k + 1).After(t) {
		k++
	}
	return w.boundary(k), w.boundary(k + 1)
}

// estimate is the number of t's period, wrong by a few at most: clocks change
// and months differ.
func (w Window) estimate(t time.Time) int {
	local := t.In(w.Start.Location())
	switch months := w.months(); {
	case months > 0:
		return floorDiv((local.Year()-w.Start.Year())*12+int(local.Month())-int(w.Start.Month()), months)
	default:
		return floorDiv(int((t.Unix()-w.Start.Unix())/int64(day/time.Second)), w.days())
	}
}

// boundary is the begin of period k. Each one is counted from Start and not
// from its neighbour: from 31 January on, a month ends on 28 February and the
// next one on 31 March.
func (w Window) boundary(k int) time.Time {
	s := w.Start
	year, month, dayOfMonth := s.Date()
	hour, minute, second := s.Clock()
	if months := w.months(); months > 0 {
		first := time.Date(year, month+time.Month(k*months), 1, 0, 0, 0, 0, time.UTC)
		last := first.AddDate(0, 1, -1).Day()
		year, month, dayOfMonth = first.Year(), first.Month(), min(dayOfMonth, last)
	} else {
		dayOfMonth += k * w.days()
	}
	return time.Date(year, month, dayOfMonth, hour, minute, second, s.Nanosecond(), s.Location())
}

// months of a period, 0 for one of days.
func (w Window) months() int {
	switch w.Unit {
	case UnitMonth:
		return w.count()
	case UnitQuarter:
		return 3 * w.count()
	case UnitYear:
		return 12 * w.count()
	case UnitDay, UnitWeek:
	}
	return 0
}

func (w Window) days() int {
	if w.Unit == UnitWeek {
		return 7 * w.count()
	}
	return w.count()
}

func floorDiv(a, b int) int {
	if q := a / b; a%b >= 0 {
		return q
	}
	return a/b - 1
}

// String writes the window as OpenSLO does: 28d, or 1M from a date on.
func (w Window) String() string {
	if w.Rolling > 0 {
		return Shorthand(w.Rolling)
	}
	letter := map[CalendarUnit]string{UnitDay: "d", UnitWeek: "w", UnitMonth: "M", UnitQuarter: "Q", UnitYear: "Y"}[w.Unit]
	return fmt.Sprintf("%d%s from %s %s", w.count(), letter, w.Start.Format(time.DateTime), w.Start.Location())
}

// Shorthand writes a duration in the largest unit that leaves it whole: 28d,
// 6h, 5m.
func Shorthand(d time.Duration) string {
	for _, u := range []struct {
		length time.Duration
		letter string
	}{{day, "d"}, {time.Hour, "h"}, {time.Minute, "m"}} {
		if d >= u.length && d%u.length == 0 {
			return strconv.FormatInt(int64(d/u.length), 10) + u.letter
		}
	}
	return d.String()
}
