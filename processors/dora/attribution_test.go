package dora

import (
	"strings"
	"testing"
	"time"

	"github.com/fivekeys/fivekeys/schemas"
)

// TestIncidentsAreAttributed: d1 to d3 ship v1 to v3 at 10, 20 and 30.
func TestIncidentsAreAttributed(t *testing.T) {
	mend := func(also ...func(*schemas.ChangeEvent)) []schemas.Event {
		return story(land("fix", 38, also...), deploy("d4", "fix", 40))
	}
	hotfix := labels("hotfix")
	for sentence, c := range map[string]struct {
		events    []schemas.Event
		incidents string
		failures  string
	}{
		"explicit: to the deployment it names, however old": {
			story(opened("i1", 90, causedBy("d2", "")), resolved("i1", 91)),
			"i1: explicit d2", "d2 by explicit incident i1 recovered 91",
		},
		"explicit: to the deployment with the SHA it names": {
			story(opened("i1", 33, causedBy("", "v2")), resolved("i1", 34)),
			"i1: explicit d2", "d2 by explicit incident i1 recovered 34",
		},
		"explicit: to the deployment that first shipped the change it names": {
			story(land("x", 15), opened("i1", 33, causedBy("", "x"))),
			"i1: explicit d2", "d2 by explicit incident i1 recovered never",
		},
		"explicit: named later, the latest word counts": {
			story(opened("i1", 33, causedBy("d3", "")), incidentEvent("i1", schemas.IncidentAcknowledged, 34, causedBy("d2", ""))),
			"i1: explicit d2", "d2 by explicit incident i1 recovered never",
		},
		"explicit: what nobody knows is never replaced by a guess": {
			story(opened("i1", 33, causedBy("elsewhere", ""))), "i1: unattributed", "",
		},
		"explicit: a deployment to staging broke no production": {
			story(deployTo("staging", "s1", "v3", 31), opened("i1", 33, causedBy("s1", ""))), "i1: unattributed", "",
		},
		"explicit: one that never succeeded is named and in no fail rate": {
			story(deploymentEvent("d9", "production", failed, "v3", 31), opened("i1", 33, causedBy("d9", ""))), "i1: explicit d9", "",
		},
		"rollback: to what was rolled back while it was open, not to the latest before it": {
			story(opened("i1", 35), deploy("d4", "v1", 40), resolved("i1", 41)),
			"i1: rollback d2", "d2 by rollback incident i1 fix d4 recovered 40",
		},
		"rollback: also while it is still open": {
			story(opened("i1", 35), deploy("d4", "v2", 40)),
			"i1: rollback d3", "d3 by rollback incident i1 fix d4 recovered 40",
		},
		"rollback: not one that came after it was resolved": {
			story(opened("i1", 35), resolved("i1", 36), deploy("d4", "v1", 40)),
			"i1: window d3", lines("d2 by rollback fix d4 recovered 40", "d3 by window incident i1 recovered 36"),
		},
		"rollback: not one that came more than the window after it opened": {
			story(opened("i1", 35), deploy("d4", "v1", 60)),
			"i1: window d3", lines("d2 by rollback fix d4 recovered 60", "d3 by window incident i1 recovered never"),
		},
		"rollback: not of a deployment that finished after it opened": {
			story(opened("i1", 25), deploy("d4", "v2", 40)),
			"i1: window d2", lines("d2 by window incident i1 recovered never", "d3 by rollback fix d4 recovered 40"),
		},
		"rollback: one without an incident is a failure by itself": {
			story(deploy("d4", "v2", 40)), "", "d3 by rollback fix d4 recovered 40",
		},
		"rollback: two incidents of it are two causes of one failed deployment": {
			story(opened("i1", 35), opened("i2", 36), deploy("d4", "v2", 40), resolved("i2", 45)),
			lines("i1: rollback d3", "i2: rollback d3"),
			lines("d3 by rollback incident i1 fix d4 recovered 40", "d3 by rollback incident i2 fix d4 recovered 40"),
		},
		"revert: to what shipped the reverted change": {
			story(opened("i1", 35), mend(message("This reverts commit %s.", sha("v2"))), resolved("i1", 41)),
			"i1: revert d2", "d2 by revert incident i1 fix d4 recovered 40",
		},
		"hotfix: to the deployment before it": {
			story(opened("i1", 35), mend(hotfix), resolved("i1", 41)),
			"i1: hotfix d3", "d3 by hotfix incident i1 fix d4 recovered 40",
		},
		"hotfix: one that names it, though it was resolved when the fix was merged": {
			story(opened("acme/shop#12", 35), resolved("acme/shop#12", 38), mend(hotfix, message("Stop it\n\nFixes #12"))),
			"acme/shop#12: hotfix d3", "d3 by hotfix incident acme/shop#12 fix d4 recovered 38",
		},
		"hotfix: what was deployed after the incident it names did not cause it": {
			story(opened("acme/shop#12", 25), mend(hotfix, message("Fixes #12"))),
			"acme/shop#12: window d2", "d2 by window incident acme/shop#12 fix d4 recovered 40",
		},
		"hotfix: one without an incident is a failure by itself": {
			story(mend(hotfix)), "", "d3 by hotfix fix d4 recovered 40",
		},
		"window: to the latest deployment before it": {
			story(opened("i1", 35), resolved("i1", 36)), "i1: window d3", "d3 by window incident i1 recovered 36",
		},
		"window: strictly before it": {
			story(opened("i1", 30)), "i1: window d2", "d2 by window incident i1 recovered never",
		},
		"window: just in it": {
			story(opened("i1", 54)), "i1: window d3", "d3 by window incident i1 recovered never",
		},
		"window: a deployment of yesterday's yesterday is not blamed": {
			story(opened("i1", 54.01)), "i1: unattributed", "",
		},
		"window: recovered by the fix that names it": {
			story(opened("PD-7", 31), mend(message("Repair it, closes PD-7"))),
			"PD-7: window d3", "d3 by window incident PD-7 fix d4 recovered 40",
		},
		"window: the fix counts by its title or its issue's address too": {
			story(opened("acme/shop#12", 31), mend(pull(func(p *schemas.PullRequest) { p.Title = "Fixes https://github.com/acme/shop/issues/12" }))),
			"acme/shop#12: window d3", "d3 by window incident acme/shop#12 fix d4 recovered 40",
		},
		"window: reopened, it has not recovered": {
			story(opened("i1", 35), resolved("i1", 36), reopened("i1", 37)), "i1: window d3", "d3 by window incident i1 recovered never",
		},
		"unattributed: nothing was deployed before it": {
			story(opened("i1", 5)), "i1: unattributed", "",
		},
		"an incident in staging is none of production": {
			story(opened("i1", 31, in("staging"))), "i1: unattributed", "",
		},
		"an environment that is production is like none": {
			story(opened("i1", 31, in("prod"))), "i1: window d3", "d3 by window incident i1 recovered never",
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			f := foldOf(t, story(releases(3), c.events))
			equal(t, tellIncidents(f), c.incidents)
			equal(t, tellFailures(f), c.failures)
		})
	}
}

func TestAnIncidentOfOneRegionIsNotBlamedOnAnother(t *testing.T) {
	f := foldOf(t, story(land("a", 1), deployTo("prod-eu", "e1", "a", 10), deployTo("prod-us", "u1", "a", 11),
		opened("i1", 12, in("prod-eu")), opened("i2", 12, in("Prod-US")), opened("i3", 12, in("prod")), opened("i4", 12)))
	equal(t, tellIncidents(f), lines("i1: window e1", "i2: window u1", "i3: window u1", "i4: window u1"))
}

func TestTheWindowIsTheServicesOwn(t *testing.T) {
	rules := rulesOf(shop)
	rules.AttributionWindow = time.Hour
	timeline := timelineOf(t, story(releases(1), opened("i1", 11.5), opened("i2", 10.5)))
	equal(t, tellIncidents(timeline.Fold(rules)), lines("i2: window d1", "i1: unattributed"))
}

func TestAFailedDeploymentCountsOnceForAllItsCauses(t *testing.T) {
	f := foldOf(t, story(releases(3), opened("i1", 31), resolved("i1", 35), opened("i2", 32, causedBy("d3", "")), resolved("i2", 33),
		opened("i3", 36), deploy("d4", "v2", 40)))
	equal(t, tellFailures(f), lines("d3 by explicit incident i2 recovered 33",
		"d3 by rollback incident i3 fix d4 recovered 40", "d3 by window incident i1 recovered 35"))
	equal(t, tellDeployments(f), lines("d1: 1 changes, baseline", "d2: 1 changes", "d3: 1 changes, failed by explicit, recovered 40",
		"d4: 0 changes, rollback, rework by rollback"))
	if n := f.Days[1]; n.Deployments != 2 || n.Failed != 1 || n.Incidents != 3 || n.Rework != 1 {
		t.Errorf("day: %+v", n)
	}
}

func TestAnOrdinaryFixThatNamesAnIncidentIsRework(t *testing.T) {
	f := foldOf(t, story(releases(1), opened("acme/shop#12", 11), land("fix", 18),
		pullRequestEvent(5, 18, func(p *schemas.PullRequestEvent) { p.MergeSHA, p.Body = sha("fix"), "Resolves: acme/shop#12." }), deploy("d2", "fix", 20)))
	equal(t, tellDeployments(f), lines("d1: 1 changes, baseline, failed by window, recovered 20", "d2: 1 changes, rework by explicit"))
}

func TestWhatWasShippedBeforeAnIncidentIsNoFixOfIt(t *testing.T) {
	f := foldOf(t, story(releases(1), land("fix", 18, message("Fixes #12")), deploy("d2", "fix", 20), opened("acme/shop#12", 21)))
	equal(t, tellDeployments(f), lines("d1: 1 changes, baseline", "d2: 1 changes, failed by window"))
}

func TestADeploymentHasRecoveredWhenAllThatItBrokeIsOver(t *testing.T) {
	for sentence, c := range map[string]struct {
		events []schemas.Event
		want   string
	}{
		"one of two incidents is open":                  {story(opened("i1", 31), opened("i2", 31), resolved("i1", 33)), "failed by window"},
		"both are over, the later counts":               {story(opened("i1", 31), opened("i2", 31), resolved("i1", 33), resolved("i2", 35)), "failed by window, recovered 35"},
		"one is open, but a rollback ended it":          {story(opened("i1", 31), opened("i2", 35), resolved("i1", 33), deploy("d4", "v2", 34)), "failed by rollback, recovered 34"},
		"a fix of one of them does not end the other's": {story(opened("PD-7", 31), opened("PD-8", 31), land("fix", 32, message("Fixes PD-7")), deploy("d4", "fix", 34)), "failed by window"},
	} {
		t.Run(sentence, func(t *testing.T) {
			f := foldOf(t, story(releases(3), c.events))
			if got := tellDeployments(f); !strings.Contains(got, "d3: 1 changes, "+c.want+"\n") && !strings.HasSuffix(got, "d3: 1 changes, "+c.want) {
				t.Errorf("got %s\nwant d3 %s", got, c.want)
			}
		})
	}
	f := foldAll(t, story(releases(3), burns("a", 33), burns("b", 33), burnt("a", 35)))
	if d := f.Deployments[2]; !d.Failed || !d.RecoveredAt.IsZero() {
		t.Errorf("one of two burns is over: %+v", d)
	}
}
