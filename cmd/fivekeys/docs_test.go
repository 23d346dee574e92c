package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// What the documentation says is run: its SQL here, on the data of
// docs_seed_test.go; its commands in docs_commands_test.go, its configuration in
// docs_yaml_test.go.
func TestDocumentedSQL(t *testing.T) {
	d := newDocsData(t)
	t.Run("cookbook", func(t *testing.T) { testCookbook(t, d) })
	for _, b := range allBlocks(t) {
		explain, who := "", d.reader
		switch {
		case b.language == "clickhouse":
			// For an administrator of another server: the grammar must allow it.
			explain, who = "EXPLAIN AST ", d.store
		case b.language != "sql" || b.file == cookbookDocs:
			continue
		}
		t.Run(b.name(), func(t *testing.T) {
			for sql := range strings.SplitSeq(b.text, ";\n") {
				if strings.TrimSpace(sql) != "" {
					ask(t, who, explain+sql)
				}
			}
		})
	}
}

// documents are those whose blocks and commands are held to be true.
func documents(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(files) == 0 {
		t.Fatalf("no documents: %v", err)
	}
	return append(files, "../../README.md", "../../CONTRIBUTING.md")
}

func allBlocks(t *testing.T) []block {
	t.Helper()
	var all []block
	for _, file := range documents(t) {
		all = append(all, blocks(t, file)...)
	}
	return all
}

// Languages of blocks, and where each is tested. Another one is a mistake: it
// would not be run.
func TestEveryBlockIsOfAKindThatIsTested(t *testing.T) {
	kinds := map[string]bool{
		"sql": true, "yaml": true, "sh": true, "console": true,
		"":           true, // a command and what it prints, in README.md
		"clickhouse": true,
		"text":       true,
		"python":     true, // clickhouse-connect is not here
	}
	for _, b := range allBlocks(t) {
		if !kinds[b.language] {
			t.Errorf("%s is of language %q: run it in a test, or say here why not", b.name(), b.language)
		}
		if b.language == "" && !strings.HasPrefix(b.text, "$ ") {
			t.Errorf("%s says no language", b.name())
		}
	}
}

var link = regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)

func TestEveryLinkToAFileLeadsSomewhere(t *testing.T) {
	for _, file := range append(documents(t), "../../ARCHITECTURE.md") {
		for _, m := range link.FindAllStringSubmatch(readDocs(t, file), -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(file), m[1])); err != nil {
				t.Errorf("%s links to %s: %v", file, m[1], err)
			}
		}
	}
}
