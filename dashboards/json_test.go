package dashboards

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the dashboards' JSON")

func TestCommittedJSONIsUpToDate(t *testing.T) {
	files, err := Files()
	if err != nil {
		t.Fatal(err)
	}
	expected := map[string]bool{}
	for _, f := range files {
		path := filepath.Join("json", f.Name)
		expected[path] = true
		if *update {
			if err := os.WriteFile(path, f.JSON, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		committed, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(committed), string(f.JSON)); diff != "" {
			t.Errorf("%s differs from what the Go and SQL say, run go generate ./dashboards\n-committed +built:\n%s", path, diff)
		}
	}
	there, err := filepath.Glob("json/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range there {
		if !expected[path] {
			t.Errorf("%s belongs to no dashboard: remove it", path)
		}
	}
}
