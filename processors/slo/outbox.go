package slo

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/fivekeys/fivekeys/internal/clickhouse"
	"github.com/fivekeys/fivekeys/schemas"
)

// tell stores what was evaluated and publishes what changed, in this order:
// statuses with their states and the signals still to be published, in one
// insert; alerts and budget events; then the signals. A crash in between
// publishes again, under the same ids.
func (e *Evaluator) tell(ctx context.Context) error {
	if e.unsaved {
		if err := e.save(ctx, func(*account) bool { return true }); err != nil {
			return err
		}
		e.unsaved = false
	}
	// The gate must know soon, whatever becomes of signals.
	handing := e.hand(ctx)
	if err := e.publish(ctx); err != nil {
		return err
	}
	if err := e.keepHistory(ctx); err != nil {
		return err
	}
	return handing
}

func (e *Evaluator) save(ctx context.Context, which func(*account) bool) error {
	var states []clickhouse.SLOState
	for i, a := range e.accounts {
		if !which(a) {
			continue
		}
		if l := e.ledgers[a.Key]; l != nil {
			a.state.Since = l.since
		}
		text, err := json.Marshal(&a.state)
		if err != nil {
			return fmt.Errorf("encode state of %s: %w", a.Key, err)
		}
		states = append(states, clickhouse.SLOState{BudgetStatus: e.statuses[i], State: text})
	}
	return e.cfg.Store.SaveStatuses(ctx, e.writer, states)
}

func (e *Evaluator) hand(ctx context.Context) error {
	if e.cfg.Publish == nil || !e.unhanded {
		return nil
	}
	if err := e.cfg.Publish(ctx, e.statuses); err != nil {
		return fmt.Errorf("hand over statuses: %w", err)
	}
	e.unhanded = false
	return nil
}

// publish empties the outboxes.
func (e *Evaluator) publish(ctx context.Context) error {
	var rows []schemas.AlertSignal
	var budgets []schemas.BudgetSignal
	for _, a := range e.accounts {
		rows = append(rows, a.state.Rows...)
		budgets = append(budgets, a.state.Budgets...)
	}
	if err := e.cfg.Store.SaveAlerts(ctx, rows); err != nil {
		return err
	}
	if err := e.cfg.Store.SaveBudgetEvents(ctx, budgets); err != nil {
		return err
	}
	told := map[*account]bool{}
	for _, a := range e.accounts {
		s := &a.state
		told[a] = len(s.Rows)+len(s.Alerts)+len(s.Budgets) > 0
		for len(s.Alerts) > 0 {
			if err := e.publishAlert(ctx, &s.Alerts[0]); err != nil {
				return err
			}
			s.Alerts = s.Alerts[1:]
		}
		for len(s.Budgets) > 0 {
			if err := e.publishBudget(ctx, &s.Budgets[0]); err != nil {
				return err
			}
			s.Budgets = s.Budgets[1:]
		}
		s.Rows, s.Alerts, s.Budgets = nil, nil, nil
	}
	// Whoever goes on from here need not publish them again.
	return e.save(ctx, func(a *account) bool { return told[a] })
}

// keepHistory keeps every fifth minute's statuses.
func (e *Evaluator) keepHistory(ctx context.Context) error {
	if e.at/historyMinutes == e.history/historyMinutes {
		return nil
	}
	if len(e.statuses) > 0 {
		if err := e.cfg.Store.AppendHistory(ctx, e.statuses); err != nil {
			return err
		}
	}
	e.history = e.at
	return e.closeOrphans(ctx)
}

// orphanMinutes is how old an alert has to be to be taken for one that nobody
// carries on.
const orphanMinutes = 10

// closeOrphans ends alerts that no state knows: those that a second evaluation
// has dated otherwise, and of objectives whose state is lost.
// The signal comes before the row here: while the row says that the alert
// fires, it is tried again.
func (e *Evaluator) closeOrphans(ctx context.Context) error {
	firing, err := e.cfg.Store.FiringAlerts(ctx)
	if err != nil {
		return err
	}
	now := timeOf(e.at)
	var over []schemas.AlertSignal
	for _, s := range firing {
		a := e.byKey[s.Objective]
		if a != nil {
			if f := a.state.firing(s.Rule); f != nil && f.ID == s.ID {
				continue
			}
		}
		if minuteOf(s.StartedAt) > e.at-orphanMinutes {
			continue
		}
		s.State, s.ResolvedAt = schemas.AlertResolved, &now
		s.Summary = s.Objective + " is not watched by " + s.Rule + " any more"
		if err := e.publishAlert(ctx, &s); err != nil {
			return err
		}
		over = append(over, s)
	}
	return e.cfg.Store.SaveAlerts(ctx, over)
}
