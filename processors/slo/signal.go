package slo

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/fivekeys/fivekeys/internal/envelope"
	"github.com/fivekeys/fivekeys/internal/jetstream"
	"github.com/fivekeys/fivekeys/schemas"
)

// EventSource is the source of the events that the evaluation publishes.
const EventSource = "fivekeys/slo"

// publishAlert publishes the signal and, of a page, the event that the burn
// began or ended, which may blame a deployment.
func (e *Evaluator) publishAlert(ctx context.Context, s *schemas.AlertSignal) error {
	id := s.ID + "|" + string(s.State)
	if err := e.send(ctx, schemas.AlertSubject(s.Service), id, s); err != nil {
		return fmt.Errorf("publish alert %s: %w", id, err)
	}
	e.metrics.signals.WithLabelValues("alert_" + string(s.State)).Inc()
	if s.Severity != schemas.SeverityPage {
		return nil
	}
	at := s.StartedAt
	if s.ResolvedAt != nil {
		at = *s.ResolvedAt
	}
	event, err := schemas.NewEvent(id, EventSource, schemas.TypeBurn, at, s.Service, &schemas.BurnEvent{
		AlertID: s.ID, Service: s.Service, Objective: s.Objective, Rule: s.Rule, State: s.State,
	})
	if err != nil {
		return err
	}
	if _, err := e.cfg.Publisher.Publish(ctx, envelope.Event(&event, e.cfg.Partitions)); err != nil {
		return fmt.Errorf("publish burn event %s: %w", id, err)
	}
	return nil
}

func (e *Evaluator) publishBudget(ctx context.Context, s *schemas.BudgetSignal) error {
	if err := e.send(ctx, schemas.BudgetSubject(s.Service), s.ID, s); err != nil {
		return fmt.Errorf("publish budget signal %s: %w", s.ID, err)
	}
	e.metrics.signals.WithLabelValues("budget_" + string(s.State)).Inc()
	return nil
}

func (e *Evaluator) send(ctx context.Context, subject, id string, signal any) error {
	data, err := json.Marshal(signal)
	if err != nil {
		return err
	}
	_, err = e.cfg.Publisher.Publish(ctx, jetstream.Message{
		Subject: subject, ID: id, Data: data, Header: map[string][]string{"content-type": {"application/json"}},
	})
	return err
}
