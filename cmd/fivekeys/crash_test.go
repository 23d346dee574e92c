package main

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fivekeys/fivekeys/internal/simulation"
)

const crashKills = 24 // half of the pipeline, half of the engine's child

// factsWithoutKnownAt are all facts, ordered. When something became known
// differs from run to run, everything else must not.
var factsWithoutKnownAt = []string{
	"SELECT * EXCEPT (known_at) FROM deployments ORDER BY service, deployment_id",
	"SELECT * EXCEPT (known_at) FROM changes ORDER BY service, sha",
	"SELECT * EXCEPT (known_at) FROM incidents ORDER BY service, incident_id",
	"SELECT * FROM failures ORDER BY service, deployment_id, method, incident_id, fix_id",
	"SELECT * FROM dora_daily ORDER BY service, day",
	"SELECT service, source, id, type, time, data FROM events ORDER BY service, source, id",
	"SELECT * EXCEPT (known_at) FROM toil ORDER BY source, id",
	"SELECT DISTINCT delivery_id FROM deliveries ORDER BY delivery_id",
}

// TestKillsLoseNothingAndCountNothingTwice delivers the same organisation
// twice: once undisturbed, once while the pipeline and the engine are killed at
// random moments. The tables must be equal.
func TestKillsLoseNothingAndCountNothingTwice(t *testing.T) {
	if testing.Short() {
		t.Skip("short: two dozen kills take a minute")
	}
	scenario := simulation.Generate(simulation.Config{Seed: 7, Days: 45})
	want := deliverAll(t, scenario, 0)
	got := deliverAll(t, scenario, crashKills)
	for i, sql := range factsWithoutKnownAt {
		if want[i] == got[i] {
			continue
		}
		t.Errorf("%s differs after %d kills (-undisturbed +killed):\n%s", sql, crashKills,
			cmp.Diff(strings.Split(want[i], "\n"), strings.Split(got[i], "\n")))
	}
	if n := strings.Count(want[len(want)-1], "\n") - 1; n != len(scenario.Deliveries) {
		t.Errorf("%d deliveries kept, %d were sent", n, len(scenario.Deliveries))
	}
}

// deliverAll runs a serve in a process of its own, delivers everything and
// gives the tables' contents.
func deliverAll(t *testing.T, scenario *simulation.Scenario, kills int) []string {
	t.Helper()
	victim := newServing(t, &scenario.Catalog)
	victim.start(t)
	var accepted atomic.Int64
	var senders sync.WaitGroup
	work := make(chan simulation.Delivery)
	for range 32 {
		senders.Go(func() {
			for d := range work {
				victim.deliver(t, d)
				accepted.Add(1)
			}
		})
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("kills at random moments of seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	progress := make(chan struct{}, 1)
	go func() {
		for _, d := range scenario.Deliveries {
			work <- d
			select {
			case progress <- struct{}{}:
			default:
			}
		}
		close(work)
	}()
	every := len(scenario.Deliveries) / max(kills, 1)
	for i := range kills {
		// The moment is a number of deliveries, so it is under load by definition.
		moment := int64(i*every + 1 + random.IntN(max(every-1, 1)))
		for accepted.Load() < min(moment, int64(len(scenario.Deliveries)-32)) {
			<-progress
		}
		if i%2 == 0 {
			victim.kill(t)
			victim.start(t)
		} else {
			victim.killEngine(t)
		}
	}
	go func() { // nobody listens any more
		for range progress {
		}
	}()
	senders.Wait()
	close(progress)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute) // hangs fail with a message
	defer cancel()
	if err := waitDrained(ctx, func(ctx context.Context) (uint64, error) {
		left, err := backlogOf(ctx, victim.url)
		if err != nil {
			return 1, nil //nolint:nilerr // asked again: NATS may be coming up
		}
		return left, nil
	}, nil); err != nil {
		t.Fatalf("drain: %v\n%s", err, victim.log())
	}
	victim.stop(t)
	return victim.tables(t)
}

func (s *serving) kill(t *testing.T) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = s.command.Wait() // "signal: killed"
}

// killEngine kills the engine's process, the only child of serve.
func (s *serving) killEngine(t *testing.T) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	pids := children(s.command.Process.Pid)
	if len(pids) == 0 {
		t.Log("the engine is between two of its lives")
	}
	for _, pid := range pids {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			t.Fatal(err)
		}
	}
}

// deliver tries until the delivery is accepted, as a sender does that retries.
func (s *serving) deliver(t *testing.T, d simulation.Delivery) {
	out := &sender{url: s.url, client: s.client}
	for {
		err := out.deliver(t.Context(), webhookSecret, d.Event, d.GUID, d.Body)
		var refused *net.OpError
		switch {
		case err == nil:
			return
		case errors.As(err, &refused), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET):
			s.mu.Lock() // dead: wait until it is started again
			s.mu.Unlock()
		default:
			t.Errorf("deliver %s: %v", d.GUID, err)
			return
		}
	}
}

func (s *serving) tables(t *testing.T) []string {
	t.Helper()
	var tables []string
	for _, sql := range factsWithoutKnownAt {
		out, err := s.fivekeys(t.Context(), "query", "--format", "csv", sql).Output()
		if err != nil {
			var exit *exec.ExitError
			if errors.As(err, &exit) {
				t.Fatalf("%s: %v: %s", sql, err, exit.Stderr)
			}
			t.Fatal(err)
		}
		tables = append(tables, string(out))
	}
	return tables
}
