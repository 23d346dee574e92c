package main

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fivekeys/fivekeys/internal/simulation"
	"github.com/fivekeys/fivekeys/internal/traffic"
)

// flipLargest changes a byte in the middle of the largest of the files.
func flipLargest(t *testing.T, pattern string) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %v", pattern, err)
	}
	size := func(path string) int64 {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	largest := slices.MaxFunc(files, func(a, b string) int { return int(size(a) - size(b)) })
	data, err := os.ReadFile(largest)
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)/2] ^= 0xff
	if err := os.WriteFile(largest, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// One byte of a block of NATS and one of the log of events change while nothing
// runs. The next start says so, takes what comes and shows what is left.
func TestDamagedFilesAreToldOfAndStopNothing(t *testing.T) {
	t.Parallel()
	scenario := simulation.Generate(simulation.Config{Seed: 12, Days: 1})
	s := newServing(t, &scenario.Catalog)
	s.start(t)
	half := len(scenario.Deliveries) / 2
	for _, d := range scenario.Deliveries[:half] {
		s.deliver(t, d)
	}
	m := releaseTraffic(time.Now())
	for _, body := range requests(t, withCalls(m, traffic.Disorder{}, 1), 100) {
		s.export(t, body)
	}
	s.drain(t)
	s.stop(t)
	flipLargest(t, filepath.Join(s.folder, "nats", "jetstream", "$G", "streams", "SPANS", "msgs", "*.blk"))
	flipLargest(t, filepath.Join(s.folder, "clickhouse", "data", "fivekeys", "event_log", "all_*", "*.bin"))
	s.start(t)
	for _, d := range scenario.Deliveries[half:] {
		s.deliver(t, d)
	}
	s.drain(t)
	status, ready := s.get(t, "/readyz")
	if status != http.StatusOK {
		t.Errorf("it is ready with %d: %s", status, ready)
	}
	// Whether spans are lost goes by where the byte lies: what was counted may be
	// trimmed already.
	for _, want := range []string{"stream SPANS", "lost", "table event_log has 1 damaged parts"} {
		if !strings.Contains(ready, want) {
			t.Errorf("/readyz does not say %q: %s", want, ready)
		}
	}
	if strings.Contains(ready, s.folder) {
		t.Errorf("/readyz tells anybody of a path: %s", ready)
	}
	_, metrics := s.get(t, "/metrics")
	for _, want := range []string{`fivekeys_damaged_messages{stream="SPANS"}`, `fivekeys_damaged_parts{table="event_log"} 1`} {
		if !strings.Contains(metrics, want) {
			t.Errorf("the metrics have no %s", want)
		}
	}
	if got := s.query(t, "SELECT count() > 0 AS some FROM deployments"); !strings.Contains(got, "1") && !strings.Contains(got, "true") {
		t.Errorf("no deployment is there: %s", got)
	}
	s.stop(t)
	var errors int
	for line := range bytes.Lines([]byte(s.log())) {
		if bytes.Contains(line, []byte("level=ERROR")) {
			errors++
		}
	}
	if errors < 2 {
		t.Errorf("%d errors are logged:\n%s", errors, s.log())
	}
	for _, kept := range []string{"nats/damaged/*.blk", "clickhouse/data/fivekeys/event_log/detached/all_*"} {
		if files, err := filepath.Glob(filepath.Join(s.folder, kept)); err != nil || len(files) != 1 {
			t.Errorf("%s: %d files are kept, %v", kept, len(files), err)
		}
	}
}
