//go:build linux

package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	natsjs "github.com/nats-io/nats.go/jetstream"

	"github.com/fivekeys/fivekeys/ingest/gateway"
	"github.com/fivekeys/fivekeys/ingest/github"
	"github.com/fivekeys/fivekeys/ingest/signature"
	"github.com/fivekeys/fivekeys/internal/jetstream"
	"github.com/fivekeys/fivekeys/internal/simulation"
)

const (
	intakeSenders = 64
	intakeRounds  = 9
	intakeTurn    = time.Second
	intakeBodies  = 512

	// What the gateway must reach of the minimal handler's deliveries a second.
	intakeUnsynced = 0.9
	intakeSynced   = 3.0
)

// intake compares, turn by turn, a loop that only publishes, the least that
// could be called an intake, and ours. Each has a NATS server with the same
// settings and the same stream to itself. The disk's own fsyncs take turns too.
func (f *figures) intake(b *testing.B, synced bool) {
	webhooks := sampleWebhooks()
	bare, minimal := &plainNATS{webhooks: webhooks}, &plainNATS{webhooks: webhooks}
	bare.open(b, !synced)
	minimal.open(b, !synced)
	handler := httptest.NewServer(minimal)
	b.Cleanup(handler.Close)
	ours := httptest.NewServer(openGateway(b, !synced))
	b.Cleanup(ours.Close)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: intakeSenders}}
	b.Cleanup(client.CloseIdleConnections)
	disk, err := os.Create(filepath.Join(b.TempDir(), "fsync"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = disk.Close() })

	turns := []struct {
		senders int
		do      func(i int) error
	}{
		{intakeSenders, bare.publish},
		{intakeSenders, func(i int) error { return webhooks.deliver(client, handler.URL, i) }},
		{intakeSenders, func(i int) error { return webhooks.deliver(client, ours.URL, i) }},
		{1, func(i int) error {
			if _, err := disk.WriteAt(webhooks[i%len(webhooks)].body, 0); err != nil {
				return err
			}
			return disk.Sync()
		}},
	}
	rates := make([][]float64, len(turns))
	var toMinimal, toBare []float64
	numbers := make([]int, len(turns)) // deliveries' ids go on from turn to turn
	for round := range f.scaled(intakeRounds) + 1 {
		now := make([]float64, len(turns))
		for k := range turns {
			i := (k + round) % len(turns) // nobody always follows the same neighbour
			done, took := during(b, intakeTurn, turns[i].senders, numbers[i], turns[i].do)
			numbers[i] += done
			now[i] = float64(done) / took.Seconds()
		}
		if round == 0 {
			continue // connections, files and habits are made
		}
		for i, rate := range now {
			rates[i] = append(rates[i], rate)
		}
		toBare = append(toBare, now[2]/now[0])
		toMinimal = append(toMinimal, now[2]/now[1])
	}

	name, bar := "Intake, unsynced", intakeUnsynced
	if synced {
		name, bar = "Intake, on disk before 202", intakeSynced
	}
	ratio := median(toMinimal)
	f.beside(fmt.Sprintf("%s: a loop that only publishes, %d at once", name, intakeSenders), perSecond(median(rates[0])))
	f.beside("  HTTP, HMAC, publish one by one", perSecond(median(rates[1])))
	f.beside("  fivekeys' gateway", perSecond(median(rates[2]))+fmt.Sprintf(", %.2f of the loop", median(toBare)))
	f.beside("  this disk's fsyncs, one after another", perSecond(median(rates[3])))
	f.promised(fmt.Sprintf("  gateway : one by one (bodies of %.1f kB)", webhooks.meanSize()/1000),
		fmt.Sprintf("%.2f (%.2f–%.2f)", ratio, quantile(toMinimal, 0), quantile(toMinimal, 1)), fmt.Sprintf("≥ %.1f", bar), ratio >= bar)
	b.ReportMetric(median(rates[2]), "deliveries/s")
	b.ReportMetric(ratio, "of-minimal")
	b.ReportMetric(0, "ns/op")
}

// during has senders do something again and again for a time, and says how
// often it was done. Each gets a number of its own, from first on.
func during(b *testing.B, d time.Duration, senders, first int, do func(i int) error) (int, time.Duration) {
	b.Helper()
	var count atomic.Int64
	var all sync.WaitGroup
	start := time.Now()
	for range senders {
		all.Go(func() {
			for time.Since(start) < d {
				if err := do(first + int(count.Add(1))); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	took := time.Since(start)
	if b.Failed() {
		b.FailNow()
	}
	return int(count.Load()), took
}

// webhook is a webhook that is signed already: senders have little to do.
type webhook struct {
	event, signature string
	body             []byte
}

type webhooks []webhook

// sampleWebhooks takes webhooks evenly from a simulated organisation's, so that
// their sizes are those of a working day.
func sampleWebhooks() webhooks {
	all := simulation.Generate(simulation.Config{Seed: 1}).Deliveries
	out := make(webhooks, 0, intakeBodies)
	for i := range intakeBodies {
		d := all[i*len(all)/intakeBodies]
		out = append(out, webhook{d.Event, signature.Sign("sha256=", webhookSecret, d.Body), d.Body})
	}
	return out
}

func (p webhooks) meanSize() float64 {
	sum := 0
	for _, one := range p {
		sum += len(one.body)
	}
	return float64(sum) / float64(len(p))
}

func (p webhooks) deliver(client *http.Client, url string, i int) error {
	one := p[i%len(p)]
	request, err := http.NewRequest(http.MethodPost, url+"/webhooks/github", bytes.NewReader(one.body))
	if err != nil {
		return err
	}
	request.Header = http.Header{
		"Content-Type": {"application/json"}, "User-Agent": {"GitHub-Hookshot/044aadd"},
		"X-Github-Event": {one.event}, "X-Github-Delivery": {strconv.Itoa(i)}, "X-Hub-Signature-256": {one.signature},
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()
	if response.StatusCode != http.StatusAccepted {
		return fmt.Errorf("delivery %d answered %s", i, response.Status)
	}
	return nil
}

// openGateway is our intake as serve runs it.
func openGateway(b *testing.B, noSync bool) http.Handler {
	b.Helper()
	bus, err := jetstream.Open(b.Context(), jetstream.Config{StoreDir: b.TempDir(), NoSync: noSync})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = bus.Close() })
	if err := bus.Ensure(b.Context()); err != nil {
		b.Fatal(err)
	}
	publisher, err := bus.NewPublisher(b.Context(), jetstream.PublisherConfig{})
	if err != nil {
		b.Fatal(err)
	}
	g, err := gateway.New(gateway.Config{
		Sources: []gateway.Source{github.New([]string{webhookSecret}, nil)}, Publisher: publisher, Partitions: bus.Topology().Partitions,
	})
	if err != nil {
		b.Fatal(err)
	}
	return g.Handler()
}

// plainNATS is what the gateway is compared with: the client library's publish,
// by itself and behind a handler that does nothing but check the signature.
type plainNATS struct {
	webhooks webhooks
	js       natsjs.JetStream
}

// open runs a server with the settings of ours on a folder in which ours has
// made the streams, so that these are the same to the last option.
func (p *plainNATS) open(b *testing.B, noSync bool) {
	b.Helper()
	dir := b.TempDir()
	bus, err := jetstream.Open(b.Context(), jetstream.Config{StoreDir: dir, NoSync: noSync})
	if err != nil {
		b.Fatal(err)
	}
	if err := bus.Ensure(b.Context()); err != nil {
		b.Fatal(err)
	}
	if err := bus.Close(); err != nil {
		b.Fatal(err)
	}
	ns, err := server.NewServer(&server.Options{
		ServerName: "plain", DontListen: true, JetStream: true, StoreDir: dir, SyncAlways: !noSync,
		JetStreamMaxMemory: 64 << 20, JetStreamMaxStore: 1 << 40, MaxPayload: jetstream.DefaultMaxPayload,
		MaxPending: 4 * jetstream.DefaultMaxPayload, NoSigs: true, NoLog: true,
	})
	if err != nil {
		b.Fatal(err)
	}
	ns.Start()
	b.Cleanup(func() { ns.Shutdown(); ns.WaitForShutdown() })
	if !ns.ReadyForConnections(time.Minute) {
		b.Fatal("the plain NATS server is not ready")
	}
	nc, err := nats.Connect("", nats.InProcessServer(ns))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(nc.Close)
	if p.js, err = natsjs.New(nc); err != nil {
		b.Fatal(err)
	}
}

func (p *plainNATS) publish(i int) error {
	return p.store(context.Background(), strconv.Itoa(i), p.webhooks[i%len(p.webhooks)].body)
}

func (p *plainNATS) store(ctx context.Context, id string, body []byte) error {
	_, err := p.js.PublishMsg(ctx, &nats.Msg{Subject: "deliveries.github", Header: nats.Header{nats.MsgIdHdr: {id}}, Data: body})
	return err
}

// ServeHTTP reads, verifies and publishes, nothing else.
func (p *plainNATS) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	mac := hmac.New(sha256.New, []byte(webhookSecret))
	mac.Write(body)
	if !hmac.Equal([]byte("sha256="+hex.EncodeToString(mac.Sum(nil))), []byte(r.Header.Get("X-Hub-Signature-256"))) {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	if err := p.store(r.Context(), r.Header.Get("X-GitHub-Delivery"), body); err != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	w.WriteHeader(http.StatusAccepted)
}
