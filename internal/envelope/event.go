package envelope

import (
	"github.com/fivekeys/fivekeys/internal/jetstream"
	"github.com/fivekeys/fivekeys/schemas"
)

// Event renders a domain event for one of n partitions. All events of a
// service share a partition; events of no service (a team's toil) share one too.
func Event(e *schemas.Event, partitions int) jetstream.Message {
	h := newHeaders(8)
	h.add(headerSpecVersion, specVersion)
	h.add(headerID, e.ID)
	h.add(headerSource, e.Source)
	h.add(headerType, string(e.Type))
	h.addTime(headerTime, e.Time)
	if e.Subject != "" {
		h.add(headerSubject, e.Subject)
	}
	if !e.KnownAt.IsZero() {
		h.addTime(headerKnownAt, e.KnownAt)
	}
	h.add(headerContentType, contentJSON)
	return jetstream.Message{
		Subject: schemas.EventSubject(e.Type, schemas.Partition(e.Subject, partitions)),
		ID:      EventID(e),
		Header:  h.set,
		Data:    e.Data,
	}
}

// EventID is an event's identity as a message id: its source and id.
func EventID(e *schemas.Event) string { return identity(e.Source, e.ID) }

// ParseEvent is the reverse of Event. Its errors are ErrMalformed. It doesn't
// look into the data: a processor decodes the payload it needs.
func ParseEvent(m jetstream.Message) (schemas.Event, error) {
	e := schemas.Event{
		ID:      get(m.Header, headerID),
		Source:  get(m.Header, headerSource),
		Type:    schemas.EventType(get(m.Header, headerType)),
		Subject: get(m.Header, headerSubject),
		Data:    m.Data,
	}
	for _, required := range []struct{ name, value string }{
		{headerID, e.ID}, {headerSource, e.Source}, {headerType, string(e.Type)},
	} {
		if required.value == "" {
			return e, malformed("event", required.name, nil)
		}
	}
	var err error
	if e.Time, err = getTime(m.Header, "event", headerTime); err != nil {
		return e, err
	}
	if _, known := m.Header[headerKnownAt]; known {
		e.KnownAt, err = getTime(m.Header, "event", headerKnownAt)
	}
	return e, err
}
