package pagerduty

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/fivekeys/fivekeys/schemas"
)

// ErrPayload marks a payload that is not what PagerDuty documents for its event.
var ErrPayload = errors.New("unexpected payload")

// webhook is the envelope of every event. What data holds depends on the type.
type webhook struct {
	Event struct {
		ID         string          `json:"id"`
		Type       string          `json:"event_type"`
		OccurredAt time.Time       `json:"occurred_at"`
		Data       json.RawMessage `json:"data"`
	} `json:"event"`
}

// incident is the data of the events about an incident as such.
type incident struct {
	ID        string     `json:"id"`
	URL       string     `json:"html_url"`
	Title     string     `json:"title"`
	CreatedAt time.Time  `json:"created_at"`
	Urgency   string     `json:"urgency"`
	Priority  *reference `json:"priority"`
	Service   reference  `json:"service"`
	// The documentation of incident events has neither of these; where they are,
	// they are evidence.
	CustomFields []customField `json:"custom_fields"`
	Body         struct {
		Details any `json:"details"`
	} `json:"body"`
}

// reference names another resource.
type reference struct {
	ID      string `json:"id"`
	Summary string `json:"summary"`
}

// statuses are the event types that say something about an incident's state.
//
//	triggered         → opened
//	acknowledged      → acknowledged
//	resolved          → resolved, also where it was merged into another
//	reopened          → reopened
//	priority_updated  → opened once more, with the new severity: a later
//	                    "opened" tells of the incident and never moves its opening
//	unacknowledged    → nothing: nobody is at it any more, but it was never over,
//	                    and the time to acknowledge counts to the first time
//	everything else   → nothing
var statuses = map[string]schemas.IncidentStatus{
	"incident.triggered":        schemas.IncidentOpened,
	"incident.acknowledged":     schemas.IncidentAcknowledged,
	"incident.resolved":         schemas.IncidentResolved,
	"incident.reopened":         schemas.IncidentReopened,
	"incident.priority_updated": schemas.IncidentOpened,
}

// Decode gives the domain events of a delivery; none for an event that says
// nothing about an incident's state.
func (*Source) Decode(d schemas.Delivery, c *schemas.Catalog) ([]schemas.Event, error) {
	var w webhook
	if err := schemas.ReadJSON(d.Body, &w); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPayload, err)
	}
	if w.Event.Type == "" {
		return nil, fmt.Errorf("%w: names no event type (hint: V3 webhooks only)", ErrPayload)
	}
	status, relevant := statuses[w.Event.Type]
	if !relevant {
		return nil, nil
	}
	events, err := decodeIncident(&w, status, c)
	if err != nil {
		return nil, fmt.Errorf("decode %s: %w", w.Event.Type, err)
	}
	return events, nil
}

func decodeIncident(w *webhook, status schemas.IncidentStatus, c *schemas.Catalog) ([]schemas.Event, error) {
	var i incident
	// A field of an unforeseen type is left out instead of failing the whole:
	// what an event needs is checked below.
	var mismatch *json.UnmarshalTypeError
	if err := json.Unmarshal(w.Event.Data, &i); err != nil && !errors.As(err, &mismatch) {
		return nil, fmt.Errorf("%w: %w", ErrPayload, err)
	}
	switch {
	case i.ID == "":
		return nil, fmt.Errorf("%w: incident has no id", ErrPayload)
	case i.Service == reference{}:
		return nil, fmt.Errorf("%w: incident %s has no service", ErrPayload, i.ID)
	case w.Event.OccurredAt.IsZero():
		return nil, fmt.Errorf("%w: event of incident %s has no time", ErrPayload, i.ID)
	}
	return i.events(w.Event.Type, status, w.Event.OccurredAt.UTC(), serviceOf(i.Service, c).Name)
}

// serviceOf prefers the id, which survives a renaming in PagerDuty; a service
// that nobody catalogued is called what people call it.
func serviceOf(r reference, c *schemas.Catalog) schemas.Service {
	if r.ID != "" {
		if s, known := c.ServiceByAlias(Name, r.ID); known {
			return s
		}
	}
	s, _ := c.ServiceByAlias(Name, cmp.Or(r.Summary, r.ID))
	return s
}

// events tells what happened, and before that of the opening.
//
// The opening says the same in every delivery, as events of one id must: what
// changes while an incident is open (its severity, its title) is told with what
// happened. The service is part of its id because an incident may be moved to
// another one, which has to learn of it too.
func (i *incident) events(eventType string, status schemas.IncidentStatus, at time.Time, service string) ([]schemas.Event, error) {
	var events []schemas.Event
	if !i.CreatedAt.IsZero() && !i.CreatedAt.After(at) {
		id := fmt.Sprintf("%s/opened/%s", i.ID, i.Service.ID)
		e, err := event(id, i.CreatedAt, schemas.IncidentEvent{
			IncidentID: i.ID, Service: service, Status: schemas.IncidentOpened, URL: i.URL,
		})
		if err != nil {
			return nil, err
		}
		events = append(events, e)
	}
	id := fmt.Sprintf("%s/%s/%s", i.ID, eventType, at.Format(time.RFC3339Nano))
	e, err := event(id, at, schemas.IncidentEvent{
		IncidentID:  i.ID,
		Service:     service,
		Status:      status,
		Severity:    i.severity(),
		Title:       i.Title,
		URL:         i.URL,
		Environment: i.field("environment"),
		CausedBy:    i.cause(),
	})
	if err != nil {
		return nil, err
	}
	return append(events, e), nil
}

func event(id string, at time.Time, said schemas.IncidentEvent) (schemas.Event, error) {
	e, err := schemas.NewEvent(id, Name, schemas.TypeIncident, at, said.Service, &said)
	if err != nil {
		return e, err
	}
	if err := e.Validate(); err != nil {
		return e, fmt.Errorf("%w: %s: %w", ErrPayload, id, err)
	}
	return e, nil
}
