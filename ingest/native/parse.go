package native

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/fivekeys/fivekeys/ingest/cdevents"
	"github.com/fivekeys/fivekeys/schemas"
)

const (
	// maxAttribute bounds id and source: they become headers on NATS,
	// whose header block is limited, and keys in the store.
	maxAttribute = 1024
	// maxData bounds one event's data, so that it fits the smallest max_payload
	// a NATS server is usually run with (1 MiB) beside its headers.
	maxData = 512 << 10
)

// Parser reads request bodies under a catalogue.
type Parser struct {
	// Catalog resolves a repository to its services.
	Catalog *schemas.Catalog
	// PersonKey keys the hash under which the person of a toil event is stored.
	PersonKey []byte
}

// Batch is what one request says: for every event sent, in order, the events it
// becomes. That is one, or one per service where only a repository was named;
// none if its files belong to no service.
type Batch [][]schemas.Event

// Parse reads a body. Its error is *InvalidError or wraps ErrMediaType.
func (p *Parser) Parse(h http.Header, body []byte) (Batch, error) {
	objects, strict, err := split(h, body)
	if err != nil {
		return nil, err
	}
	batch := make(Batch, 0, len(objects))
	var invalid InvalidError
	for i, raw := range objects {
		events, err := p.parse(raw, i, strict)
		if err != nil {
			invalid.add(problem(i, err))
			continue
		}
		batch = append(batch, events)
	}
	if err := invalid.orNil(); err != nil {
		return nil, err
	}
	return batch, nil
}

func problem(index int, err error) Problem {
	var fe *schemas.FieldError
	if errors.As(err, &fe) {
		return Problem{Index: index, Field: fe.Field, Reason: fe.Reason}
	}
	return Problem{Index: index, Reason: err.Error()}
}

// parse reads, checks and resolves one event.
func (p *Parser) parse(raw json.RawMessage, index int, strict bool) ([]schemas.Event, error) {
	o, err := decode(raw)
	if err != nil {
		return nil, err
	}
	e, err := o.event(raw, strict)
	if err != nil {
		return nil, err
	}
	if err = checkSizes(&e); err != nil {
		return nil, err
	}
	if _, err = schemas.NewPayload(e.Type); err != nil && e.Type != "" {
		return nil, fieldError("type", "%q is unknown; known are %s", e.Type, knownTypes())
	}
	if err = e.Validate(); err != nil {
		return nil, err
	}
	payload, err := e.Payload()
	if err != nil {
		return nil, err
	}
	return p.resolve(e, payload, index)
}

// event gives the object's event, mapping a CDEvent onto ours.
func (o *object) event(raw json.RawMessage, strict bool) (schemas.Event, error) {
	switch {
	case o.Type == "" && len(o.Context) > 0 && o.Context[0] == '{':
		return cdevents.Map(raw) // without an envelope
	case len(o.Subject) > 0 && o.Subject[0] != '"' && o.Subject[0] != 'n':
		return schemas.Event{}, fieldError("subject", "must be string")
	case o.SpecVersion != "" && o.SpecVersion != "1.0":
		return schemas.Event{}, fieldError("specversion", "%q is not 1.0", o.SpecVersion)
	case strict && o.SpecVersion == "":
		return schemas.Event{}, fieldError("specversion", "is missing; it is 1.0")
	}
	if cdevents.Is(o.Type) {
		e, err := cdevents.Map(o.Data)
		return e, inData(err)
	}
	e := schemas.Event{ID: o.ID, Source: o.Source, Type: schemas.EventType(o.Type), Data: o.Data}
	if o.Time != "" {
		at, err := time.Parse(time.RFC3339Nano, o.Time)
		if err != nil {
			return e, fieldError("time", "%q is not RFC 3339, e.g. 2026-01-31T13:00:00Z", o.Time)
		}
		e.Time = at.UTC()
	}
	return e, nil
}

// inData places a CDEvent's field within the envelope.
func inData(err error) error {
	var fe *schemas.FieldError
	if !errors.As(err, &fe) {
		return err
	}
	return fieldError(strings.TrimSuffix("data."+fe.Field, "."), "%s", fe.Reason)
}

func checkSizes(e *schemas.Event) error {
	for _, a := range []struct{ name, value string }{{"id", e.ID}, {"source", e.Source}} {
		if len(a.value) > maxAttribute {
			return fieldError(a.name, "is %d bytes long; %d are the limit", len(a.value), maxAttribute)
		}
	}
	if len(e.Data) > maxData {
		return fieldError("data", "is %d bytes long; %d are the limit", len(e.Data), maxData)
	}
	return nil
}

func knownTypes() string {
	names := cdevents.Types()
	for _, t := range slices.Backward(schemas.EventTypes) {
		names = slices.Insert(names, 0, string(t))
	}
	return strings.Join(names, ", ")
}
