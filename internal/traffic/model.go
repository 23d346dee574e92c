package traffic

import (
	"slices"
	"strings"
	"time"

	"github.com/fivekeys/fivekeys/schemas"
)

// Limit is what the latency objectives ask for: a request is good below it.
const Limit = 500 * time.Millisecond

// Durations of requests: one that is fast, one that is slow, and one that takes
// exactly the limit and so is not below it.
const (
	fast = 20 * time.Millisecond
	slow = 2 * Limit
)

// Model is traffic of some services from Start on, a full minute.
type Model struct {
	Start    time.Time
	Services []Service
	Seed     uint64
	// Target and Window are those of all objectives; 0.99 and 28 days unless given.
	Target float64
	Window schemas.Window
}

// Service is one service and what happens to it, one phase after another.
type Service struct {
	Name   string
	Phases []Phase
	// Caller is the service that calls it; without one nobody is seen calling.
	Caller string
}

// Calls are those of one service by another.
type Calls struct {
	Caller, Callee string
	Calls, Errors  uint64
}

// Phase is some minutes of a service. In each minute it gets PerMinute
// requests, of which Bad fail and Slow take Limit or longer; the two are spread
// over the minute and know nothing of each other.
type Phase struct {
	Minutes   int
	PerMinute int
	Bad       int
	Slow      int
	// LeakEvery makes one more request of a minute fail after so many minutes,
	// until all do; 0 is no leak.
	LeakEvery int
	// Version is the service.version of the spans.
	Version string
}

// Steady is traffic with the same failures in each minute.
func Steady(minutes, perMinute, bad int) Phase {
	return Phase{Minutes: minutes, PerMinute: perMinute, Bad: bad}
}

// Burst is traffic that fails altogether, and slowly.
func Burst(minutes, perMinute int) Phase {
	return Phase{Minutes: minutes, PerMinute: perMinute, Bad: perMinute, Slow: perMinute}
}

// Leak is traffic with one more failure a minute after every so many minutes.
func Leak(minutes, perMinute, every int) Phase {
	return Phase{Minutes: minutes, PerMinute: perMinute, LeakEvery: every}
}

// Silence is no traffic at all.
func Silence(minutes int) Phase { return Phase{Minutes: minutes} }

// Of gives the phase the version of its spans.
func (p Phase) Of(version string) Phase {
	p.Version = version
	return p
}

// bad is how many requests of the phase's minute fail.
func (p Phase) bad(minute int) int {
	bad := p.Bad
	if p.LeakEvery > 0 {
		bad += minute / p.LeakEvery
	}
	return min(bad, p.PerMinute)
}

// Example has every shape once: three services for three hours.
func Example(start time.Time) Model {
	return Model{Start: start, Seed: 1, Services: []Service{
		{Name: "shop", Phases: []Phase{Steady(60, 60, 0).Of("1.0"), Burst(5, 60).Of("1.1"), Steady(115, 60, 0).Of("1.0")}},
		{Name: "search", Phases: []Phase{Leak(90, 30, 10), Silence(30), Steady(60, 30, 1)}},
		{Name: "ledger", Phases: []Phase{{Minutes: 180, PerMinute: 7, Bad: 1, Slow: 3}}},
	}}
}

// Key is the objective of a service that counts failures.
func Key(service string) string { return service + "-availability" }

// LatencyKey is the objective of a service that counts slow requests.
func LatencyKey(service string) string { return service + "-latency" }

// Objectives are two per service: Key and LatencyKey.
func (m Model) Objectives() []schemas.Objective {
	if m.Target == 0 {
		m.Target = 0.99
	}
	if m.Window == (schemas.Window{}) {
		m.Window = schemas.Window{Rolling: 28 * 24 * time.Hour}
	}
	var all []schemas.Objective
	for _, s := range m.Services {
		total := &schemas.SpanSelector{Service: s.Name}
		o := schemas.Objective{
			Key: Key(s.Name), SLO: Key(s.Name), Service: s.Name, Target: m.Target, Budgeting: schemas.Occurrences, Window: m.Window,
			Indicator:  schemas.Indicator{Total: total, Good: &schemas.SpanSelector{Service: s.Name, Status: "ok"}},
			Definition: "traffic",
		}
		all = append(all, o)
		o.Key, o.SLO = LatencyKey(s.Name), LatencyKey(s.Name)
		o.Indicator = schemas.Indicator{Total: total, Threshold: &schemas.Threshold{Limit: Limit, Op: schemas.OpLT}}
		all = append(all, o)
	}
	return all
}

// Minutes are what the objectives must count, by objective and minute; minutes
// without traffic are not among them.
func (m Model) Minutes() []schemas.SLIMinute {
	var all []schemas.SLIMinute
	for _, s := range m.Services {
		for i := range s.minutes() {
			p, at := s.at(i), m.Start.Add(time.Duration(i)*time.Minute)
			if p.PerMinute == 0 {
				continue
			}
			total := uint64(p.PerMinute)
			all = append(all,
				schemas.SLIMinute{Objective: Key(s.Name), Minute: at, Version: p.Version, Good: total - uint64(p.Bad), Total: total},
				schemas.SLIMinute{Objective: LatencyKey(s.Name), Minute: at, Version: p.Version, Good: total - uint64(p.Slow), Total: total})
		}
	}
	slices.SortStableFunc(all, func(a, b schemas.SLIMinute) int {
		if c := strings.Compare(a.Objective, b.Objective); c != 0 {
			return c
		}
		return a.Minute.Compare(b.Minute)
	})
	return all
}

// Calls are what services ask of each other from the first minute to the last.
func (m Model) Calls() []Calls {
	var all []Calls
	for _, s := range m.Services {
		if s.Caller == "" {
			continue
		}
		c := Calls{Caller: s.Caller, Callee: s.Name}
		for i := range s.minutes() {
			p := s.at(i)
			c.Calls += uint64(p.PerMinute)
			c.Errors += uint64(p.Bad)
		}
		all = append(all, c)
	}
	return all
}

// End is the end of the last minute.
func (m Model) End() time.Time {
	minutes := 0
	for _, s := range m.Services {
		minutes = max(minutes, s.minutes())
	}
	return m.Start.Add(time.Duration(minutes) * time.Minute)
}

// at is what the service does in a minute, Bad and Slow being the minute's own;
// after the last phase nothing.
func (s Service) at(minute int) Phase {
	for _, p := range s.Phases {
		if minute < p.Minutes {
			p.Bad, p.Slow = p.bad(minute), min(p.Slow, p.PerMinute)
			return p
		}
		minute -= p.Minutes
	}
	return Phase{}
}

func (s Service) minutes() int {
	sum := 0
	for _, p := range s.Phases {
		sum += p.Minutes
	}
	return sum
}
