package simulation

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/fivekeys/fivekeys/schemas"
)

// manySeeds is how many organisations the properties are checked in.
const manySeeds = 12

// plan is Generate without the payloads, which most properties do not need.
func plan(c Config) (*story, Expected) {
	st := newStory(c.withDefaults())
	st.plan()
	st.settle()
	return st, st.expected()
}

func TestEqualSeedsGiveEqualBytes(t *testing.T) {
	a, b := Generate(Config{Seed: 7, Days: 30}), Generate(Config{Seed: 7, Days: 30})
	other := Generate(Config{Seed: 8, Days: 30})
	if len(a.Deliveries) != len(b.Deliveries) {
		t.Fatalf("the same seed gave %d and %d deliveries", len(a.Deliveries), len(b.Deliveries))
	}
	for i, d := range a.Deliveries {
		e := b.Deliveries[i]
		if d.Event != e.Event || d.GUID != e.GUID || !d.At.Equal(e.At) || !bytes.Equal(d.Body, e.Body) {
			t.Fatalf("delivery %d differs between two runs of one seed: %s %s, %s %s", i, d.Event, d.GUID, e.Event, e.GUID)
		}
	}
	if len(a.Deliveries) == len(other.Deliveries) && bytes.Equal(a.Deliveries[10].Body, other.Deliveries[10].Body) {
		t.Error("another seed gave the same deliveries")
	}
}

func TestDeliveriesAreInOrderUniqueAndBeforeTheEnd(t *testing.T) {
	s := Generate(Config{Seed: 5, Days: 45})
	guids := map[string]bool{}
	for i, d := range s.Deliveries {
		if i > 0 && d.At.Before(s.Deliveries[i-1].At) {
			t.Errorf("delivery %d is earlier than the one before it", i)
		}
		if guids[d.GUID] {
			t.Errorf("GUID %s twice", d.GUID)
		}
		guids[d.GUID] = true
		if !d.At.Before(s.Expected.Full.To) {
			t.Errorf("%s %s is sent at %s, after the end", d.Event, d.GUID, d.At)
		}
	}
	shuffled := s.Shuffled(1)
	if len(shuffled) <= len(s.Deliveries) {
		t.Errorf("shuffled: %d deliveries of %d, want some twice", len(shuffled), len(s.Deliveries))
	}
	seen := map[string]bool{}
	for _, d := range shuffled {
		seen[d.GUID] = true
	}
	if len(seen) != len(guids) {
		t.Errorf("shuffled: %d different deliveries of %d", len(seen), len(guids))
	}
}

func TestTheDemonstrationHasEverythingToShow(t *testing.T) {
	for seed := range uint64(10) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			st, e := plan(Config{Seed: seed})
			methods, incidents := map[schemas.FailureMethod]int{}, map[schemas.FailureMethod]int{}
			signals, styles := map[schemas.DeployedBy]bool{}, map[mergeStyle]bool{}
			var redeploys, unfinished, foreign, forks, reopened int
			for _, d := range e.Deployments {
				methods[d.Method]++
				if d.Redeploy && !d.Rollback {
					redeploys++
				}
				if !d.Succeeded {
					unfinished++
				}
			}
			for _, in := range e.Incidents {
				incidents[in.Method]++
			}
			for _, s := range st.services {
				signals[s.signal] = true
				for _, in := range s.incidents {
					if slices.ContainsFunc(in.moves, func(m issueMove) bool { return m.action == "reopened" }) {
						reopened++
					}
				}
				for _, c := range s.changes {
					if len(c.services) > 1 {
						foreign++
					}
				}
			}
			for _, r := range st.repositories {
				if len(r.pullRequests) > 0 || r.style == trunk {
					styles[r.style] = true
				}
				for _, pr := range r.pullRequests {
					if pr.fork {
						forks++
					}
				}
			}
			for _, m := range strength {
				if methods[m] == 0 || incidents[m] == 0 {
					t.Errorf("%s: %d failures, %d incidents; want both", m, methods[m], incidents[m])
				}
			}
			for what, n := range map[string]int{
				"unattributed incidents": incidents[schemas.MethodUnattributed], "open incidents": e.Full.Organisation.OpenIncidents,
				"unrecovered deployments": e.Full.Organisation.Unrecovered, "open changes": e.Full.Organisation.OpenChanges,
				"redeploys": redeploys, "unsuccessful attempts": unfinished, "changes of two services": foreign, "forks": forks,
				"reopened incidents": reopened, "ways to deploy": len(signals) - 4, "styles of merging": len(styles) - 3,
			} {
				if n <= 0 {
					t.Errorf("no %s", what)
				}
			}
		})
	}
}

func TestTeamsDifferVisibly(t *testing.T) {
	for seed := range uint64(10) {
		_, e := plan(Config{Seed: seed})
		best, middle, weakest := e.Full.Teams["web"], e.Full.Teams["orders"], e.Full.Teams["core"]
		hours := func(f Figures) float64 { return f.LeadTime.P50 / 3600 }
		if !(hours(best) < 24 && hours(middle) > 24 && hours(middle) < 168 && hours(weakest) > 30*24) {
			t.Errorf("seed %d: median lead times %.0f h, %.0f h, %.0f h lie in other bands", seed, hours(best), hours(middle), hours(weakest))
		}
		if !(best.FailRate <= 0.05 && middle.FailRate > best.FailRate && middle.FailRate <= 0.15 && weakest.FailRate > 0.15) {
			t.Errorf("seed %d: fail rates %.3f, %.3f, %.3f lie in other bands", seed, best.FailRate, middle.FailRate, weakest.FailRate)
		}
		if !(best.Recovery.P50 < 3600 && middle.Recovery.P50 < 48*3600 && weakest.Recovery.P50 > 7*24*3600) {
			t.Errorf("seed %d: recoveries %.0f s, %.0f s, %.0f s lie in other bands", seed, best.Recovery.P50, middle.Recovery.P50, weakest.Recovery.P50)
		}
	}
}

// TestThePlanIsUnambiguous looks at every failure and incident from outside:
// nothing else may be near that could be blamed as well.
func TestThePlanIsUnambiguous(t *testing.T) {
	configs := []Config{}
	for seed := range uint64(manySeeds) {
		configs = append(configs,
			Config{Seed: seed},
			Config{Seed: seed, Days: 21, Services: 5, Teams: 2}, Config{Seed: seed, Services: 20, Teams: 6},
		)
	}
	for _, c := range configs {
		st, e := plan(c)
		for _, s := range st.services {
			for _, complaint := range ambiguities(s, e.Full.From, e.Full.To) {
				t.Errorf("%+v %s: %s", c, s.name, complaint)
			}
		}
	}
}

func ambiguities(s *service, start, end time.Time) (out []string) {
	live := s.live()
	complain := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	for i, d := range live {
		switch {
		case d.finishedAt.Before(start) || !d.finishedAt.Before(end):
			complain("%s finished outside the story", d.identifier())
		case d.startedAt.After(d.finishedAt) || d.createdAt.After(d.startedAt):
			complain("%s is not created, started and finished in this order", d.identifier())
		case d.ref().at.After(d.createdAt):
			complain("%s deploys what was pushed later", d.identifier())
		case d.ref() == d.head && s.signal == schemas.ByPush && !d.finishedAt.Equal(d.head.at):
			complain("%s is a push and finished at another time", d.identifier())
		case i > 0 && !live[i-1].finishedAt.Before(d.finishedAt):
			complain("%s finished together with another", d.identifier())
		case d.kind == planned && !d.baseline && d.changes == 0:
			complain("%s contains nothing", d.identifier())
		case len(d.failures) > 0 && !d.recoveredAt.IsZero() && !d.recoveredAt.After(d.finishedAt):
			complain("%s recovered before it failed", d.identifier())
		}
	}
	for _, in := range s.incidents {
		latest := lastBefore(live, in.openedAt)
		switch in.method {
		case schemas.MethodWindow:
			if latest != in.broke || in.openedAt.Sub(latest.finishedAt) > 24*time.Hour {
				complain("incident at %s: not the last deployment is blamed", in.openedAt)
			}
		case schemas.MethodUnattributed:
			if latest != nil && in.openedAt.Sub(latest.finishedAt) <= 24*time.Hour {
				complain("incident at %s: a deployment could be blamed", in.openedAt)
			}
		case schemas.MethodExplicit, schemas.MethodRollback, schemas.MethodRevert, schemas.MethodHotfix:
			if !in.broke.finishedAt.Before(in.openedAt) {
				complain("incident at %s is older than what broke", in.openedAt)
			}
		}
		for _, d := range live {
			open := !d.finishedAt.Before(in.openedAt) && (in.resolvedAt.IsZero() || !d.finishedAt.After(in.resolvedAt))
			if !open || d.finishedAt.Sub(in.openedAt) > 24*time.Hour || !claims(d) {
				continue
			}
			if in.method == schemas.MethodWindow || in.method == schemas.MethodUnattributed {
				complain("incident at %s (%s): %s finished while it was open and could claim it", in.openedAt, in.method, d.identifier())
			}
		}
		for i, m := range in.moves {
			if m.at.Before(in.openedAt) || i > 0 && m.at.Before(in.moves[i-1].at) {
				complain("incident at %s: its history runs backwards", in.openedAt)
			}
		}
	}
	for _, c := range s.changes {
		if c.firstCommitAt.After(c.mergedAt) || c.pr != nil && (c.firstCommitAt.After(c.pr.openedAt) || c.pr.openedAt.After(c.mergedAt)) ||
			c.pr != nil && !c.pr.firstReviewAt.IsZero() && (c.pr.openedAt.After(c.pr.firstReviewAt) || c.pr.firstReviewAt.After(c.mergedAt)) {
			complain("change %s: its stages run backwards", c.commit.sha)
		}
		if c.commit.kind == plainCommit && c.pr == nil && s.style != trunk && c.commit.reverts != nil {
			complain("change %s reverts without a pull request", c.commit.sha)
		}
		if c.commit.reverts != nil && c.commit.reverts.shipped[s.name] == nil {
			complain("change %s reverts what was never deployed", c.commit.sha)
		}
	}
	return out
}

// claims says whether a deployment would take an open incident for itself: a
// rollback, a revert or a hotfix.
func claims(d *deployment) bool {
	if d.kind != mended {
		return d.kind == rolledBack
	}
	c := d.head.head().change
	return c.commit.reverts != nil || c.pr != nil && (c.pr.reverts != nil || c.pr.hotfixBranch || slices.Contains(c.pr.labels, "hotfix"))
}

func lastBefore(live []*deployment, t time.Time) (last *deployment) {
	for _, d := range live {
		if d.finishedAt.Before(t) {
			last = d
		}
	}
	return last
}
