package schemas

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"
)

// ToilEvent is the data of fivekeys.toil.v1: manual work that a machine could do.
//
// It is booked in the week of StartedAt, else of EndedAt, else of the event's
// time. Events of one EntryID (within one source) are one entry: the last of
// them, by the event's time, is in force. So an entry is edited and taken back
// although events never change.
type ToilEvent struct {
	Team        string     `json:"team"`
	Category    string     `json:"category"`
	Minutes     float64    `json:"minutes,omitempty"`
	StartedAt   *time.Time `json:"started_at,omitempty"`
	EndedAt     *time.Time `json:"ended_at,omitempty"`
	Service     string     `json:"service,omitempty"`
	Trigger     string     `json:"trigger,omitempty"`
	Automatable bool       `json:"automatable,omitempty"`
	Automated   bool       `json:"automated,omitempty"` // done by a machine by now: no toil any more
	Person      string     `json:"person,omitempty"`    // stored hashed
	// EntryID is what the event is about where several are about the same; the
	// event's own id otherwise.
	EntryID string `json:"entry_id,omitempty"`
	Title   string `json:"title,omitempty" fivekeys:"text"`
	URL     string `json:"url,omitempty"`
	// Inferred says what the toil was inferred from where nobody reported it. It
	// is kept apart from confirmed toil.
	Inferred Inference `json:"inferred,omitempty" jsonschema:"enum=manual_rollback,enum=repeated_alert,enum=pipeline_rerun"`
	// Withdrawn takes the entry back.
	Withdrawn bool `json:"withdrawn,omitempty"`
}

// Inference is what toil that nobody reported was inferred from.
type Inference string

// The inferences.
const (
	InferredRollback Inference = "manual_rollback" // somebody went back to an earlier commit
	InferredAlert    Inference = "repeated_alert"  // acknowledged and resolved again and again with no change in between
	InferredRerun    Inference = "pipeline_rerun"  // somebody ran a pipeline again
)

// Inferences lists the inferences in the order of the documentation.
var Inferences = []Inference{InferredRollback, InferredAlert, InferredRerun}

// Minutes is what one occurrence is counted with: nobody has measured it, so it
// is a low, round assumption that anybody can check.
func (i Inference) Minutes() float64 {
	switch i {
	case InferredRollback:
		return 30 // notice, decide, roll back, watch
	case InferredAlert:
		return 15 // be interrupted, look, do what was done the last time
	case InferredRerun:
		return 10 // notice, read the log, press the button, wait for the result
	}
	return 0
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
	case t.Inferred != "" && !slices.Contains(Inferences, t.Inferred):
		return fieldError("inferred", "%q is none of manual_rollback, repeated_alert, pipeline_rerun", t.Inferred)
	case t.Withdrawn && t.EntryID == "":
		return fieldError("entry_id", "is missing; say which entry is withdrawn")
	case t.Minutes > 0 || t.Withdrawn:
		return nil
	case t.StartedAt == nil || t.EndedAt == nil:
		return fieldError("minutes", "is missing (or give started_at and ended_at)")
	case t.EndedAt.Before(*t.StartedAt):
		return fieldError("ended_at", "is before started_at")
	}
	return nil
}

// hashPrefix marks a person that is hashed already: an event that is sent again
// by a tool that read it from us keeps its person.
const hashPrefix = "hmac:"

// HashPerson gives the form in which a person is stored: who it was can be
// recognised again and not read off. Without a key it gives nothing, because a
// plain hash of a name is the name.
func HashPerson(key []byte, person string) string {
	switch {
	case person == "" || strings.HasPrefix(person, hashPrefix):
		return person
	case len(key) == 0:
		return ""
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(person))
	return hashPrefix + hex.EncodeToString(mac.Sum(nil)[:16])
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
