package main

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/fivekeys/fivekeys/internal/jetstream"
	"github.com/fivekeys/fivekeys/internal/simulation"
	"github.com/fivekeys/fivekeys/internal/testkit"
	"github.com/fivekeys/fivekeys/processors/dora"
	"github.com/fivekeys/fivekeys/schemas"
)

// TestTwoProcessesShareThePartitions runs two of them on one NATS and one
// ClickHouse. The second is killed under load and comes back; then the first
// stops, and everything is the second's.
func TestTwoProcessesShareThePartitions(t *testing.T) {
	scenario, want := calm(t)
	t.Parallel()
	nats, engine := testkit.StartNATS(t), testkit.Server(t)
	second := newServing(t, &scenario.Catalog)
	second.environ = []string{"FIVEKEYS_NATS_URL=" + nats.URL(), "FIVEKEYS_CLICKHOUSE_URL=" + testkit.ServerURL(engine.HTTPAddr())}
	// At the same time: both make the streams, the tables and the views.
	var starting sync.WaitGroup
	starting.Go(func() { second.start(t) })
	first := startSite(t, scenario.Catalog, func(c *settings, _ *pipelineOptions) {
		c.natsURL, c.clickhouseURL = nats.URL(), testkit.ServerURL(engine.HTTPAddr())
	})
	starting.Wait()
	if t.Failed() {
		t.FailNow()
	}

	var again []simulation.Delivery
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: siteSenders}}
	sendTo := func(deliveries []simulation.Delivery, halfWay func(), urls ...string) {
		t.Helper()
		var aside sync.WaitGroup
		answered := 0
		send(t, client, urls, deliveries, func(d simulation.Delivery, a answer) {
			switch a.status {
			case http.StatusAccepted:
			case 0, http.StatusServiceUnavailable: // dead, or stopping
				again = append(again, d)
			default:
				t.Errorf("delivery %s is answered with %d %s", d.GUID, a.status, a.text)
			}
			if answered++; answered == len(deliveries)/2 && halfWay != nil {
				aside.Go(halfWay)
			}
		})
		aside.Wait()
	}
	before, during, after := thirds(scenario.Shuffled(23))
	// Partitions go to and fro while both are alive, so that what a process
	// remembers of a service has become stale when it gets the service back.
	for part := range slices.Chunk(before[:len(before)/2], len(before)/2/handOvers+1) {
		sendTo(part, func() { handOver(t, nats.URL()) }, first.url, second.url)
	}
	// Each has half of the partitions; how much happens there is up to the services.
	until(t, func() (bool, string) {
		one, other := metric(t, first.url, partitionsHeld), metric(t, second.url, partitionsHeld)
		return one == other && one+other == jetstream.DefaultPartitions, fmt.Sprintf("the processes hold %v and %v partitions", one, other)
	})
	rest := before[len(before)/2:]
	sendTo(rest[:len(rest)/2], nil, first.url, second.url)
	until(t, func() (bool, string) {
		one, other := metric(t, first.url, eventsFolded), metric(t, second.url, eventsFolded)
		return one > 0 && other > 0, fmt.Sprintf("the processes have folded %v and %v events", one, other)
	})
	sendTo(rest[len(rest)/2:], func() {
		_ = second.command.Process.Signal(syscall.SIGKILL)
		_ = second.command.Wait()
	}, first.url, second.url)
	if len(again) == 0 {
		t.Error("the kill hit nothing; it should have come under load")
	}
	missed := again
	again = nil
	sendTo(append(missed, during...), nil, first.url)
	second.start(t)
	sendTo(after, first.close, first.url, second.url)
	for len(again) > 0 {
		missed, again = again, nil
		sendTo(missed, nil, second.url)
	}

	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := waitDrained(ctx, func(ctx context.Context) (uint64, error) { return backlogOf(ctx, second.url) }, nil); err != nil {
		t.Fatalf("drain: %v\n%s", err, second.log())
	}
	store := testkit.StoreOn(t, engine)
	same(t, "by two processes", factsWithoutKnownAt, want, contents(t, store, factsWithoutKnownAt))
	agree(t, store, scenario)
	second.stop(t)
}

// handOvers is how often partitions are given to other processes.
const handOvers = 4

// handOver has another process take its share of the partitions and leave again:
// who gets which is new afterwards.
func handOver(t *testing.T, url string) {
	t.Helper()
	client, err := jetstream.Open(t.Context(), jetstream.Config{URL: url, Name: "guest"})
	if err != nil {
		t.Errorf("a guest connects: %v", err)
		return
	}
	defer func() { _ = client.Close() }()
	names := client.Topology().Consumers(jetstream.StageDora)
	leases, err := client.Lease(t.Context(), jetstream.LeaseConfig{Group: jetstream.StageDora, Names: names})
	if err != nil {
		t.Errorf("a guest takes part: %v", err)
		return
	}
	for len(leases.Held()) < len(names)/3 { // of three
		select {
		case <-leases.Changes():
		case <-t.Context().Done():
			t.Error("a guest gets nothing")
			return
		}
	}
}

const (
	partitionsHeld = "fivekeys_dora_partitions_held"
	eventsFolded   = `fivekeys_stage_messages_total{outcome="done",stage="dora"}`
)

// metric is what a process says of itself; 0 where it says nothing.
func metric(t *testing.T, baseURL, name string) float64 {
	t.Helper()
	response, err := http.Get(baseURL + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	lines := bufio.NewScanner(response.Body)
	for lines.Scan() {
		if value, found := strings.CutPrefix(lines.Text(), name+" "); found {
			n, err := strconv.ParseFloat(value, 64)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	return 0
}

// TestWhatTwoStagesRememberIsWhatTheStoreHolds has two stages take turns at a
// service. The tables must be those of one stage that sees everything.
func TestWhatTwoStagesRememberIsWhatTheStoreHolds(t *testing.T) {
	at := time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)
	event := func(id string, known time.Time, status schemas.DeploymentStatus) schemas.Event {
		e, err := schemas.NewEvent(id, "api", schemas.TypeDeployment, at, "shop", &schemas.DeploymentEvent{
			DeploymentID: "d-" + id, Service: "shop", Environment: "production", Status: status, SHA: strings.Repeat("a", 40),
		})
		if err != nil {
			t.Fatal(err)
		}
		e.KnownAt = known
		return e
	}
	earlier, later := at.Add(time.Minute), at.Add(time.Hour)
	store := testkit.Store(t)
	type turn struct {
		stage int
		schemas.Event
	}
	// Which of two things told at one time counts is up to their contents: many
	// pairs, so that no order is right by chance.
	var one, both []turn
	for i := range 16 {
		id := fmt.Sprint(i)
		one = append(one, turn{0, event(id, earlier, schemas.DeploymentSucceeded)}, turn{0, event(id, earlier, schemas.DeploymentFailed)})
		both = append(both, turn{0, event(id, earlier, schemas.DeploymentSucceeded)}, turn{1, event(id, earlier, schemas.DeploymentFailed)})
	}
	const alone = "one alone was told two things at one time, and of another later what it was earlier"
	const handover = "each was told another thing at one time, the partition being handed over"
	for name, turns := range map[string][]turn{
		"the other learnt of it earlier": {
			{0, event("1", later, schemas.DeploymentFailed)},
			{1, event("1", earlier, schemas.DeploymentSucceeded)},
			{0, event("2", later, schemas.DeploymentSucceeded)},
		},
		"the other learnt of it later": {
			{0, event("1", earlier, schemas.DeploymentSucceeded)},
			{1, event("1", later, schemas.DeploymentFailed)},
			{0, event("2", later, schemas.DeploymentSucceeded)},
			{1, event("3", later, schemas.DeploymentSucceeded)},
		},
		"one was told two things at one time": one,
		alone: append(slices.Clone(one),
			turn{0, event("late", later, schemas.DeploymentFailed)}, turn{0, event("late", earlier, schemas.DeploymentSucceeded)}),
		handover: both,
	} {
		t.Run(name, func(t *testing.T) {
			for _, table := range []string{"event_log", "deployment_facts", "daily_facts"} {
				if err := store.Conn().Exec(t.Context(), "TRUNCATE TABLE "+table); err != nil {
					t.Fatal(err)
				}
			}
			stages := make([]*dora.Stage, 3)
			for i := range stages {
				var err error
				if stages[i], err = dora.NewStage(dora.StageConfig{Store: store, Catalog: &schemas.Catalog{}, Shared: name != alone}); err != nil {
					t.Fatal(err)
				}
			}
			for i, turn := range turns {
				if name == handover && i > 0 && turns[i-1].stage != turn.stage {
					stages[turn.stage].Forget()
				}
				if err := stages[turn.stage].Process(t.Context(), []schemas.Event{turn.Event}); err != nil {
					t.Fatal(err)
				}
			}
			got := contents(t, store, everyColumn)
			if _, err := stages[2].Rebuild(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			same(t, "by turns", everyColumn, contents(t, store, everyColumn), got)
		})
	}
}
