//go:build linux

package main

import (
	"fmt"
	"testing"
	"time"

	"github.com/fivekeys/fivekeys/internal/gate"
	"github.com/fivekeys/fivekeys/internal/jetstream"
	"github.com/fivekeys/fivekeys/processors/slo"
	"github.com/fivekeys/fivekeys/schemas"
)

const (
	sloObjectives = 1000
	sloDays       = 28
	sloTurns      = 9
	sloTime       = time.Second
)

// evaluation moves a thousand objectives on by a minute at a time, with 28 days
// of minutes in the store: read what has changed,
// figures and alerts, store the statuses, tell the gate.
func (f *figures) evaluation(b *testing.B) {
	s := newServing(b, &schemas.Catalog{})
	objectives := f.objectives()
	clock := time.Now().UTC().Truncate(time.Minute)
	store, done := s.store(b, false)
	defer done()
	count := func(first, minutes int, until, written time.Time) {
		for writer := first; writer < schemas.SpanPartitions; writer++ {
			fill(b, store, fmt.Sprintf(`INSERT INTO sli_minute_facts (objective, minute, release, partition, good, total, sequence, written_at)
				SELECT format('slo-{}', toString(intDiv(number, %[1]d))), toDateTime(%[2]d - 60 * (number %% %[1]d), 'UTC'), 'v1', %[3]d,
					97 + number %% 4, 100, %[2]d, fromUnixTimestamp64Milli(%[5]d, 'UTC')
				FROM numbers(%[4]d)`, minutes, until.Unix()-60, writer, len(objectives)*minutes, written.UnixMilli()))
		}
	}
	// Of one writer all, and of all the last hours: more would only take longer to
	// be made, since hours that are over are summed up once.
	count(schemas.SpanPartitions-1, sloDays*24*60, clock, clock.Add(-time.Hour))
	count(0, 6*60, clock, clock.Add(-time.Hour))
	fill(b, store, "OPTIMIZE TABLE sli_minute_facts FINAL")
	bus, err := jetstream.Open(b.Context(), jetstream.Config{StoreDir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = bus.Close() }()
	if err := bus.Ensure(b.Context()); err != nil {
		b.Fatal(err)
	}
	publisher, err := bus.NewPublisher(b.Context(), jetstream.PublisherConfig{})
	if err != nil {
		b.Fatal(err)
	}
	bucket, err := gate.OpenBucket(b.Context(), bus)
	if err != nil {
		b.Fatal(err)
	}
	now := func() time.Time { return clock.Add(slo.DefaultGrace) }
	board, err := gate.NewBoard(gate.BoardConfig{Bucket: bucket, Now: now})
	if err != nil {
		b.Fatal(err)
	}
	evaluator, err := slo.New(slo.Config{
		Objectives: objectives, Store: store, Publisher: publisher, Catalog: &schemas.Catalog{}, Partitions: bus.Topology().Partitions,
		Publish: board.Publish, Now: now,
	})
	if err != nil {
		b.Fatal(err)
	}
	begun := time.Now()
	if err := evaluator.Load(b.Context()); err != nil {
		b.Fatal(err)
	}
	loaded := time.Since(begun)
	var times []time.Duration
	for turn := range sloTurns + 1 {
		clock = clock.Add(time.Minute)
		count(0, 1, clock, time.Now())
		begun := time.Now()
		if err := evaluator.Evaluate(b.Context()); err != nil {
			b.Fatal(err)
		}
		if turn > 0 { // the first one has the history to tell
			times = append(times, time.Since(begun))
		}
	}
	if n := len(evaluator.Statuses()); n != len(objectives) || evaluator.Statuses()[0].Remaining == nil {
		b.Fatalf("%d objectives are evaluated", n)
	}
	took := median(times)
	f.promised(fmt.Sprintf("%d SLOs evaluated for another minute, %d days stored", len(objectives), sloDays),
		fmt.Sprintf("%s (%s–%s)", milliseconds(took), milliseconds(quantile(times, 0)), milliseconds(quantile(times, 1))), "< "+milliseconds(sloTime), took < sloTime)
	f.beside("  the first start, all minutes read", milliseconds(loaded))
	b.ReportMetric(float64(took.Milliseconds()), "evaluate-ms")
	b.ReportMetric(float64(loaded.Milliseconds()), "load-ms")
	b.ReportMetric(0, "ns/op")
}

func (f *figures) objectives() []schemas.Objective {
	all := make([]schemas.Objective, f.scaled(sloObjectives))
	for i := range all {
		key := fmt.Sprintf("slo-%d", i)
		all[i] = schemas.Objective{
			Key: key, SLO: key, Service: fmt.Sprintf("service-%02d", i%20), Target: 0.99, Budgeting: schemas.Occurrences, Window: schemas.Window{Rolling: sloDays * 24 * time.Hour},
		}
	}
	return all
}
