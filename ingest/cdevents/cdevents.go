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

// prefix begins the type of every CDEvent.
const prefix = "dev.cdevents."

// Is says whether a CloudEvents type is a CDEvent's.
func Is(eventType string) bool { return strings.HasPrefix(eventType, prefix) }

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
			ArtifactID  string     `json:"artifactId"`
			Description string     `json:"description"`
			Environment *reference `json:"environment"`
			Service     *reference `json:"service"`
			Repository  *reference `json:"repository"`
			TicketURI   string     `json:"ticketURI"`
		} `json:"content"`
	} `json:"subject"`
	CustomData json.RawMessage `json:"customData"`
}

type reference struct {
	ID string `json:"id"`
}

func (r *reference) id() string {
	if r == nil {
		return ""
	}
	return r.ID
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
	"service.deployed":   deployed,
	"service.upgraded":   deployed,
	"service.rolledback": deployed,
	"incident.detected":  opened,
	"incident.reported":  opened,
	"incident.resolved":  resolved,
	"change.merged":      merged,
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

// Map reads a CDEvent. Its error is a *schemas.FieldError.
func Map(raw []byte) (schemas.Event, error) {
	var e event
	if err := json.Unmarshal(raw, &e); err != nil {
		var te *json.UnmarshalTypeError
		if errors.As(err, &te) && te.Field != "" {
			return schemas.Event{}, fieldError(te.Field, "must be %s, is %s", te.Type, te.Value)
		}
		return schemas.Event{}, fieldError("", "is not a CDEvent: %v", err)
	}
	name, version, err := nameOf(e.Context.Type)
	if err != nil {
		return schemas.Event{}, err
	}
	mapper, mapped := mappers[name]
	switch {
	case !mapped:
		return schemas.Event{}, fieldError("context.type", "%q is not taken; taken are %s", e.Context.Type, strings.Join(Types(), ", "))
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

// nameOf splits dev.cdevents.<subject>.<predicate>.<major.minor.patch>.
func nameOf(eventType string) (name, version string, err error) {
	parts := strings.SplitN(strings.TrimPrefix(eventType, prefix), ".", 3)
	if !Is(eventType) || len(parts) < 3 {
		return "", "", fieldError("context.type", "%q is not dev.cdevents.<subject>.<predicate>.<version>", eventType)
	}
	return parts[0] + "." + parts[1], parts[2], nil
}

// deployed: a rollback is a deployment too; that it goes back to an earlier
// version shows when the deployments are put in a row.
func deployed(e *event) (schemas.EventType, schemas.Payload, error) {
	var d schemas.DeploymentEvent
	if err := e.custom(&d); err != nil {
		return "", nil, err
	}
	version, sha := artifact(e.Subject.Content.ArtifactID)
	d.DeploymentID = or(d.DeploymentID, e.Context.ID)
	d.Service = e.Subject.ID
	d.Environment = e.Subject.Content.Environment.id()
	d.Status = schemas.DeploymentSucceeded
	d.SHA = or(d.SHA, sha)
	d.Version = or(d.Version, version)
	d.Via = "" // whoever sends a CDEvent says that it was deployed
	if d.Environment == "" {
		return "", nil, fieldError("subject.content.environment.id", "is missing")
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
	i.Service = or(c.Service.id(), i.Service)
	i.Status = status
	i.Title = or(i.Title, c.Description)
	i.URL = or(i.URL, c.TicketURI)
	i.Environment = or(c.Environment.id(), i.Environment)
	if i.CausedBy == nil {
		i.CausedBy = e.cause()
	}
	if i.Service == "" {
		return "", nil, fieldError("subject.content.service.id", "is missing: an incident is one of a service")
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
	c.Repository = or(c.Repository, e.Subject.Content.Repository.id())
	if c.SHA == "" && sha.MatchString(e.Subject.ID) {
		c.SHA = e.Subject.ID
	}
	if c.SHA == "" {
		return "", nil, fieldError("customData.sha", "is missing: the commit that was merged")
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
	if err := json.Unmarshal(e.CustomData, p); err != nil {
		var te *json.UnmarshalTypeError
		if errors.As(err, &te) {
			return fieldError("customData."+te.Field, "must be %s, is %s", te.Type, te.Value)
		}
		return fieldError("customData", "%v", err)
	}
	return nil
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
