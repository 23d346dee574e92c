package sli

import (
	"strings"
	"sync"

	"github.com/fivekeys/fivekeys/schemas"
)

// Counter counts spans for the objectives it was compiled from. It is safe for
// concurrent use.
type Counter struct {
	services map[string]*bucket
	// elsewhere is for spans of services that no objective names.
	elsewhere *bucket
}

// rule is an objective as it is counted.
type rule struct {
	objective string
	total     condition
	part      *condition // good or bad; nil where a threshold decides
	bad       bool       // part is what is bad
	threshold schemas.Threshold
}

// Compile makes the counter of objectives, which are valid (internal/openslo).
func Compile(objectives []schemas.Objective) *Counter {
	c := &Counter{services: map[string]*bucket{}, elsewhere: newBucket()}
	var rules []*rule
	for i := range objectives {
		o := &objectives[i]
		if o.Indicator.Reported || o.Indicator.Total == nil || len(o.Parts) > 0 {
			continue
		}
		r := &rule{objective: o.Key, total: compile(o.Indicator.Total)}
		part := o.Indicator.Good
		if part == nil {
			part, r.bad = o.Indicator.Bad, true
		}
		switch {
		case o.Indicator.Threshold != nil:
			r.threshold = *o.Indicator.Threshold
		case part != nil:
			p := compile(part)
			if len(part.Kinds) == 0 {
				p.kinds = r.total.kinds // a part of total, of whatever kind that is
			}
			r.part = &p
		default:
			continue // nothing says what is good
		}
		rules = append(rules, r)
		c.service(r.total.service)
		if r.part != nil {
			c.service(r.part.service)
		}
	}
	for _, r := range rules {
		if name := r.total.service; name != "" {
			c.services[name].add(r, r.of(name))
			continue
		}
		for name, b := range c.services {
			b.add(r, r.of(name))
		}
		c.elsewhere.add(r, r.of(""))
	}
	return c
}

// of says whether spans of a service can be in the rule's part; "" is one that
// no objective names.
func (r *rule) of(service string) bool {
	return r.part != nil && (r.part.service == "" || r.part.service == service)
}

func (c *Counter) service(name string) {
	if name != "" && c.services[name] == nil {
		c.services[name] = newBucket()
	}
}

// Count calls add for each objective that the span counts for: total is 1, good
// 0 or 1.
func (c *Counter) Count(span *schemas.Span, add func(objective string, good, total uint64)) {
	b, ok := c.services[span.Service]
	if !ok {
		b = c.elsewhere
	}
	for _, e := range b.entries(span.Name) {
		if !e.rule.total.holds(span) {
			continue
		}
		var good uint64
		if e.good(span) {
			good = 1
		}
		add(e.rule.objective, good, 1)
	}
}

// entry is a rule for spans of one service and operation.
type entry struct {
	rule *rule
	part bool // whether such spans can be in the rule's part
}

func (e entry) good(span *schemas.Span) bool {
	r := e.rule
	if r.part == nil {
		return within(span.Duration, r.threshold)
	}
	return (e.part && r.part.holds(span)) != r.bad
}

func within(duration int64, t schemas.Threshold) bool {
	limit := int64(t.Limit)
	switch t.Op {
	case schemas.OpLT:
		return duration < limit
	case schemas.OpLTE:
		return duration <= limit
	case schemas.OpGT:
		return duration > limit
	case schemas.OpGTE:
		return duration >= limit
	}
	return false
}

// operationsKept bounds the memory of operations: names that hold identities
// are without end.
const operationsKept = 4096

// bucket has the rules for the spans of a service, by operation.
type bucket struct {
	every []entry            // whatever the operation
	exact map[string][]entry // by the operation in lower case
	globs []entry
	size  int // rules in all

	mutex sync.RWMutex
	seen  map[string][]entry
}

func newBucket() *bucket { return &bucket{exact: map[string][]entry{}, seen: map[string][]entry{}} }

func (b *bucket) add(r *rule, part bool) {
	b.size++
	operation := strings.ToLower(r.total.operation)
	switch e := (entry{r, part}); {
	case r.part != nil && r.part.operation != "":
		b.globs = append(b.globs, e) // which operations are good is a glob of its own
	case operation == "":
		b.every = append(b.every, e)
	case isGlob(operation):
		b.globs = append(b.globs, e)
	default:
		b.exact[operation] = append(b.exact[operation], e)
	}
}

// entries are the rules for an operation.
func (b *bucket) entries(operation string) []entry {
	if b.size == len(b.every) {
		return b.every
	}
	b.mutex.RLock()
	found, ok := b.seen[operation]
	b.mutex.RUnlock()
	if ok {
		return found
	}
	found = b.find(operation)
	b.mutex.Lock()
	if len(b.seen) >= operationsKept {
		clear(b.seen)
	}
	b.seen[strings.Clone(operation)] = found
	b.mutex.Unlock()
	return found
}

func (b *bucket) find(operation string) []entry {
	name := strings.ToLower(operation)
	found := b.every[:len(b.every):len(b.every)] // an append copies
	found = append(found, b.exact[name]...)
	for _, e := range b.globs {
		if g := e.rule.total.operation; g != "" && !schemas.MatchGlob(g, name) {
			continue
		}
		if e.part && e.rule.part.operation != "" {
			e.part = schemas.MatchGlob(e.rule.part.operation, name)
		}
		found = append(found, e)
	}
	return found
}

func isGlob(s string) bool { return strings.ContainsAny(s, "*?") }
