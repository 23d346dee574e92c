// Package amount writes amounts as people say them: 43 minutes, 1 minute,
// 26 seconds, all of the 43 minutes are spent and 4.3 more. Alerts, budgets and
// the gate speak of the same budgets, and say the same of them.
package amount

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// Number writes a figure in the digits that matter: 43, 14.9, 0.43.
func Number(v float64) string {
	a := math.Abs(v)
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return "an unknown number"
	case a >= 20 || a == 0:
		return plain(v, 0)
	case a >= 1:
		return plain(v, 1)
	}
	return plain(v, min(1-int(math.Floor(math.Log10(a))), 6))
}

// plain has no exponent, no zeros at its end, and no -0.
func plain(v float64, digits int) string {
	text := strconv.FormatFloat(v, 'f', digits, 64)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	if text == "-0" {
		return "0"
	}
	return text
}

// Count writes a number with its noun.
func Count(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.FormatInt(n, 10) + " " + noun + "s"
}

// secondsBelow is from where on down minutes are told in seconds.
const secondsBelow = 2

// Minutes writes minutes, in seconds where they are few.
func Minutes(v float64) string {
	if a := math.Abs(v); a > 0 && a < secondsBelow && a != 1 {
		return noun(Number(60*v), "second")
	}
	return noun(Number(v), "minute")
}

func noun(number, word string) string {
	switch {
	case strings.HasPrefix(number, "an "):
		return number + " of " + word + "s"
	case number == "1":
		return "1 " + word
	}
	return number + " " + word + "s"
}

// Of writes how much of a whole, both in minutes: 52 of its 43 minutes. The
// digits tell the two apart, and a little from nothing.
func Of(value, whole float64, link string) string {
	word := "minute"
	if whole < secondsBelow {
		value, whole, word = 60*value, 60*whole, "second"
	}
	if math.IsNaN(value) || math.IsInf(value, 0) {
		return "an unknown part " + link + " " + noun(Number(whole), word)
	}
	digits := 0
	if whole < 10 || value != whole && math.Round(value) == math.Round(whole) || value != 0 && math.Round(value) == 0 {
		digits = 1
	}
	text := plain(value, digits)
	if text == "0" && value > 0 {
		text = "less than " + plain(math.Pow10(-digits), digits)
	}
	return text + " " + link + " " + noun(plain(whole, digits), word)
}

// Left says what of a budget is left, both in minutes.
func Left(left, budget float64) string {
	if math.IsNaN(left) || math.IsInf(left, 0) {
		return "how much of the " + Minutes(budget) + " is left is not known"
	}
	if left > 0 {
		text := Of(left, budget, "of")
		if strings.HasPrefix(text, "1 ") {
			return text + " is left"
		}
		return text + " are left"
	}
	whole := Minutes(budget)
	text := "all of the " + whole + " are spent"
	if strings.HasPrefix(whole, "1 ") {
		text = "all of the " + whole + " is spent"
	}
	// As fine as it is told at all.
	if more := -left; more >= budget/1000 && more > 0 {
		text += " and " + Minutes(more) + " more"
	}
	return text
}

// Percent writes a share of a whole: 43 %, 0.2 %.
func Percent(share float64) string {
	if math.IsNaN(share) || math.IsInf(share, 0) {
		return "an unknown share"
	}
	return Number(100*share) + " %"
}

// Span writes a duration in its largest unit: 90 seconds, 6 minutes, 3 hours.
func Span(d time.Duration) string {
	const day = 24 * time.Hour
	d = max(d, 0)
	for _, u := range []struct {
		unit time.Duration
		name string
	}{{day, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}} {
		if d >= 2*u.unit || d == u.unit {
			return Count(int64(d/u.unit), u.name)
		}
	}
	return Count(int64(d/time.Second), "second")
}

// Times writes how many times as much: 14.9 times. Near 1 a little matters.
func Times(v float64) string {
	if v >= 0.995 && v < 2 {
		return strconv.FormatFloat(v, 'f', 2, 64) + " times"
	}
	return Number(v) + " times"
}

// Clock writes a time of day, with its date where that is another one than
// now's.
func Clock(t, now time.Time) string {
	t, now = t.UTC(), now.UTC()
	switch {
	case t.Year() != now.Year():
		return t.Format("on 2 January 2006 at 15:04 UTC")
	case t.YearDay() != now.YearDay():
		return t.Format("on 2 January at 15:04 UTC")
	}
	return t.Format("at 15:04 UTC")
}
