package native

import (
	"encoding/json"

	"github.com/fivekeys/fivekeys/schemas"
)

// resolve gives the event the service it belongs to, or one event per service
// of its repository.
func (p *Parser) resolve(e schemas.Event, payload schemas.Payload, index int) ([]schemas.Event, error) {
	switch v := payload.(type) {
	case *schemas.DeploymentEvent:
		return of(e, v.Service), nil
	case *schemas.IncidentEvent:
		return of(e, v.Service), nil
	case *schemas.SLIEvent:
		return of(e, v.Service), nil
	case *schemas.ToilEvent:
		return p.toil(e, v)
	case *schemas.CorrectionEvent:
		return of(e, ""), nil // of an SLO, whose service the evaluation knows
	case *schemas.ChangeEvent:
		return p.change(e, v, index)
	case *schemas.PullRequestEvent:
		return p.fanOut(e, v.Service, v.Repository, nil)
	case *schemas.BranchEvent:
		return p.fanOut(e, v.Service, v.Repository, nil)
	}
	// Burns are told by the evaluation alone.
	return nil, fieldError("type", "%q is not taken here", e.Type)
}

// of makes the service the event's subject, which is what it is partitioned by:
// a subject that says otherwise would send it to the wrong processor.
func of(e schemas.Event, service string) []schemas.Event {
	e.Subject = service
	return []schemas.Event{e}
}

// toil hashes the person before anything is stored: a name that reached the
// queue could no longer be taken back.
func (p *Parser) toil(e schemas.Event, v *schemas.ToilEvent) ([]schemas.Event, error) {
	if hashed := schemas.HashPerson(p.PersonKey, v.Person); hashed != v.Person {
		var err error
		if e.Data, err = with(e.Data, "person", hashed); err != nil {
			return nil, err
		}
	}
	return of(e, v.Service), nil
}

// change gives a change without a position its place in the batch: commits that
// reached the branch in one push have one time, and their order is all that
// tells which deployment contains which.
func (p *Parser) change(e schemas.Event, v *schemas.ChangeEvent, index int) ([]schemas.Event, error) {
	var given struct {
		Position *int `json:"position"`
	}
	if err := json.Unmarshal(e.Data, &given); err != nil {
		return nil, fieldError("data", "%v", err)
	}
	if given.Position == nil && index > 0 {
		var err error
		if e.Data, err = with(e.Data, "position", index); err != nil {
			return nil, err
		}
	}
	return p.fanOut(e, v.Service, v.Repository, v.Files)
}

// fanOut gives one event per service of a repository. Only where there are
// several does the id say which: an id must stay the same as long as the
// catalogue does.
func (p *Parser) fanOut(e schemas.Event, service, repository string, files []string) ([]schemas.Event, error) {
	if service != "" {
		return of(e, service), nil
	}
	services := p.Catalog.ServicesOf(repository, files)
	events := make([]schemas.Event, 0, len(services))
	for _, s := range services {
		one := e
		one.Subject = s.Name
		if len(services) > 1 {
			one.ID += "@" + s.Name
		}
		var err error
		if one.Data, err = with(e.Data, "service", s.Name); err != nil {
			return nil, err
		}
		events = append(events, one)
	}
	return events, nil
}

// with sets a field of a JSON object and keeps every other as it was sent.
func with(data json.RawMessage, field string, value any) (json.RawMessage, error) {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(data, &object); err != nil {
		return nil, fieldError("data", "%v", err)
	}
	raw, err := json.Marshal(value)
	if err != nil {
		return nil, fieldError("data."+field, "%v", err)
	}
	object[field] = raw
	out, err := json.Marshal(object)
	if err != nil {
		return nil, fieldError("data", "%v", err)
	}
	return out, nil
}
