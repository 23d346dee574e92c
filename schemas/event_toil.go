package schemas

import "time"

// ToilEvent is the data of fivekeys.toil.v1: manual work that a machine could do.
type ToilEvent struct {
	Team        string     `json:"team"`
	Category    string     `json:"category"`
	Minutes     float64    `json:"minutes,omitempty"`
	StartedAt   *time.Time `json:"started_at,omitempty"`
	EndedAt     *time.Time `json:"ended_at,omitempty"`
	Service     string     `json:"service,omitempty"`
	Trigger     string     `json:"trigger,omitempty"`
	Automatable bool       `json:"automatable,omitempty"`
	Automated   bool       `json:"automated,omitempty"`
	Person      string     `json:"person,omitempty"` // stored hashed
}

// Validate checks the required fields.
func (t *ToilEvent) Validate() error {
	switch {
	case t.Team == "":
		return fieldError("team", "is missing")
	case t.Category == "":
		return fieldError("category", "is missing")
	case t.Minutes < 0:
		return fieldError("minutes", "must not be negative")
	case t.Minutes > 0:
		return nil
	case t.StartedAt == nil || t.EndedAt == nil:
		return fieldError("minutes", "is missing (or give started_at and ended_at)")
	case t.EndedAt.Before(*t.StartedAt):
		return fieldError("ended_at", "is before started_at")
	}
	return nil
}

// SLIEvent is the data of fivekeys.sli.v1: good and total events of one SLO in
// the minute of the event's time, for indicators that are not span-based.
type SLIEvent struct {
	SLO     string `json:"slo"`
	Good    *int64 `json:"good"`
	Total   *int64 `json:"total"`
	Service string `json:"service,omitempty"`
}

// Validate checks the required fields.
func (s *SLIEvent) Validate() error {
	switch {
	case s.SLO == "":
		return fieldError("slo", "is missing")
	case s.Good == nil:
		return fieldError("good", "is missing")
	case s.Total == nil:
		return fieldError("total", "is missing")
	case *s.Good < 0:
		return fieldError("good", "must not be negative")
	case *s.Total < *s.Good:
		return fieldError("total", "%d is less than good %d", *s.Total, *s.Good)
	}
	return nil
}

var (
	_ Payload = (*ToilEvent)(nil)
	_ Payload = (*SLIEvent)(nil)
)
