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
	index   map[identity]int // position in events
}

// identity is what makes two events the same event.
type identity struct{ source, id string }

// event is an envelope and its decoded payload: a *deploymentStatus, *commit,
// *pullRequestState, *branchPush or *incidentStatus, none of which changes.
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
	return &Timeline{service: service, index: make(map[identity]int)}
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
	if e.Type == schemas.TypeToil || e.Type == schemas.TypeSLI {
		return false, nil
	}
	fresh := event{
		identity: identity{source: e.Source, id: e.ID},
		at:       toInstant(e.Time),
		known:    toInstant(e.KnownAt),
	}
	if fresh.at == 0 {
		return false, fmt.Errorf("add event %s of %s: time %s is missing or outside 1970…2261",
			e.ID, e.Source, e.Time.Format(time.RFC3339))
	}
	i, known := t.index[fresh.identity]
	if known && t.events[i].known < fresh.known {
		return false, nil
	}
	fresh.precedence = e.Precedence()
	if known && t.events[i].precedence >= fresh.precedence {
		return false, nil
	}
	payload, err := decode(&e)
	if err != nil {
		return false, fmt.Errorf("add event %s of %s: %w", e.ID, e.Source, err)
	}
	fresh.payload = payload
	if known {
		fresh.identity = t.events[i].identity
		t.events[i] = fresh
		return true, nil
	}
	fresh.identity = identity{source: intern(e.Source), id: strings.Clone(e.ID)}
	t.index[fresh.identity] = len(t.events)
	t.events = append(t.events, fresh)
	return true, nil
}

// AsOf gives the timeline as it was known at a time: the events learnt of by
// then. Corrections and late deliveries that came afterwards are not in it.
func (t *Timeline) AsOf(known time.Time) *Timeline {
	limit := toInstant(known)
	then := NewTimeline(t.service)
	for _, e := range t.events {
		if e.known <= limit {
			then.index[e.identity] = len(then.events)
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
