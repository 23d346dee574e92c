package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fivekeys/fivekeys/internal/clickhouse"
	"github.com/fivekeys/fivekeys/internal/testkit"
	schema "github.com/fivekeys/fivekeys/schemas/clickhouse"
)

const sqlDocs = "../../docs/sql.md"

// update is -update, of all golden files of this package.
var update = updateTraces

// The reference in docs/sql.md is what the database says of itself. What stands
// around it is written by hand, and names every view.
func TestEveryViewIsDocumentedColumnByColumn(t *testing.T) {
	store := testkit.Store(t)
	names := viewNames(t)
	text := readDocs(t, sqlDocs)
	var b strings.Builder
	for _, name := range names {
		writeView(t, &b, store, name)
		if !strings.Contains(text, "[`"+name+"`](#"+name+")") {
			t.Errorf("docs/sql.md doesn't say what a row of %s is: add it to the table of views", name)
		}
	}
	replaceGenerated(t, sqlDocs, "views", b.String())
}

// viewNames are the public views in the order of their migrations.
func viewNames(t *testing.T) []string {
	t.Helper()
	migrations, err := schema.Migrations(schema.Layout{})
	if err != nil {
		t.Fatal(err)
	}
	const firstView = 100
	var names []string
	for _, m := range migrations {
		if m.Version < firstView {
			continue
		}
		_, rest, found := strings.Cut(m.SQL, "VIEW ")
		if !found {
			t.Fatalf("migration %s makes no view", m.Name)
		}
		names = append(names, strings.Fields(rest)[0])
	}
	return names
}

func writeView(t *testing.T, b *strings.Builder, store *clickhouse.Store, name string) {
	t.Helper()
	rows, err := store.Conn().Query(t.Context(), "SELECT name, type, comment FROM system.columns WHERE database = currentDatabase() AND table = '"+name+"' ORDER BY position")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	fmt.Fprintf(b, "### %s\n\n| column | type | meaning |\n|---|---|---|\n", name)
	columns := 0
	for rows.Next() {
		var column, typ, comment string
		if err := rows.Scan(&column, &typ, &comment); err != nil {
			t.Fatal(err)
		}
		columns++
		if comment == "" {
			t.Errorf("column %s of %s has no comment", column, name)
		}
		fmt.Fprintf(b, "| `%s` | `%s` | %s |\n", column, plainType(typ), cell(comment))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	if columns == 0 {
		t.Errorf("the database has no view %s", name)
	}
	b.WriteString("\n")
}

// plainType leaves out how a type is stored and that times are UTC.
func plainType(typ string) string {
	for from, to := range map[string]string{"LowCardinality(String)": "String", ", 'UTC')": ")", "('UTC')": ""} {
		typ = strings.ReplaceAll(typ, from, to)
	}
	return typ
}

// cell is text within a Markdown table.
func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

func readDocs(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// replaceGenerated compares what stands between the marks of a file with what
// should; -update writes it.
func replaceGenerated(t *testing.T, file, mark, want string) {
	t.Helper()
	text := readDocs(t, file)
	begin, end := "<!-- generated: "+mark+" -->\n", "<!-- end: "+mark+" -->"
	head, rest, found := strings.Cut(text, begin)
	got, tail, ended := strings.Cut(rest, end)
	if !found || !ended {
		t.Fatalf("%s has no part between %q and %q", file, begin, end)
	}
	if got == want {
		return
	}
	if *update {
		if err := os.WriteFile(file, []byte(head+begin+want+end+tail), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Errorf("%s is not what the test makes of it (-want +got); write it with: go test ./cmd/fivekeys -run %s -update\n%s", file, t.Name(), cmp.Diff(want, got))
}
