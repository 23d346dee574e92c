package schemas

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"time"
)

// EventType is the CloudEvents type of a domain event.
type EventType string

// The published event types.
const (
	TypeDeployment  EventType = "fivekeys.deployment.v1"
	TypeChange      EventType = "fivekeys.change.v1"
	TypePullRequest EventType = "fivekeys.pull_request.v1"
	TypeBranch      EventType = "fivekeys.branch.v1"
	TypeIncident    EventType = "fivekeys.incident.v1"
	TypeToil        EventType = "fivekeys.toil.v1"
	TypeSLI         EventType = "fivekeys.sli.v1"
	TypeCorrection  EventType = "fivekeys.slo_correction.v1"
	TypeBurn        EventType = "fivekeys.burn.v1"
)

// EventTypes lists every published type, in the order of the documentation.
var EventTypes = []EventType{
	TypeDeployment, TypeChange, TypePullRequest, TypeBranch, TypeIncident, TypeToil, TypeSLI,
	TypeCorrection, TypeBurn,
}

// Kind is the short word used in NATS subjects: "deployment", "change" …
func (t EventType) Kind() string {
	switch t {
	case TypeDeployment:
		return "deployment"
	case TypeChange:
		return "change"
	case TypePullRequest:
		return "pull_request"
	case TypeBranch:
		return "branch"
	case TypeIncident:
		return "incident"
	case TypeToil:
		return "toil"
	case TypeSLI:
		return "sli"
	case TypeCorrection:
		return "slo_correction"
	case TypeBurn:
		return "burn"
	}
	return "unknown"
}

// Event is one thing that happened, in the attributes of CloudEvents 1.0.
//
// Source and ID together are its identity: the same pair is one event however
// often and however late it is sent. Time is when it happened, KnownAt when we
// first learnt of it; the numbers follow Time, never the order of arrival.
type Event struct {
	ID      string
	Source  string
	Type    EventType
	Time    time.Time
	Subject string // the service's name
	Data    json.RawMessage
	KnownAt time.Time
}

// Payload is the typed data of an event.
type Payload interface {
	// Validate says what is missing or contradictory, naming the field.
	Validate() error
}

// FieldError names the field of an event that is wrong, for problem+json.
type FieldError struct {
	Field  string
	Reason string
}

func (e *FieldError) Error() string {
	if e.Field == "" {
		return e.Reason
	}
	return e.Field + ": " + e.Reason
}

func fieldError(field, format string, args ...any) error {
	return &FieldError{Field: field, Reason: fmt.Sprintf(format, args...)}
}

// ErrUnknownType marks an event whose type fivekeys does not publish.
var ErrUnknownType = errors.New("unknown event type")

// NewPayload gives the empty payload of a type, or ErrUnknownType.
func NewPayload(t EventType) (Payload, error) {
	switch t {
	case TypeDeployment:
		return &DeploymentEvent{}, nil
	case TypeChange:
		return &ChangeEvent{}, nil
	case TypePullRequest:
		return &PullRequestEvent{}, nil
	case TypeBranch:
		return &BranchEvent{}, nil
	case TypeIncident:
		return &IncidentEvent{}, nil
	case TypeToil:
		return &ToilEvent{}, nil
	case TypeSLI:
		return &SLIEvent{}, nil
	case TypeCorrection:
		return &CorrectionEvent{}, nil
	case TypeBurn:
		return &BurnEvent{}, nil
	}
	return nil, fmt.Errorf("%w %q", ErrUnknownType, t)
}

// Payload decodes Data into the type's struct. Fields we do not know stay in
// Data, which is what is stored.
func (e *Event) Payload() (Payload, error) {
	p, err := NewPayload(e.Type)
	if err != nil {
		return nil, err
	}
	if len(bytes.TrimSpace(e.Data)) == 0 {
		return nil, fieldError("data", "is missing")
	}
	return p, inData(ReadJSON(e.Data, p))
}

// Validate checks the envelope and the payload, as far as that can be done
// without a clock.
func (e *Event) Validate() error {
	_, err := e.validate(time.Time{})
	return err
}

// Check is what a sender is held to who reads the answer: Validate, nothing that
// is said to have happened more than MaxAhead after now, and SHAs that are ones.
func (e *Event) Check(now time.Time) error {
	p, err := e.validate(now)
	if err != nil {
		return err
	}
	return inData(checkSHAs(p))
}

func (e *Event) validate(now time.Time) (Payload, error) {
	if err := e.checkEnvelope(now); err != nil {
		return nil, err
	}
	p, err := e.Payload()
	if err != nil {
		return nil, err
	}
	return p, inData(cmp.Or(p.Validate(), checkFields(p, now)))
}

func (e *Event) checkEnvelope(now time.Time) error {
	switch {
	case e.ID == "":
		return fieldError("id", "is missing")
	case e.Source == "":
		return fieldError("source", "is missing")
	case e.Type == "":
		return fieldError("type", "is missing")
	case e.Time.IsZero():
		return fieldError("time", "is missing; it is when the thing happened, RFC 3339")
	}
	for _, a := range []struct{ name, value string }{{"id", e.ID}, {"source", e.Source}} {
		if err := CheckName(a.value); err != nil {
			return &FieldError{Field: a.name, Reason: err.Error()}
		}
	}
	if err := CheckHappened(e.Time, now); err != nil {
		return &FieldError{Field: "time", Reason: err.Error()}
	}
	return nil
}

// inData places a payload's field within the event.
func inData(err error) error {
	var fe *FieldError
	if errors.As(err, &fe) {
		return &FieldError{Field: strings.TrimSuffix("data."+fe.Field, "."), Reason: fe.Reason}
	}
	return err
}

// NewEvent wraps a payload, encoding it as JSON. Its texts come from elsewhere
// and are cleaned: see CleanName and CleanJSON.
func NewEvent(id, source string, t EventType, at time.Time, subject string, p Payload) (Event, error) {
	cleanNames(p)
	data, err := json.Marshal(p)
	if err != nil {
		return Event{}, fmt.Errorf("encode %s %s: %w", t, id, err)
	}
	return Event{
		ID: CleanName(id), Source: CleanName(source), Type: t, Time: at.UTC(), Subject: CleanName(subject), Data: CleanJSON(data),
	}, nil
}

// Precedence decides between events of one identity that differ: the largest
// wins. First known wins; among equals a hash of the content decides, so that
// the choice is a function of the set of events and never of their order. The
// store's ReplacingMergeTree uses the same number.
func (e *Event) Precedence() uint64 {
	const contentBits = 20
	h := fnv.New32a()
	_, _ = h.Write([]byte(e.Type))
	_, _ = h.Write(e.Data)
	_, _ = h.Write(strconv.AppendInt(nil, e.Time.UnixMilli(), 10))
	content := uint64(h.Sum32()) >> (32 - contentBits)
	earliness := (uint64(1) << (63 - contentBits)) - uint64(max(e.KnownAt.UnixMilli(), 0))
	return earliness<<contentBits | content
}
