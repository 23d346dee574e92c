package dora

import (
	"cmp"
	"fmt"
	"strings"
	"time"
	"unique"

	"github.com/fivekeys/fivekeys/schemas"
)

// Timeline is the set of events of one service, decoded once and kept without
// their JSON, so that a service may be folded again whenever an event arrives.
//
// It is a set: what it holds depends on which events were added and never on
// their order or on how often each was. It is not safe for concurrent use by
// writers; AsOf and Fold only read.
type Timeline struct {
	service string
	events  []event
	index   map[identity]int // position in events; nil until needed
}

// identity is what makes two events the same event.
type identity struct{ source, id string }

// event is an envelope and its decoded payload: a *deploymentStatus, *commit,
// *pullRequestState, *branchPush, *incidentStatus or *burnStatus, none of which changes.
type event struct {
	identity
	at      instant
	known   instant
	payload any
	// precedence chooses between different events of one identity.
	precedence uint64
}

// NewTimeline gives the empty timeline of a service.
func NewTimeline(service string) *Timeline {
	return &Timeline{service: service}
}

// Len is the number of events.
func (t *Timeline) Len() int { return len(t.events) }

// Add puts an event into the set and says whether that changed it.
//
// An event that is known already counts once: the one known earliest stays, and
// of two known at the same time and telling different things the one of higher
// precedence (schemas.Event.Precedence), as in the store, so that the set does
// not depend on the order of arrival. Events of types that the DORA keys do
// not use (toil, SLIs) are accepted and not kept.
//
// An error means that the event can't be used: its type is unknown, its data
// can't be decoded or fails its own validation, or its time is missing.
func (t *Timeline) Add(e schemas.Event) (bool, error) {
	t.makeIndex()
	i, known := t.index[identity{source: e.Source, id: e.ID}]
	if known && (t.events[i].known < toInstant(e.KnownAt) || t.events[i].precedence >= e.Precedence()) {
		return false, nil
	}
	fresh, err := keepEvent(&e)
	if err != nil || fresh.payload == nil {
		return false, err
	}
	if known {
		fresh.identity = t.events[i].identity
		t.events[i] = fresh
		return true, nil
	}
	t.index[fresh.identity] = len(t.events)
	t.events = append(t.events, fresh)
	return true, nil
}

// addDistinct is Add for events of which none has the identity of another, as
// the log gives them. It spares the index, which most services never need.
func (t *Timeline) addDistinct(e *schemas.Event) error {
	fresh, err := keepEvent(e)
	if err != nil || fresh.payload == nil {
		return err
	}
	t.events = append(t.events, fresh)
	t.index = nil // Add makes it again
	return nil
}

func (t *Timeline) makeIndex() {
	if t.index != nil {
		return
	}
	t.index = make(map[identity]int, len(t.events))
	for i := range t.events {
		t.index[t.events[i].identity] = i
	}
}

// keepEvent decodes an event. Without a payload it is one that we don't keep.
func keepEvent(e *schemas.Event) (event, error) {
	switch e.Type {
	case schemas.TypeToil, schemas.TypeSLI, schemas.TypeCorrection:
		return event{}, nil
	}
	at := toInstant(e.Time)
	if at == 0 {
		return event{}, fmt.Errorf("add event %s of %s: time %s is missing or outside 1970…2261",
			e.ID, e.Source, e.Time.Format(time.RFC3339))
	}
	payload, err := decode(e)
	if err != nil {
		return event{}, fmt.Errorf("add event %s of %s: %w", e.ID, e.Source, err)
	}
	return event{
		identity: identity{source: intern(e.Source), id: strings.Clone(e.ID)},
		at:       at, known: toInstant(e.KnownAt), payload: payload, precedence: e.Precedence(),
	}, nil
}

// AsOf gives the timeline as it was known at a time: the events learnt of by
// then. Corrections and late deliveries that came afterwards are not in it.
func (t *Timeline) AsOf(known time.Time) *Timeline {
	limit := toInstant(known)
	then := NewTimeline(t.service)
	for _, e := range t.events {
		if e.known <= limit {
			then.events = append(then.events, e)
		}
	}
	return then
}

// intern keeps one copy of a string that many events repeat.
func intern(s string) string {
	if s == "" {
		return ""
	}
	return unique.Make(s).Value()
}

// compareEvents is the order of events: by time, and where that says nothing by
// their ids, never by arrival.
func compareEvents(a, b *event) int {
	return cmp.Or(cmp.Compare(a.at, b.at), strings.Compare(a.id, b.id), strings.Compare(a.source, b.source))
}
