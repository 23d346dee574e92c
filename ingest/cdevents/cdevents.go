package cdevents

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fivekeys/fivekeys/schemas"
)

// The prefixes of a CDEvent's type: of those the specification knows, and of
// custom ones.
const (
	prefix       = "dev.cdevents."
	prefixCustom = "dev.cdeventsx."
)

// Is says whether a CloudEvents type is a CDEvent's.
func Is(eventType string) bool {
	return strings.HasPrefix(eventType, prefix) || strings.HasPrefix(eventType, prefixCustom)
}

// ErrForeign marks a valid CDEvent that says nothing about what is measured here.
// A broker hands every event to every subscriber, and can't be asked not to.
var ErrForeign = errors.New("says nothing that is measured here")

// event is a CDEvent as far as it matters here.
type event struct {
	Context struct {
		ID        string    `json:"id"`
		Source    string    `json:"source"`
		Type      string    `json:"type"`
		Timestamp time.Time `json:"timestamp"`
		Links     []link    `json:"links"`
	} `json:"context"`
	Subject struct {
		ID      string `json:"id"`
		Content struct {
			ArtifactID  string    `json:"artifactId"`
			Description string    `json:"description"`
			Environment reference `json:"environment"`
			Service     reference `json:"service"`
			Repository  reference `json:"repository"`
			TicketURI   string    `json:"ticketURI"`
			Outcome     string    `json:"outcome"`
		} `json:"content"`
	} `json:"subject"`
	CustomData json.RawMessage `json:"customData"`
}

// reference is to another subject: an object with its id, or the id alone, as
// some senders write it.
type reference struct {
	ID string `json:"id"`
}

func (r *reference) UnmarshalJSON(raw []byte) error {
	if len(raw) > 0 && raw[0] == '"' {
		return json.Unmarshal(raw, &r.ID)
	}
	type object reference
	return json.Unmarshal(raw, (*object)(r))
}

// link relates events; of a RELATION, target is what this event relates to.
type link struct {
	LinkType string `json:"linkType"`
	LinkKind string `json:"linkKind"`
	Target   struct {
		ContextID string `json:"contextId"`
	} `json:"target"`
}

// mappers by the type without prefix and version.
var mappers = map[string]func(*event) (schemas.EventType, schemas.Payload, error){
	"service.deployed":    deployed,
	"service.upgraded":    deployed,
	"service.rolledback":  rolledBack,
	"deployment.started":  started,
	"deployment.finished": finished,
	"incident.detected":   opened,
	"incident.reported":   opened,
	"incident.resolved":   resolved,
	"change.merged":       merged,
}

// Types lists what is mapped, for whoever sent something else.
func Types() []string {
	names := make([]string, 0, len(mappers))
	for name := range mappers {
		names = append(names, prefix+name)
	}
	slices.Sort(names)
	return names
}

// Map reads a CDEvent. Its error is a *schemas.FieldError, or ErrForeign.
func Map(raw []byte) (schemas.Event, error) {
	var kind struct {
		Context struct {
			Type string `json:"type"`
		} `json:"context"`
	}
	if err := schemas.ReadJSON(raw, &kind); err != nil {
		return schemas.Event{}, err
	}
	// The rest of what is not used may have any shape.
	name, version, err := nameOf(kind.Context.Type)
	if err != nil {
		return schemas.Event{}, err
	}
	mapper, mapped := mappers[name]
	if !mapped {
		return schemas.Event{}, foreign(kind.Context.Type)
	}
	var e event
	if err := schemas.ReadJSON(raw, &e); err != nil {
		return schemas.Event{}, err
	}
	switch {
	case !strings.HasPrefix(version, "0."):
		return schemas.Event{}, fieldError("context.type", "version %s of %s is unknown", version, name)
	case e.Context.ID == "":
		return schemas.Event{}, fieldError("context.id", "is missing")
	case e.Context.Source == "":
		return schemas.Event{}, fieldError("context.source", "is missing")
	case e.Context.Timestamp.IsZero():
		return schemas.Event{}, fieldError("context.timestamp", "is missing")
	case e.Subject.ID == "":
		return schemas.Event{}, fieldError("subject.id", "is missing")
	}
	t, payload, err := mapper(&e)
	if err != nil {
		return schemas.Event{}, err
	}
	return schemas.NewEvent(e.Context.ID, e.Context.Source, t, e.Context.Timestamp, "", payload)
}

// nameOf splits dev.cdevents.<subject>.<predicate>.<major.minor.patch>. A custom
// event's subject begins with its tool's name, so that it is never one of ours.
func nameOf(eventType string) (name, version string, err error) {
	if strings.HasPrefix(eventType, prefixCustom) {
		return "", "", foreign(eventType)
	}
	parts := strings.SplitN(strings.TrimPrefix(eventType, prefix), ".", 3)
	if !Is(eventType) || len(parts) < 3 {
		return "", "", fieldError("context.type", "%q is not dev.cdevents.<subject>.<predicate>.<version>", eventType)
	}
	return parts[0] + "." + parts[1], parts[2], nil
}

func foreign(eventType string) error {
	return fmt.Errorf("%q %w", eventType, ErrForeign)
}

// deployed: the service's event is its deployment's.
func deployed(e *event) (schemas.EventType, schemas.Payload, error) {
	return deployment(e, schemas.DeploymentSucceeded, e.Subject.ID, e.Context.ID)
}

// rolledBack is a deployment too. That it goes back shows by itself where an
// artifact or a SHA says what is live again, and is told for where none does.
func rolledBack(e *event) (schemas.EventType, schemas.Payload, error) {
	t, p, err := deployed(e)
	if d, ok := p.(*schemas.DeploymentEvent); ok {
		d.Rollback = true
	}
	return t, p, err
}

func started(e *event) (schemas.EventType, schemas.Payload, error) {
	return deployment(e, schemas.DeploymentStarted, e.Subject.Content.Service.ID, e.Subject.ID)
}

// outcomes are those of an execution; the specification leaves the words open
// and gives the first three as examples.
var outcomes = map[string]schemas.DeploymentStatus{
	"success": schemas.DeploymentSucceeded, "failure": schemas.DeploymentFailed, "error": schemas.DeploymentFailed,
	"succeeded": schemas.DeploymentSucceeded, "failed": schemas.DeploymentFailed,
	"cancel": schemas.DeploymentCancelled, "cancelled": schemas.DeploymentCancelled, "canceled": schemas.DeploymentCancelled,
}

// finished is of the 0.6 draft: a deployment is a subject of its own there, and
// may have failed.
func finished(e *event) (schemas.EventType, schemas.Payload, error) {
	outcome := e.Subject.Content.Outcome
	status, known := outcomes[strings.ToLower(outcome)]
	switch {
	case outcome == "":
		return "", nil, fieldError("subject.content.outcome", "is missing: success, failure, error or cancelled")
	case !known:
		return "", nil, fieldError("subject.content.outcome", "%q is none of success, failure, error, cancelled", outcome)
	}
	return deployment(e, status, e.Subject.Content.Service.ID, e.Subject.ID)
}

func deployment(e *event, status schemas.DeploymentStatus, service, id string) (schemas.EventType, schemas.Payload, error) {
	var d schemas.DeploymentEvent
	if err := e.custom(&d); err != nil {
		return "", nil, err
	}
	version, sha := artifact(e.Subject.Content.ArtifactID)
	d.DeploymentID = or(d.DeploymentID, id)
	d.Service = or(service, d.Service)
	d.Environment = or(e.Subject.Content.Environment.ID, d.Environment)
	d.Status = status
	d.SHA = or(d.SHA, sha)
	d.Version = or(d.Version, version)
	d.Via = "" // whoever sends a CDEvent says that it was deployed
	if d.Service == "" {
		return "", nil, fieldError("subject.content.service.id", "is missing: a deployment is one of a service (or give customData.service)")
	}
	if d.Environment == "" {
		return "", nil, fieldError("subject.content.environment.id", "is missing (or give customData.environment)")
	}
	return schemas.TypeDeployment, &d, nil
}

func opened(e *event) (schemas.EventType, schemas.Payload, error) {
	return incident(e, schemas.IncidentOpened)
}

func resolved(e *event) (schemas.EventType, schemas.Payload, error) {
	return incident(e, schemas.IncidentResolved)
}

func incident(e *event, status schemas.IncidentStatus) (schemas.EventType, schemas.Payload, error) {
	var i schemas.IncidentEvent
	if err := e.custom(&i); err != nil {
		return "", nil, err
	}
	c := &e.Subject.Content
	i.IncidentID = e.Subject.ID
	i.Service = or(c.Service.ID, i.Service)
	i.Status = status
	i.Title = or(i.Title, c.Description)
	i.URL = or(i.URL, c.TicketURI)
	i.Environment = or(c.Environment.ID, i.Environment)
	if i.CausedBy == nil {
		i.CausedBy = e.cause()
	}
	if i.Service == "" {
		return "", nil, fmt.Errorf("an incident without a service (subject.content.service.id) %w", ErrForeign)
	}
	return schemas.TypeIncident, &i, nil
}

// cause reads a relation such as {"linkType":"RELATION","linkKind":"causedBy"}.
// Its target is the id of another CDEvent: that of the deployment.
func (e *event) cause() *schemas.Cause {
	for _, l := range e.Context.Links {
		if strings.EqualFold(l.LinkType, "RELATION") && strings.Contains(strings.ToLower(l.LinkKind), "cause") && l.Target.ContextID != "" {
			return &schemas.Cause{DeploymentID: l.Target.ContextID}
		}
	}
	return nil
}

// merged: CDEvents names the change (a pull request's number, say) but no
// commit, and without its commit a change is in no deployment.
func merged(e *event) (schemas.EventType, schemas.Payload, error) {
	var c schemas.ChangeEvent
	if err := e.custom(&c); err != nil {
		return "", nil, err
	}
	c.Repository = or(c.Repository, e.Subject.Content.Repository.ID)
	if c.SHA == "" && sha.MatchString(e.Subject.ID) {
		c.SHA = e.Subject.ID
	}
	if c.SHA == "" {
		return "", nil, fmt.Errorf("a change without its commit (customData.sha) %w", ErrForeign)
	}
	if c.Service == "" && c.Repository == "" {
		return "", nil, fieldError("subject.content.repository.id", "is missing (or give customData.service)")
	}
	return schemas.TypeChange, &c, nil
}

// custom reads customData into a payload. CDEvents allows text there, which is
// nothing to us.
func (e *event) custom(p schemas.Payload) error {
	if len(e.CustomData) == 0 || e.CustomData[0] != '{' {
		return nil
	}
	var fe *schemas.FieldError
	if err := schemas.ReadJSON(e.CustomData, p); errors.As(err, &fe) {
		return fieldError("customData."+fe.Field, "%s", fe.Reason)
	}
	return nil
}

// FieldOf gives the name under which a CDEvent's sender wrote a field of the
// event that it became: "data.service" is the CDEvent's "subject.id".
func FieldOf(field string) string {
	switch name, inData := strings.CutPrefix(field, "data."); {
	case field == "time":
		return "context.timestamp"
	case !inData:
		return "context." + field
	case name == "environment":
		return "subject.content.environment.id"
	case name == "service", name == "incident_id":
		return "subject.id"
	default:
		return "customData." + name
	}
}

func or(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

func fieldError(field, format string, args ...any) error {
	return &schemas.FieldError{Field: field, Reason: fmt.Sprintf(format, args...)}
}
