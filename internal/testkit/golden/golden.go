// Package golden compares what a source's decoder makes of a payload with the
// events that were committed for it. `go test -update` writes them.
package golden

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fivekeys/fivekeys/schemas"
)

var update = flag.Bool("update", false, "write the golden files")

// event is an event as a golden file shows it.
type event struct {
	ID      string            `json:"id"`
	Source  string            `json:"source"`
	Type    schemas.EventType `json:"type"`
	Time    time.Time         `json:"time"`
	Subject string            `json:"subject"`
	Data    json.RawMessage   `json:"data"`
}

// Events compares events with testdata/golden/<name>.json.
func Events(t *testing.T, name string, events []schemas.Event) {
	t.Helper()
	out := make([]event, 0, len(events))
	for _, e := range events {
		out = append(out, event{e.ID, e.Source, e.Type, e.Time, e.Subject, e.Data})
	}
	var got bytes.Buffer
	enc := json.NewEncoder(&got)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(out); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join("testdata", "golden", name+".json")
	if *update {
		if err := os.WriteFile(file, got.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v (hint: run this package's tests with -update)", err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("events differ from %s (-want +got):\n%s", file, diff)
	}
}

// Payloads gives the payloads in testdata/payloads by the names of their files.
func Payloads(tb testing.TB) map[string][]byte {
	tb.Helper()
	files, err := filepath.Glob("testdata/payloads/*.json")
	if err != nil || len(files) == 0 {
		tb.Fatalf("no payloads: %v", err)
	}
	found := map[string][]byte{}
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			tb.Fatal(err)
		}
		found[strings.TrimSuffix(filepath.Base(f), ".json")] = raw
	}
	return found
}
