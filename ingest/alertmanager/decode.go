package alertmanager

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"github.com/fivekeys/fivekeys/schemas"
)

// ErrPayload marks a payload that is not a notification of Alertmanager's.
var ErrPayload = errors.New("unexpected payload")

// notification is a group of alerts, as sent to a webhook.
type notification struct {
	ExternalURL string  `json:"externalURL"`
	Alerts      []alert `json:"alerts"`
}

// alert is one firing of one alert.
type alert struct {
	Status      string            `json:"status"`
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	StartsAt    time.Time         `json:"startsAt"`
	// EndsAt is the year 1 while the alert fires.
	EndsAt       time.Time `json:"endsAt"`
	GeneratorURL string    `json:"generatorURL"`
	Fingerprint  string    `json:"fingerprint"`
}

const (
	firing   = "firing"
	resolved = "resolved"
)

// stamp writes a time as the store keeps it, in UTC to the millisecond: the same
// instant, however it is written, is the same incident.
const stamp = "2006-01-02T15:04:05.000Z"

// Decode gives the events of those alerts of a notification that are incidents.
func (*Source) Decode(d schemas.Delivery, c *schemas.Catalog) ([]schemas.Event, error) {
	var n notification
	if err := schemas.ReadJSON(d.Body, &n); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPayload, err)
	}
	if n.Alerts == nil {
		return nil, fmt.Errorf("%w: holds no alerts", ErrPayload)
	}
	var events []schemas.Event
	seen := map[string]bool{}
	for i := range n.Alerts {
		a := &n.Alerts[i]
		if !a.isIncident() {
			continue
		}
		told, err := a.events(n.ExternalURL, c)
		if err != nil {
			return nil, fmt.Errorf("decode alert %d: %w", i, err)
		}
		for _, e := range told {
			if !seen[e.ID] {
				seen[e.ID] = true
				events = append(events, e)
			}
		}
	}
	return events, nil
}

// events tells of the opening, and of the end where it has come. The end has the
// opening with it: whoever missed the one learns of it by the other. Annotations
// may hold a value that differs between the two; the title known first stays.
func (a *alert) events(externalURL string, c *schemas.Catalog) ([]schemas.Event, error) {
	if a.Fingerprint == "" || a.StartsAt.IsZero() {
		return nil, fmt.Errorf("%w: alert has no fingerprint or no startsAt", ErrPayload)
	}
	service := a.service(c)
	if service.Name == "" {
		return nil, fmt.Errorf("%w: alert %s has none of the labels service, job and alertname", ErrPayload, a.Fingerprint)
	}
	said := schemas.IncidentEvent{
		IncidentID:  a.Fingerprint + "@" + a.StartsAt.UTC().Format(stamp),
		Service:     service.Name,
		Severity:    a.severity(),
		Title:       cmp.Or(a.Annotations["summary"], a.Annotations["description"], a.Labels["alertname"]),
		URL:         cmp.Or(a.GeneratorURL, externalURL),
		Environment: a.environment(),
		CausedBy:    a.cause(),
	}
	opened, err := event(said, "opened", schemas.IncidentOpened, a.StartsAt)
	if err != nil {
		return nil, err
	}
	switch a.Status {
	case firing:
		return []schemas.Event{opened}, nil
	case resolved:
	default:
		return nil, fmt.Errorf("%w: alert %s is %q, neither firing nor resolved", ErrPayload, a.Fingerprint, a.Status)
	}
	if a.EndsAt.IsZero() {
		return nil, fmt.Errorf("%w: alert %s is resolved and has no endsAt", ErrPayload, a.Fingerprint)
	}
	// The end is part of the id. Where Prometheus was away for a while, the same
	// firing ends twice, and the later end is the true one.
	ended, err := event(said, "resolved/"+a.EndsAt.UTC().Format(stamp), schemas.IncidentResolved, a.EndsAt)
	if err != nil {
		return nil, err
	}
	return []schemas.Event{opened, ended}, nil
}

func event(said schemas.IncidentEvent, what string, status schemas.IncidentStatus, at time.Time) (schemas.Event, error) {
	said.Status = status
	e, err := schemas.NewEvent(said.IncidentID+"/"+what, Name, schemas.TypeIncident, at.Truncate(time.Millisecond), said.Service, &said)
	if err != nil {
		return e, err
	}
	if err := e.Validate(); err != nil {
		return e, fmt.Errorf("%w: %s: %w", ErrPayload, e.ID, err)
	}
	return e, nil
}
