package openslo

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fivekeys/fivekeys/schemas"
)

var update = flag.Bool("update", false, "write the golden files")

// Each file of testdata is read alone; its golden file has what lint says and
// the objectives it gives.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/files/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	catalog := &schemas.Catalog{Services: []schemas.Service{
		{Name: "shop"}, {Name: "search"}, {Name: "web"}, {Name: "checkout", Aliases: []string{"checkout-api"}}, {Name: "batch"},
	}}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			set := Parse(File{Name: filepath.Base(file), Content: content})
			objectives, err := json.MarshalIndent(set.Objectives, "", " ")
			if err != nil {
				t.Fatal(err)
			}
			got := set.Lint(catalog).Error() + "\n\n" + string(objectives) + "\n"
			golden := strings.TrimSuffix(file, ".yaml") + ".golden"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
