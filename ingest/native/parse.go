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
	// Now is the clock's; what is said to have happened later is refused.
	Now time.Time
	// Names are those seen before; nil remembers none.
	Names *Names
}

// Batch is what one request says: for every event sent, in order, the events it
// becomes. That is one, or one per service where only a repository was named;
// none if its files belong to no service, or nothing here is made of its kind.
type Batch [][]schemas.Event

// Parse reads a body. Beside the batch it gives what a sender may want to know
// of events that are taken all the same. Its error is *InvalidError or wraps
// ErrMediaType.
func (p *Parser) Parse(h http.Header, body []byte) (Batch, []Problem, error) {
	objects, strict, err := split(h, body)
	if err != nil {
		return nil, nil, err
	}
	batch := make(Batch, 0, len(objects))
	var invalid InvalidError
	told := &warnings{}
	for i, raw := range objects {
		told.index = i
		events, err := p.parse(raw, i, strict, told)
		switch {
		case errors.Is(err, cdevents.ErrForeign):
			told.add("", "is ignored: %v", err)
		case err != nil:
			invalid.add(problem(i, err))
			continue
		}
		batch = append(batch, events)
	}
	if err := invalid.orNil(); err != nil {
		return nil, nil, err
	}
	return batch, told.list, nil
}

func problem(index int, err error) Problem {
	var fe *schemas.FieldError
	if errors.As(err, &fe) {
		return Problem{Index: index, Field: fe.Field, Reason: fe.Reason}
	}
	return Problem{Index: index, Reason: err.Error()}
}

// parse reads, checks and resolves one event.
func (p *Parser) parse(raw json.RawMessage, index int, strict bool, told *warnings) ([]schemas.Event, error) {
	o, err := decode(raw)
	if err != nil {
		return nil, err
	}
	if o.isCDEvent() {
		return p.parseCDEvent(&o, raw, index, told)
	}
	e, err := o.event(strict)
	if err != nil {
		return nil, err
	}
	suggest("", fieldsIn(raw), envelopeFields, nil, told)
	if e.Data, err = documented(e.Type, e.Data, told); err != nil {
		return nil, err
	}
	return p.accept(e, index, told)
}

// parseCDEvent names in its errors the fields as CDEvents calls them.
func (p *Parser) parseCDEvent(o *object, raw json.RawMessage, index int, told *warnings) ([]schemas.Event, error) {
	place := func(field string) string { return field }
	if o.Type != "" { // within an envelope
		raw, place = o.Data, func(field string) string { return strings.TrimSuffix("data."+field, ".") }
	}
	var fe *schemas.FieldError
	e, err := cdevents.Map(raw)
	if errors.As(err, &fe) {
		return nil, fieldError(place(fe.Field), "%s", fe.Reason)
	}
	if err != nil {
		return nil, err
	}
	events, err := p.accept(e, index, told)
	if errors.As(err, &fe) {
		return nil, fieldError(place(cdevents.FieldOf(fe.Field)), "%s", fe.Reason)
	}
	return events, err
}

// accept checks an event and gives it to those whose it is.
func (p *Parser) accept(e schemas.Event, index int, told *warnings) ([]schemas.Event, error) {
	if err := checkSizes(&e); err != nil {
		return nil, err
	}
	if _, err := schemas.NewPayload(e.Type); err != nil && e.Type != "" {
		return nil, fieldError("type", "%q is unknown; known are %s", e.Type, knownTypes())
	}
	if err := e.Check(p.Now); err != nil {
		return nil, err
	}
	payload, err := e.Payload()
	if err != nil {
		return nil, err
	}
	e.Data = schemas.CleanJSON(e.Data)
	p.Names.compare(payload, p.Catalog, told)
	return p.resolve(e, payload, index)
}

// isCDEvent says so of one in a CloudEvent, and of one by itself.
func (o *object) isCDEvent() bool {
	return cdevents.Is(o.Type) || o.Type == "" && len(o.Context) > 0
}

// event gives the object's event.
func (o *object) event(strict bool) (schemas.Event, error) {
	switch {
	case len(o.Subject) > 0 && o.Subject[0] != '"' && o.Subject[0] != 'n':
		return schemas.Event{}, fieldError("subject", "must be a text")
	case o.SpecVersion != "" && o.SpecVersion != "1.0":
		return schemas.Event{}, fieldError("specversion", "%q is not 1.0", o.SpecVersion)
	case strict && o.SpecVersion == "":
		return schemas.Event{}, fieldError("specversion", "is missing; it is 1.0")
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
