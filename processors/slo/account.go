package slo

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/fivekeys/fivekeys/schemas"
)

// account is an objective with what it is measured on.
type account struct {
	schemas.Objective
	team   string
	alerts []schemas.BurnAlert
	// burns are the window lengths of BudgetStatus.Burn but the whole window.
	burns []int64
	parts []part
	// The corrections are understood for these minutes.
	correctedFrom, correctedTo int64
	state                      state
}

// part is a ledger that an objective is measured on: its own, or those of the
// objectives that a composite one is made of.
type part struct {
	ledger *Ledger
	of     *schemas.Objective // whose ledger it is
	weight float64
	// except is what corrections of the objective and of this part exclude.
	except []Period
}

// defaultBurns are the windows every status shows, in minutes: those of the
// published alerts.
var defaultBurns = []int64{5, 30, hourMinutes, 2 * hourMinutes, 6 * hourMinutes, dayMinutes, 3 * dayMinutes}

// newAccounts makes accounts and their ledgers. The definitions were checked
// where they were read; what would make figures meaningless is checked again.
func newAccounts(objectives []schemas.Objective, team func(service string) string) ([]*account, map[string]*Ledger, error) {
	ledgers := make(map[string]*Ledger, len(objectives))
	known := make(map[string]*schemas.Objective, len(objectives))
	for i := range objectives {
		o := &objectives[i]
		switch {
		case o.Key == "" || known[o.Key] != nil:
			return nil, nil, fmt.Errorf("new budget evaluation: objective %q is there twice or has no name", o.Key)
		case !(o.Target > 0 && o.Target < 1):
			return nil, nil, fmt.Errorf("new budget evaluation: target %v of %s is not between 0 and 1", o.Target, o.Key)
		case o.Window.Length() <= 0:
			return nil, nil, fmt.Errorf("new budget evaluation: %s has no window", o.Key)
		}
		known[o.Key] = o
		if name, twice := sameName(o.BurnAlerts()); twice {
			return nil, nil, fmt.Errorf("new budget evaluation: %s has two alerts called %q; name them apart", o.Key, name)
		}
		if len(o.Parts) == 0 {
			ledgers[o.Key] = NewLedger(sliceOf(o), sliceTargetOf(o))
		}
	}
	accounts := make([]*account, 0, len(objectives))
	for i := range objectives {
		o := &objectives[i]
		a := &account{Objective: *o, team: team(o.Service), alerts: o.BurnAlerts(), burns: burnWindows(o), correctedTo: -1}
		parts := o.Parts
		if len(parts) == 0 {
			parts = []schemas.WeightedPart{{Objective: o.Key, Weight: 1}}
		}
		for _, p := range parts {
			ledger := ledgers[p.Objective]
			if ledger == nil || !(p.Weight > 0) || math.IsInf(p.Weight, 0) {
				return nil, nil, fmt.Errorf("new budget evaluation: part %q of %s is no objective of its own or has no weight", p.Objective, o.Key)
			}
			a.parts = append(a.parts, part{ledger: ledger, of: known[p.Objective], weight: p.Weight})
		}
		accounts = append(accounts, a)
	}
	return accounts, ledgers, nil
}

// sameName finds a name that two alerts share; it is part of their identity.
func sameName(alerts []schemas.BurnAlert) (string, bool) {
	for i, a := range alerts {
		if slices.ContainsFunc(alerts[:i], func(b schemas.BurnAlert) bool { return a.Name == b.Name }) {
			return a.Name, true
		}
	}
	return "", false
}

// sliceOf is the length of a slice; objectives counted by occurrences are shown
// under the other methods too, with slices of a minute.
func sliceOf(o *schemas.Objective) time.Duration {
	d := o.Slice.Truncate(time.Minute)
	if d <= 0 || time.Hour%d != 0 {
		return time.Minute
	}
	return d
}

// sliceTargetOf is the ratio that makes a slice good; the objective's own
// target unless it names one.
func sliceTargetOf(o *schemas.Objective) float64 {
	if o.SliceTarget <= 0 {
		return o.Target
	}
	return o.SliceTarget
}

// burnWindows are the default ones and whatever the alerts name, as far as they
// are within the objective's window.
func burnWindows(o *schemas.Objective) []int64 {
	whole := minutes(o.Window.Length())
	all := slices.Clone(defaultBurns)
	for _, a := range o.BurnAlerts() {
		if all = append(all, minutes(a.Long)); !a.NoData {
			all = append(all, minutes(a.Short))
		}
	}
	slices.Sort(all)
	all = slices.Compact(all)
	return slices.DeleteFunc(all, func(m int64) bool { return m >= whole })
}

// share is what [from, to) counted under a method: as recorded, or without what
// corrections exclude.
//
// A composite objective's ratio is the mean of its parts' by weight, so that a
// part's bad ratio spends the composite's budget in proportion to its weight
// (compositeWeight of OpenSLO), however much traffic the others have. A part
// without traffic has no ratio and no say. Its good and total are the parts'
// total and the ratio of it.
func (a *account) share(method schemas.Budgeting, from, to int64, corrected bool) share {
	if len(a.parts) == 1 {
		p := &a.parts[0]
		t := p.ledger.Tally(from, to, p.exceptions(corrected))
		return t.under(method)
	}
	var bad, weight, total float64
	for i := range a.parts {
		p := &a.parts[i]
		t := p.ledger.Tally(from, to, p.exceptions(corrected))
		s := t.under(method)
		if s.total <= 0 {
			continue
		}
		bad += p.weight * (s.total - s.good) / s.total
		weight += p.weight
		total += s.total
	}
	if weight == 0 {
		return share{}
	}
	return share{good: total - total*bad/weight, total: total}
}

func (p *part) exceptions(corrected bool) []Period {
	if !corrected {
		return nil
	}
	return p.except
}

// burn over the minutes before one, in force.
func (a *account) burn(length, before int64) *float64 {
	return burn(a.share(a.Budgeting, before-length, before, true), a.Target)
}

// window is the budget's at a minute: data before it counts.
func (a *account) window(at int64) (from, to int64) {
	f, t := a.Window.At(timeOf(at))
	return minuteOf(f), minuteOf(t)
}

// since is the first minute with traffic, 0 for none.
func (a *account) since() int64 {
	since := int64(0)
	for i := range a.parts {
		if s := a.parts[i].ledger.since; s > 0 && (since == 0 || s < since) {
			since = s
		}
	}
	return since
}

// period is how much of the window at a minute is over. What was before the
// first minute with traffic is not: an objective that is younger than its window
// has not had the time to spend more than that share of its budget.
func (a *account) period(at int64) period {
	from, to := a.window(at)
	return period{elapsed: float64(at - min(max(from, a.since()), at)), length: float64(to - from)}
}

// correct works out what corrections exclude from [from, to), and some minutes
// ahead so that it need not be done each minute.
func (a *account) correct(corrections []Correction, from, to int64) {
	if a.correctedFrom <= from && to <= a.correctedTo {
		return
	}
	a.correctedFrom, a.correctedTo = from, to+hourMinutes
	own := Excluded(corrections, &a.Objective, from, a.correctedTo)
	for i := range a.parts {
		p := &a.parts[i]
		p.except = own
		if p.of.Key != a.Key {
			p.except = union(slices.Concat(own, Excluded(corrections, p.of, from, a.correctedTo)))
		}
	}
}

// forgetCorrections has them worked out again.
func (a *account) forgetCorrections() { a.correctedFrom, a.correctedTo = 0, -1 }

// corrected says whether a correction touches [from, to).
func (a *account) corrected(from, to int64) bool {
	for i := range a.parts {
		for _, p := range a.parts[i].except {
			if p.From < to && from < p.To {
				return true
			}
		}
	}
	return false
}

// reach is how many minutes back figures at a minute look.
func (a *account) reach(at int64) int64 {
	from, _ := a.window(at)
	reach := at - from
	for _, b := range a.burns {
		reach = max(reach, b)
	}
	return reach
}
