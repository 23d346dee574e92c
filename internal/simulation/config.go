package simulation

import (
	"math/rand/v2"
	"time"

	"github.com/fivekeys/fivekeys/schemas"
)

// Config chooses one of the possible organisations. The zero value is the
// demonstration: 3 teams, 8 services, 90 days.
type Config struct {
	// Seed decides everything that is left to chance.
	Seed uint64
	// End is where the story stops: midnight UTC of its day.
	End time.Time
	// Days is how long production is observed. Work on the first changes
	// began before that.
	Days     int
	Teams    int
	Services int
}

// The demonstration's size, and the least that leaves room for the story.
const (
	defaultDays     = 90
	defaultTeams    = 3
	defaultServices = 8
	leastDays       = 7
)

// defaultEnd keeps a Config without End deterministic.
var defaultEnd = time.Date(2026, time.January, 5, 0, 0, 0, 0, time.UTC)

func (c Config) withDefaults() Config {
	if c.End.IsZero() {
		c.End = defaultEnd
	}
	c.End = c.End.UTC().Truncate(24 * time.Hour)
	if c.Days <= 0 {
		c.Days = defaultDays
	}
	c.Days = max(c.Days, leastDays)
	if c.Teams <= 0 {
		c.Teams = defaultTeams
	}
	if c.Services <= 0 {
		c.Services = defaultServices
	}
	c.Teams = min(c.Teams, c.Services)
	return c
}

// Scenario is a story in GitHub's words, the catalogue it is read with, and
// the right answers.
type Scenario struct {
	Catalog schemas.Catalog
	// Deliveries are in order of time.
	Deliveries []Delivery
	Expected   Expected
}

// Delivery is one webhook request, ready to be signed.
type Delivery struct {
	Event string // X-GitHub-Event
	GUID  string // X-GitHub-Delivery
	Body  []byte
	At    time.Time // when GitHub sends it
}

// Generate invents the organisation of a Config. Equal Configs give equal bytes.
func Generate(c Config) *Scenario {
	st := newStory(c.withDefaults())
	st.plan()
	st.settle()
	return &Scenario{
		Catalog:    st.catalog(),
		Deliveries: st.deliveries(),
		Expected:   st.expected(),
	}
}

// Shuffled gives the deliveries in another order, about one in seven of them
// more than once: what a webhook's reader must be indifferent to.
func (s *Scenario) Shuffled(seed uint64) []Delivery {
	r := rand.New(rand.NewPCG(seed, 0x5eed))
	out := make([]Delivery, 0, len(s.Deliveries)*8/7+1)
	for _, d := range s.Deliveries {
		out = append(out, d)
		for r.IntN(7) == 0 {
			out = append(out, d)
		}
	}
	r.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}
