package dora

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/fivekeys/fivekeys/schemas"
)

func eachSeed(t *testing.T, n uint64, check func(t *testing.T, seed uint64, r *rand.Rand)) {
	t.Helper()
	if testing.Short() {
		n /= 10
	}
	for seed := range n {
		check(t, seed, rand.New(rand.NewPCG(seed, 2)))
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// everyRule has every method of attribution at work.
func everyRule() schemas.Service {
	rules := rulesOf(shop)
	rules.BurnAttribution = new(true)
	return rules
}

func foldAll(t *testing.T, events []schemas.Event) schemas.Facts {
	t.Helper()
	return timelineOf(t, events).Fold(everyRule())
}

func TestAnyOrderAnyRepetitionAnySplittingGivesTheSameFacts(t *testing.T) {
	eachSeed(t, 150, func(t *testing.T, seed uint64, r *rand.Rand) {
		events := generate(seed, 20+r.IntN(150))
		want := asJSON(t, foldAll(t, events))
		for range 3 {
			shuffled := slices.Clone(events)
			for range r.IntN(30) {
				shuffled = append(shuffled, events[r.IntN(len(events))])
			}
			r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
			timeline := NewTimeline(shop)
			for _, e := range shuffled {
				if _, err := timeline.Add(e); err != nil {
					t.Fatal(err)
				}
				if r.IntN(40) == 0 {
					timeline.Fold(everyRule()) // in between, as batches come
				}
			}
			if got := asJSON(t, timeline.Fold(everyRule())); got != want {
				t.Errorf("another order gives other facts\n%s\nwant\n%s", got, want)
				return
			}
		}
	})
}

func TestThePastIsTheFoldOfWhatWasKnown(t *testing.T) {
	eachSeed(t, 100, func(t *testing.T, seed uint64, r *rand.Rand) {
		events := generate(seed, 20+r.IntN(100))
		at := events[r.IntN(len(events))].KnownAt
		var known []schemas.Event
		for _, e := range events {
			if !e.KnownAt.After(at) {
				known = append(known, e)
			}
		}
		then := timelineOf(t, events).AsOf(at).Fold(everyRule())
		equal(t, asJSON(t, then), asJSON(t, foldAll(t, known)))
		for _, d := range then.Deployments {
			if d.KnownAt.After(at) {
				t.Errorf("%s was known at %s", d.DeploymentID, d.KnownAt)
			}
		}
	})
}

func TestFactsAgreeWithEachOther(t *testing.T) {
	eachSeed(t, 150, func(t *testing.T, seed uint64, r *rand.Rand) {
		f := foldAll(t, generate(seed, 20+r.IntN(150)))
		deployments := map[string]schemas.Deployment{}
		count := schemas.Day{}
		for _, d := range f.Deployments {
			deployments[d.DeploymentID] = d
			counted := d.Production && d.Status == succeeded
			if (d.Failed || d.Rework) && !counted {
				t.Errorf("%s failed or is rework and is not counted: %+v", d.DeploymentID, d)
			}
			if counted {
				count.Deployments++
			}
			if d.Failed {
				count.Failed++
			}
			if !d.RecoveredAt.IsZero() && (!d.Failed || d.RecoveredAt.Before(d.FinishedAt)) {
				t.Errorf("%s recovered at %s: %+v", d.DeploymentID, d.RecoveredAt, d)
			}
		}
		failing := map[string]bool{}
		for _, x := range f.Failures {
			if x.Method == schemas.MethodBurn && deployments[x.DeploymentID].FailureMethod != schemas.MethodBurn {
				t.Errorf("a burn blames what failed anyway: %+v", x)
			}
			d := deployments[x.DeploymentID]
			failing[x.DeploymentID] = true
			if !d.Failed || strength(d.FailureMethod) > strength(x.Method) || !x.FailedAt.Equal(d.FinishedAt) {
				t.Errorf("failure %+v of %+v", x, d)
			}
		}
		if len(failing) != count.Failed {
			t.Errorf("%d deployments failed, %d have failures", count.Failed, len(failing))
		}
		contained := map[string]int{}
		for _, c := range f.Changes {
			if d, ok := deployments[c.DeploymentID]; ok {
				contained[c.DeploymentID]++
				if !d.Production || !c.DeployedAt.Equal(d.FinishedAt) || c.LastDeployedAt.Before(c.DeployedAt) {
					t.Errorf("change %+v of %+v", c, d)
				}
			}
			if (c.LeadTime == nil) == (c.Excluded == "") {
				t.Errorf("change %+v", c)
			}
		}
		for id, n := range contained {
			if n > deployments[id].Changes {
				t.Errorf("%s has %d changes, contains %d", id, n, deployments[id].Changes)
			}
		}
		changes := 0
		var days schemas.Day
		for _, d := range f.Days {
			days.Deployments += d.Deployments
			days.Failed += d.Failed
			changes += d.Changes
			if d.Failed != len(d.Recoveries)+d.Unrecovered || d.Changes != len(d.LeadTimes)+d.Excluded || d.Failed > d.Deployments {
				t.Errorf("day %+v", d)
			}
		}
		if days.Deployments != count.Deployments || days.Failed != count.Failed {
			t.Errorf("days count %d deployments, %d failed; there are %d, %d", days.Deployments, days.Failed, count.Deployments, count.Failed)
		}
	})
}

// graphModel is a history known in full, and what its deployments contain by
// the definition, with sets and without any cleverness.
type graphModel struct {
	parent  map[string]string
	brought map[string][]string
	events  []schemas.Event
	trunk   []string
	all     []string
}

func (m *graphModel) reach(commit string) map[string]bool {
	reached := map[string]bool{}
	for c := commit; c != ""; c = m.parent[c] {
		reached[c] = true
		for _, b := range m.brought[c] {
			reached[b] = true
		}
	}
	return reached
}

// newGraphModel grows a trunk with merges and release branches. Either a clone
// tells of it, with parents, or webhooks, without.
func newGraphModel(r *rand.Rand) *graphModel {
	m := &graphModel{parent: map[string]string{}, brought: map[string][]string{}}
	webhooks := r.IntN(2) == 0
	name := func() string { return "g" + string(rune('A'+len(m.all)/26)) + string(rune('a'+len(m.all)%26)) }
	at := 1.0
	last := ""
	for range 5 + r.IntN(40) {
		c := name()
		m.all = append(m.all, c)
		var also []func(*schemas.ChangeEvent)
		switch {
		case !webhooks && r.IntN(4) == 0 && last != "":
			// A release branch's commit, from anywhere.
			from := m.all[r.IntN(len(m.all)-1)]
			m.parent[c] = from
			m.events = append(m.events, land(c, at, side, parents(from)))
			continue
		case r.IntN(4) == 0 && last != "":
			// A merge: of new commits, and perhaps of a release branch's.
			listed := []string{c + "1", c + "2"}
			if other := m.all[r.IntN(len(m.all))]; m.parent[other] != "" && !webhooks && !slices.Contains(m.trunk, other) && other != c {
				listed = append(listed, other)
			}
			m.brought[c] = listed
			m.all = append(m.all, c+"1", c+"2")
			also = append(also, pull(func(p *schemas.PullRequest) { p.Commits = shas40(listed...) }))
			if !webhooks {
				also = append(also, parents(last, c+"2"))
			}
		case !webhooks && last != "":
			also = append(also, parents(last))
		}
		if r.IntN(3) > 0 {
			at++
		}
		m.parent[c] = last
		also = append(also, func(e *schemas.ChangeEvent) { e.Position = len(m.trunk) })
		m.events = append(m.events, land(c, at, also...))
		m.trunk = append(m.trunk, c)
		last = c
	}
	return m
}

func TestContainmentIsWhatItsDefinitionSays(t *testing.T) {
	eachSeed(t, 500, func(t *testing.T, _ uint64, r *rand.Rand) {
		m := newGraphModel(r)
		type placed struct {
			id, environment, commit string
			at                      float64
		}
		var all []placed
		for i := range 1 + r.IntN(15) {
			all = append(all, placed{
				id: "d" + string(rune('a'+i)), environment: []string{"production", "prod-eu", "staging"}[r.IntN(3)],
				commit: m.all[r.IntN(len(m.all))], at: float64(100 + r.IntN(10)),
			})
		}
		events := m.events
		for _, d := range all {
			events = append(events, deployTo(d.environment, d.id, d.commit, d.at))
		}
		f := foldOf(t, events)

		slices.SortFunc(all, func(a, b placed) int {
			if a.at != b.at {
				return int(a.at - b.at)
			}
			return int(a.id[1]) - int(b.id[1])
		})
		isChange := map[string]bool{}
		for _, e := range m.events {
			p, _ := e.Payload()
			isChange[p.(*schemas.ChangeEvent).SHA] = true
		}
		first := map[string]string{}
		for i, d := range all {
			var contains []string
		walk:
			for c := d.commit; c != ""; c = m.parent[c] {
				for _, earlier := range all[:i] {
					if earlier.environment == d.environment && m.reach(earlier.commit)[c] {
						break walk
					}
				}
				if isChange[sha(c)] {
					contains = append(contains, c)
				}
			}
			if got := deploymentOf(t, f, d.id); got.Changes != len(contains) || got.Unresolved {
				t.Errorf("%s of %s contains %d, want %v (%+v)", d.id, d.commit, got.Changes, contains, got)
			}
			for _, c := range contains {
				if d.environment != "staging" && first[sha(c)] == "" {
					first[sha(c)] = d.id
				}
			}
		}
		for _, c := range f.Changes {
			if c.DeploymentID != first[c.SHA] {
				t.Errorf("change %s is live with %q, want %q", c.SHA, c.DeploymentID, first[c.SHA])
			}
			delete(first, c.SHA)
		}
		if len(first) > 0 {
			t.Errorf("missing changes %v", first)
		}
	})
}

// A rebuild must fold a hundred thousand events a second on two cores; this
// holds only that nothing in the fold grows with the square of the history.
func TestAHistoryOfManyEnvironmentsAndPullRequestsFolds(t *testing.T) {
	events := benchmarkEvents(20_000)
	timeline := timelineOf(t, events)
	if f := timeline.Fold(rulesOf(shop)); len(f.Days) == 0 || len(f.Changes) == 0 || len(f.Failures) == 0 {
		t.Errorf("%d days, %d changes, %d failures", len(f.Days), len(f.Changes), len(f.Failures))
	}
}
