package simulation

import (
	"fmt"
	"iter"
	"time"

	"github.com/fivekeys/fivekeys/schemas"
)

// Load is an organisation for benchmarks and crash tests: any number of
// services that land changes, deploy them, now and then fail and roll back.
// It keeps a few numbers per service and nothing per event.
type Load struct {
	Seed     uint64
	Services int
	// Size is how many events, or deliveries, there are.
	Size int
	// Start is the time of the first, Every the time between two of one
	// service: a few hours at most, or incidents fall out of the attribution
	// window.
	Start time.Time
	Every time.Duration
}

// The defaults of a Load. Every is short enough for an incident to be within
// the attribution window of the deployment that caused it.
const (
	loadServices = 500
	loadSize     = 1_000_000
	loadEvery    = 30 * time.Minute
	// mostServices keeps the ids within their ten digits.
	mostServices = 40_000
)

func (l Load) withDefaults() Load {
	if l.Services <= 0 {
		l.Services = loadServices
	}
	l.Services = min(l.Services, mostServices)
	if l.Size <= 0 {
		l.Size = loadSize
	}
	if l.Every <= 0 {
		l.Every = loadEvery
	}
	if l.Start.IsZero() {
		l.Start = defaultEnd.AddDate(0, 0, -defaultDays)
	}
	l.Start = l.Start.UTC().Truncate(time.Second)
	return l
}

// Totals are the sums over all services that must come out of a Load.
type Totals struct {
	Events      int
	Changes     int
	Deployments int // successful; all are in production
	Rollbacks   int
	Failed      int // each failed deployment has one incident
	Incidents   int
	Resolved    int
}

// Totals walks the Load without making its events.
func (l Load) Totals() Totals {
	var t Totals
	for b := range l.beats() {
		t.Events++
		switch b.kind {
		case landed:
			t.Changes++
		case deployed:
			t.Deployments++
			if b.back {
				t.Rollbacks++
			}
		case opened:
			t.Incidents++
			t.Failed++
		case resolved:
			t.Resolved++
		case deploying, acknowledged:
		}
	}
	return t
}

// Catalog gives the services their teams, ten services to each.
func (l Load) Catalog() schemas.Catalog {
	l = l.withDefaults()
	var c schemas.Catalog
	for i := range l.Services {
		name := loadName(i)
		c.Services = append(c.Services, schemas.Service{
			Name: name, Team: fmt.Sprintf("team-%04d", i/10),
			Repositories: []schemas.Repository{{Name: organisation + "/" + name}},
		})
	}
	return c
}

func loadName(i int) string { return fmt.Sprintf("svc-%05d", i) }

type beatKind int

const (
	landed beatKind = iota // a change reached the default branch
	deploying
	deployed
	opened
	acknowledged
	resolved
)

// beat is one thing that happens to one service.
type beat struct {
	kind     beatKind
	service  int
	number   int // of the beat within its service, from 0
	at       time.Time
	change   uint64 // the change landed or deployed, from 1
	release  int    // the deployment, from 1
	incident int    // from 1
	openedAt time.Time
	back     bool // the deployment is a rollback
}

// lane is what a service remembers between its beats.
type lane struct {
	random             uint64
	beats              int
	changes            uint64
	live, before       uint64 // heads of the last two deployments
	releases           int
	incidents, pending int
	next               beatKind
	openedAt           time.Time
	back               bool
	untilTrouble       int
}

// beats walks the services in turn, so that times only grow.
func (l Load) beats() iter.Seq[beat] {
	l = l.withDefaults()
	return func(yield func(beat) bool) {
		lanes := make([]lane, l.Services)
		for i := range lanes {
			lanes[i] = lane{random: mix(l.Seed ^ mix(uint64(i)+1)), untilTrouble: 3 + i%20}
		}
		step := l.Every / time.Duration(l.Services)
		for n := range l.Size {
			i, round := n%l.Services, n/l.Services
			b := lanes[i].step()
			b.service = i
			b.at = l.Start.Add(time.Duration(round)*l.Every + time.Duration(i)*step).Truncate(time.Second)
			if b.kind == opened {
				lanes[i].openedAt = b.at
			}
			b.openedAt = lanes[i].openedAt
			if !yield(b) {
				return
			}
		}
	}
}

// step tells what happens next: some changes, their deployment, in one of
// about twenty cases an incident, which a rollback or time alone ends.
func (s *lane) step() beat {
	b := beat{kind: s.next, number: s.beats}
	s.beats++
	switch s.next {
	case landed:
		if s.pending == 0 {
			s.pending = 1 + s.chance(3)
		}
		s.changes++
		s.pending--
		b.change = s.changes
		if s.pending == 0 {
			s.next = deploying
		}
	case deploying:
		s.releases++
		b.release, b.back, b.change = s.releases, s.back, s.changes
		if s.back {
			b.change = s.before
		}
		s.next = deployed
	case deployed:
		b.release, b.back, b.change = s.releases, s.back, s.changes
		if s.back {
			b.change = s.before
			s.back, s.next = false, resolved
			break
		}
		s.before, s.live = s.live, s.changes
		s.next = landed
		if s.untilTrouble--; s.untilTrouble <= 0 {
			s.untilTrouble = 12 + s.chance(16)
			s.next = opened
		}
	case opened:
		s.incidents++
		b.incident = s.incidents
		s.next = acknowledged
	case acknowledged:
		b.incident = s.incidents
		s.next = resolved
		if s.chance(2) == 0 {
			s.back, s.next = true, deploying
		}
	case resolved:
		b.incident = s.incidents
		s.next = landed
	}
	return b
}

func (s *lane) chance(n int) int {
	s.random = mix(s.random)
	return int(s.random >> 33 % uint64(n))
}

// mix is splitmix64: enough chance for a load, at a nanosecond each.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
