package clickhouse_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/fivekeys/fivekeys/internal/clickhouse"
	"github.com/fivekeys/fivekeys/internal/testkit"
	"github.com/fivekeys/fivekeys/schemas"
)

func TestBudgetIsChargedToTheVersionThatSpentIt(t *testing.T) {
	s := testkit.Store(t)
	define(t, s, objective("a"))
	deployAll(t, s, []schemas.Deployment{
		production("first", "v1", "aaa", noon.Add(-2*time.Hour)),
		production("second", "v2", "bbb", noon),
		production("third", "v3", "ccc", noon.Add(2*time.Hour)),
	})
	minute := func(offset time.Duration, version string, bad uint64) schemas.SLIMinute {
		return schemas.SLIMinute{Objective: "a", Minute: noon.Add(offset), Version: version, Good: 100 - bad, Total: 100}
	}
	if err := s.AppendSLIMinutes(t.Context(), []schemas.SLIMinute{
		minute(-3*time.Hour, "", 1),        // before every deployment
		minute(-time.Hour, "", 2),          // live: first
		minute(time.Minute, "v1", 4),       // an old instance still runs
		minute(-time.Minute, "bbb", 8),     // rolled out before it was finished, named by its commit
		minute(time.Hour, "unknown", 16),   // live: second
		minute(3*time.Hour, "v3", 0),       // good
		minute(-30*24*time.Hour, "v1", 50), // before the window
	}, 0, 1); err != nil {
		t.Fatal(err)
	}
	st := status(noon.Add(4*time.Hour), nil)
	if err := s.SaveStatuses(t.Context(), "me", []clickhouse.SLOState{{BudgetStatus: st}}); err != nil {
		t.Fatal(err)
	}
	got := scalar(t, s, "SELECT toString(groupArray((deployment_id, version, bad, by_version, place))) FROM (SELECT * FROM deployment_budget ORDER BY place)")
	if want := "[('second','v2',24,8,1),('first','v1',6,4,2),('','',1,0,3)]"; got != want {
		t.Errorf("charged %s, want %s", got, want)
	}
	// 24 of 600 events in 40,320 minutes.
	if got := scalar(t, s, "SELECT toString(round(max(minutes), 3)) FROM deployment_budget"); got != fmt.Sprint(24.0/600*40320) {
		t.Errorf("the largest takes %s minutes", got)
	}
}

// TestAYoungBudgetIsChargedByItsTime: the minutes of all deployments together are
// what the status says is spent.
func TestAYoungBudgetIsChargedByItsTime(t *testing.T) {
	s := testkit.Store(t)
	define(t, s, objective("a"))
	deployAll(t, s, []schemas.Deployment{production("first", "v1", "aaa", noon.Add(-48*time.Hour))})
	since := noon.Add(-100 * time.Minute)
	if err := s.AppendSLIMinutes(t.Context(), []schemas.SLIMinute{{Objective: "a", Minute: since, Good: 75, Total: 100}}, 0, 1); err != nil {
		t.Fatal(err)
	}
	st := status(noon, nil)
	st.KnownSince = &since
	if err := s.SaveStatuses(t.Context(), "me", []clickhouse.SLOState{{BudgetStatus: st}}); err != nil {
		t.Fatal(err)
	}
	if got := scalar(t, s, "SELECT toString(sum(minutes)) FROM deployment_budget"); got != "25" {
		t.Errorf("%s minutes are charged, want 25", got)
	}
}

func TestBudgetIsChargedToWhatWentLiveDaysAgo(t *testing.T) {
	const day = 24 * time.Hour
	s := testkit.Store(t)
	define(t, s, objective("a"))
	deployAll(t, s, []schemas.Deployment{
		production("old", "v0", "aaa", noon.Add(-60*day)), // before the window
		production("first", "v1", "bbb", noon.Add(-5*day)),
		production("second", "v2", "ccc", noon.Add(-day)),
		production("again", "v1", "bbb", noon.Add(-day+time.Hour)),
	})
	bad := func(offset time.Duration, version string, n uint64) schemas.SLIMinute {
		return schemas.SLIMinute{Objective: "a", Minute: noon.Add(offset), Version: version, Good: 100 - n, Total: 100}
	}
	if err := s.AppendSLIMinutes(t.Context(), []schemas.SLIMinute{
		bad(-20*day, "", 1),              // live: old
		bad(-5*day-time.Minute, "", 2),   // still
		bad(-5*day, "", 4),               // live: first, from this minute on
		bad(-3*day, "", 8),               // still, two days later
		bad(-day-time.Hour, "", 16),      // still, on the day of the second
		bad(-time.Hour, "", 32),          // live: again
		bad(-2*day+time.Hour, "v2", 5),   // the second's roll-out, the day before
		bad(-2*day-time.Minute, "v2", 3), // too early for one: first was live
		bad(-2*day, "v1", 7),             // named: the first time
		bad(-time.Hour, "v1", 9),         // named: the second time
	}, 0, 1); err != nil {
		t.Fatal(err)
	}
	st := status(noon, nil)
	if err := s.SaveStatuses(t.Context(), "me", []clickhouse.SLOState{{BudgetStatus: st}}); err != nil {
		t.Fatal(err)
	}
	for _, where := range []string{"", "WHERE objective = 'a' AND service IN (SELECT service FROM slo_status)"} {
		got := scalar(t, s, "SELECT toString(groupArray((deployment_id, bad, by_version))) FROM (SELECT * FROM deployment_budget "+where+" ORDER BY place)")
		if want := "[('again',41,9),('first',38,7),('second',5,5),('old',3,0)]"; got != want {
			t.Errorf("%q: charged %s, want %s", where, got, want)
		}
	}
}
