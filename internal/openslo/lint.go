package openslo

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fivekeys/fivekeys/internal/suggest"
	"github.com/fivekeys/fivekeys/schemas"
)

// Lint gives the problems of the files and what is valid in them and still not
// meant. The catalogue may be empty; then services aren't looked up.
func (s *Set) Lint(catalog *schemas.Catalog) Problems {
	l := &linter{set: s, catalog: catalog}
	for i := range s.Objectives {
		o := &s.Objectives[i]
		l.objective(o, s.places[o.Key])
		l.smallest(o)
	}
	for i := range s.halves {
		l.objective(&s.halves[i].Objective, s.halves[i].at)
	}
	return append(l.found, s.Problems...).sorted()
}

type linter struct {
	set     *Set
	catalog *schemas.Catalog
	at      place
	found   Problems
}

// objective looks at one; of a half of one, at what could be read.
func (l *linter) objective(o *schemas.Objective, at place) {
	l.at = at
	l.services(o)
	l.constant(o)
	if !(o.Target > 0 && o.Target < 1) || o.Window.Length() <= 0 {
		return
	}
	for _, a := range o.BurnAlerts() {
		l.alert(o, a)
	}
	if o.Alerts == nil {
		l.omitted(o)
	}
}

func (l *linter) add(level Level, o *schemas.Objective, message, hint string) {
	l.found = append(l.found, l.at.problem(level, "objective "+o.Key+": "+message, hint))
}

// omitted says which default alerts are left out, and why.
func (l *linter) omitted(o *schemas.Objective) {
	var long, low []string
	omitted := schemas.OmittedBurnAlerts(o.Window.Length())
	for _, a := range omitted {
		if a.Long > o.Window.Length() {
			long = append(long, fmt.Sprintf("%s (%s)", a.Name, schemas.Shorthand(a.Long)))
		} else {
			low = append(low, fmt.Sprintf("%s (%.3g)", a.Name, a.Factor))
		}
	}
	var why []string
	if len(low) > 0 {
		why = append(why, strings.Join(low, ", ")+": a factor below 1 fires while the objective is met")
	}
	if len(long) > 0 {
		why = append(why, strings.Join(long, ", ")+": longer than the window")
	}
	switch {
	case len(why) == 0:
	case len(o.BurnAlerts()) == 0:
		l.add(Warning, o, fmt.Sprintf("no default alert fits a window of %s, so nothing alerts: %s", o.Window, strings.Join(why, "; ")), "write alertPolicies, or a longer window")
	default:
		l.add(Note, o, fmt.Sprintf("default alerts that do not fit a window of %s are left out: %s", o.Window, strings.Join(why, "; ")), "")
	}
}

// rounding keeps an alert that is exactly at a bound from being on either side
// of it by the last binary digit.
const rounding = 1e-9

func (l *linter) alert(o *schemas.Objective, a schemas.BurnAlert) {
	most := 1 / (1 - o.Target)
	if !a.NoData && a.Factor < 1-rounding {
		l.add(Warning, o, fmt.Sprintf("alert %s fires while the objective is met: its factor is %.4g, and a burn rate of 1 spends the budget exactly", a.Name, a.Factor), "write a threshold of 1 or more")
	}
	if a.Factor >= most*(1-rounding) {
		hint := "lower the threshold, or raise the target"
		if o.Alerts == nil {
			hint = "this default is for targets above " + percentText(1-1/a.Factor) + "; write alertPolicies with a lower threshold"
		}
		l.add(Refused, o, fmt.Sprintf("alert %s can never fire: its factor is %.4g, and the burn rate is %.4g where all fails", a.Name, a.Factor, most), hint)
	}
	if a.Long > o.Window.Length() {
		l.add(Refused, o, fmt.Sprintf("alert %s looks %s back and the window is %s", a.Name, schemas.Shorthand(a.Long), o.Window), "shorten lookbackWindow, or lengthen the window")
	}
}

// smallest says below how much traffic a single failure alerts: one of n
// requests burns at 1 ÷ (n × (1 − target)), which no longer exceeds the factor
// from n = 1 ÷ (factor × (1 − target)) on.
func (l *linter) smallest(o *schemas.Objective) {
	if len(o.Parts) > 0 {
		return
	}
	var fewer, always []string
	for _, a := range o.BurnAlerts() {
		if a.NoData {
			continue
		}
		least := leastRequests(o.Target, a.Factor)
		over := fmt.Sprintf("%s %d in %s", a.Name, least, schemas.Shorthand(a.Long))
		switch {
		case o.Budgeting == schemas.Occurrences && least > 1:
			fewer = append(fewer, over)
		case o.Budgeting == schemas.Timeslices && o.Slice > 0 && int64(a.Long/o.Slice) < least:
			always = append(always, fmt.Sprintf("%s (%d slices in %s, %d are needed)", a.Name, a.Long/o.Slice, schemas.Shorthand(a.Long), least))
		}
	}
	if len(fewer) > 0 {
		l.add(Note, o, "a single failure alerts while there are fewer requests than: "+strings.Join(fewer, ", "), "")
	}
	if len(always) > 0 {
		l.add(Note, o, "a single bad slice alerts: "+strings.Join(always, ", "), "")
	}
}

// leastRequests is how many requests a window needs for a single failure among
// them not to alert.
func leastRequests(target, factor float64) int64 {
	n := 1 / (factor * (1 - target))
	return int64(math.Ceil(n * (1 - rounding)))
}

// constant warns of ratios that are always 0 or 1.
func (l *linter) constant(o *schemas.Objective) {
	i := o.Indicator
	switch {
	case i.Total == nil:
	case i.Good != nil && reflect.DeepEqual(i.Good, i.Total):
		l.add(Warning, o, "good selects all of total: nothing can be bad", "say what sets good apart: status: ok")
	case i.Bad != nil && reflect.DeepEqual(i.Bad, i.Total):
		l.add(Warning, o, "bad selects all of total: nothing can be good", "say what sets bad apart: status: error")
	}
}

// services warns of names that the catalogue does not know: such a budget has
// no team and no deployments.
func (l *linter) services(o *schemas.Objective) {
	if l.catalog == nil || len(l.catalog.Services) == 0 {
		return
	}
	names := []string{o.Service}
	if t := o.Indicator.Total; t != nil && t.Service != "" && t.Service != o.Service {
		names = append(names, t.Service)
	}
	for _, name := range names {
		if _, known := l.catalog.ServiceByAlias("", name); known || slices.Contains(l.set.Services, name) {
			continue
		}
		all := slices.Clone(l.set.Services)
		for i := range l.catalog.Services {
			all = append(all, l.catalog.Services[i].Name)
		}
		l.add(Warning, o, fmt.Sprintf("the catalogue knows no service %q", clip(name)), suggest.DidYouMean(name, all))
	}
}

// AllowedDowntime is how much of a period a target leaves: (1 − target) ×
// period. 99.999 % of 30 days are 25.92 s.
func AllowedDowntime(target float64, period time.Duration) time.Duration {
	return time.Duration((1 - target) * float64(period)).Round(time.Microsecond)
}

func percentText(ratio float64) string { return strconv.FormatFloat(100*ratio, 'g', 5, 64) + " %" }
