package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/fivekeys/fivekeys/internal/bands"
)

// label is how people call a metric.
var label = map[Name]string{
	DeploymentFrequency: "Deployment frequency",
	LeadTime:            "Change lead time",
	Coding:              "  coding",
	Pickup:              "  pickup",
	Review:              "  review",
	Deploy:              "  deploy",
	ChangeFailRate:      "Change fail rate",
	RecoveryTime:        "Recovery time",
	ReworkRate:          "Rework rate",
	TimeToRestore:       "Time to restore",
	TimeToAcknowledge:   "Time to acknowledge",
	OpenChanges:         "Open changes",
	BatchSize:           "Batch size",
}

var bandWord = map[bands.Band]string{
	bands.Elite: "Elite", bands.High: "High", bands.Medium: "Medium", bands.Low: "Low",
	bands.NotEnoughData: "not enough data",
}

const noData = "no data"

// human prints a metric's value for people: 3.2 h, 1.5 d, 4.1/week, 9.4 %.
func (m Metric) human() string {
	if m.State == StateNobodyTells {
		return thousands(*m.Numerator) + " of " + thousands(*m.Denominator)
	}
	if m.Value == nil {
		return noData
	}
	switch v := *m.Value; m.Unit {
	case PerDay:
		return humanRate(v)
	case Seconds:
		return humanDuration(v)
	case Ratio:
		return humanPercent(v)
	case Count:
		return thousands(int(v))
	case PerDeployment:
		return significant(v)
	}
	return significant(*m.Value)
}

// humanDuration takes the largest unit that leaves at least 1, rounding first:
// 59.99 minutes are 1.0 h and not 60 min.
func humanDuration(seconds float64) string {
	for _, u := range []struct {
		seconds float64
		name    string
	}{{86400, "d"}, {3600, "h"}, {60, "min"}} {
		if v := math.Round(seconds/u.seconds*100) / 100; v >= 1 {
			return significant(v) + " " + u.name
		}
	}
	return significant(seconds) + " s"
}

// humanMinutes prints minutes of work or of a budget in hours at most: a day of
// work is none of 24 hours. They may be below 0.
func humanMinutes(minutes float64) string {
	sign := ""
	if minutes < 0 {
		sign, minutes = "-", -minutes
	}
	if v := math.Round(minutes/60*100) / 100; v >= 1 {
		return sign + significant(v) + " h"
	}
	if minutes > 0 && minutes < 1 {
		return sign + significant(minutes*60) + " s"
	}
	return sign + significant(minutes) + " min"
}

// humanShare prints a share of good events: 99.95 %. It is cut and not rounded,
// so that 100 % is said of nothing else.
func humanShare(share float64) string {
	const digits = 1e5 // of a share: three of a percentage
	// The nudge is far below a digit and above what 0.9995 is off by in binary.
	cut := math.Floor(share*digits+1e-6) / digits * 100
	if share < 1 && cut == 100 {
		cut = (digits - 1) / digits * 100
	}
	return strings.TrimRight(strings.TrimRight(strconv.FormatFloat(cut, 'f', 3, 64), "0"), ".") + " %"
}

func humanRate(perDay float64) string {
	switch {
	case perDay >= 1:
		return significant(perDay) + "/day"
	case perDay*7 >= 1:
		return significant(perDay*7) + "/week"
	}
	return significant(perDay*30) + "/month"
}

// humanPercent never rounds to 0 or to 100 % what isn't.
func humanPercent(ratio float64) string {
	switch percent := ratio * 100; {
	case percent > 99.9 && percent < 100:
		return ">99.9 %"
	case percent >= 99.5 && percent < 100:
		return strconv.FormatFloat(percent, 'f', 1, 64) + " %"
	default:
		return significant(percent) + " %"
	}
}

// significant prints one decimal where it says something: 3.2, 12, 0.4.
func significant(v float64) string {
	switch {
	case v > 0 && v < 0.05:
		return "<0.1"
	case v >= 9.95:
		return thousands(int(math.Round(v)))
	}
	return strings.TrimSuffix(strconv.FormatFloat(v, 'f', 1, 64), ".0")
}

func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// human prints a trend: an arrow, the relative change, and what to think of it.
func (t *Trend) human() string {
	if t == nil {
		return ""
	}
	if t.Change == nil {
		if t.Verdict == Same {
			return "= same"
		}
		return strings.TrimSpace("▲ from 0 " + t.word())
	}
	arrow := "▲"
	if *t.Change < 0 {
		arrow = "▼"
	}
	percent := math.Round(math.Abs(*t.Change) * 100)
	switch {
	case percent == 0:
		return "= same"
	case percent > 999:
		return strings.TrimSpace(arrow + " >999 % " + t.word())
	}
	return strings.TrimSpace(fmt.Sprintf("%s %.0f %% %s", arrow, percent, t.word()))
}

func (t *Trend) word() string {
	if t.Verdict == Unclear {
		return "" // too few on either side to call it
	}
	return string(t.Verdict)
}

// detail is what the value rests on, in a few words.
func (m Metric) detail() string {
	if m.State == StateNobodyTells {
		return "nobody could have told"
	}
	if m.Value == nil {
		return ""
	}
	switch {
	case m.Name == DeploymentFrequency:
		s := fmt.Sprintf("%s in %d d", thousands(*m.Numerator), *m.Denominator)
		if m.DeploymentsPerWeek != nil {
			s += fmt.Sprintf(", median week %s", significant(*m.DeploymentsPerWeek))
		}
		return s
	case m.Interval != nil:
		s := fmt.Sprintf("%s/%s (%s–%s)", thousands(*m.Numerator), thousands(*m.Denominator),
			significant(m.Interval.Low*100), humanPercent(m.Interval.High))
		if m.Told != nil && *m.Told < *m.Denominator {
			s += fmt.Sprintf(", %s untold", thousands(*m.Denominator-*m.Told))
		}
		return s
	case m.Numerator != nil:
		return fmt.Sprintf("%s/%s", thousands(*m.Numerator), thousands(*m.Denominator))
	case m.Name == OpenChanges && m.Spread != nil:
		return fmt.Sprintf("p50 %s, max %s", humanDuration(m.Spread.P50), humanDuration(m.Spread.Max))
	case m.Spread != nil:
		return fmt.Sprintf("p90 %s, n %s", humanDuration(m.Spread.P90), thousands(m.Sample))
	}
	return ""
}

// title names a scope for people.
func (s Scope) title() string {
	switch s.Kind {
	case ScopeWhole:
		return "all services"
	case ScopeTeam:
		if s.Name == "" {
			return "services without a team"
		}
		return "team " + printable(s.Name)
	case ScopeTeams:
		return "teams " + printable(s.Name)
	case ScopeService:
		return "service " + printable(s.Name)
	case ScopeServices:
		return "services " + printable(s.Name)
	}
	return printable(s.Name)
}

// row names a scope in a table of its kind.
func (s Scope) row() string {
	if s.Name == "" {
		return "(no team)"
	}
	return printable(s.Name)
}

// printable keeps names from moving the cursor: they come from whoever may
// send an event.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '�'
		}
		return r
	}, s)
}

func date(t time.Time) string { return t.UTC().Format(time.DateOnly) }

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return thousands(n) + " " + many
}
