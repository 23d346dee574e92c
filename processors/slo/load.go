package slo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/fivekeys/fivekeys/internal/clickhouse"
	"github.com/fivekeys/fivekeys/schemas"
)

// reader is a set of objectives whose counts are read together.
type reader struct {
	query clickhouse.SLOQuery // without its bounds
	keys  map[string]bool
}

// readAtOnce bounds how many objectives one statement reads.
const readAtOnce = 250

func newReaders(accounts []*account) []reader {
	type kind struct {
		reported bool
		length   time.Duration
	}
	open := map[kind]int{}
	var readers []reader
	for _, a := range accounts {
		if len(a.Parts) > 0 {
			continue
		}
		o := &a.Objective
		// Windows of one length are read together, so that a week's objective
		// isn't read as far back as a year's.
		k := kind{o.Indicator.Reported, o.Window.Length()}
		i, there := open[k]
		if !there || len(readers[i].keys) == readAtOnce {
			i = len(readers)
			open[k] = i
			readers = append(readers, reader{query: clickhouse.SLOQuery{Reported: k.reported}, keys: map[string]bool{}})
		}
		readers[i].keys[o.Key] = true
		readers[i].query.Objectives = append(readers[i].query.Objectives, o.Key)
	}
	return readers
}

// Load reads everything: definitions are stored, states and counts read.
func (e *Evaluator) Load(ctx context.Context) error { return e.load(ctx, true) }

// load may do without the packed hours: where those that changed are too many.
func (e *Evaluator) load(ctx context.Context, packed bool) error {
	if err := e.reset(); err != nil {
		return err
	}
	definitions := make([]clickhouse.SLODefinition, len(e.accounts))
	for i, a := range e.accounts {
		d := a.Objective
		if len(d.Parts) == 0 {
			d.Slice, d.SliceTarget = sliceOf(&d), sliceTargetOf(&d)
		}
		definitions[i] = clickhouse.SLODefinition{Objective: d, Team: a.team}
	}
	if err := e.cfg.Store.SetObjectives(ctx, definitions); err != nil {
		return err
	}
	seen, err := e.cfg.Store.Now(ctx)
	if err != nil {
		return err
	}
	e.seen = seen
	at := e.present()
	saved, err := e.cfg.Store.LoadStates(ctx, "")
	if err != nil {
		return err
	}
	if err := e.adopt(saved); err != nil {
		return err
	}
	for _, s := range saved {
		e.history = max(e.history, minuteOf(s.At)) // about: a restart keeps no status twice
	}
	if err := e.dropGone(ctx, saved, at); err != nil {
		return err
	}
	late := seen
	for _, a := range e.accounts {
		if !packed || a.state.Reported != a.Indicator.Reported {
			a.state.Packed = 0
		}
		if a.state.Packed > 0 && a.state.Seen.Before(late) {
			late = a.state.Seen
		}
	}
	for _, r := range e.readers {
		if err := e.loadReader(ctx, r, at); err != nil {
			return err
		}
	}
	if err := e.loadLate(ctx, late, at); errors.Is(err, clickhouse.ErrManyChanges) && packed {
		return e.load(ctx, false)
	} else if err != nil {
		return err
	}
	e.cfg.Logger.Info("budgets loaded", "objectives", len(e.accounts), "until", timeOf(at))
	return nil
}

// loadReader reads hours that were packed, and the minutes of all others.
func (e *Evaluator) loadReader(ctx context.Context, r reader, at int64) error {
	first, open := e.bounds(r.keys, at)
	packed := hourOf(at)
	var known, unknown []string
	for _, key := range r.query.Objectives {
		e.ledgers[key].oldest = first
		until := e.byKey[key].state.Packed
		if until == 0 {
			unknown = append(unknown, key)
			continue
		}
		known = append(known, key)
		packed = min(packed, until)
	}
	var broken error
	if err := e.cfg.Store.SLOHours(ctx, known, timeOf(first*hourMinutes), timeOf(packed*hourMinutes), func(h clickhouse.SLOHour) {
		if err := e.ledgers[h.Objective].Unpack(h.Hour, h.Minutes, h.Hour >= open); err != nil {
			broken = fmt.Errorf("unpack %s of %s: %w", timeOf(h.Hour*hourMinutes), h.Objective, err)
		}
	}); err != nil {
		return err
	}
	if broken != nil {
		return broken
	}
	if err := e.loadMinutes(ctx, r, known, packed, at); err != nil {
		return err
	}
	if err := e.loadMinutes(ctx, r, unknown, first, at); err != nil {
		return err
	}
	if err := e.loadBegins(ctx, r); err != nil {
		return err
	}
	// Now and not with the first evaluation: until then a month of single
	// minutes would be in memory.
	if err := e.pack(ctx, unknown, at, e.seen); err != nil {
		return err
	}
	for _, key := range unknown {
		e.ledgers[key].Trim(first, open, func(int64) bool { return false })
	}
	return nil
}

// loadLate reads the minutes that have changed in packed hours since these were
// packed.
func (e *Evaluator) loadLate(ctx context.Context, since time.Time, at int64) error {
	last := int64(0)
	for _, a := range e.accounts {
		last = max(last, a.state.Packed)
	}
	stale := hours{}
	if err := e.cfg.Store.SLOChanges(ctx, since.Add(-overlap), timeOf(last*hourMinutes), func(m clickhouse.SLOMinute) {
		e.take(m, at, stale)
	}); err != nil {
		return err
	}
	return e.open(ctx, stale)
}

// loadBegins reads how far back objectives are known whose state doesn't say:
// the hours that are kept reach no further than their windows.
func (e *Evaluator) loadBegins(ctx context.Context, r reader) error {
	q := r.query
	q.Objectives = nil
	for _, key := range r.query.Objectives {
		if e.byKey[key].state.Since == 0 {
			q.Objectives = append(q.Objectives, key)
		}
	}
	return e.cfg.Store.SLOBegins(ctx, q, func(objective string, minute int64) { e.ledgers[objective].note(minute, 1) })
}

func (e *Evaluator) loadMinutes(ctx context.Context, r reader, keys []string, from, at int64) error {
	q := r.query
	q.Objectives, q.From, q.To = keys, timeOf(from*hourMinutes), timeOf(at+hourMinutes)
	return e.cfg.Store.SLOMinutes(ctx, q, func(m clickhouse.SLOMinute) {
		e.ledgers[m.Objective].Add(m.Minute, m.Good, m.Total)
	})
}

// bounds are the first hour that ledgers need and the first one that is open.
func (e *Evaluator) bounds(keys map[string]bool, at int64) (first, open int64) {
	first, open = hourOf(at), hourOf(at-openMinutes)
	for _, a := range e.accounts {
		if !a.uses(keys) {
			continue
		}
		from := e.nextStep(a, at)
		first = min(first, hourOf(at-a.reach(at)), hourOf(from-a.reach(from)))
		open = min(open, hourOf(from-openMinutes))
	}
	return min(first, open), open
}

// openMinutes is how far back single minutes are held.
const openMinutes = 3 * dayMinutes

func (a *account) uses(keys map[string]bool) bool {
	for i := range a.parts {
		if keys[a.parts[i].of.Key] {
			return true
		}
	}
	return false
}

// adopt takes over states that are further than ours.
func (e *Evaluator) adopt(saved []clickhouse.SavedState) error {
	for _, s := range saved {
		a := e.byKey[s.Objective]
		if a == nil {
			continue
		}
		var theirs state
		if err := json.Unmarshal(s.State, &theirs); err != nil {
			return fmt.Errorf("understand the stored state of %s: %w", s.Objective, err)
		}
		if theirs.Stepped.After(a.state.Stepped) {
			a.state = theirs
		}
		if l := e.ledgers[s.Objective]; l != nil && theirs.Since > 0 {
			l.note(theirs.Since, 1)
		}
	}
	return nil
}

// watches says whether a rule is one of the objective's alerts.
func (a *account) watches(rule string) bool {
	return slices.ContainsFunc(a.alerts, func(b schemas.BurnAlert) bool { return b.Name == rule })
}

// dropGone takes leave of objectives that are defined no more: their alerts are
// over, their budget freezes nobody, and their status is deleted. All of it is
// dated to the minute after the last evaluated one, so that after a crash in
// between it is the same once more. The status comes last: while it is there,
// this is tried again.
func (e *Evaluator) dropGone(ctx context.Context, saved []clickhouse.SavedState, at int64) error {
	var gone []clickhouse.SLOState
	for _, s := range saved {
		if e.byKey[s.Objective] != nil {
			continue
		}
		a := &account{Objective: schemas.Objective{Key: s.Objective, SLO: s.SLO, Service: s.Service}, team: s.Team}
		if err := json.Unmarshal(s.State, &a.state); err != nil {
			return fmt.Errorf("understand the stored state of %s: %w", s.Objective, err)
		}
		if err := e.leave(ctx, a, timeOf(minuteOf(s.At)+1)); err != nil {
			return err
		}
		last := timeOf(max(at, minuteOf(s.At)))
		gone = append(gone, clickhouse.SLOState{
			BudgetStatus: schemas.BudgetStatus{Objective: s.Objective, At: last, From: last, To: last}, State: []byte("{}"), Deleted: true,
		})
	}
	return e.cfg.Store.SaveStatuses(ctx, e.writer, gone)
}

// leave stores and tells what is left to say of an objective that is gone.
func (e *Evaluator) leave(ctx context.Context, a *account, over time.Time) error {
	s := &a.state
	end := func(all []schemas.AlertSignal) []schemas.AlertSignal {
		var out []schemas.AlertSignal
		for _, f := range all {
			f.State, f.ResolvedAt, f.RunsOutAt, f.MinutesLeft = schemas.AlertResolved, &over, nil, nil
			f.Summary = a.Key + " is not defined any more, and nobody watches it"
			out = append(out, f)
		}
		return out
	}
	rows, alerts, budgets := slices.Concat(s.Rows, end(s.Firing)), slices.Concat(s.Alerts, end(s.Told)), s.Budgets
	if s.Exhausted != nil {
		budgets = append(budgets, schemas.BudgetSignal{
			ID: budgetID(a.Key, schemas.BudgetRestored, over), Objective: a.Key, SLO: a.SLO, Service: a.Service, Team: a.team,
			State: schemas.BudgetRestored, At: over, Summary: a.Key + " is not defined any more: it has no error budget, and freezes nobody",
		})
	}
	if err := e.cfg.Store.SaveAlerts(ctx, rows); err != nil {
		return err
	}
	if err := e.cfg.Store.SaveBudgetEvents(ctx, budgets); err != nil {
		return err
	}
	for i := range alerts {
		if err := e.publishAlert(ctx, &alerts[i]); err != nil {
			return err
		}
	}
	for i := range budgets {
		if err := e.publishBudget(ctx, &budgets[i]); err != nil {
			return err
		}
	}
	return nil
}
