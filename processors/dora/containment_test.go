package dora

import (
	"testing"

	"github.com/fivekeys/fivekeys/schemas"
)

func TestADeploymentContains(t *testing.T) {
	abc := story(land("a", 1), land("b", 2), land("c", 3))
	short := func(d *schemas.DeploymentEvent) { d.SHA = d.SHA[:8] }
	for sentence, c := range map[string]struct {
		events      []schemas.Event
		shipped     string
		deployments string
	}{
		"what reached the branch after the deployment before it, up to its own SHA": {
			events:      story(abc, deploy("d1", "a", 4), deploy("d2", "c", 5)),
			shipped:     lines("a: d1 baseline", "b: d2", "c: d2"),
			deployments: lines("d1: 1 changes, baseline", "d2: 2 changes"),
		},
		"not what was merged while it ran": {
			events:      story(abc, deploy("d1", "a", 4), deploy("d2", "b", 5)),
			shipped:     lines("a: d1 baseline", "b: d2", "c: open"),
			deployments: lines("d1: 1 changes, baseline", "d2: 1 changes"),
		},
		"all that was before it, if it is the first ever seen: a baseline": {
			events:      story(abc, deploy("d1", "c", 4)),
			shipped:     lines("a: d1 baseline", "b: d1 baseline", "c: d1 baseline"),
			deployments: "d1: 3 changes, baseline",
		},
		"nothing new if its SHA was live earlier": {
			events:      story(abc, deploy("d1", "a", 4), deploy("d2", "c", 5), deploy("d3", "b", 6)),
			shipped:     lines("a: d1 baseline", "b: d2", "c: d2"),
			deployments: lines("d1: 1 changes, baseline", "d2: 2 changes", "d3: 0 changes"),
		},
		"only what no successful one did: a failed one took nothing": {
			events:      story(abc, deploy("d1", "a", 4), deploymentEvent("d2", "production", failed, "b", 5), deploy("d3", "c", 6)),
			shipped:     lines("a: d1 baseline", "b: d3", "c: d3"),
			deployments: lines("d1: 1 changes, baseline", "d2: 0 changes, failed", "d3: 2 changes"),
		},
		"something nobody can place, if its SHA is unknown, and disturbs no other": {
			events:      story(abc, deploy("d1", "a", 4), deploy("d2", "elsewhere", 5), deploy("d3", "c", 6)),
			shipped:     lines("a: d1 baseline", "b: d3", "c: d3"),
			deployments: lines("d1: 1 changes, baseline", "d2: 0 changes, unresolved", "d3: 2 changes"),
		},
		"the history before it also when the first ever seen can't be placed": {
			events:      story(abc, deploy("d1", "elsewhere", 4), deploy("d2", "b", 5), deploy("d3", "c", 6)),
			shipped:     lines("a: d2 baseline", "b: d2 baseline", "c: d3"),
			deployments: lines("d1: 0 changes, baseline, unresolved", "d2: 2 changes, baseline", "d3: 1 changes"),
		},
		"its changes though its SHA is abbreviated": {
			events:      story(abc, deploy("d1", "a", 4), deploymentEvent("d2", "production", succeeded, "c", 5, short)),
			shipped:     lines("a: d1 baseline", "b: d2", "c: d2"),
			deployments: lines("d1: 1 changes, baseline", "d2: 2 changes"),
		},
		"those pushed together in the order of their push": {
			events: story(land("a", 1), land("z", 2, pushed("m", 0)), land("k", 2, pushed("m", 1)), land("m", 2, pushed("m", 2)),
				deploy("d1", "a", 4), deploy("d2", "k", 5), deploy("d3", "m", 6)),
			shipped:     lines("a: d1 baseline", "k: d2", "m: d3", "z: d2"),
			deployments: lines("d1: 1 changes, baseline", "d2: 2 changes", "d3: 1 changes"),
		},
		"a push's commits of this service, if its SHA is the push's head and touched others": {
			events:      story(land("a", 1), land("b", 2, pushed("foreign head", 0)), land("c", 3), deploy("d1", "a", 4), deploy("d2", "foreign head", 5)),
			shipped:     lines("a: d1 baseline", "b: d2", "c: open"),
			deployments: lines("d1: 1 changes, baseline", "d2: 1 changes"),
		},
		"what no earlier one by time does, in whatever order we learnt of them": {
			events:      story(deploy("d2", "c", 5), abc, deploy("d1", "a", 4)),
			shipped:     lines("a: d1 baseline", "b: d2", "c: d2"),
			deployments: lines("d1: 1 changes, baseline", "d2: 2 changes"),
		},
		"nothing of a commit from another repository": {
			events: story(
				land("a", 1, inRepository("acme/web")), land("x", 2, inRepository("acme/api")), land("b", 3, inRepository("acme/web")),
				deploy("d1", "a", 4), deploy("d2", "b", 5)),
			shipped:     lines("a: d1 baseline", "x: open", "b: d2"),
			deployments: lines("d1: 1 changes, baseline", "d2: 1 changes"),
		},
		"commits that do not say their repository, where there is one only": {
			events: story(land("a", 1), land("b", 2, inRepository("acme/web")), land("c", 3),
				deploy("d1", "a", 4), deploy("d2", "c", 5)),
			shipped:     lines("a: d1 baseline", "b: d2", "c: d2"),
			deployments: lines("d1: 1 changes, baseline", "d2: 2 changes"),
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			f := foldOf(t, c.events)
			equal(t, tellShipped([]string{"a", "b", "c", "k", "m", "z", "x"}, f), c.shipped)
			equal(t, tellDeployments(f), c.deployments)
		})
	}
}

func inRepository(name string) func(*schemas.ChangeEvent) {
	return func(c *schemas.ChangeEvent) { c.Repository = name }
}

// A clone knows parents: tags on several branches, merged back later.
func TestReleaseBranches(t *testing.T) {
	// a───b───m───c      m merges r1, r2
	//  ╲       ╱
	//   r1───r2───r3     released by themselves
	trunk := story(land("a", 1, parents()), land("b", 4, parents("a")),
		land("m", 6, parents("b", "r2"), pull(func(p *schemas.PullRequest) { p.Commits = shas40("r1", "r2") })), land("c", 7, parents("m")))
	branch := story(land("r1", 2, side, parents("a")), land("r2", 3, side, parents("r1")), land("r3", 5, side, parents("r2")))
	for sentence, c := range map[string]struct {
		events  []schemas.Event
		shipped string
	}{
		"a release branch ships its own commits and the trunk the rest, each once": {
			story(trunk, branch, deploy("v1", "a", 8), deploy("v1.1", "r2", 9), deploy("v2", "c", 10)),
			lines("a: v1 baseline", "r1: v1.1", "r2: v1.1", "b: v2", "m: v2", "c: v2"),
		},
		"what the trunk brought in by a merge is not shipped again by the branch": {
			story(trunk, branch, deploy("v1", "a", 8), deploy("v2", "m", 9), deploy("v1.1", "r3", 10)),
			lines("a: v1 baseline", "b: v2", "r3: v1.1", "m: v2", "c: open"),
		},
		"a side branch's commits that were never deployed are no inventory": {
			story(trunk, branch, deploy("v1", "c", 8)),
			lines("a: v1 baseline", "b: v1 baseline", "m: v1 baseline", "c: v1 baseline"),
		},
		"a deployment of a commit that a merge brought in is placed and contains no change": {
			story(trunk, deploy("v1", "a", 8), deploy("x", "r2", 9), deploy("v2", "c", 10)),
			lines("a: v1 baseline", "b: v2", "m: v2", "c: v2"),
		},
		"a tag of the past does not take what an older one by time shipped": {
			story(trunk, deploy("v1", "a", 8), deploy("v3", "c", 9), deploy("v2", "b", 10)),
			lines("a: v1 baseline", "b: v3", "m: v3", "c: v3"),
		},
		"a side branch whose start is unknown ships itself alone": {
			story(land("a", 1), land("b", 2), land("s1", 3, side), deploy("v1", "a", 8), deploy("v1.1", "s1", 9), deploy("v2", "b", 10)),
			lines("a: v1 baseline", "b: v2", "s1: v1.1"),
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			f := foldOf(t, c.events)
			equal(t, tellShipped([]string{"a", "b", "c", "m", "r1", "r2", "r3", "s1"}, f), c.shipped)
			for _, d := range f.Deployments {
				if d.Unresolved {
					t.Errorf("%s is unresolved", d.DeploymentID)
				}
			}
		})
	}
}

func TestAFastForwardedPullRequestIsShippedWhole(t *testing.T) {
	// The pull request lists b1…b3, which are on the branch themselves: its
	// deployment must not hide them from itself.
	listed := pull(func(p *schemas.PullRequest) { p.Commits = shas40("b1", "b2", "b3") })
	f := foldOf(t, story(land("a", 1), land("b1", 2), land("b2", 3), land("b3", 4, listed), deploy("d1", "a", 5), deploy("d2", "b3", 6)))
	equal(t, tellShipped([]string{"a", "b1", "b2", "b3"}, f), lines("a: d1 baseline", "b1: d2", "b2: d2", "b3: d2"))
}

func TestAMergesCommitsAreNoChangesOfTheirOwn(t *testing.T) {
	// An import over the API lists all commits of the branch, also those that
	// came through a merge's second parent.
	f := foldOf(t, story(land("a", 1, parents()), land("b1", 2, parents("a")), land("b2", 3, parents("b1")),
		land("m", 4, parents("a", "b2"), pull(func(p *schemas.PullRequest) { p.Commits = shas40("b1", "b2") })),
		deploy("d1", "a", 5), deploy("d2", "m", 6)))
	equal(t, tellShipped([]string{"a", "b1", "b2", "m"}, f), lines("a: d1 baseline", "m: d2"))
	if c := changeOf(t, f, "m"); hoursOf(c.FirstCommitAt) != "1" {
		t.Errorf("first commit at %s, want 1: the first of what it brought in", hoursOf(c.FirstCommitAt))
	}
}

func TestAChangeCountsForTheFirstProductionEnvironment(t *testing.T) {
	f := foldOf(t, story(land("a", 1), deployTo("prod-eu", "e1", "a", 2), deployTo("prod-us", "u1", "a", 3), land("b", 4),
		deployTo("staging", "s1", "b", 5), deployTo("prod-us", "u2", "b", 6), deployTo("prod-eu", "e2", "b", 9)))
	b := changeOf(t, f, "b")
	if b.DeploymentID != "u2" || hoursOf(b.DeployedAt) != "6" || hoursOf(b.LastDeployedAt) != "9" {
		t.Errorf("live with %s at %s, everywhere at %s", b.DeploymentID, hoursOf(b.DeployedAt), hoursOf(b.LastDeployedAt))
	}
	if b.LeadTime == nil || *b.LeadTime != 3*3600 {
		t.Errorf("lead time %v, want 3 hours", b.LeadTime)
	}
}

func TestParentsThatGoInACircleEnd(t *testing.T) {
	f := foldOf(t, story(land("a", 1, parents("b")), land("b", 2, parents("a")), deploy("d1", "b", 3)))
	equal(t, tellShipped([]string{"a", "b"}, f), lines("a: d1 baseline", "b: d1 baseline"))
}

func TestSHAsAreFound(t *testing.T) {
	full := "abcdef0123456789abcdef0123456789abcdef01"
	s := shas{nodes: map[string]int32{full: 1, "abcdef9999999999999999999999999999999999": 2, "1234567": 3, "release-1": 4}}
	for sentence, c := range map[string]struct {
		sha  string
		node int32
		ok   bool
	}{
		"in full":                                     {full, 1, true},
		"by an abbreviation that fits one":            {"abcdef01", 1, true},
		"not by one that fits two":                    {"abcdef", 0, false},
		"not by fewer than seven characters":          {"abcdef"[:6], 0, false},
		"in full though we know an abbreviation only": {"1234567890123456789012345678901234567890", 3, true},
		"not by a name that another one begins with":  {"release", 0, false},
	} {
		t.Run(sentence, func(t *testing.T) {
			n, ok := s.find(c.sha)
			if ok != c.ok || (ok && n != c.node) {
				t.Errorf("found %d %t, want %d %t", n, ok, c.node, c.ok)
			}
		})
	}
}
