package github

import (
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/url"
	"time"

	"github.com/google/go-github/v60/github"

	"github.com/fivekeys/fivekeys/schemas"
)

// ErrPayload marks a payload that is not what GitHub documents for its event.
var ErrPayload = errors.New("unexpected payload")

// Decode gives the domain events of a delivery; none for an event that says
// nothing about them.
func (s *Source) Decode(d schemas.Delivery, c *schemas.Catalog) ([]schemas.Event, error) {
	decode, relevant := decoders[d.Kind]
	if !relevant {
		return nil, nil
	}
	body, err := payload(d)
	if err != nil {
		return nil, fmt.Errorf("decode %s: %w", d.Kind, err)
	}
	h := &hook{catalog: c, toil: s.Toil, received: d.ReceivedAt}
	if err := decode(h, body); err != nil {
		return nil, fmt.Errorf("decode %s: %w", d.Kind, err)
	}
	return h.events, nil
}

// decoders by the event's name. ping is here so that a broken one shows.
var decoders = map[string]func(h *hook, body []byte) error{
	"ping":                as(func(*hook, *github.PingEvent) error { return nil }),
	"deployment":          as((*hook).deployment),
	"deployment_status":   as((*hook).deploymentStatus),
	"workflow_run":        as((*hook).workflowRuns),
	"release":             as((*hook).release),
	"create":              as((*hook).create),
	"push":                as((*hook).push),
	"pull_request":        as((*hook).pullRequest),
	"pull_request_review": as((*hook).review),
	"issues":              as((*hook).issues),
	"issue_comment":       as((*hook).comment),
}

// as reads the payload into its type first.
//
// A field of an unforeseen type (custom_properties became lists in 2024, which
// v60's map of strings can't hold) is left out instead of failing the whole:
// what an event needs is checked where it is used.
func as[T any](decode func(*hook, *T) error) func(*hook, []byte) error {
	return func(h *hook, body []byte) error {
		var v T
		var mismatch *json.UnmarshalTypeError
		if err := json.Unmarshal(body, &v); err != nil && !errors.As(err, &mismatch) {
			return fmt.Errorf("%w: %w", ErrPayload, err)
		}
		err := decode(h, &v)
		if err != nil && mismatch != nil {
			return fmt.Errorf("%w (%s is %s, which is not what GitHub documents)", err, mismatch.Field, mismatch.Value)
		}
		return err
	}
}

// payload takes the JSON out of a form, which is how a hook sends it whose
// content type was left at its old default.
func payload(d schemas.Delivery) ([]byte, error) {
	media, _, _ := mime.ParseMediaType(d.Header[headerContentType])
	if media != "application/x-www-form-urlencoded" {
		return d.Body, nil
	}
	form, err := url.ParseQuery(string(d.Body))
	if err != nil {
		return nil, fmt.Errorf("%w: form: %w", ErrPayload, err)
	}
	return []byte(form.Get("payload")), nil
}

// hook collects the events of one delivery.
type hook struct {
	catalog  *schemas.Catalog
	toil     Toil
	received time.Time
	repo     string // owner/name
	events   []schemas.Event
}

// in sets the repository everything that follows is about.
func (h *hook) in(fullName string) error {
	if fullName == "" {
		return fmt.Errorf("%w: names no repository", ErrPayload)
	}
	h.repo = fullName
	return nil
}

// services gives the services that files belong to; all of the repository's
// when there is no saying which.
func (h *hook) services(files ...string) []schemas.Service {
	return h.catalog.ServicesOf(h.repo, files)
}

// emit adds an event for each of the services. The id says which service only
// where there are several.
func (h *hook) emit(id string, t schemas.EventType, at time.Time, services []schemas.Service, payload func(schemas.Service) schemas.Payload) error {
	for _, s := range services {
		own := id
		if len(services) > 1 {
			own += "@" + s.Name
		}
		e, err := schemas.NewEvent(own, "github/"+h.repo, t, at, s.Name, payload(s))
		if err != nil {
			return err
		}
		if err := e.Validate(); err != nil {
			return fmt.Errorf("%w: %s: %w", ErrPayload, id, err)
		}
		h.events = append(h.events, e)
	}
	return nil
}

// first gives the first time that is there.
func first(times ...*github.Timestamp) time.Time {
	for _, t := range times {
		if t != nil && !t.IsZero() {
			return t.UTC()
		}
	}
	return time.Time{}
}

// optional gives nil for a time that isn't there.
func optional(t *github.Timestamp) *time.Time {
	if t == nil || t.IsZero() {
		return nil
	}
	utc := t.UTC()
	return &utc
}

// or gives the first text that isn't empty.
func or(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

func labelNames(labels []*github.Label) []string {
	var names []string
	for _, l := range labels {
		if name := l.GetName(); name != "" {
			names = append(names, name)
		}
	}
	return names
}
