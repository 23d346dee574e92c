package main

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/fivekeys/fivekeys/internal/clickhouse"
	"github.com/fivekeys/fivekeys/internal/report"
	"github.com/fivekeys/fivekeys/internal/simulation"
	"github.com/fivekeys/fivekeys/processors/dora"
)

// undisturbed is what the same organisation's deliveries make of the tables
// when nothing goes wrong: every disturbed run must arrive at it.
var undisturbed struct {
	once     sync.Once
	scenario *simulation.Scenario
	tables   []string
}

// calm gives the scenario and the tables of the undisturbed run, which the
// first test that asks makes.
func calm(t *testing.T) (*simulation.Scenario, []string) {
	t.Helper()
	undisturbed.once.Do(func() {
		scenario := simulation.Generate(simulation.Config{Seed: 11, Days: 21})
		s := startSite(t, scenario.Catalog, nil)
		defer s.close()
		for _, d := range scenario.Deliveries { // one after the other, in order
			if a := post(t.Context(), s.client, s.url, d); a.status != http.StatusAccepted {
				t.Fatalf("delivery %s is answered with %d %s", d.GUID, a.status, a.text)
			}
		}
		s.drain(t)
		agree(t, s.store, scenario)
		undisturbed.tables = contents(t, s.store, factsWithoutKnownAt)
		undisturbed.scenario = scenario
	})
	if undisturbed.scenario == nil {
		t.Fatal("the undisturbed run has failed")
	}
	return undisturbed.scenario, undisturbed.tables
}

// agree compares the report with what the simulation knows in closed form.
func agree(t *testing.T, store *clickhouse.Store, scenario *simulation.Scenario) {
	t.Helper()
	full := scenario.Expected.Full
	query := report.Query{Period: report.Period{From: full.From, To: full.To}, At: full.To}
	checked, err := verify(t.Context(), report.ClickHouse{Conn: store.Conn()}, query, full)
	if err != nil {
		t.Errorf("figures: %v", err)
	}
	if checked == 0 {
		t.Error("no figure was compared")
	}
}

// TestAnyOrderGivesTheSameTables delivers an organisation's webhooks in order,
// then shuffled and repeated, then breaks the facts and computes them again.
func TestAnyOrderGivesTheSameTables(t *testing.T) {
	scenario, want := calm(t)
	seeds := uint64(3)
	if testing.Short() {
		seeds = 1
	}
	for seed := range seeds {
		t.Run(fmt.Sprint("shuffled with seed ", seed), func(t *testing.T) {
			s := startSite(t, scenario.Catalog, nil)
			shuffled := scenario.Shuffled(seed)
			if len(shuffled) <= len(scenario.Deliveries) {
				t.Fatal("nothing is repeated")
			}
			s.deliver(t, shuffled)
			s.drain(t)
			same(t, "shuffled", factsWithoutKnownAt, want, contents(t, s.store, factsWithoutKnownAt))
			agree(t, s.store, scenario)
			if seed == 0 {
				rebuilds(t, s, scenario)
			}
		})
	}
}

// rebuilds breaks the facts in every way and wants them back, known_at too.
func rebuilds(t *testing.T, s *site, scenario *simulation.Scenario) {
	want := contents(t, s.store, everyColumn)
	facts := []string{"deployment_facts", "change_facts", "incident_facts", "failure_facts", "daily_facts"}
	each := func(format string) (statements []string) {
		for _, table := range facts {
			statements = append(statements, fmt.Sprintf(format, table))
		}
		return statements
	}
	for _, c := range []struct {
		name   string
		damage []string
	}{
		{"nothing is broken", nil},
		{"the facts are gone", each("TRUNCATE TABLE %s")},
		{"the facts of one service are gone", each("DELETE FROM %s WHERE service = '" + scenario.Expected.Deployments[0].Service + "'")},
		{"every other row is gone", each("DELETE FROM %s WHERE cityHash64(digest) %% 2 = 0")},
		{
			"rows were added that no event tells of",
			[]string{
				"INSERT INTO deployment_facts SELECT * REPLACE (concat('ghost-', deployment_id) AS deployment_id) FROM deployment_facts FINAL",
				"INSERT INTO change_facts SELECT * REPLACE (concat('ghost-', sha) AS sha) FROM change_facts FINAL",
				"INSERT INTO incident_facts SELECT * REPLACE (concat('ghost-', incident_id) AS incident_id) FROM incident_facts FINAL",
				"INSERT INTO failure_facts SELECT * REPLACE (concat('ghost-', fix_id) AS fix_id) FROM failure_facts FINAL",
				"INSERT INTO daily_facts SELECT * REPLACE (day + 1000 AS day) FROM daily_facts FINAL",
			},
		},
		{
			"rows were overwritten",
			[]string{
				"INSERT INTO deployment_facts SELECT * REPLACE (not failed AS failed, 1 AS digest) FROM deployment_facts FINAL",
				"INSERT INTO daily_facts SELECT * REPLACE (deployments + 1 AS deployments, 1 AS digest) FROM daily_facts FINAL",
			},
		},
		{
			"values were changed behind their digests",
			[]string{
				"ALTER TABLE deployment_facts UPDATE failed = not failed WHERE 1 SETTINGS mutations_sync = 2",
				"ALTER TABLE daily_facts UPDATE deployments = deployments + 1 WHERE 1 SETTINGS mutations_sync = 2",
			},
		},
		{
			"rows were overwritten by a later version",
			[]string{
				"INSERT INTO deployment_facts SELECT * REPLACE (not failed AS failed, version + 1000 AS version) FROM deployment_facts FINAL",
				"INSERT INTO daily_facts SELECT * REPLACE (1 AS deleted, version + 1000 AS version) FROM daily_facts FINAL",
			},
		},
	} {
		t.Run("rebuilt when "+c.name, func(t *testing.T) {
			for _, statement := range c.damage {
				if err := s.store.Conn().Exec(t.Context(), statement); err != nil {
					t.Fatalf("%s: %v", statement, err)
				}
			}
			if broken := contents(t, s.store, everyColumn); len(c.damage) > 0 && strings.Join(broken, "") == strings.Join(want, "") {
				t.Fatal("nothing was broken")
			}
			stage, err := dora.NewStage(dora.StageConfig{Store: s.store, Catalog: &scenario.Catalog})
			if err != nil {
				t.Fatal(err)
			}
			stats, err := stage.Rebuild(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			if stats.Services != len(scenario.Expected.Full.Services) {
				t.Errorf("%d services were rebuilt, there are %d", stats.Services, len(scenario.Expected.Full.Services))
			}
			same(t, "rebuilt", everyColumn, want, contents(t, s.store, everyColumn))
		})
	}
}
