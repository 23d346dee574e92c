package clickhouse

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "add new tables to testdata/tables.sha256")

const sums = "testdata/tables.sha256"

// A table's file is applied once in a store's life. Stores that have applied it
// would never hear of an edit.
func TestTheFilesOfTablesNeverChange(t *testing.T) {
	known := map[string]string{}
	golden, err := os.ReadFile(sums)
	if err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(bytes.NewReader(golden)); lines.Scan(); {
		sum, name, ok := strings.Cut(lines.Text(), "  ")
		if !ok {
			t.Fatalf("%s: %q is no sum and name", sums, lines.Text())
		}
		known[name] = sum
	}
	migrations, err := Migrations(Layout{})
	if err != nil {
		t.Fatal(err)
	}
	var added []byte
	for _, m := range migrations {
		name := m.Name + ".sql"
		if m.Version >= FirstView {
			continue
		}
		text, err := files.ReadFile("migrations/" + name)
		if err != nil {
			t.Fatal(err)
		}
		digest := sha256.Sum256(text)
		sum := hex.EncodeToString(digest[:])
		switch {
		case known[name] == "" && *update:
			added = fmt.Appendf(added, "%s  %s\n", sum, name)
		case known[name] == "":
			t.Errorf("%s is not in %s: run this test with -update", name, sums)
		case known[name] != sum:
			t.Errorf("%s was edited, but stores have applied it already: put it back and add a new file instead", name)
		}
		delete(known, name)
	}
	for name := range known {
		t.Errorf("%s is gone, but stores have applied it already: put it back and add a new file instead", name)
	}
	if *update && !t.Failed() {
		if err := os.WriteFile(sums, append(golden, added...), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestEveryViewSaysItsNameAndIsMadeOnTheWholeCluster(t *testing.T) {
	migrations, err := Migrations(Layout{Cluster: "metrics"})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{}
	for _, m := range migrations {
		view := m.View()
		if m.Version < FirstView {
			continue
		}
		if !strings.Contains(m.Name, view) {
			t.Errorf("%s makes the view %s", m.Name, view)
		}
		if before := seen[view]; before != "" {
			t.Errorf("%s and %s both make the view %s", before, m.Name, view)
		}
		seen[view] = m.Name
		if !strings.Contains(m.SQL, "VIEW "+view+" ON CLUSTER `metrics` (") {
			t.Errorf("%s is not made on the cluster", m.Name)
		}
	}
}
