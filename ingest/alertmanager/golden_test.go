package alertmanager_test

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

	"github.com/fivekeys/fivekeys/ingest/alertmanager"
	"github.com/fivekeys/fivekeys/schemas"
)

var update = flag.Bool("update", false, "write the golden files")

// acme knows two of the payloads' services.
var acme = &schemas.Catalog{Services: []schemas.Service{
	{Name: "checkout", Team: "commerce", Aliases: []string{"checkout-api"}},
	{Name: "orders", Aliases: []string{"alertmanager:orders-worker"}},
}}

// payloads gives the names of the payloads in testdata and their bytes. They are
// written by hand, in the shapes that Alertmanager documents.
func payloads(tb testing.TB) map[string][]byte {
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

// golden is an event as a golden file shows it.
type golden struct {
	ID      string            `json:"id"`
	Source  string            `json:"source"`
	Type    schemas.EventType `json:"type"`
	Time    time.Time         `json:"time"`
	Subject string            `json:"subject"`
	Data    json.RawMessage   `json:"data"`
}

func render(t *testing.T, events []schemas.Event) []byte {
	t.Helper()
	out := make([]golden, 0, len(events))
	for _, e := range events {
		out = append(out, golden{e.ID, e.Source, e.Type, e.Time, e.Subject, e.Data})
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(out); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestGolden(t *testing.T) {
	for name, body := range payloads(t) {
		t.Run(name, func(t *testing.T) {
			events, err := alertmanager.New(nil).Decode(schemas.Delivery{Body: body}, acme)
			if err != nil {
				t.Fatal(err)
			}
			got := render(t, events)
			file := filepath.Join("testdata", "golden", name+".json")
			if *update {
				if err = os.WriteFile(file, got, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatalf("%v (hint: go test ./ingest/alertmanager -update)", err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("events differ from %s (-want +got):\n%s", file, diff)
			}
		})
	}
}
