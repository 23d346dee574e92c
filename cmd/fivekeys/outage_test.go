package main

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/fivekeys/fivekeys/internal/simulation"
	"github.com/fivekeys/fivekeys/internal/testkit"
)

// thirds cuts deliveries into what comes before, during and after an outage.
func thirds(all []simulation.Delivery) (before, during, after []simulation.Delivery) {
	n := len(all) / 3
	return all[:n], all[n : 2*n], all[2*n:]
}

// TestClickHouseAwayLosesNothing takes ClickHouse away while webhooks go on
// coming, first without a word, then with refused connections.
func TestClickHouseAwayLosesNothing(t *testing.T) {
	scenario, want := calm(t)
	t.Parallel()
	proxy := testkit.NewProxy(t, testkit.Server(t).HTTPAddr())
	s := startSite(t, scenario.Catalog, func(c *settings, _ *pipelineOptions) {
		c.clickhouseURL = testkit.ServerURL(proxy.Addr())
	})
	before, during, after := thirds(scenario.Shuffled(21))
	s.deliver(t, before)
	s.awaitReady(t)

	proxy.Silence()
	s.deliver(t, during)
	s.unready(t, "clickhouse", "nats")
	proxy.Cut()
	s.deliver(t, after[:len(after)/2])
	s.unready(t, "clickhouse", "nats")
	stages, err := s.backlog(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// What came after the store went away can't be behind either of the stages
	// that store.
	accepted := distinctDeliveries(before, during, after[:len(after)/2]) - distinctDeliveries(before)
	if kept := int(stages["archive"]); kept < accepted {
		t.Errorf("NATS holds %d deliveries for the archive, %d were accepted during the outage", kept, accepted)
	}
	if stages["dora"] == 0 {
		t.Error("NATS holds no events")
	}

	proxy.Mend()
	s.deliver(t, after[len(after)/2:])
	s.drain(t)
	s.awaitReady(t)
	same(t, "after an outage of ClickHouse", factsWithoutKnownAt, want, contents(t, s.store, factsWithoutKnownAt))
	agree(t, s.store, scenario)
}

// unready wants /readyz to name what is away and to call the rest fine.
func (s *site) unready(t *testing.T, away string, fine ...string) {
	t.Helper()
	status, checks := s.readiness(t)
	if status != http.StatusServiceUnavailable || checks[away] == "ok" || checks[away] == "" {
		t.Errorf("without %s, /readyz answers %d %v", away, status, checks)
	}
	for _, name := range fine {
		if checks[name] != "ok" {
			t.Errorf("without %s, /readyz says of %s: %q", away, name, checks[name])
		}
	}
}

func distinctDeliveries(lists ...[]simulation.Delivery) int {
	ids := map[string]bool{}
	for _, d := range slices.Concat(lists...) {
		ids[d.GUID] = true
	}
	return len(ids)
}

// natsKills is how often NATS is killed.
const natsKills = 5

// TestNATSAwayIsAnsweredWith503AndLosesNothing kills NATS under load and keeps
// it away for a while. Senders try again until they are told 202.
func TestNATSAwayIsAnsweredWith503AndLosesNothing(t *testing.T) {
	scenario, want := calm(t)
	t.Parallel()
	nats := testkit.StartNATS(t)
	s := startSite(t, scenario.Catalog, func(c *settings, _ *pipelineOptions) { c.natsURL = nats.URL() })
	before, during, after := thirds(scenario.Shuffled(22))

	var again []simulation.Delivery
	collect := func(d simulation.Delivery, a answer) {
		switch a.status {
		case http.StatusAccepted:
		case http.StatusServiceUnavailable:
			again = append(again, d)
			if a.retryAfter == "" {
				t.Errorf("503 without Retry-After: %s", a.text)
			}
		default:
			t.Errorf("delivery %s is answered with %d %s", d.GUID, a.status, a.text)
		}
	}
	// Killed when half of a part is answered: under load by definition. Several
	// times, because each kill finds the stages at something else; after the
	// last NATS stays away.
	parts := slices.Collect(slices.Chunk(before, len(before)/natsKills+1))
	for i, part := range parts {
		answered, half := 0, make(chan struct{})
		var killer sync.WaitGroup
		killer.Go(func() { <-half; nats.Kill() })
		s.send(t, part, func(d simulation.Delivery, a answer) {
			if collect(d, a); answered == len(part)/2 {
				close(half)
			}
			answered++
		})
		killer.Wait()
		if i < len(parts)-1 {
			nats.Start()
			s.awaitReady(t)
		}
	}

	refused := len(again)
	s.send(t, during, collect)
	if got := len(again) - refused; got != len(during) {
		t.Errorf("%d of %d deliveries were refused while NATS was away", got, len(during))
	}
	s.unready(t, "nats", "clickhouse")

	nats.Start()
	s.awaitReady(t)
	for rest := slices.Concat(again, after); len(rest) > 0; rest = again {
		again = nil
		s.send(t, rest, collect)
	}
	s.drain(t)
	same(t, fmt.Sprintf("after an outage of NATS with %d deliveries refused", refused), factsWithoutKnownAt, want,
		contents(t, s.store, factsWithoutKnownAt))
	agree(t, s.store, scenario)
}
