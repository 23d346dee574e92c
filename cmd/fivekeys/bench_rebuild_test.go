//go:build linux

package main

import (
	"fmt"
	"iter"
	"testing"
	"time"

	"github.com/fivekeys/fivekeys/internal/simulation"
	"github.com/fivekeys/fivekeys/schemas"
)

const (
	rebuildSize     = 1_000_000
	rebuildServices = 500
	rebuildRate     = 100_000.0
	// What four times the history may make of the peak: memory follows the
	// services folded at one time, which are as many, and the rest is how far
	// the garbage collector happens to be behind.
	rebuildGrowth = 1.5

	seedBatch = 100_000
)

// rebuild folds a history and one of a quarter of the services, each as long:
// the same number of services and events is in memory at one time.
func (f *figures) rebuild(b *testing.B) {
	var absent, present [2]ran
	sizes := [2]int{f.scaled(rebuildSize) / 4, f.scaled(rebuildSize)}
	for i, size := range sizes {
		load := simulation.Load{Seed: 2, Size: size, Services: max(1, f.scaled(rebuildServices)*size/sizes[1])}
		catalog := load.Catalog()
		s := newServing(b, &catalog)
		s.seed(b, load, size)
		absent[i] = s.measured(b, "rebuild")
		present[i] = s.measured(b, "rebuild")
		s.verify(b, load.Totals())
	}
	for _, r := range []struct {
		what string
		ran  [2]ran
	}{{"facts absent", absent}, {"facts present", present}} {
		rate := rebuilt(b, r.ran[1].output)
		f.promised(fmt.Sprintf("Rebuild of %d events of %d services, %s", sizes[1], f.scaled(rebuildServices), r.what),
			perSecond(rate), "≥ "+perSecond(rebuildRate), rate >= rebuildRate)
		each := r.ran[1].processor / time.Duration(sizes[1])
		f.beside("  processor time an event, and what two processors make of it",
			fmt.Sprintf("%.1f µs, %.0f/s", float64(each)/1e3, 2*float64(time.Second)/float64(each)))
		small, large := r.ran[0].self.peak, r.ran[1].self.peak
		growth := float64(large) / float64(small)
		f.promised(fmt.Sprintf("  peak memory, %d : %d events", sizes[1], sizes[0]),
			fmt.Sprintf("%s : %s = %.2f", megabytes(large), megabytes(small), growth), fmt.Sprintf("≤ %.1f", rebuildGrowth), growth <= rebuildGrowth)
		f.beside("  its engine's peak (not backed by a file)", fmt.Sprintf("%s (%s) : %s (%s)",
			megabytes(r.ran[1].engine.peak), megabytes(r.ran[1].engine.own), megabytes(r.ran[0].engine.peak), megabytes(r.ran[0].engine.own)))
	}
	b.ReportMetric(rebuilt(b, absent[1].output), "absent-events/s")
	b.ReportMetric(rebuilt(b, present[1].output), "present-events/s")
	b.ReportMetric(0, "ns/op")
}

// rebuilt reads the rate off what the command says.
func rebuilt(b *testing.B, output string) (rate float64) {
	b.Helper()
	var services, events int
	var took string
	if _, err := fmt.Sscanf(output, "%d services folded again from %d events in %s (%f events/s)", &services, &events, &took, &rate); err != nil {
		b.Fatalf("%q: %v", output, err)
	}
	return rate
}

// seed puts the first events of a load into the log, without facts.
func (s *serving) seed(b *testing.B, load simulation.Load, events int) {
	b.Helper()
	store, done := s.store(b, false)
	defer done()
	next, stop := iter.Pull(load.Events())
	defer stop()
	for events > 0 {
		batch := make([]schemas.Event, 0, seedBatch)
		for len(batch) < min(seedBatch, events) {
			e, ok := next()
			if !ok {
				b.Fatalf("the load ends %d events too early", events)
			}
			e.KnownAt = e.Time.Add(time.Second)
			batch = append(batch, e)
		}
		if err := store.AppendEvents(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
		events -= len(batch)
	}
}

// verify compares the facts with what the load must add up to: a fast rebuild
// of wrong facts is no figure.
func (s *serving) verify(b *testing.B, want simulation.Totals) {
	b.Helper()
	store, done := s.store(b, true)
	defer done()
	var got struct{ changes, deployments, rollbacks, failed, incidents uint64 }
	err := store.Conn().QueryRow(b.Context(), `SELECT (SELECT count() FROM changes), countIf(status = 'succeeded'), countIf(rollback),
		countIf(failed), (SELECT count() FROM incidents) FROM deployments`).
		Scan(&got.changes, &got.deployments, &got.rollbacks, &got.failed, &got.incidents)
	if err != nil {
		b.Fatal(err)
	}
	for what, pair := range map[string][2]int{
		"changes": {int(got.changes), want.Changes}, "deployments": {int(got.deployments), want.Deployments},
		"rollbacks": {int(got.rollbacks), want.Rollbacks}, "failed deployments": {int(got.failed), want.Failed},
		"incidents": {int(got.incidents), want.Incidents},
	} {
		if pair[0] != pair[1] {
			b.Errorf("%d %s came out of the rebuild, %d went into it", pair[0], what, pair[1])
		}
	}
}
