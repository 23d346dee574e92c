package dora

import (
	"testing"
	"time"

	"github.com/fivekeys/fivekeys/schemas"
)

func TestFiguresRestOnWhatWasKnown(t *testing.T) {
	never := -1.0
	hotfix := func(c *schemas.ChangeEvent) { c.Labels = []string{"hotfix"} }
	for sentence, c := range map[string]struct {
		events                             []schemas.Event
		since, deployed, changes, failures float64
	}{
		"a service is known since its first event":                       {story(land("a", 5), deploy("d1", "a", 7)), 5, 7, 5, never},
		"a deployment elsewhere makes it known, but not deployed":        {story(deployTo("staging", "s1", "a", 3), land("a", 2)), 2, never, 2, never},
		"deployments of unknown commits leave open changes unknown":      {story(land("a", 2), deployVersion("d1", "1.0", 4), deploy("d2", "elsewhere", 5)), 2, 4, never, never},
		"one placed deployment is enough to know what is open":           {story(land("a", 2), deployVersion("d1", "1.0", 4), deploy("d2", "a", 5)), 2, 4, 2, never},
		"no change was ever told of":                                     {story(deployVersion("d1", "1.0", 4)), 4, 4, never, never},
		"an incident is a sign that failures are told":                   {story(land("a", 2), deploy("d1", "a", 4), opened("i1", 90)), 2, 4, 2, 90},
		"an incident of staging is none":                                 {story(land("a", 2), deploy("d1", "a", 4), opened("i1", 90, in("staging"))), 2, 4, 2, never},
		"a rollback is one":                                              {story(land("a", 2), deploy("d1", "a", 4), land("b", 5), deploy("d2", "b", 6), deploy("d3", "a", 8)), 2, 4, 2, 6},
		"the label of a hotfix is one, also of one that is not live yet": {story(land("a", 2), deploy("d1", "a", 4), land("b", 9, hotfix)), 2, 4, 2, 9},
		"a burn that nobody asked to blame is neither":                   {story(burns("a1", 3), land("a", 5)), 5, never, 5, never},
	} {
		t.Run(sentence, func(t *testing.T) {
			at := func(h float64) time.Time {
				if h == never {
					return time.Time{}
				}
				return hour(h)
			}
			want := schemas.Knowledge{Service: shop, Team: "acme", Since: at(c.since), Deployed: at(c.deployed), Changes: at(c.changes), FailureSignal: at(c.failures)}
			equal(t, asJSON(t, foldOf(t, c.events).Known), asJSON(t, []schemas.Knowledge{want}))
		})
	}
	if known := foldOf(t, nil).Known; known != nil {
		t.Errorf("of no event at all: %+v", known)
	}
}

func TestABatchIsOfADeploymentWhoseContentsAreKnown(t *testing.T) {
	f := foldOf(t, story(
		land("a", 1), land("b", 2), deploy("baseline", "b", 3),
		land("c", 4), land("d", 5), deploy("two changes", "d", 6), deploy("the same again", "d", 7), deploy("unresolved", "elsewhere", 8),
	))
	if d := f.Days[0]; d.Deployments != 4 || d.Batches != 2 || d.BatchChanges != 2 {
		t.Errorf("got %+v, want 2 changes in the 2 deployments whose contents are known", d)
	}
}
