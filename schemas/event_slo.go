package schemas

import "time"

// CorrectionEvent is the data of fivekeys.slo_correction.v1: a period that is
// excluded from an SLO afterwards, or a maintenance window that comes again.
// The last event of a CorrectionID, by time, is in force.
type CorrectionEvent struct {
	CorrectionID string    `json:"correction_id"`
	SLO          string    `json:"slo"` // an SLO's name or an objective's key
	From         time.Time `json:"from" fivekeys:"planned"`
	To           time.Time `json:"to" fivekeys:"planned"`
	// RRule repeats the period from From on, by RFC 5545: FREQ=WEEKLY;BYDAY=SU.
	RRule  string `json:"rrule,omitempty"`
	Author string `json:"author"`
	Reason string `json:"reason" fivekeys:"text"`
	// Withdrawn takes the correction back.
	Withdrawn bool `json:"withdrawn,omitempty"`
}

// Validate checks the required fields.
func (c *CorrectionEvent) Validate() error {
	switch {
	case c.CorrectionID == "":
		return fieldError("correction_id", "is missing")
	case c.SLO == "":
		return fieldError("slo", "is missing")
	case c.From.IsZero():
		return fieldError("from", "is missing")
	case !c.To.After(c.From):
		return fieldError("to", "must be after from")
	case c.Author == "":
		return fieldError("author", "is missing; a correction is somebody's")
	case c.Reason == "":
		return fieldError("reason", "is missing; say why the period does not count")
	}
	return nil
}

// BurnEvent is the data of fivekeys.burn.v1: a fast burn of a service's error
// budget began or ended at the event's time. It is published by the budget
// evaluation and blames a deployment only where the catalogue says so.
type BurnEvent struct {
	AlertID   string     `json:"alert_id"` // AlertSignal.ID
	Service   string     `json:"service"`
	Objective string     `json:"objective"`
	Rule      string     `json:"rule"`
	State     AlertState `json:"state" jsonschema:"enum=firing,enum=resolved"`
}

// Validate checks the required fields.
func (b *BurnEvent) Validate() error {
	switch {
	case b.AlertID == "":
		return fieldError("alert_id", "is missing")
	case b.Service == "":
		return fieldError("service", "is missing")
	case b.Objective == "":
		return fieldError("objective", "is missing")
	case b.State != AlertFiring && b.State != AlertResolved:
		return fieldError("state", "%q is none of firing, resolved", b.State)
	}
	return nil
}

var (
	_ Payload = (*CorrectionEvent)(nil)
	_ Payload = (*BurnEvent)(nil)
)
