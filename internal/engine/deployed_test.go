package engine_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/fivekeys/fivekeys/internal/engine"
)

// deployedUsers is the configuration of a ClickHouse server's users.
func deployedUsers(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../deploy/clickhouse/users.d/fivekeys.xml")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestGrantsOfADeployedServerAreSQL(t *testing.T) {
	conn := open(t, shared(t), writer)
	found := 0
	for _, part := range strings.Split(deployedUsers(t), "<query>")[1:] {
		grant, _, _ := strings.Cut(part, "</query>")
		whom := " TO somebody"
		if strings.HasPrefix(grant, "REVOKE") {
			whom = " FROM somebody"
		}
		run(t, conn, "EXPLAIN AST "+grant+whom)
		found++
	}
	if found < 5 {
		t.Errorf("found %d grants", found)
	}
}

func TestReaderOfADeployedServerMayWhatTheEmbeddedOneMay(t *testing.T) {
	users := deployedUsers(t)
	var settings []string
	for _, m := range regexp.MustCompile(`<(\w+)><changeable_in_readonly/>`).FindAllStringSubmatch(users, -1) {
		settings = append(settings, m[1])
	}
	if want := engine.ReaderSettings(); !slices.Equal(settings, want) {
		t.Errorf("a server's reader may change %q, the embedded one's %q", settings, want)
	}
	_, grants, _ := strings.Cut(users, "<profile>fivekeys_reader</profile>")
	for _, m := range regexp.MustCompile(`ON (\S+)</query>`).FindAllStringSubmatch(grants, -1) {
		table := m[1]
		if strings.HasPrefix(table, "fivekeys.") {
			continue
		}
		if err := open(t, shared(t), reader).Exec(t.Context(), "SELECT 1 FROM "+strings.ReplaceAll(table, ".*", ".tables")+" LIMIT 1"); err != nil {
			t.Errorf("a server's reader reads %s, the embedded one's does not: %v", table, err)
		}
	}
	if !strings.Contains(grants, "REVOKE SELECT(body) ON fivekeys.delivery_log<") {
		t.Error("a server's reader reads raw bodies")
	}
}
