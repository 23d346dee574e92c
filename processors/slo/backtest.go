package slo

import (
	"fmt"
	"slices"
	"time"

	"github.com/fivekeys/fivekeys/schemas"
)

// Trial is a candidate alert for a backtest.
type Trial struct {
	schemas.BurnAlert
	// Fires are when it would have fired; the last one may not be over at the end.
	Fires []Fire
	// Matched fires are those of which some incident tells; Caught incidents are
	// those that some fire tells of.
	Matched, Caught, Incidents int
	// Detection is from an incident's opening to its first fire, negative where
	// the alert was earlier; Reset from its end to the fire's. Medians over the
	// caught incidents, nil where there is none.
	Detection, Reset *time.Duration
}

// Fire is one alert that would have been.
type Fire struct {
	From, To time.Time
	// LongBurn and ShortBurn are the rates it fired at.
	LongBurn, ShortBurn float64
	Incident            string // the first one it tells of
}

// Precision is the share of fires of which an incident tells.
func (t *Trial) Precision() *float64 { return ratioOf(t.Matched, len(t.Fires)) }

// Recall is the share of incidents that a fire tells of.
func (t *Trial) Recall() *float64 { return ratioOf(t.Caught, t.Incidents) }

func ratioOf(n, of int) *float64 {
	if of == 0 {
		return nil
	}
	v := float64(n) / float64(of)
	return &v
}

// Outage is a recorded incident.
type Outage struct {
	ID       string
	From, To time.Time // To is zero while it is open
}

// matchSlack is how long before an incident was opened a fire may be over and
// still tell of it: people open incidents after alerts.
const matchSlack = time.Hour

// Backtest runs stored minutes through candidate alerts, minute by minute as
// the evaluation does.
type Backtest struct {
	account *account
	ledgers map[string]*Ledger
}

// NewBacktest makes one of an objective; the parts of a composite one are
// among others.
func NewBacktest(o schemas.Objective, others []schemas.Objective, candidates []schemas.BurnAlert) (*Backtest, error) {
	o.Alerts = candidates
	objectives := []schemas.Objective{o}
	for _, p := range o.Parts {
		for _, other := range others {
			if other.Key == p.Objective {
				objectives = append(objectives, other)
			}
		}
	}
	accounts, ledgers, err := newAccounts(objectives, func(string) string { return "" })
	if err != nil {
		return nil, fmt.Errorf("backtest %s: %w", o.Key, err)
	}
	return &Backtest{account: accounts[0], ledgers: ledgers}, nil
}

// Needs is how long before the begin of a backtest minutes are looked at.
func (b *Backtest) Needs() time.Duration {
	longest := int64(0)
	for _, a := range b.account.alerts {
		longest = max(longest, minutes(a.Long))
	}
	return time.Duration(longest) * time.Minute
}

// Add adds to what a minute of an objective counted.
func (b *Backtest) Add(objective string, minute time.Time, good, total uint64) {
	if l := b.ledgers[objective]; l != nil {
		l.Add(minuteOf(minute), good, total)
	}
}

// Correct excludes what corrections exclude.
func (b *Backtest) Correct(corrections []Correction, from, to time.Time) {
	b.account.forgetCorrections()
	b.account.correct(corrections, minuteOf(from.Add(-b.Needs())), minuteOf(to))
}

// Run looks at each minute of [from, to) with every candidate.
func (b *Backtest) Run(from, to time.Time, outages []Outage) []Trial {
	trials := make([]Trial, len(b.account.alerts))
	for i := range trials {
		trials[i].BurnAlert = b.account.alerts[i]
		b.run(&trials[i], minuteOf(from), minuteOf(to))
		trials[i].match(outages, from, to)
	}
	return trials
}

func (b *Backtest) run(t *Trial, from, to int64) {
	firing := false
	for at := from + 1; at <= to; at++ {
		v := b.account.judge(&t.BurnAlert, firing, at)
		switch {
		case v.fires:
			firing = true
			t.Fires = append(t.Fires, Fire{From: timeOf(at), LongBurn: orZero(v.long), ShortBurn: orZero(v.short)})
		case v.resolves:
			firing = false
			t.Fires[len(t.Fires)-1].To = timeOf(at)
		}
	}
	if firing {
		t.Fires[len(t.Fires)-1].To = timeOf(to)
	}
}

// match sets fires beside the incidents opened within [from, to).
func (t *Trial) match(outages []Outage, from, to time.Time) {
	var detections, resets []time.Duration
	for _, o := range outages {
		if o.From.Before(from) || !o.From.Before(to) {
			continue
		}
		t.Incidents++
		end := o.To
		if end.IsZero() {
			end = to
		}
		var first, last *Fire
		for i := range t.Fires {
			f := &t.Fires[i]
			if !f.To.After(o.From.Add(-matchSlack)) || f.From.After(end) {
				continue
			}
			if f.Incident == "" {
				f.Incident = o.ID
				t.Matched++
			}
			if first == nil {
				first = f
			}
			last = f
		}
		if first == nil {
			continue
		}
		t.Caught++
		detections = append(detections, first.From.Sub(o.From))
		if !o.To.IsZero() {
			resets = append(resets, last.To.Sub(o.To))
		}
	}
	t.Detection, t.Reset = median(detections), median(resets)
}

func median(d []time.Duration) *time.Duration {
	if len(d) == 0 {
		return nil
	}
	slices.Sort(d)
	m := (d[(len(d)-1)/2] + d[len(d)/2]) / 2
	return &m
}
