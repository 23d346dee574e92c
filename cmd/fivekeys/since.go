package main

import (
	"strconv"
	"strings"
	"time"

	"github.com/fivekeys/fivekeys/internal/report"
)

// maxDays bounds a period: two of them are compared, and both are after 1970.
const maxDays = 20 * 366

// period reads --since ("90d", "12w" or a date) as full UTC days up to and
// including the day of now.
func period(since string, now time.Time) (report.Period, error) {
	days := 0
	if date, err := time.Parse(time.DateOnly, since); err == nil {
		days = int(now.Sub(date)/report.Day) + 1
	} else if number, unit := since[:max(len(since)-1, 0)], strings.ToLower(since[max(len(since)-1, 0):]); unit == "d" || unit == "w" {
		days, _ = strconv.Atoi(number)
		if unit == "w" {
			days = min(days, maxDays) * report.DaysPerWeek
		}
	}
	if days < 1 || days > maxDays {
		return report.Period{}, usagef("--since %q: give days (90d), weeks (12w) or a date in the past (2026-01-31)", since)
	}
	return report.ThroughToday(now, days), nil
}
