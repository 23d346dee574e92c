package toil_test

import (
	"os"
	"regexp"
	"testing"

	"github.com/fivekeys/fivekeys/internal/clickhouse"
	"github.com/fivekeys/fivekeys/schemas"
	ddl "github.com/fivekeys/fivekeys/schemas/clickhouse"
)

// upgraded: events came before there was anything that takes toil from them.
func upgraded(t *testing.T, s *clickhouse.Store) {
	for _, table := range []string{"toil_log_feed", "toil_log"} {
		if err := s.Conn().Exec(t.Context(), "DROP TABLE "+table); err != nil {
			t.Fatal(err)
		}
	}
	one := schemas.ToilEvent{Team: "shop", Category: "x", Minutes: 10}
	add(t, s, tell(t, "before", monday, one))
	migrations, err := ddl.Migrations(ddl.Layout{})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // one that was cut off is run again
		for _, m := range migrations {
			if m.Version < 30 || m.Version > 33 {
				continue
			}
			if err := s.Conn().Exec(t.Context(), m.SQL); err != nil {
				t.Fatalf("%s: %v", m.Name, err)
			}
		}
	}
	add(t, s, tell(t, "after", monday, one))
	same(t, "entries", []string{"after", "before"}, rows(t, s, "id", "toil ORDER BY id"))
}

func documented(t *testing.T, s *clickhouse.Store) {
	text, err := os.ReadFile("../../docs/toil.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```sql\n(.*?)```").FindAllSubmatch(text, -1)
	statements := 0
	for _, block := range blocks {
		for _, statement := range regexp.MustCompile(`(?s)[^;]+;`).FindAllString(string(block[1]), -1) {
			statements++
			result, err := s.Conn().Query(t.Context(), statement[:len(statement)-1])
			if err != nil {
				t.Errorf("%s\n%v", statement, err)
				continue
			}
			_ = result.Close()
		}
	}
	if statements == 0 {
		t.Error("no query was found")
	}
}
