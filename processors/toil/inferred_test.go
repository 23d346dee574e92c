package toil_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/fivekeys/fivekeys/internal/clickhouse"
	"github.com/fivekeys/fivekeys/processors/dora"
	"github.com/fivekeys/fivekeys/schemas"
)

// store writes facts as the fold of one service would.
func store(t *testing.T, s *clickhouse.Store, f schemas.Facts) {
	t.Helper()
	const service = "shop"
	written, err := s.LoadWritten(t.Context(), []string{service})
	if err != nil {
		t.Fatal(err)
	}
	f.InferredToil = dora.InferToil(&f)
	var set clickhouse.Changeset
	set.Add(written[service], service, 1, &f)
	if err := s.Apply(t.Context(), &set); err != nil {
		t.Fatal(err)
	}
}

func deployed(id, actor string, at time.Time, rollback bool) schemas.Deployment {
	return schemas.Deployment{
		Service: "shop", Team: "web", DeploymentID: id, Environment: "production", Production: true, SHA: "0123456789abcdef",
		Status: schemas.DeploymentSucceeded, FinishedAt: at, Rollback: rollback, Actor: actor, KnownAt: at, URL: "https://ci/" + id,
	}
}

func rollbacks(t *testing.T, s *clickhouse.Store) {
	staging := deployed("staging", "ada", monday, true)
	staging.Environment, staging.Production = "staging", false
	facts := schemas.Facts{Deployments: []schemas.Deployment{
		deployed("1", "ada", monday, false), deployed("2", "ada", monday.Add(time.Hour), true), deployed("3", "", monday, true), staging,
	}}
	for i, machine := range []string{"github-actions[bot]", "renovate-bot", "ArgoCD", "argo-cd", "jenkins", "fluxcd", "GitHub-Actions", "deploy_bot"} {
		facts.Deployments = append(facts.Deployments, deployed(fmt.Sprint("m", i), machine, monday, true))
	}
	for i, person := range []string{"abbot", "cicero", "jenkinson", "Flux Capacitor"} {
		facts.Deployments = append(facts.Deployments, deployed(fmt.Sprint("p", i), person, monday.Add(2*time.Hour), true))
	}
	store(t, s, facts)
	minutes := schemas.InferredRollback.Minutes()
	same(t, "entries", []string{fmt.Sprintf(
		"web shop 2026-03-02 01:00:00.000 %g rollback false manual_rollback fivekeys rollback/shop/2 ada went back to 0123456789ab in production ['2'] https://ci/2", minutes)},
		rows(t, s, "team, service, time, minutes, category, confirmed, inferred, source, id, why, evidence, url", "toil WHERE id = 'rollback/shop/2'"))
	same(t, "what was rolled back by people", []string{"['2']", "['p0']", "['p1']", "['p2']", "['p3']"}, rows(t, s, "evidence", "toil ORDER BY id"))
}

// turnedOut folds a service again: under other rules, which leave the number of
// events as it is, and after a late event.
func turnedOut(t *testing.T, s *clickhouse.Store) {
	rollback, plain := deployed("1", "ada", monday, true), deployed("1", "ada", monday, false)
	for _, turn := range []struct {
		is   schemas.Deployment
		want []string
	}{
		{rollback, []string{"rollback/shop/1"}}, {plain, []string{}}, {plain, []string{}}, {rollback, []string{"rollback/shop/1"}}, {rollback, []string{"rollback/shop/1"}},
	} {
		store(t, s, schemas.Facts{Deployments: []schemas.Deployment{turn.is}})
		same(t, "entries", turn.want, rows(t, s, "id", "toil"))
	}
	store(t, s, schemas.Facts{})
	same(t, "without the deployment", []string{}, rows(t, s, "id", "toil"))
}

func alerts(t *testing.T, s *clickhouse.Store) {
	hour := func(n int) time.Time { return monday.Add(time.Duration(n) * time.Hour) }
	incident := func(id, title string, at time.Time) schemas.Incident {
		return schemas.Incident{
			Service: "shop", Team: "web", IncidentID: id, Title: title, OpenedAt: at, AcknowledgedAt: at.Add(time.Minute),
			ResolvedAt: at.Add(10 * time.Minute), KnownAt: at,
		}
	}
	open, unseen := incident("still open", "disk full", hour(1)), incident("nobody came", "disk full", hour(1))
	open.ResolvedAt, unseen.AcknowledgedAt = time.Time{}, time.Time{}
	store(t, s, schemas.Facts{
		Deployments: []schemas.Deployment{deployed("fix", "ada", hour(100), false)},
		Incidents: []schemas.Incident{
			// Three within seven days to the millisecond, and a fourth after the fix.
			incident("a1", "queue stuck", hour(0).Add(-5*24*time.Hour)), incident("a2", "queue stuck", hour(20)), incident("a3", "queue stuck", hour(48)),
			incident("a4", "queue stuck", hour(101)),
			// Three in more than seven days.
			incident("b1", "slow", hour(-80)), incident("b2", "slow", hour(0)), incident("b3", "slow", hour(89)),
			// Four, of which the last three are close together.
			incident("c1", "memory", hour(-24*20)), incident("c2", "memory", hour(10)), incident("c3", "memory", hour(11)), incident("c4", "memory", hour(12)),
			// Two that count, and two that nobody had to do anything for.
			incident("d1", "disk full", hour(2)), incident("d2", "disk full", hour(3)), open, unseen,
			// A fix between the second and the third.
			incident("e1", "leak", hour(98)), incident("e2", "leak", hour(99)), incident("e3", "leak", hour(100)),
			// No title, no saying whether it is the same.
			incident("f1", "", hour(1)), incident("f2", "", hour(2)), incident("f3", "", hour(3)),
		},
	})
	minutes := fmt.Sprint(schemas.InferredAlert.Minutes())
	same(t, "entries", []string{
		"web " + minutes + " alert/shop/a1 ['a1','a2','a3']", "web " + minutes + " alert/shop/a2 ['a1','a2','a3']", "web " + minutes + " alert/shop/a3 ['a1','a2','a3']",
		"web " + minutes + " alert/shop/c2 ['c2','c3','c4']", "web " + minutes + " alert/shop/c3 ['c2','c3','c4']", "web " + minutes + " alert/shop/c4 ['c2','c3','c4']",
	}, rows(t, s, "team, minutes, id, evidence", "toil WHERE inferred = 'repeated_alert' ORDER BY id"))
	same(t, "explanation", []string{"3 alerts like it were acknowledged and resolved around then with no deployment in between"},
		rows(t, s, "why", "toil WHERE id = 'alert/shop/a2'"))
}

func inferredOnly(t *testing.T, s *clickhouse.Store) {
	settle(t, s, thursday, week(40, "web", 0.5))
	store(t, s, schemas.Facts{Deployments: []schemas.Deployment{deployed("1", "ada", monday, true), deployed("2", "ada", thursday.AddDate(0, 0, 14), true)}})
	same(t, "weeks", []string{"web 2026-03-02 - - - 30 2400 0.5 - -", "web 2026-03-16 - - - 30 2400 0.5 - -"}, rows(t, s, weekly, byTeam))
	same(t, "burn", []string{}, rows(t, s, "team", "toil_burn"))
}

func inferredBySource(t *testing.T, s *clickhouse.Store) {
	settle(t, s, thursday, week(40, "web", 0.5))
	add(t, s, tell(t, "run/7/2", monday, schemas.ToilEvent{
		Team: "web", Category: "pipeline re-run", Minutes: schemas.InferredRerun.Minutes(), Inferred: schemas.InferredRerun, Trigger: "attempt 2 of deploy, by ada",
	}), tell(t, "1", monday, schemas.ToilEvent{Team: "web", Category: "x", Minutes: 24}))
	same(t, "weeks", []string{"web 2026-03-02 24 0 1 10 2400 0.5 0.01 1176"}, rows(t, s, weekly, byTeam))
	same(t, "explanation", []string{"false pipeline_rerun inferred by api from attempt 2 of deploy, by ada ['run/7/2']"},
		rows(t, s, "confirmed, inferred, why, evidence", "toil WHERE NOT confirmed"))
}

func burn(t *testing.T, s *clickhouse.Store) {
	settle(t, s, monday.AddDate(0, 0, -70), week(10, "shop", 0.5))
	settle(t, s, monday.AddDate(0, 0, 35), week(20, "shop", 0.25))
	for i, minutes := range []float64{300, 600, 0, 150, 75, 30} {
		if minutes > 0 {
			add(t, s, tell(t, fmt.Sprint(i), monday.AddDate(0, 0, 7*i), schemas.ToilEvent{Team: "shop", Category: "x", Minutes: minutes}))
		}
	}
	add(t, s, tell(t, "pay", monday, schemas.ToilEvent{Team: "pay", Category: "x", Minutes: 5})) // no capacity, no burn
	// Allowed are 300 minutes of 600 a week, and 300 of 1200 in the last one.
	same(t, "burn", []string{
		"shop 2026-03-02 1w 0.5 300 600 300 1 0 0", "shop 2026-03-02 4w 0.5 300 600 300 1 0 0",
		"shop 2026-03-09 1w 0.5 600 600 300 2 -1 -300", "shop 2026-03-09 4w 0.5 900 1200 600 1.5 -0.5 -300",
		"shop 2026-03-16 1w 0.5 0 600 300 0 1 300", "shop 2026-03-16 4w 0.5 900 1800 900 1 0 0",
		"shop 2026-03-23 1w 0.5 150 600 300 0.5 0.5 150", "shop 2026-03-23 4w 0.5 1050 2400 1200 0.875 0.125 150",
		"shop 2026-03-30 1w 0.5 75 600 300 0.25 0.75 225", "shop 2026-03-30 4w 0.5 825 2400 1200 0.6875 0.3125 375",
		"shop 2026-04-06 1w 0.75 30 1200 300 0.1 0.9 270", "shop 2026-04-06 4w 0.6 255 3000 1200 0.2125 0.7875 945",
	}, rows(t, s, "team, week, window, target, minutes, capacity_minutes, budget_minutes, burn, remaining, remaining_minutes",
		"toil_burn ORDER BY week, window"))
	var n uint64
	result, err := s.Conn().Query(t.Context(), "SELECT minutes, capacity_minutes, target, burn FROM toil_burn")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = result.Close() }()
	for ; result.Next(); n++ {
		var bad, total, target, got float64
		if err := result.Scan(&bad, &total, &target, &got); err != nil {
			t.Fatal(err)
		}
		if want := schemas.BurnRate(bad, total, target); want == nil || math.Abs(*want-got) > 1e-12 {
			t.Errorf("the view's burn of %g of %g minutes is %g, an SLO's is %v", bad, total, got, want)
		}
	}
	if err := result.Err(); err != nil || n != 12 {
		t.Errorf("%d rows, error %v", n, err)
	}
}

func categories(t *testing.T, s *clickhouse.Store) {
	for i, e := range []schemas.ToilEvent{
		{Category: "certificates", Minutes: 90, Automatable: true}, {Category: "restarts", Minutes: 5}, {Category: "restarts", Minutes: 5, Automatable: true},
		{Category: "exports", Minutes: 900, Automated: true},
	} {
		e.Team = "web"
		add(t, s, tell(t, fmt.Sprint(i), monday, e))
	}
	store(t, s, schemas.Facts{Deployments: []schemas.Deployment{deployed("1", "ada", monday, true)}})
	same(t, "categories", []string{
		"web 2026-03-02 certificates true 90 1 90", "web 2026-03-02 restarts true 10 2 5", "web 2026-03-02 rollback false 30 1 30",
	}, rows(t, s, "team, week, category, confirmed, minutes, entries, automatable_minutes", "toil_categories ORDER BY confirmed DESC, minutes DESC"))
}
