package slo

import "time"

// Minutes and hours are counted from 1970 in the core: windows are sums over
// [from, to) of them.
const (
	hourMinutes = 60
	dayMinutes  = 24 * hourMinutes
)

// minuteOf is the minute a time lies in.
func minuteOf(t time.Time) int64 {
	s := t.Unix()
	if s < 0 {
		return (s - 59) / 60
	}
	return s / 60
}

func timeOf(minute int64) time.Time { return time.Unix(minute*60, 0).UTC() }

// hourOf is the hour a minute lies in. Minutes before 1970 do not occur.
func hourOf(minute int64) int64 { return minute / hourMinutes }

func minutes(d time.Duration) int64 { return int64(d / time.Minute) }
