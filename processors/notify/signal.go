package notify

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/fivekeys/fivekeys/schemas"
)

// signal is one of the two kinds: exactly one of alert and budget is set.
type signal struct {
	kind   schemas.SignalKind
	alert  *schemas.AlertSignal
	budget *schemas.BudgetSignal
	data   json.RawMessage // as published
}

var errMalformed = errors.New("malformed signal")

// parseSignal reads a message of the SIGNALS stream.
func parseSignal(subject string, data []byte) (signal, error) {
	kind, _, _ := strings.Cut(strings.TrimPrefix(subject, "signals."), ".")
	s := signal{kind: schemas.SignalKind(kind), data: data}
	var into any
	switch s.kind {
	case schemas.SignalAlert:
		s.alert = new(schemas.AlertSignal)
		into = s.alert
	case schemas.SignalBudget:
		s.budget = new(schemas.BudgetSignal)
		into = s.budget
	default:
		return s, fmt.Errorf("%w: nothing is known of %s", errMalformed, subject)
	}
	if err := json.Unmarshal(data, into); err != nil {
		return s, fmt.Errorf("%w: %w", errMalformed, err)
	}
	switch {
	case s.alert != nil && s.alert.State != schemas.AlertFiring && s.alert.State != schemas.AlertResolved,
		s.budget != nil && s.budget.State != schemas.BudgetExhausted && s.budget.State != schemas.BudgetRestored:
		return s, fmt.Errorf("%w: its state is unknown", errMalformed)
	case s.id() == "" || s.objective() == "":
		return s, fmt.Errorf("%w: it has no id or no objective", errMalformed)
	}
	return s, nil
}

// id names the signal: an alert that fires and the same one being over differ.
func (s *signal) id() string {
	switch {
	case s.budget != nil:
		return s.budget.ID
	case s.alert.ID == "":
		return ""
	}
	return s.alert.ID + "/" + string(s.alert.State)
}

func (s *signal) objective() string {
	if s.alert != nil {
		return s.alert.Objective
	}
	return s.budget.Objective
}

func (s *signal) service() string {
	if s.alert != nil {
		return s.alert.Service
	}
	return s.budget.Service
}

func (s *signal) rule() string {
	if s.alert != nil {
		return s.alert.Rule
	}
	return ""
}

// severity of a spent budget: it asks for work, and wakes nobody.
func (s *signal) severity() schemas.Severity {
	if s.alert != nil {
		return s.alert.Severity
	}
	return schemas.SeverityTicket
}

// begun says whether something begins that a later signal ends.
func (s *signal) begun() bool {
	if s.alert != nil {
		return s.alert.State == schemas.AlertFiring
	}
	return s.budget.State == schemas.BudgetExhausted
}

// at is when it happened.
func (s *signal) at() time.Time {
	switch {
	case s.budget != nil:
		return s.budget.At
	case s.alert.ResolvedAt != nil && !s.begun():
		return *s.alert.ResolvedAt
	}
	return s.alert.StartedAt
}

// thing is what the signal is about: of each thing, the last signal is in force.
func (s *signal) thing() string {
	if s.alert != nil {
		return "alert/" + s.alert.ID
	}
	return "budget/" + s.budget.Objective
}

// rank orders the signals of a thing. An alert fires once, and is over once.
func (s *signal) rank() int64 {
	switch {
	case s.budget != nil:
		return s.budget.At.UnixNano()
	case s.begun():
		return 0
	}
	return 1
}
