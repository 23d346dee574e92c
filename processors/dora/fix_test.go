package dora

import (
	"testing"

	"github.com/fivekeys/fivekeys/schemas"
)

// TestFixes: d1 to d3 ship v1 to v3; the fix ships as d4 at 40.
func TestFixes(t *testing.T) {
	reverts := func(name string) func(*schemas.ChangeEvent) {
		return message("Revert \"something\"\n\nThis reverts commit %s.\n", sha(name))
	}
	fix := func(also ...func(*schemas.ChangeEvent)) []schemas.Event {
		return story(land("fix", 38, also...), deploy("d4", "fix", 40))
	}
	ofPullRequest := func(number int, merge, title, branch string, labels ...string) schemas.Event {
		return pullRequestEvent(number, 9, func(p *schemas.PullRequestEvent) {
			p.MergeSHA, p.Title, p.Branch, p.Labels = sha(merge), title, branch, labels
		})
	}
	rest := func(d2, d3, d4 string) string {
		return lines("d1: 1 changes, baseline", "d2: 1 changes"+d2, "d3: 1 changes"+d3, "d4: 1 changes"+d4)
	}
	for sentence, c := range map[string]struct {
		events []schemas.Event
		want   string
	}{
		"a revert marks the deployment that first shipped the reverted change": {
			story(fix(reverts("v2"))), rest(", failed by revert, recovered 40", "", ", rework by revert"),
		},
		"by an abbreviated SHA too": {
			story(fix(message("This reverts commit %s.", sha("v2")[:9]))), rest(", failed by revert, recovered 40", "", ", rework by revert"),
		},
		"a revert of several marks each deployment that shipped one": {
			story(fix(message("This reverts commit %s.\nThis reverts commit %s.", sha("v2"), sha("v3")))),
			rest(", failed by revert, recovered 40", ", failed by revert, recovered 40", ", rework by revert"),
		},
		"the revert of a merge does not take back its other parent": {
			story(fix(message("This reverts commit %s, reversing\nchanges made to %s.", sha("v3"), sha("v2")))),
			rest("", ", failed by revert, recovered 40", ", rework by revert"),
		},
		"a revert of something nobody knows is an ordinary change": {
			story(fix(reverts("unknown"))), rest("", "", ""),
		},
		"GitHub's revert branch names the pull request": {
			story(fix(), ofPullRequest(12, "v2", "Add it", "feature"), ofPullRequest(15, "fix", "Take it back", "revert-12-feature")),
			rest(", failed by revert, recovered 40", "", ", rework by revert"),
		},
		"the revert's title names the title": {
			story(fix(), ofPullRequest(12, "v2", "Add it", "feature"), ofPullRequest(15, "fix", `Revert "Add it"`, "oops")),
			rest(", failed by revert, recovered 40", "", ", rework by revert"),
		},
		"the title of a commit without a pull request, numbered by a squash": {
			story(fix(message(`Revert "v3 (#9)" (#10)`))), rest("", ", failed by revert, recovered 40", ", rework by revert"),
		},
		"a hotfix label marks the deployment before it": {
			story(fix(labels("Hotfix"))), rest("", ", failed by hotfix, recovered 40", ", rework by hotfix"),
		},
		"a hotfix label on its pull request": {
			story(fix(), ofPullRequest(15, "fix", "Quick", "quick", "hotfix")), rest("", ", failed by hotfix, recovered 40", ", rework by hotfix"),
		},
		"a hotfix branch": {
			story(fix(pull(func(p *schemas.PullRequest) { p.Branch = "hotfix/it" }))), rest("", ", failed by hotfix, recovered 40", ", rework by hotfix"),
		},
		"a hotfix that reverts has a target": {
			story(fix(labels("hotfix"), reverts("v2"))), rest(", failed by revert, recovered 40", "", ", rework by revert"),
		},
		"the revert of a revert lands the change again and marks nothing more": {
			story(fix(reverts("v2")), land("again", 48, reverts("fix")), deploy("d5", "again", 50)),
			rest(", failed by revert, recovered 40", "", ", rework by revert") + "\nd5: 1 changes",
		},
		"the revert of what was landed again marks the deployment that landed it": {
			story(fix(reverts("v2")), land("again", 48, reverts("fix")), deploy("d5", "again", 50),
				land("no", 58, reverts("again")), deploy("d6", "no", 60)),
			rest(", failed by revert, recovered 40", "", ", rework by revert") + "\nd5: 1 changes, failed by revert, recovered 60\nd6: 1 changes, rework by revert",
		},
		"a fix that names no incident of ours is an ordinary change": {
			story(fix(message("Fixes #99"))), rest("", "", ""),
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			equal(t, tellDeployments(foldOf(t, story(releases(3), c.events))), c.want)
		})
	}
}

func TestFixesThatBrokeNothing(t *testing.T) {
	for sentence, c := range map[string]struct {
		events []schemas.Event
		want   string
	}{
		"a change and its revert that ship together were never live": {
			story(releases(1), land("bad", 12), land("fix", 13, message("This reverts commit %s.", sha("bad"))), deploy("d2", "fix", 20)),
			lines("d1: 1 changes, baseline", "d2: 2 changes"),
		},
		"hotfixes and reverts of the past say nothing about the baseline": {
			story(land("bad", 1), land("fix", 2, message("This reverts commit %s.", sha("bad"))), land("hot", 3, labels("hotfix")), deploy("d1", "hot", 20)),
			"d1: 3 changes, baseline",
		},
		"a hotfix after a rollback is about what was rolled back, not about the cure": {
			story(releases(2), deploy("d3", "v1", 30), land("hot", 38, labels("hotfix")), deploy("d4", "hot", 40)),
			lines("d1: 1 changes, baseline", "d2: 1 changes, failed by rollback, recovered 30",
				"d3: 0 changes, rollback, rework by rollback", "d4: 1 changes, rework by hotfix"),
		},
		"a hotfix in staging only is no matter of production": {
			story(releases(1), land("hot", 18, labels("hotfix")), deployTo("staging", "s1", "hot", 20)),
			lines("d1: 1 changes, baseline", "s1: 2 changes, in staging, baseline"),
		},
		"a fix brought to every production environment is one failure and rework in each": {
			story(land("a", 1), deployTo("prod-eu", "e1", "a", 2), deployTo("prod-us", "u1", "a", 3), land("b", 4),
				deployTo("prod-eu", "e2", "b", 5), deployTo("prod-us", "u2", "b", 6), land("hot", 7, labels("hotfix")),
				deployTo("prod-eu", "e3", "hot", 8), deployTo("prod-us", "u3", "hot", 9)),
			lines("e1: 1 changes, baseline", "u1: 1 changes, baseline", "e2: 1 changes, failed by hotfix, recovered 8", "u2: 1 changes",
				"e3: 1 changes, rework by hotfix", "u3: 1 changes, rework by hotfix"),
		},
		"where a change and its revert arrive together nothing is mended": {
			story(land("a", 1), deployTo("prod-eu", "e1", "a", 2), deployTo("prod-us", "u1", "a", 3), land("bad", 4),
				deployTo("prod-eu", "e2", "bad", 5), land("fix", 7, message("This reverts commit %s.", sha("bad"))),
				deployTo("prod-eu", "e3", "fix", 8), deployTo("prod-us", "u2", "fix", 9)),
			lines("e1: 1 changes, baseline", "u1: 1 changes, baseline", "e2: 1 changes, failed by revert, recovered 8",
				"e3: 1 changes, rework by revert", "u2: 2 changes"),
		},
	} {
		t.Run(sentence, func(t *testing.T) { equal(t, tellDeployments(foldOf(t, c.events)), c.want) })
	}
}

func TestAMergesRevertIsWhatItBroughtIn(t *testing.T) {
	f := foldOf(t, story(releases(2),
		land("r", 28, pushed("m", 0), message("This reverts commit %s.", sha("v2"))), land("m", 28, pushed("m", 1), message("Merge pull request #7")),
		pullRequestEvent(7, 28, func(p *schemas.PullRequestEvent) { p.MergeSHA, p.HeadSHA, p.CommitCount = sha("m"), sha("r"), 1 }),
		deploy("d3", "m", 30)))
	equal(t, tellDeployments(f), lines("d1: 1 changes, baseline", "d2: 1 changes, failed by revert, recovered 30", "d3: 1 changes, rework by revert"))
}
