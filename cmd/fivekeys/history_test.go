package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/fivekeys/fivekeys/ingest/gitlog"
	"github.com/fivekeys/fivekeys/internal/testkit/gitrepo"
	"github.com/fivekeys/fivekeys/processors/dora"
	"github.com/fivekeys/fivekeys/schemas"
)

// TestRandomHistoriesFoldToWhatGitSays is TestImportGitGivesWhatGitSays without
// the way through the pipeline, so that many more histories can be tried.
func TestRandomHistoriesFoldToWhatGitSays(t *testing.T) {
	histories := uint64(24)
	if testing.Short() {
		histories = 4
	}
	for seed := range histories {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			r := gitrepo.New(t)
			grow(r, rand.New(rand.NewPCG(seed, 3)), 8+2*int(seed))
			want := gitrepo.PlumbingFigures(t, r.Path(), "")
			history, err := gitlog.Read(t.Context(), r.Path(), gitlog.Options{Service: "shop"})
			if err != nil {
				t.Fatal(err)
			}
			timeline := dora.NewTimeline("shop")
			for e, err := range history.Events() {
				if err != nil {
					t.Fatal(err)
				}
				if _, err := timeline.Add(e); err != nil {
					t.Fatal(err)
				}
			}
			facts := timeline.Fold((&schemas.Catalog{}).Service("shop"))
			var wanted, got []string
			for _, d := range want.Deployments {
				wanted = append(wanted, fmt.Sprint(d.Environment, " ", d.Name, " ", len(d.Changes), " ", d.Baseline))
			}
			for _, d := range facts.Deployments {
				got = append(got, fmt.Sprint(d.Environment, " ", d.DeploymentID, " ", d.Changes, " ", d.Baseline))
			}
			slices.Sort(wanted)
			slices.Sort(got)
			same(t, "folded", []string{"deployments"}, []string{strings.Join(wanted, "\n")}, []string{strings.Join(got, "\n")})
			var times []float64
			for _, d := range facts.Days {
				times = append(times, d.LeadTimes...)
			}
			slices.Sort(times)
			if !slices.Equal(times, want.LeadTimes("production")) {
				t.Errorf("lead times are %v, git says %v", times, want.LeadTimes("production"))
			}
			if t.Failed() {
				t.Log("\n" + r.Git("log", "--graph", "--all", "--format=%h %ad %d %s", "--date=iso"))
			}
		})
	}
}
