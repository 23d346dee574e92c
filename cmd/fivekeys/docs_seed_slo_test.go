package main

import (
	"testing"
	"time"

	"github.com/fivekeys/fivekeys/internal/simulation"
	"github.com/fivekeys/fivekeys/schemas"
)

// docsWindow is the window of the documentation's objectives.
const docsWindow = 28 * 24 * time.Hour

// docsEvaluated is how long budgets have been evaluated: each minute takes the
// test a moment.
const docsEvaluated = 15 * 24 * time.Hour

// docsRequests is how many requests each service has in each minute.
const docsRequests = 60

func docsObjective(service, key string, target float64) schemas.Objective {
	return schemas.Objective{
		Key: key, SLO: key, Service: service, Target: target, Budgeting: schemas.Occurrences, Slice: time.Minute, SliceTarget: 0.99,
		Window: schemas.Window{Rolling: docsWindow}, Definition: "docs",
		Indicator: schemas.Indicator{Total: &schemas.SpanSelector{Service: service}, Good: &schemas.SpanSelector{Service: service, Status: "ok"}},
	}
}

// docsObjectives: one that leaks, one that was spent at once, one with a
// maintenance window, one that nobody has used.
var docsObjectives = func() []schemas.Objective {
	search := docsObjective("search", "search-uptime", 0.995)
	search.Budgeting = schemas.Timeslices
	return []schemas.Objective{
		docsObjective("checkout", "checkout-availability", 0.999),
		docsObjective("payments", "payments-availability", 0.999),
		search,
		docsObjective("accounts", "accounts-availability", 0.99),
	}
}()

// What went wrong. Everything of an outage fails; of the index that was slow
// every second request.
var (
	docsOutage      = [2]time.Time{time.Date(2025, 12, 22, 10, 0, 0, 0, time.UTC), time.Date(2025, 12, 22, 10, 45, 0, 0, time.UTC)}
	docsMaintenance = [2]time.Time{time.Date(2025, 12, 28, 2, 0, 0, 0, time.UTC), time.Date(2025, 12, 28, 4, 0, 0, 0, time.UTC)}
	docsSlowIndex   = [2]time.Time{time.Date(2026, 1, 2, 9, 0, 0, 0, time.UTC), time.Date(2026, 1, 2, 9, 20, 0, 0, time.UTC)}
)

func within(at time.Time, span [2]time.Time) bool { return !at.Before(span[0]) && at.Before(span[1]) }

// docsSuffering bounds how long a broken release of checkout fails requests.
const docsSuffering = 3 * time.Hour

// planCounts makes the counts of eight weeks, so that each window within the
// last four is full.
func (d *docsData) planCounts(t *testing.T) {
	t.Helper()
	d.event(t, "maintenance-1", schemas.TypeCorrection, docsMaintenance[1], &schemas.CorrectionEvent{
		CorrectionID: "index-rebuild", SLO: "search-uptime", From: docsMaintenance[0], To: docsMaintenance[1],
		Author: "ada", Reason: "index rebuilt, announced",
	})
	checkout := d.production("checkout")
	for at := docsNow.Add(-2 * docsWindow); at.Before(docsNow); at = at.Add(time.Minute) {
		count := func(objective, version string, bad int) {
			d.sliMinutes = append(d.sliMinutes, schemas.SLIMinute{
				Objective: objective, Minute: at, Version: version, Good: uint64(docsRequests - bad), Total: docsRequests,
			})
		}
		bad, version := checkoutBad(live(checkout, at), at)
		count("checkout-availability", version, bad)
		bad = 0
		if within(at, docsOutage) {
			bad = docsRequests
		}
		count("payments-availability", "", bad)
		bad = 0
		switch {
		case within(at, docsMaintenance):
			bad = docsRequests
		case within(at, docsSlowIndex):
			bad = docsRequests / 2
		}
		count("search-uptime", "", bad)
	}
}

// checkoutBad is one failed request every two hours, and five a minute while a
// broken release is live.
func checkoutBad(live simulation.Deployment, at time.Time) (bad int, version string) {
	if at.Minute() == 0 && at.Hour()%2 == 0 {
		bad++
	}
	if live.Failed && at.Sub(live.FinishedAt) < docsSuffering && (live.RecoveredAt.IsZero() || at.Before(live.RecoveredAt)) {
		bad += 5
	}
	return bad, live.SHA
}

// docsBad are the bad events of an objective in the window, and those of a
// minute.
func (d *docsData) docsBad(objective string) (bad, total uint64, at map[int64]uint64) {
	at = map[int64]uint64{}
	for _, m := range d.sliMinutes {
		if m.Objective != objective {
			continue
		}
		at[m.Minute.Unix()/60] = m.Total - m.Good
		if !m.Minute.Before(docsNow.Add(-docsWindow)) {
			bad, total = bad+m.Total-m.Good, total+m.Total
		}
	}
	return bad, total, at
}

// docsAlert is an alert as it must have been.
type docsAlert struct {
	objective, rule string
	severity        schemas.Severity
	from, to        time.Time // to is zero while it fires
}

// docsAlerts goes through what was evaluated minute by minute: an alert begins
// where both windows burn faster than the factor and ends where the short one
// does not. All minutes have the same traffic.
func (d *docsData) docsAlerts() []docsAlert {
	var all []docsAlert
	for _, o := range docsObjectives {
		_, total, at := d.docsBad(o.Key)
		if total == 0 {
			continue
		}
		first := docsNow.Add(-2*docsWindow).Unix() / 60
		last := docsNow.Unix() / 60
		sums := make([]uint64, last-first+1) // bad before each minute
		for m := first; m < last; m++ {
			sums[m-first+1] = sums[m-first] + at[m]
		}
		// Periods that a correction excludes have neither bad nor total.
		excluded := func(from, to int64) int64 {
			if o.Key != "search-uptime" {
				return 0
			}
			return max(0, min(to, docsMaintenance[1].Unix()/60)-max(from, docsMaintenance[0].Unix()/60))
		}
		for _, rule := range o.BurnAlerts() {
			rate := func(window time.Duration, end int64) float64 {
				from := end - int64(window/time.Minute)
				lost := excluded(from, end)
				minutes := float64(end - from - lost)
				if minutes == 0 {
					return -1
				}
				bad := float64(sums[end-first]-sums[from-first]) / docsRequests
				if o.Budgeting == schemas.Timeslices { // each of our faults spoils its minute
					bad = 0
					for m := from; m < end; m++ {
						if at[m] > 0 {
							bad++
						}
					}
				}
				return (bad - float64(lost)) / minutes / (1 - o.Target)
			}
			var now *docsAlert
			for end := docsNow.Add(-docsEvaluated).Unix()/60 + 1; end <= last; end++ {
				short := rate(rule.Short, end)
				switch {
				case now == nil && short > rule.Factor*(1+1e-9) && rate(rule.Long, end) > rule.Factor*(1+1e-9):
					now = &docsAlert{objective: o.Key, rule: rule.Name, severity: rule.Severity, from: time.Unix(end*60, 0).UTC()}
				case now != nil && short >= 0 && short <= rule.Factor*(1+1e-9):
					now.to = time.Unix(end*60, 0).UTC()
					all, now = append(all, *now), nil
				}
			}
			if now != nil {
				all = append(all, *now)
			}
		}
	}
	return all
}
