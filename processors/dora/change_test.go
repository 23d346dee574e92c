package dora

import (
	"fmt"
	"testing"
	"time"

	"github.com/fivekeys/fivekeys/schemas"
)

func tellStages(c schemas.Change) string {
	hours := func(s *float64) string {
		if s == nil {
			return "-"
		}
		return fmt.Sprintf("%g", *s/3600)
	}
	s := fmt.Sprintf("first %s, lead %s, coding %s, pickup %s, review %s, deploy %s", hoursOf(c.FirstCommitAt),
		hours(c.LeadTime), hours(c.Coding), hours(c.Pickup), hours(c.Review), hours(c.Deploy))
	if c.Excluded != "" {
		s += ", " + string(c.Excluded)
	}
	return s
}

// TestLeadTime: the change b lands at 20 and is live at 30, in a service whose
// baseline was long before.
func TestLeadTime(t *testing.T) {
	committed := func(h float64) func(*schemas.ChangeEvent) {
		return func(c *schemas.ChangeEvent) { c.CommittedAt = hourp(h) }
	}
	unknown := func(c *schemas.ChangeEvent) { c.CommittedAt = nil }
	merged12 := func(f func(*schemas.PullRequestEvent)) schemas.Event {
		return pullRequestEvent(12, 20, func(p *schemas.PullRequestEvent) { p.MergeSHA = sha("b"); f(p) })
	}
	before := story(land("a", 1), deploy("d1", "a", 2))
	for sentence, c := range map[string]struct {
		events []schemas.Event
		want   string
	}{
		"a trunk commit counts from its own author date": {
			story(land("b", 20, committed(15)), deploy("d2", "b", 30)),
			"first 15, lead 15, coding -, pickup -, review -, deploy 10",
		},
		"a pull request has stages": {
			story(land("b", 20, committed(19)), merged12(func(p *schemas.PullRequestEvent) { p.OpenedAt = hourp(10) }),
				pullRequestEvent(12, 13, func(p *schemas.PullRequestEvent) { p.ReviewedAt = hourp(13) }),
				pullRequestEvent(12, 12, func(p *schemas.PullRequestEvent) { p.ReviewedAt = hourp(12) }), deploy("d2", "b", 30)),
			"first 10, lead 20, coding -, pickup 2, review 8, deploy 10",
		},
		"its first commit is the first one its own event tells of": {
			story(land("b", 20, pull(func(p *schemas.PullRequest) {
				p.Number, p.FirstCommitAt, p.OpenedAt, p.FirstReviewAt = 12, hourp(5), hourp(8), hourp(11)
			})), deploy("d2", "b", 30)),
			"first 5, lead 25, coding 3, pickup 3, review 9, deploy 10",
		},
		"an approval is a review": {
			story(land("b", 20, pull(func(p *schemas.PullRequest) { p.OpenedAt, p.ApprovedAt = hourp(8), hourp(11) })), deploy("d2", "b", 30)),
			"first 8, lead 22, coding -, pickup 3, review 9, deploy 10",
		},
		"merged without a review, it has neither pickup nor review": {
			story(land("b", 20, committed(6)), merged12(func(p *schemas.PullRequestEvent) { p.OpenedAt = hourp(10) }), deploy("d2", "b", 30)),
			"first 6, lead 24, coding 4, pickup -, review -, deploy 10",
		},
		"a stage that would be negative is left out, its lead time is not": {
			story(land("b", 20, committed(6)), merged12(func(p *schemas.PullRequestEvent) { p.OpenedAt = hourp(10) }),
				pullRequestEvent(12, 22, func(p *schemas.PullRequestEvent) { p.ReviewedAt = hourp(22) }), deploy("d2", "b", 30)),
			"first 6, lead 24, coding 4, pickup 12, review -, deploy 10",
		},
		"a squash's date is the merge: work had begun when the pull request was opened": {
			story(land("b", 20, committed(20)), merged12(func(p *schemas.PullRequestEvent) { p.OpenedAt = hourp(3) }), deploy("d2", "b", 30)),
			"first 3, lead 27, coding -, pickup -, review -, deploy 10",
		},
		"the pushes to its branch tell of its first commit": {
			story(branchPushed("", "h1", 5, made("h1", 4)), branchPushed("h1", "h2", 9, made("h2", 8)), land("b", 20, committed(20)),
				merged12(func(p *schemas.PullRequestEvent) { p.HeadSHA, p.OpenedAt = sha("h2"), hourp(6) }), deploy("d2", "b", 30)),
			"first 4, lead 26, coding 2, pickup -, review -, deploy 10",
		},
		"the pushes end where one is unknown": {
			story(branchPushed("h1", "h2", 9, made("h2", 8)), land("b", 20, committed(20)),
				merged12(func(p *schemas.PullRequestEvent) { p.HeadSHA = sha("h2") }), deploy("d2", "b", 30)),
			"first 8, lead 22, coding -, pickup -, review -, deploy 10",
		},
		"pushes that go in a circle end": {
			story(branchPushed("h2", "h1", 5, made("h1", 4)), branchPushed("h1", "h2", 9, made("h2", 8)), land("b", 20, committed(20)),
				merged12(func(p *schemas.PullRequestEvent) { p.HeadSHA = sha("h2") }), deploy("d2", "b", 30)),
			"first 4, lead 26, coding -, pickup -, review -, deploy 10",
		},
		"a long-lived branch's earlier pull request keeps its own commits": {
			story(branchPushed("", "h1", 5, made("h1", 4)), branchPushed("h1", "h2", 15, made("h2", 14)), land("b", 20, committed(20)),
				pullRequestEvent(11, 6, func(p *schemas.PullRequestEvent) { p.HeadSHA, p.MergeSHA = sha("h1"), sha("a") }),
				merged12(func(p *schemas.PullRequestEvent) { p.HeadSHA = sha("h2") }), deploy("d2", "b", 30)),
			"first 14, lead 16, coding -, pickup -, review -, deploy 10",
		},
		"what was merged from the trunk into its branch is not its work": {
			story(branchPushed("", "h1", 15, made("h1", 14)), branchPushed("h1", "h2", 17, made("a", 0.5), made("h2", 16)), land("b", 20, committed(20)),
				merged12(func(p *schemas.PullRequestEvent) { p.HeadSHA = sha("h2") }), deploy("d2", "b", 30)),
			"first 14, lead 16, coding -, pickup -, review -, deploy 10",
		},
		"deployed before its first commit, two clocks disagree": {
			story(land("b", 20, committed(40)), deploy("d2", "b", 30)),
			"first 40, lead -, coding -, pickup -, review -, deploy 10, negative",
		},
		"without any time it has none": {
			story(land("b", 20, unknown), deploy("d2", "b", 30)),
			"first never, lead -, coding -, pickup -, review -, deploy 10, no_commit_time",
		},
		"a time that nobody can have meant is none": {
			story(land("b", 20, unknown, pull(func(p *schemas.PullRequest) { e := hourp(0).AddDate(-56, -2, -1); p.FirstCommitAt = &e })), deploy("d2", "b", 30)),
			"first never, lead -, coding -, pickup -, review -, deploy 10, no_commit_time",
		},
		"merged and not deployed it is open": {
			story(land("b", 20, committed(19))),
			"first 19, lead -, coding -, pickup -, review -, deploy -, not_deployed",
		},
		"deployed to staging only it is open": {
			story(land("b", 20, committed(19)), deployTo("staging", "s1", "b", 25)),
			"first 19, lead -, coding -, pickup -, review -, deploy -, not_deployed",
		},
		"several events of one commit merge": {
			story(land("b", 22, committed(19)), land("b", 20, committed(20)), land("b", 21, unknown), deploy("d2", "b", 30)),
			"first 19, lead 11, coding -, pickup -, review -, deploy 10",
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			f := foldOf(t, story(before, c.events))
			equal(t, tellStages(changeOf(t, f, "b")), c.want)
		})
	}
	t.Run("the first deployment ever seen gives no lead times", func(t *testing.T) {
		equal(t, tellStages(changeOf(t, foldOf(t, before), "a")), "first 0, lead -, coding -, pickup -, review -, deploy -, baseline")
	})
}

// TestPullRequestsAreJoined: a push arrives at 20 with the pull request 12's
// merge at its head.
func TestPullRequestsAreJoined(t *testing.T) {
	before := story(land("a", 1), deploy("d1", "a", 2))
	merged := func(number int, merge, head string, commits int) schemas.Event {
		return pullRequestEvent(number, 20, func(p *schemas.PullRequestEvent) {
			p.MergeSHA, p.HeadSHA, p.CommitCount, p.Title, p.OpenedAt = sha(merge), sha(head), commits, fmt.Sprintf("PR %d", number), hourp(19.5)
		})
	}
	// Each commit was made an hour before the one after it.
	pushOf := func(head string, names ...string) []schemas.Event {
		var events []schemas.Event
		for i, n := range names {
			made := hourp(float64(10 + i))
			events = append(events, land(n, 20, pushed(head, i), func(c *schemas.ChangeEvent) { c.CommittedAt = made }))
		}
		return events
	}
	for sentence, c := range map[string]struct {
		events []schemas.Event
		want   string
	}{
		"a merge commit brings its branch's commits in: one change, from the first of them": {
			story(pushOf("m", "b1", "b2", "m"), merged(12, "m", "b2", 2), deploy("d2", "m", 30)),
			"m #12 first 10 d2",
		},
		"a merge commit takes no more than its pull request held": {
			story(pushOf("m", "x", "b1", "b2", "m"), merged(12, "m", "b2", 2), deploy("d2", "m", 30)),
			lines("m #12 first 11 d2", "x #0 first 10 d2"),
		},
		"a merge commit whose count is unknown takes the head of its branch alone": {
			story(pushOf("m", "b1", "b2", "m"), merged(12, "m", "b2", 0), deploy("d2", "m", 30)),
			lines("b1 #0 first 10 d2", "m #12 first 11 d2"),
		},
		"a rebase brings changes of their own, all of the pull request": {
			story(pushOf("r2", "r1", "r2"), merged(12, "r2", "b2", 2), deploy("d2", "r2", 30)),
			lines("r1 #12 first 10 d2", "r2 #12 first 11 d2"),
		},
		"a fast-forward is a rebase that changed nothing": {
			story(pushOf("b2", "b1", "b2"), merged(12, "b2", "b2", 2), deploy("d2", "b2", 30)),
			lines("b1 #12 first 10 d2", "b2 #12 first 11 d2"),
		},
		"a squash is one change however many commits it was made of": {
			story(pushOf("s", "s"), merged(12, "s", "b5", 5), deploy("d2", "s", 30)),
			"s #12 first 10 d2",
		},
		"a merge queue's pull requests do not take each other's": {
			story(pushOf("s2", "s1", "s2"), merged(12, "s1", "b5", 5), merged(13, "s2", "c3", 3), deploy("d2", "s2", 30)),
			lines("s1 #12 first 10 d2", "s2 #13 first 11 d2"),
		},
		"two merge commits pushed together bring in their own": {
			story(pushOf("m2", "b1", "m1", "c1", "m2"), merged(12, "m1", "b1", 3), merged(13, "m2", "c1", 3), deploy("d2", "m2", 30)),
			lines("m1 #12 first 10 d2", "m2 #13 first 12 d2"),
		},
		"a commit pushed to the trunk without one stays without": {
			story(pushOf("t2", "t1", "t2"), deploy("d2", "t2", 30)),
			lines("t1 #0 first 10 d2", "t2 #0 first 11 d2"),
		},
		"a deployment of a commit that was brought in is placed and contains no change": {
			story(pushOf("m", "b1", "b2", "m"), merged(12, "m", "b2", 2), deploy("d2", "b2", 30), deploy("d3", "m", 31)),
			"m #12 first 10 d3",
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			f := foldOf(t, story(before, c.events))
			names := map[string]string{}
			for _, n := range []string{"a", "b1", "b2", "m", "x", "r1", "r2", "s", "s1", "s2", "m1", "m2", "c1", "t1", "t2"} {
				names[sha(n)] = n
			}
			got := tell(f.Changes, func(c schemas.Change) (at time.Time, s string) {
				return at, fmt.Sprintf("%s #%d first %s %s", names[c.SHA], c.PullRequest, hoursOf(c.FirstCommitAt), c.DeploymentID)
			})
			equal(t, got, lines("a #0 first 0 d1", c.want))
		})
	}
}

func TestAPullRequestsEventsMerge(t *testing.T) {
	tell12 := func(h float64, f func(*schemas.PullRequestEvent)) schemas.Event { return pullRequestEvent(12, h, f) }
	f := foldOf(t, story(land("b", 20, message("Merge")),
		tell12(1, func(p *schemas.PullRequestEvent) {
			p.Title, p.OpenedAt, p.Labels, p.Author = "First title", hourp(1), []string{"hotfix"}, "ada"
		}),
		tell12(5, func(p *schemas.PullRequestEvent) { p.Title, p.OpenedAt = "Second title", hourp(1) }),
		tell12(6, func(p *schemas.PullRequestEvent) { p.ReviewedAt = hourp(6) }),
		tell12(20, func(p *schemas.PullRequestEvent) { p.MergeSHA = sha("b") }),
		deploy("d1", "a", 0.5), land("a", 0.2), deploy("d2", "b", 30)))
	c := changeOf(t, f, "b")
	if c.Title != "Second title" || c.Author != "ada" || c.PullRequest != 12 || hoursOf(c.FirstReviewAt) != "6" {
		t.Errorf("got %+v", c)
	}
	if deploymentOf(t, f, "d2").Rework {
		t.Error("a label that was taken off still makes a hotfix")
	}
}
