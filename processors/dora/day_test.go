package dora

import (
	"encoding/json"
	"testing"

	"github.com/fivekeys/fivekeys/schemas"
)

func TestDaysCountProductionOnly(t *testing.T) {
	f := foldOf(t, story(
		land("a", 1), deploy("d1", "a", 2), deployTo("staging", "s1", "a", 2),
		deploymentEvent("d0", "production", failed, "a", 3),
		// Tuesday: two changes, one of them with a pull request; an incident of its own and one of staging.
		land("b", 26), land("c", 28, pull(func(p *schemas.PullRequest) { p.OpenedAt, p.FirstReviewAt = hourp(27), hourp(27.5) })),
		deploy("d2", "c", 30), opened("i1", 31), acknowledged("i1", 31.5), opened("i2", 31, in("staging")), deploy("d3", "a", 32), resolved("i1", 33),
		// Wednesday: nothing but staging. Thursday: an incident with no cause, still open.
		land("d", 50), deployTo("staging", "s2", "d", 51), opened("i3", 90),
	))
	want := `[
 {"Service":"acme/shop","Team":"acme","Day":"2026-03-02T00:00:00Z","Deployments":1,"Failed":0,"Rework":0,"Rollbacks":0,"Unrecovered":0,"Unresolved":0,
  "Changes":1,"Excluded":1,"Batches":0,"BatchChanges":0,"Incidents":0,"Unattributed":0,"OpenIncidents":0,
  "LeadTimes":null,"Coding":null,"Pickup":null,"Review":null,"Deploy":null,"Recoveries":null,"Restores":null,"Acknowledges":null},
 {"Service":"acme/shop","Team":"acme","Day":"2026-03-03T00:00:00Z","Deployments":2,"Failed":1,"Rework":1,"Rollbacks":1,"Unrecovered":0,"Unresolved":0,
  "Changes":2,"Excluded":0,"Batches":2,"BatchChanges":2,"Incidents":1,"Unattributed":0,"OpenIncidents":0,
  "LeadTimes":[10800,18000],"Coding":[0],"Pickup":[1800],"Review":[1800],"Deploy":[7200,14400],"Recoveries":[7200],"Restores":[7200],"Acknowledges":[1800]},
 {"Service":"acme/shop","Team":"acme","Day":"2026-03-05T00:00:00Z","Deployments":0,"Failed":0,"Rework":0,"Rollbacks":0,"Unrecovered":0,"Unresolved":0,
  "Changes":0,"Excluded":0,"Batches":0,"BatchChanges":0,"Incidents":1,"Unattributed":1,"OpenIncidents":1,
  "LeadTimes":null,"Coding":null,"Pickup":null,"Review":null,"Deploy":null,"Recoveries":null,"Restores":null,"Acknowledges":null}]`
	var days []schemas.Day
	if err := json.Unmarshal([]byte(want), &days); err != nil {
		t.Fatal(err)
	}
	equal(t, asJSON(t, f.Days), asJSON(t, days))
}

func TestAFailureIsBookedOnTheDayItsDeploymentFinished(t *testing.T) {
	f := foldOf(t, story(releases(2), opened("i1", 21), land("fix", 50, message("Fixes i1")), deploy("d3", "fix", 60)))
	first := f.Days[0]
	if first.Failed != 1 || len(first.Recoveries) != 1 || first.Recoveries[0] != 40*3600 || first.Unrecovered != 0 || first.OpenIncidents != 1 {
		t.Errorf("got %+v", first)
	}
	if last := f.Days[len(f.Days)-1]; last.Rework != 1 || last.Failed != 0 {
		t.Errorf("got %+v", last)
	}
}

func asJSON(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
