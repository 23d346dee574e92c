//go:build linux

package main

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/fivekeys/fivekeys/schemas"
)

const (
	startTurns = 5
	startTime  = 2 * time.Second

	idleTime   = time.Minute
	idleMemory = 450_000_000
)

// start measures from the start of the process until /readyz says 200, in a
// fresh folder and in one that was used before.
func (f *figures) start(b *testing.B) {
	var fresh, again []time.Duration
	for range f.scaled(startTurns) {
		s := newServing(b, &schemas.Catalog{})
		for _, into := range []*[]time.Duration{&fresh, &again} {
			begun := time.Now()
			s.launch(b)
			s.untilReady(b)
			*into = append(*into, time.Since(begun))
			s.stop(b)
		}
	}
	for _, r := range []struct {
		what  string
		times []time.Duration
	}{{"Start to ready, fresh folder", fresh}, {"Start to ready, second start", again}} {
		took := median(r.times)
		f.promised(r.what, fmt.Sprintf("%s (%s–%s)", milliseconds(took), milliseconds(quantile(r.times, 0)), milliseconds(quantile(r.times, 1))),
			"< "+milliseconds(startTime), took < startTime)
	}
	b.ReportMetric(float64(median(fresh).Milliseconds()), "fresh-ms")
	b.ReportMetric(float64(median(again).Milliseconds()), "again-ms")
	b.ReportMetric(0, "ns/op")
}

// untilReady asks until the answer is yes. The port takes connections before
// everything is up, so mostly it is one question that waits.
func (s *serving) untilReady(b *testing.B) {
	b.Helper()
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(time.Millisecond) {
		response, err := http.Get(s.url + "/readyz")
		if err == nil {
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return
			}
		}
		if time.Now().After(deadline) {
			b.Fatalf("serve does not get ready: %v\n%s", err, s.log())
		}
	}
}

// idle measures the memory of a serve and of its engine that have nothing to do.
func (f *figures) idle(b *testing.B) {
	s := newServing(b, &schemas.Catalog{})
	s.launch(b)
	s.untilReady(b)
	time.Sleep(f.lasting(idleTime)) // the idling itself is what is measured
	pid := s.command.Process.Pid
	self := memoryOf(pid)
	var engine memory
	for _, child := range children(pid) {
		engine = engine.plus(memoryOf(child))
	}
	s.stop(b)
	both := self.plus(engine)
	f.promised("Idle memory (resident), serve and its engine", megabytes(both.rss), "≤ "+megabytes(idleMemory), both.rss <= idleMemory)
	f.beside("  in proportion (what others share counted in part)", megabytes(both.pss))
	f.beside("  serve, engine (of that not backed by a file)", fmt.Sprintf("%s (%s), %s (%s)",
		megabytes(self.rss), megabytes(self.own), megabytes(engine.rss), megabytes(engine.own)))
	b.ReportMetric(float64(both.rss)/1e6, "rss-MB")
	b.ReportMetric(float64(both.pss)/1e6, "pss-MB")
	b.ReportMetric(0, "ns/op")
}
