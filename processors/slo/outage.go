package slo

import (
	"cmp"
	"slices"
	"time"

	"github.com/fivekeys/fivekeys/schemas"
)

// One outage makes several alerts of an objective fire, and is one notification.
// Pages and tickets are told apart; of each severity
//
//   - the most urgent alert that begins is told, the others are part of it;
//   - it is over when all alerts of its severity are.
//
// While a page is told, tickets are part of it as well. They outlast it by their
// short windows, which are longer; one that goes on after that burns on its own
// and is told.

// ticketPatience bounds how long a ticket waits for a page that may come of the
// same outage.
const ticketPatience = hourMinutes

// tell gives what is to be told at a minute, after the alerts were moved on.
func (a *account) tell(at int64) []schemas.AlertSignal {
	if a.state.Told == nil {
		a.state.Told = []schemas.AlertSignal{} // which an older state does not have
	}
	var out []schemas.AlertSignal
	for _, severity := range []schemas.Severity{schemas.SeverityPage, schemas.SeverityTicket} {
		firing := bySeverity(a.state.Firing, severity)
		told := bySeverity(a.state.Told, severity)
		switch {
		case len(told) > 0 && len(firing) == 0:
			for _, s := range told {
				out = append(out, a.resolved(s, at))
			}
			a.state.Told = slices.DeleteFunc(slices.Clone(a.state.Told), func(s schemas.AlertSignal) bool { return s.Severity == severity })
			if severity == schemas.SeverityPage {
				a.state.PageOver = timeOf(at)
			}
		case len(told) == 0 && len(firing) > 0:
			if severity == schemas.SeverityTicket {
				firing = a.ownTickets(firing, at)
			}
			if len(firing) > 0 {
				most := slices.MaxFunc(firing, func(s, t schemas.AlertSignal) int { return cmp.Compare(s.Factor, t.Factor) })
				a.state.Told = append(a.state.Told, most)
				out = append(out, most)
			}
		}
	}
	return out
}

func bySeverity(all []schemas.AlertSignal, severity schemas.Severity) []schemas.AlertSignal {
	var out []schemas.AlertSignal
	for _, s := range all {
		if s.Severity == severity {
			out = append(out, s)
		}
	}
	return out
}

// ownTickets are the tickets that are not part of what a page tells, or may tell
// soon.
func (a *account) ownTickets(firing []schemas.AlertSignal, at int64) []schemas.AlertSignal {
	if len(bySeverity(a.state.Told, schemas.SeverityPage)) > 0 {
		return nil
	}
	waits := a.pageMayCome(at)
	return slices.DeleteFunc(firing, func(s schemas.AlertSignal) bool {
		return at < minuteOf(a.state.PageOver.Add(a.shortOf(s.Rule))) || waits && at < minuteOf(s.StartedAt)+ticketPatience
	})
}

// pageMayCome says whether the short window of a page exceeds its factor: the
// long one will too if this goes on.
func (a *account) pageMayCome(at int64) bool {
	return slices.ContainsFunc(a.alerts, func(rule schemas.BurnAlert) bool {
		if rule.NoData || rule.Severity != schemas.SeverityPage {
			return false
		}
		short := a.burn(minutes(rule.Short), at)
		return short != nil && exceeds(*short, rule.Factor)
	})
}

func (a *account) shortOf(rule string) time.Duration {
	for i := range a.alerts {
		if a.alerts[i].Name == rule && !a.alerts[i].NoData {
			return a.alerts[i].Short
		}
	}
	return 0
}
