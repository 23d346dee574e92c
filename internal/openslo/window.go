package openslo

import (
	"fmt"
	"strconv"
	"time"
	_ "time/tzdata" // calendar windows need their zones wherever the binary runs

	v1 "github.com/OpenSLO/go-sdk/pkg/openslo/v1"

	"github.com/fivekeys/fivekeys/schemas"
)

// Bounds of windows: counts are by the minute, and kept for a bit more than a year.
const (
	minWindow = time.Hour
	maxWindow = 366 * 24 * time.Hour
)

// duration is OpenSLO's shorthand as a length: a month is 30 days, a quarter
// 90, a year 365. ok is false where there is none.
func duration(d v1.DurationShorthand) (time.Duration, bool) {
	if d.GetUnit() == "" || d.GetValue() <= 0 || d.Validate() != nil {
		return 0, false
	}
	// Six digits at most have passed the shaper: years of them overflow.
	unit := v1.NewDurationShorthand(1, d.GetUnit())
	if d.GetValue() > int(10*maxWindow/unit.Duration()) {
		return 10 * maxWindow, true
	}
	return d.Duration(), true
}

func window(at source, spec v1.SLOTimeWindow) schemas.Window {
	d, ok := duration(spec.Duration)
	if !ok {
		at.refuseAt("duration", "is no length of time", "write 28d")
		return schemas.Window{}
	}
	if d > maxWindow {
		at.refuseAt("duration", "is longer than a year", "366d is the most")
		return schemas.Window{}
	}
	if spec.IsRolling || spec.Calendar == nil {
		if d < minWindow {
			at.refuseAt("duration", "is shorter than an hour", "1M is a month, 1m a minute")
			return schemas.Window{}
		}
		return schemas.Window{Rolling: d}
	}
	w := schemas.Window{Count: spec.Duration.GetValue()}
	switch spec.Duration.GetUnit() {
	case v1.DurationShorthandUnitDay:
		w.Unit = schemas.UnitDay
	case v1.DurationShorthandUnitWeek:
		w.Unit = schemas.UnitWeek
	case v1.DurationShorthandUnitMonth:
		w.Unit = schemas.UnitMonth
	case v1.DurationShorthandUnitQuarter:
		w.Unit = schemas.UnitQuarter
	case v1.DurationShorthandUnitYear:
		w.Unit = schemas.UnitYear
	default:
		at.refuseAt("duration", "is "+spec.Duration.String()+": the calendar has days and longer units", "1M is a month, 1m a minute")
		return schemas.Window{}
	}
	zone, err := time.LoadLocation(spec.Calendar.TimeZone)
	if err != nil || spec.Calendar.TimeZone == "" || spec.Calendar.TimeZone == "Local" {
		at.refuseAt("calendar.timeZone", fmt.Sprintf("%q isn't a time zone", clip(spec.Calendar.TimeZone)), "write its name in the IANA database: Europe/Berlin")
		return schemas.Window{}
	}
	start, err := time.ParseInLocation(time.DateTime, spec.Calendar.StartTime, zone)
	switch {
	case err != nil:
		at.refuseAt("calendar.startTime", fmt.Sprintf("%q isn't a time", clip(spec.Calendar.StartTime)), "write 2026-01-01 00:00:00")
		return schemas.Window{}
	case start.Second() != 0 || start.Unix()%60 != 0:
		at.refuseAt("calendar.startTime", "isn't a full minute", "counts are by the minute")
		return schemas.Window{}
	}
	w.Start = start
	return w
}

// percent divides by 100 in decimal: 99.9 is 0.999 and not its neighbour.
func percent(v float64) float64 {
	digits := strconv.FormatFloat(v, 'f', -1, 64)
	p, err := strconv.ParseFloat(digits+"e-2", 64)
	if err != nil {
		return v / 100
	}
	return p
}
