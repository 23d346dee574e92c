package dora

import (
	"container/list"

	"github.com/fivekeys/fivekeys/internal/clickhouse"
	"github.com/fivekeys/fivekeys/schemas"
)

// active is one service in memory: its events and what the store holds of its
// facts.
type active struct {
	service  string
	timeline *Timeline
	written  *clickhouse.Written
	// rules is the fingerprint recorded for the stored facts, where we know it.
	rules string
	// unknown are the stored events the timeline could not take.
	unknown clickhouse.Tally
	// dirty: the timeline holds events that the stored facts may not know.
	dirty bool
	place *list.Element
}

// tally is what the store should hold of the service's events if nobody else
// has written any.
func (a *active) tally() clickhouse.Tally {
	t := a.unknown
	t.Events += a.timeline.Len()
	for i := range a.timeline.events {
		t.Precedences += a.timeline.events[i].precedence
	}
	return t
}

// ignore accounts for a stored event that the timeline could not take.
func (a *active) ignore(e *schemas.Event) {
	a.unknown.Events++
	a.unknown.Precedences += e.Precedence()
}

// cache keeps the services touched last, bounded by the events they hold: the
// memory a processor needs follows the active services, not the history.
type cache struct {
	limit    int
	events   int
	services map[string]*active
	recent   *list.List // of *active, most recent first
}

func newCache(limit int) *cache {
	return &cache{limit: limit, services: map[string]*active{}, recent: list.New()}
}

func (c *cache) get(service string) *active {
	a := c.services[service]
	if a != nil {
		c.recent.MoveToFront(a.place)
	}
	return a
}

func (c *cache) put(a *active) {
	c.drop(a.service)
	a.place = c.recent.PushFront(a)
	c.services[a.service] = a
	c.events += a.timeline.Len()
}

// grew accounts for events added to a service's timeline.
func (c *cache) grew(n int) { c.events += n }

func (c *cache) drop(service string) {
	a := c.services[service]
	if a == nil {
		return
	}
	c.recent.Remove(a.place)
	delete(c.services, service)
	c.events -= a.timeline.Len()
}

// shrink drops the services not used for longest until the rest fits. A dirty
// one may go too: it is folded again from the store when next touched.
func (c *cache) shrink() {
	for c.events > c.limit && c.recent.Len() > 1 {
		c.drop(c.recent.Back().Value.(*active).service) //nolint:forcetypeassert // we put nothing else in
	}
}
