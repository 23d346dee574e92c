package slo

import (
	"context"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"time"

	"github.com/fivekeys/fivekeys/internal/clickhouse"
	"github.com/fivekeys/fivekeys/schemas"
)

// hours are some of a ledger's, by the objective's key.
type hours map[string]map[int64]bool

func (h hours) add(key string, hour int64) {
	if h[key] == nil {
		h[key] = map[int64]bool{}
	}
	h[key][hour] = true
}

// read takes in what has changed and says whether anything before the minute
// evaluated last has.
func (e *Evaluator) read(ctx context.Context, at int64) (changed bool, err error) {
	others, err := e.cfg.Store.LoadStates(ctx, e.writer)
	if err != nil {
		return false, err
	}
	if err := e.adopt(others); err != nil {
		return false, err
	}
	if changed, err = e.readCorrections(ctx); err != nil {
		return false, err
	}
	now, err := e.cfg.Store.Now(ctx)
	if err != nil {
		return false, err
	}
	stale := hours{}
	due := e.later
	e.later = nil
	take := func(m clickhouse.SLOMinute) {
		changed = e.take(m, at, stale) || changed
	}
	for _, m := range due {
		take(m)
	}
	if err := e.cfg.Store.SLOChanges(ctx, e.seen.Add(-overlap), time.Time{}, take); err != nil {
		e.later = due
		return false, err
	}
	if err := e.open(ctx, stale); err != nil {
		return false, err
	}
	e.seen = now
	return changed, nil
}

// maxLater bounds the counts of minutes that are still to come.
const maxLater = 100_000

// take puts a minute into its ledger. A minute of a closed hour makes the hour
// stale: it is read again as a whole.
func (e *Evaluator) take(m clickhouse.SLOMinute, at int64, stale hours) (changed bool) {
	l := e.ledgers[m.Objective]
	switch {
	case l == nil:
		return false // defined no more, or by another process only
	case m.Minute >= at+hourMinutes:
		if len(e.later) < maxLater {
			e.later = append(e.later, m)
		}
		return false
	}
	known := l.since
	l.note(m.Minute, m.Total)
	older := l.since != known
	if l.Has(m.Minute, m.Good, m.Total) {
		return older
	}
	if !l.Put(m.Minute, m.Good, m.Total) {
		stale.add(m.Objective, hourOf(m.Minute))
	}
	if hourOf(m.Minute) < e.byKey[m.Objective].state.Packed {
		e.repack.add(m.Objective, hourOf(m.Minute))
	}
	return older || m.Minute < e.at
}

// readCorrections says whether they are others than before.
func (e *Evaluator) readCorrections(ctx context.Context) (bool, error) {
	events, err := e.cfg.Store.SLOCorrections(ctx)
	if err != nil {
		return false, err
	}
	mark := fingerprint(events)
	if mark == e.correctedBy {
		return false, nil
	}
	e.corrections = e.corrections[:0:0]
	for _, event := range events {
		c, err := ParseCorrection(event)
		if err != nil {
			e.cfg.Logger.Warn("correction not understood, left out", "correction", event.CorrectionID, "error", err)
			continue
		}
		e.corrections = append(e.corrections, c)
	}
	e.correctedBy = mark
	for _, a := range e.accounts {
		a.forgetCorrections()
	}
	return true, nil
}

func fingerprint(events []schemas.CorrectionEvent) string {
	h := fnv.New128a()
	for _, c := range events {
		_, _ = fmt.Fprintf(h, "%q %q %s %s %q\n", c.CorrectionID, c.SLO, c.From, c.To, c.RRule)
	}
	return string(h.Sum(nil))
}

// prepare makes every sum possible that stepping to a minute needs.
func (e *Evaluator) prepare(ctx context.Context, at int64) error {
	closed := hours{}
	for _, a := range e.accounts {
		from := e.nextStep(a, at)
		if from <= at && !a.state.Stepped.IsZero() && from > minuteOf(a.state.Stepped)+1 {
			e.cfg.Logger.Warn("minutes before are not evaluated any more", "objective", a.Key, "since", a.state.Stepped, "from", timeOf(from))
		}
		from = min(from, at)
		a.correct(e.corrections, min(from-a.reach(from), at-a.reach(at)), at)
		a.edges(from, at, func(p *part, hour int64) {
			if p.ledger.IsClosed(hour) {
				closed.add(p.of.Key, hour)
			}
		})
	}
	return e.open(ctx, closed)
}

// edges visits the hours that windows and corrections cut at minutes [from, at].
func (a *account) edges(from, at int64, visit func(p *part, hour int64)) {
	each := func(first, last int64) {
		for h := hourOf(first); h <= hourOf(last); h++ {
			for i := range a.parts {
				visit(&a.parts[i], h)
			}
		}
	}
	for _, b := range a.burns {
		each(from-b, at-b)
	}
	for minute := from; ; minute = min(minute+hourMinutes, at) {
		begin, _ := a.window(minute)
		each(begin, begin)
		if minute == at {
			break
		}
	}
	for i := range a.parts {
		p := &a.parts[i]
		for _, x := range p.except {
			visit(p, hourOf(x.From))
			visit(p, hourOf(x.To))
		}
	}
}

// rangeHours is from how many hours on one statement reads them all together.
const rangeHours = 6

// open reads the minutes of hours again.
func (e *Evaluator) open(ctx context.Context, wanted hours) error {
	if len(wanted) == 0 {
		return nil
	}
	for _, r := range e.readers {
		q := r.query
		q.Objectives = nil
		all := map[int64]bool{}
		for _, key := range r.query.Objectives {
			if len(wanted[key]) > 0 {
				q.Objectives = append(q.Objectives, key)
				maps.Copy(all, wanted[key])
			}
		}
		if len(all) == 0 {
			continue
		}
		numbers := slices.Sorted(maps.Keys(all))
		spans := [][2]int64{{numbers[0], numbers[len(numbers)-1]}}
		if len(numbers) <= rangeHours {
			spans = nil
			for _, n := range numbers {
				spans = append(spans, [2]int64{n, n})
			}
		}
		var found []clickhouse.SLOMinute
		for _, s := range spans {
			q.From, q.To = timeOf(s[0]*hourMinutes), timeOf((s[1]+1)*hourMinutes)
			if err := e.cfg.Store.SLOMinutes(ctx, q, func(m clickhouse.SLOMinute) {
				if wanted[m.Objective][hourOf(m.Minute)] {
					found = append(found, m)
				}
			}); err != nil {
				return err
			}
		}
		for _, key := range q.Objectives {
			for h := range wanted[key] {
				e.ledgers[key].Open(h)
			}
		}
		for _, m := range found {
			e.ledgers[m.Objective].Add(m.Minute, m.Good, m.Total)
		}
	}
	return nil
}

// trim forgets what no window reaches any more.
func (e *Evaluator) trim(at int64) {
	keep := hours{}
	first := map[string]int64{}
	for _, a := range e.accounts {
		a.edges(at, at+hourMinutes, func(p *part, hour int64) { keep.add(p.of.Key, hour) })
		for i := range a.parts {
			key := a.parts[i].of.Key
			oldest := hourOf(at - max(a.reach(at), openMinutes))
			if old, there := first[key]; !there || oldest < old {
				first[key] = oldest
			}
		}
	}
	for key, l := range e.ledgers {
		l.Trim(first[key], hourOf(at-openMinutes), func(h int64) bool { return keep[key][h] })
	}
}
