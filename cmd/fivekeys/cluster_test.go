package main

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/fivekeys/fivekeys/internal/jetstream"
	"github.com/fivekeys/fivekeys/internal/simulation"
	"github.com/fivekeys/fivekeys/internal/testkit"
)

// TestTwoProcessesOnAClusterOutliveItsServers runs two processes on three NATS
// servers and one ClickHouse. Under load the servers that lead the deliveries and
// the events are killed, one after another, and come back.
func TestTwoProcessesOnAClusterOutliveItsServers(t *testing.T) {
	if testing.Short() {
		t.Skip("elections take seconds")
	}
	scenario, want := calm(t)
	t.Parallel()
	cluster, engine := testkit.StartNATSCluster(t), testkit.Server(t)
	processes := make([]*serving, 2)
	urls := make([]string, len(processes))
	var starting sync.WaitGroup
	for i := range processes {
		s := newServing(t, &scenario.Catalog)
		s.environ = []string{"FIVEKEYS_NATS_URL=" + cluster.URL(), "FIVEKEYS_CLICKHOUSE_URL=" + testkit.ServerURL(engine.HTTPAddr())}
		s.configure(t, "replicas: 3")
		starting.Go(func() { s.start(t) })
		processes[i], urls[i] = s, s.url
	}
	starting.Wait()
	if t.Failed() {
		t.FailNow()
	}

	var again []simulation.Delivery
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: siteSenders}}
	sendTo := func(deliveries []simulation.Delivery, halfWay func()) {
		t.Helper()
		var aside sync.WaitGroup
		answered := 0
		send(t, client, urls, deliveries, func(d simulation.Delivery, a answer) {
			switch a.status {
			case http.StatusAccepted:
			case http.StatusServiceUnavailable: // electing
				again = append(again, d)
				if a.retryAfter == "" {
					t.Errorf("503 without Retry-After: %s", a.text)
				}
			default:
				t.Errorf("delivery %s is answered with %d %s", d.GUID, a.status, a.text)
			}
			if answered++; answered == len(deliveries)/2 && halfWay != nil {
				aside.Go(halfWay)
			}
		})
		aside.Wait()
	}
	refused := 0
	before, during, after := thirds(scenario.Shuffled(27))
	for _, part := range []struct {
		deliveries []simulation.Delivery
		stream     string
	}{{before, jetstream.StreamDeliveries}, {during, jetstream.StreamEvents}} {
		leader := cluster.Node(cluster.Leader(part.stream))
		sendTo(part.deliveries, leader.Kill)
		cluster.Leader(part.stream)
		refused += len(again)
		for len(again) > 0 {
			missed := again
			again = nil
			sendTo(missed, nil)
		}
		leader.Start()
		cluster.AwaitCurrent(jetstream.StreamDeliveries, jetstream.StreamEvents)
	}
	sendTo(after, nil)
	for len(again) > 0 {
		missed := again
		again = nil
		sendTo(missed, nil)
	}
	t.Logf("%d deliveries were refused while leaders were elected", refused)

	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	// Asked of NATS, it says nothing for as long as a consumer is without a leader.
	until(t, func() (bool, string) {
		err := waitDrained(ctx, func(ctx context.Context) (uint64, error) { return backlogOf(ctx, urls[0]) }, nil)
		if err != nil {
			return false, err.Error()
		}
		return true, ""
	})
	store := testkit.StoreOn(t, engine)
	same(t, "on a cluster whose servers were killed", factsWithoutKnownAt, want, contents(t, store, factsWithoutKnownAt))
	agree(t, store, scenario)
	for _, s := range processes {
		s.stop(t)
	}
}

// configure adds lines to the configuration file.
func (s *serving) configure(t *testing.T, lines ...string) {
	t.Helper()
	file := filepath.Join(s.folder, defaultConfigFile)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text = append(text, strings.Join(lines, "\n")+"\n"...)
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
}
