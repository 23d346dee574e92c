// Package architecture holds the house to its plan.
package architecture

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/fivekeys/fivekeys/"

// Imports go one way: cmd → ingest, processors, dashboards → internal → schemas.
var allowed = map[string][]string{
	"cmd":        {"cmd", "ingest", "processors", "dashboards", "internal", "schemas"},
	"ingest":     {"ingest", "internal", "schemas"},
	"processors": {"processors", "internal", "schemas"},
	"dashboards": {"dashboards", "internal", "schemas"},
	"internal":   {"internal", "schemas"},
	"schemas":    {"schemas"},
}

func TestImportsGoOneWay(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports", module+"...")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	packages := 0
	decoder := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var pkg struct {
			ImportPath string
			Imports    []string
		}
		if err := decoder.Decode(&pkg); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		packages++
		from := room(pkg.ImportPath)
		for _, imported := range pkg.Imports {
			if !strings.HasPrefix(imported, module) {
				if from == "schemas" && strings.Contains(strings.Split(imported, "/")[0], ".") {
					t.Errorf("%s imports %s: schemas is the standard library only", pkg.ImportPath, imported)
				}
				continue
			}
			if to := room(imported); !slices.Contains(allowed[from], to) {
				t.Errorf("%s imports %s: %s may import %v only", pkg.ImportPath, imported, from, allowed[from])
			}
		}
	}
	if packages < 10 {
		t.Fatalf("only %d packages found: the test looks at the wrong place", packages)
	}
}

func room(path string) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, module), "/")
	return first
}
