//go:build linux

package main

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	ch "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/fivekeys/fivekeys/internal/clickhouse"
	"github.com/fivekeys/fivekeys/internal/engine"
	"github.com/fivekeys/fivekeys/internal/simulation"
	"github.com/fivekeys/fivekeys/schemas"
)

const (
	latencyRate     = 200 // deliveries a second
	latencyTime     = 30 * time.Second
	latencyWarm     = 5 * time.Second // in which services come into memory; not counted
	latencyServices = 200
	latencyHistory  = 100_000 // events the services have already
	latencyLook     = 50 * time.Millisecond
	latencyP95      = time.Second
)

// latency measures from a delivery's 202 until its fact is seen in a public
// view, by somebody who looks every few milliseconds: each figure is longer
// than the truth by up to one look.
func (f *figures) latency(b *testing.B) {
	load := simulation.Load{Seed: 3, Services: latencyServices, Size: latencyHistory + f.scaled(int((latencyWarm+latencyTime).Seconds())*latencyRate)}
	load.Start = time.Now().Add(-time.Duration(load.Size/load.Services+1) * 30 * time.Minute)
	catalog := load.Catalog()
	s := newServing(b, &catalog)
	s.seed(b, load, latencyHistory)
	s.measured(b, "rebuild")
	s.start(b)

	watch := newWatch(b, s.folder)
	looked := make(chan []time.Duration)
	sent := make(chan struct{})
	go func() { looked <- watch.look(b, sent) }()
	s.deliverAt(b, load, watch)
	close(sent)
	looks := <-looked
	s.stop(b)
	if b.Failed() {
		b.FailNow()
	}

	took := watch.took[f.scaled(int(latencyWarm.Seconds())*latencyRate)*len(watch.took)/(load.Size-latencyHistory):]
	p50, p95, p99 := quantile(took, 0.5), quantile(took, 0.95), quantile(took, 0.99)
	f.promised(fmt.Sprintf("Accepted to queryable, %d deliveries/s (%d facts, p95)", latencyRate, len(took)),
		milliseconds(p95), "< "+milliseconds(latencyP95), p95 < latencyP95)
	f.beside("  p50, p99, longest", fmt.Sprintf("%s, %s, %s", milliseconds(p50), milliseconds(p99), milliseconds(quantile(took, 1))))
	f.beside("  of which the watcher's look at the view, p50", milliseconds(median(looks)+latencyLook/2))
	b.ReportMetric(float64(p50.Milliseconds()), "p50-ms")
	b.ReportMetric(float64(p95.Milliseconds()), "p95-ms")
	b.ReportMetric(float64(p99.Milliseconds()), "p99-ms")
	b.ReportMetric(0, "ns/op")
}

// deliverAt delivers what comes after the history, at its rate whatever the
// answers take: a slow answer must not slow the questions down.
func (s *serving) deliverAt(b *testing.B, load simulation.Load, w *watch) {
	b.Helper()
	facts := make(chan fact, 1)
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		defer close(facts)
		for e := range load.Events() {
			select {
			case facts <- factOf(b, e):
			case <-stop:
				return
			}
		}
	}()
	s.client.Transport = &http.Transport{MaxIdleConnsPerHost: 64}
	out := &sender{url: s.url, client: s.client}
	var under sync.WaitGroup
	var start time.Time
	n := 0
	for d := range load.Deliveries() {
		due := <-facts
		if n++; n <= latencyHistory {
			continue
		}
		if start.IsZero() {
			start = time.Now()
		}
		time.Sleep(time.Until(start.Add(time.Duration(n-latencyHistory) * time.Second / latencyRate)))
		under.Go(func() {
			if err := out.deliver(b.Context(), webhookSecret, d.Event, d.GUID, d.Body); err != nil {
				b.Error(err)
				return
			}
			w.accepted(due)
		})
	}
	under.Wait()
}

// fact is a row of a view that a delivery must lead to.
type fact struct{ view, key string }

// factOf gives the zero fact for events that only add to a row of another one.
func factOf(b *testing.B, e schemas.Event) fact {
	p, err := e.Payload()
	if err != nil {
		b.Error(err)
		return fact{}
	}
	switch p := p.(type) {
	case *schemas.ChangeEvent:
		return fact{"changes", p.SHA}
	case *schemas.DeploymentEvent:
		if p.Status == schemas.DeploymentSucceeded {
			return fact{"deployments", p.DeploymentID}
		}
	}
	return fact{}
}

// watch knows which facts are due, and looks.
type watch struct {
	conn driver.Conn

	mu   sync.Mutex
	due  map[fact]time.Time
	took []time.Duration
}

func newWatch(b *testing.B, folder string) *watch {
	b.Helper()
	live, ok := findRunning(folder)
	if !ok {
		b.Fatal("nothing runs on " + folder)
	}
	conn, err := ch.Open(engine.SocketOptions(live.Socket, clickhouse.Database, live.Engine.reader()))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = conn.Close() })
	return &watch{conn: conn, due: map[fact]time.Time{}}
}

func (w *watch) accepted(one fact) {
	if one == (fact{}) {
		return
	}
	now := time.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.due[one] = now
}

// look asks for what is due until everything that was sent has been seen. It
// gives how long each look took.
func (w *watch) look(b *testing.B, sent <-chan struct{}) (looks []time.Duration) {
	ctx, cancel := context.WithTimeout(b.Context(), 5*time.Minute) // hangs fail with a message
	defer cancel()
	tick := time.NewTicker(latencyLook)
	defer tick.Stop()
	for all := false; ; {
		select {
		case <-sent:
			all, sent = true, nil
		case <-tick.C:
		case <-ctx.Done():
			b.Errorf("%d facts are not there after minutes", len(w.due))
			return looks
		}
		due := w.waiting()
		if len(due["changes"])+len(due["deployments"]) == 0 {
			if all {
				return looks
			}
			continue
		}
		start := time.Now()
		seen, err := w.seen(ctx, due)
		if err != nil {
			b.Error(err)
			return looks
		}
		looks = append(looks, time.Since(start))
		w.note(seen, time.Now())
	}
}

func (w *watch) waiting() map[string][]string {
	w.mu.Lock()
	defer w.mu.Unlock()
	due := map[string][]string{"changes": {}, "deployments": {}}
	for one := range w.due {
		due[one.view] = append(due[one.view], one.key)
	}
	return due
}

func (w *watch) seen(ctx context.Context, due map[string][]string) ([]fact, error) {
	rows, err := w.conn.Query(ctx, `SELECT 'changes' AS view, sha AS key FROM changes WHERE sha IN ($1)
		UNION ALL SELECT 'deployments', deployment_id FROM deployments WHERE status = 'succeeded' AND deployment_id IN ($2)`,
		append(due["changes"], ""), append(due["deployments"], ""))
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var seen []fact
	for rows.Next() {
		var one fact
		if err := rows.Scan(&one.view, &one.key); err != nil {
			return nil, err
		}
		seen = append(seen, one)
	}
	return seen, rows.Err()
}

func (w *watch) note(seen []fact, now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, one := range seen {
		if since, ok := w.due[one]; ok {
			w.took = append(w.took, now.Sub(since))
			delete(w.due, one)
		}
	}
}
