package openslo

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/fivekeys/fivekeys/internal/config"
)

// The examples of the repository are in order, for the example catalogue.
func TestExamplesOfTheRepository(t *testing.T) {
	example, err := config.Load("../../deploy/fivekeys.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("../../deploy/slos/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no examples", err)
	}
	set := Load(files...)
	for _, p := range set.Lint(&example.Catalog) {
		if p.Level != Note {
			t.Error(p)
		}
	}
}

func TestExamplesOfTheDocumentation(t *testing.T) {
	content, err := os.ReadFile("../../docs/slos.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllSubmatch(content, -1)
	if len(blocks) == 0 {
		t.Fatal("no examples")
	}
	for _, block := range blocks {
		set := Parse(File{"docs/slos.md", block[1]})
		for _, p := range set.Problems {
			t.Error(p)
		}
		if len(set.Objectives) == 0 {
			t.Error("no objective")
		}
	}
}
