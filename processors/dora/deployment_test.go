package dora

import (
	"testing"

	"github.com/fivekeys/fivekeys/schemas"
)

const (
	started   = schemas.DeploymentStarted
	succeeded = schemas.DeploymentSucceeded
	failed    = schemas.DeploymentFailed
	cancelled = schemas.DeploymentCancelled
)

func TestStatusEventsFoldIntoOneDeployment(t *testing.T) {
	via := func(by schemas.DeployedBy, workflow string) func(*schemas.DeploymentEvent) {
		return func(d *schemas.DeploymentEvent) { d.Via, d.Workflow = by, workflow }
	}
	importedTwice := deploymentEvent("d1", "production", succeeded, "a", 2, func(d *schemas.DeploymentEvent) { d.URL = "https://ci/1" })
	importedTwice.Source = "git"
	for sentence, c := range map[string]struct {
		events            []schemas.Event
		status            schemas.DeploymentStatus
		started, finished string
		count             int
	}{
		"the first success is when it finished": {
			story(deploymentEvent("d1", "production", started, "a", 1), deploymentEvent("d1", "production", succeeded, "a", 2)),
			succeeded, "1", "2", 1,
		},
		"a later success does not move it": {
			story(deploymentEvent("d1", "production", succeeded, "a", 2), deploymentEvent("d1", "production", succeeded, "a", 90)),
			succeeded, "never", "2", 1,
		},
		"a later failure or cancellation does not undo it: GitHub turns what was superseded inactive": {
			story(deploymentEvent("d1", "production", succeeded, "a", 2), deploymentEvent("d1", "production", cancelled, "a", 90),
				deploymentEvent("d1", "production", failed, "a", 91)),
			succeeded, "never", "2", 1,
		},
		"a failed attempt run again under its own id succeeded": {
			story(deploymentEvent("d1", "production", started, "a", 1), deploymentEvent("d1", "production", failed, "a", 2),
				deploymentEvent("d1", "production", started, "a", 3), deploymentEvent("d1", "production", succeeded, "a", 4)),
			succeeded, "1", "4", 1,
		},
		"without a success the latest end is its end": {
			story(deploymentEvent("d1", "production", failed, "a", 2), deploymentEvent("d1", "production", cancelled, "a", 3)),
			cancelled, "never", "3", 1,
		},
		"one that was only started has not finished": {
			story(deploymentEvent("d1", "production", started, "a", 1)), started, "1", "never", 1,
		},
		"an import and a webhook that tell of one id tell of one deployment": {
			story(deploymentEvent("d1", "production", succeeded, "a", 2), importedTwice), succeeded, "never", "2", 1,
		},
		"a signal that does not mean deployed for this service tells of nothing": {
			story(deploymentEvent("d1", "production", succeeded, "a", 2, via(schemas.ByDeployment, "")),
				deploymentEvent("run1", "production", succeeded, "a", 2, via(schemas.ByWorkflowRun, "tests"))),
			succeeded, "never", "2", 1,
		},
		"an id used for several environments is the deployment to production": {
			story(deploymentEvent("d1", "staging", succeeded, "a", 2), deploymentEvent("d1", "production", succeeded, "a", 5)),
			succeeded, "never", "5", 1,
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			f := foldOf(t, c.events)
			if len(f.Deployments) != c.count {
				t.Fatalf("%d deployments, want %d", len(f.Deployments), c.count)
			}
			d := deploymentOf(t, f, "d1")
			if d.Status != c.status || hoursOf(d.StartedAt) != c.started || hoursOf(d.FinishedAt) != c.finished {
				t.Errorf("%s from %s to %s, want %s from %s to %s",
					d.Status, hoursOf(d.StartedAt), hoursOf(d.FinishedAt), c.status, c.started, c.finished)
			}
		})
	}
}

func TestADeploymentsDetailsComeFromTheEarliestEventThatHasThem(t *testing.T) {
	f := foldOf(t, story(
		deploymentEvent("d1", "production", started, "", 1, func(d *schemas.DeploymentEvent) { d.Actor = "ada" }),
		deploymentEvent("d1", "production", succeeded, "a", 2, func(d *schemas.DeploymentEvent) { d.Actor, d.URL = "bot", "https://ci/1" }),
		deploymentEvent("d1", "production", succeeded, "b", 3, func(d *schemas.DeploymentEvent) { d.Version, d.URL = "v1", "https://ci/2" }),
	))
	d := deploymentOf(t, f, "d1")
	if d.SHA != sha("a") || d.Actor != "ada" || d.URL != "https://ci/1" || d.Version != "v1" || d.Team != "acme" {
		t.Errorf("got %+v", d)
	}
	if want := hour(2).Add(1e9); !d.KnownAt.Equal(want) {
		t.Errorf("known at %s, want %s: when its success was learnt", d.KnownAt, want)
	}
}

func TestRedeploysAndRollbacks(t *testing.T) {
	for sentence, c := range map[string]struct {
		events []schemas.Event
		want   string
	}{
		"the live SHA again is a redeploy with no new change and no rollback": {
			story(releases(1), deploy("d2", "v1", 20)),
			lines("d1: 1 changes, baseline", "d2: 0 changes, redeploy"),
		},
		"V1→V2→V1 goes back and marks V2": {
			story(releases(2), deploy("d3", "v1", 30)),
			lines("d1: 1 changes, baseline", "d2: 1 changes, failed by rollback, recovered 30", "d3: 0 changes, rollback, rework by rollback"),
		},
		"V1→V2→V3→V1 marks V2, the first after the target": {
			story(releases(3), deploy("d4", "v1", 40)),
			lines("d1: 1 changes, baseline", "d2: 1 changes, failed by rollback, recovered 40", "d3: 1 changes",
				"d4: 0 changes, rollback, rework by rollback"),
		},
		"V1→V2→V1→V2 ends rolling forward": {
			story(releases(2), deploy("d3", "v1", 30), deploy("d4", "v2", 40)),
			lines("d1: 1 changes, baseline", "d2: 1 changes, failed by rollback, recovered 30", "d3: 0 changes, rollback, rework by rollback",
				"d4: 0 changes, redeploy"),
		},
		"rolling back twice marks what each one undid": {
			story(releases(3), deploy("d4", "v2", 40), deploy("d5", "v1", 50)),
			lines("d1: 1 changes, baseline", "d2: 1 changes, failed by rollback, recovered 50", "d3: 1 changes, failed by rollback, recovered 40",
				"d4: 0 changes, rollback, rework by rollback", "d5: 0 changes, rollback, rework by rollback"),
		},
		"a redeploy after the target does not hide what was undone": {
			story(releases(1), deploy("d1b", "v1", 15), land("v2", 18), deploy("d2", "v2", 20), deploy("d3", "v1", 30)),
			lines("d1: 1 changes, baseline", "d1b: 0 changes, redeploy", "d2: 1 changes, failed by rollback, recovered 30",
				"d3: 0 changes, rollback, rework by rollback"),
		},
		"without a SHA the versions are compared": {
			story(deployVersion("d1", "1.0", 10), deployVersion("d2", "1.1", 20), deployVersion("d3", "1.0", 30)),
			lines("d1: 0 changes, baseline, unresolved", "d2: 0 changes, unresolved, failed by rollback, recovered 30",
				"d3: 0 changes, unresolved, rollback, rework by rollback"),
		},
		"a version stands for the SHA it was deployed with": {
			story(land("v1", 8), deploymentEvent("d1", "production", succeeded, "v1", 10, func(d *schemas.DeploymentEvent) { d.Version = "1.0" }),
				land("v2", 18), deploy("d2", "v2", 20), deployVersion("d3", "1.0", 30)),
			lines("d1: 1 changes, baseline", "d2: 1 changes, failed by rollback, recovered 30",
				"d3: 0 changes, unresolved, rollback, rework by rollback"),
		},
		"deployments that name neither SHA nor version are never the same": {
			story(deploy("d1", "", 10), deploy("d2", "", 20), deploy("d3", "", 30)),
			lines("d1: 0 changes, baseline, unresolved", "d2: 0 changes, unresolved", "d3: 0 changes, unresolved"),
		},
		"one that is only said to go back goes back to what was live before": {
			story(land("v1", 8), deploy("d1", "v1", 10), land("v2", 18), deploy("d2", "v2", 20), deploy("d2b", "v2", 25), wentBack("d3", "", 30)),
			lines("d1: 1 changes, baseline", "d2: 1 changes, failed by rollback, recovered 30", "d2b: 0 changes, redeploy",
				"d3: 0 changes, unresolved, rollback, rework by rollback"),
		},
		"one that is said to go back and says whereto goes there": {
			story(deployVersion("d1", "1.0", 10), deployVersion("d2", "1.1", 20), deployVersion("d3", "1.2", 25), wentBack("d4", "1.0", 30)),
			lines("d1: 0 changes, baseline, unresolved", "d2: 0 changes, unresolved, failed by rollback, recovered 30", "d3: 0 changes, unresolved",
				"d4: 0 changes, unresolved, rollback, rework by rollback"),
		},
		"one that is said to go back where nothing was before undoes nothing": {
			story(wentBack("d1", "", 10), wentBack("d2", "", 20)),
			lines("d1: 0 changes, baseline, unresolved", "d2: 0 changes, unresolved"),
		},
		"a rollback in staging is one and breaks nothing in production": {
			story(land("v1", 1), land("v2", 2), deployTo("staging", "s1", "v1", 10), deployTo("staging", "s2", "v2", 20), deployTo("staging", "s3", "v1", 30)),
			lines("s1: 1 changes, in staging, baseline", "s2: 1 changes, in staging", "s3: 0 changes, in staging, rollback"),
		},
		"production environments are rolled back each by itself": {
			story(land("v1", 1), deployTo("prod-eu", "e1", "v1", 10), deployTo("prod-us", "u1", "v1", 11),
				land("v2", 12), deployTo("prod-eu", "e2", "v2", 20), deployTo("prod-us", "u2", "v2", 21), deployTo("prod-us", "u3", "v1", 30)),
			lines("e1: 1 changes, baseline", "u1: 1 changes, baseline", "e2: 1 changes", "u2: 1 changes, failed by rollback, recovered 30",
				"u3: 0 changes, rollback, rework by rollback"),
		},
		"an environment is one however its name is written": {
			story(land("v1", 1), deployTo("Production", "d1", "v1", 10), land("v2", 12), deployTo("production", "d2", "v2", 20)),
			lines("d1: 1 changes, baseline", "d2: 1 changes"),
		},
		"a failed attempt was never live and is no rollback's business": {
			story(releases(1), land("v2", 18), deploymentEvent("d2", "production", failed, "v2", 20), deploy("d3", "v1", 30)),
			lines("d1: 1 changes, baseline", "d2: 0 changes, failed", "d3: 0 changes, redeploy"),
		},
	} {
		t.Run(sentence, func(t *testing.T) { equal(t, tellDeployments(foldOf(t, c.events)), c.want) })
	}
}

func TestAReleaseTakesItsCommitFromThePushOfItsTag(t *testing.T) {
	by := func(via schemas.DeployedBy, sha string) func(*schemas.DeploymentEvent) {
		return func(d *schemas.DeploymentEvent) { d.Via, d.SHA, d.Version = via, sha, "v2" }
	}
	timeline := timelineOf(t, story(
		land("a", 1), land("b", 2),
		deploymentEvent("v1", "production", succeeded, "a", 3),
		deploymentEvent("v2", "production", succeeded, "", 5, by(schemas.ByRelease, "")),
		deploymentEvent("v2", "production", succeeded, "b", 4, by(schemas.ByTag, sha("b"))),
	))
	rules := schemas.DefaultService()
	rules.Deployed.By = schemas.ByRelease
	equal(t, tellDeployments(timeline.Fold(rules)), lines("v1: 1 changes, baseline", "v2: 1 changes"))
}
