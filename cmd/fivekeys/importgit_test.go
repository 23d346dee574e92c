package main

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/fivekeys/fivekeys/internal/report"
	"github.com/fivekeys/fivekeys/internal/simulation"
	"github.com/fivekeys/fivekeys/internal/testkit/gitrepo"
	"github.com/fivekeys/fivekeys/schemas"
)

// histories are repositories that importers get wrong.
var histories = map[string]func(*gitrepo.Repo){
	"merges bring in branches that began long before": func(r *gitrepo.Repo) {
		r.Commit("main", "A")
		r.Tag("v1.0.0", "main")
		for i := range 6 {
			branch := fmt.Sprint("feature-", i)
			r.Branch(branch, "main")
			r.Authored = r.Now.Add(-time.Duration(i) * 30 * time.Hour)
			r.Commit(branch, "begin")
			r.Commit(branch, "end")
			r.Commit("main", "meanwhile")
			r.Merge("main", "Merge pull request #"+fmt.Sprint(i)+" from ann/"+branch, branch)
			if i%2 == 1 {
				r.AnnotatedTag(fmt.Sprintf("v1.%d.0", i), "main")
			}
		}
	},
	"parallel release branches and one merged back": func(r *gitrepo.Repo) {
		r.Commit("main", "A")
		r.Tag("v1.0.0", "main")
		r.Branch("release-1", "main")
		r.Commit("main", "B")
		r.Tag("v2.0.0", "main")
		r.Commit("release-1", "fix")
		r.AnnotatedTag("v1.0.1", "release-1")
		r.Commit("main", "C")
		r.Merge("main", "back", "release-1")
		r.AnnotatedTag("v2.1.0", "main")
		r.Commit("release-1", "fix2")
		r.Tag("v1.0.2", "release-1")
	},
	"a release branch that takes the default branch into itself": func(r *gitrepo.Repo) {
		r.Commit("main", "A")
		r.Tag("v1.0.0", "main")
		r.Branch("release", "main")
		r.Commit("main", "B")
		r.Tag("v1.1.0", "main")
		r.Commit("main", "C")
		r.Merge("release", "Merge branch 'main' into release", "main")
		r.AnnotatedTag("v1.2.0", "release")
		r.Commit("main", "D")
		r.Tag("v1.3.0", "main")
	},
	"pre-releases and releases of the same commits": func(r *gitrepo.Repo) {
		for i := range 8 {
			r.Commit("main", fmt.Sprint("change ", i))
			r.Tag(fmt.Sprintf("v1.%d.0-rc.1", i), "main")
			if i%3 == 0 {
				r.AnnotatedTag(fmt.Sprintf("v1.%d.0", i), "main")
			}
		}
	},
	"an octopus, a foxtrot and a history merged in from elsewhere": func(r *gitrepo.Repo) {
		r.Commit("main", "A")
		r.Tag("v1.0.0", "main")
		for _, arm := range []string{"x", "y", "z"} {
			r.Branch(arm, "main")
			r.Authored = r.Now.Add(-48 * time.Hour)
			r.Commit(arm, arm)
		}
		r.Merge("main", "octopus", "x", "y", "z")
		r.AnnotatedTag("v1.1.0", "main")
		r.Branch("mine", "main")
		r.Commit("main", "B")
		r.Commit("mine", "m1")
		r.CommitOn("main", "foxtrot", "mine", "main")
		r.Tag("v1.2.0", "main")
		r.Commit("lib", "l1")
		r.Commit("lib", "l2")
		r.Tag("lib-1", "lib")
		r.Merge("main", "vendor", "lib")
		r.Tag("v1.3.0", "main")
	},
	"several tags on one commit, and tags made late on old ones": func(r *gitrepo.Repo) {
		old := r.Commit("main", "A")
		r.Commit("main", "B")
		r.Tag("v1.0.0", "main")
		r.Tag("v1.0.0-eu1", "main")
		r.Tag("v1.0.1", "main")
		r.Commit("main", "C")
		r.Commit("main", "D")
		r.Tag("v1.1.0", "main")
		r.AnnotatedTag("v0.1.0", old)
	},
	"clocks that run backwards and commits from the future": func(r *gitrepo.Repo) {
		r.Commit("main", "A")
		r.Tag("v1.0.0", "main")
		r.Authored = r.Now.Add(72 * time.Hour)
		r.Commit("main", "B")
		r.Commit("main", "C")
		r.Tag("v1.1.0", "main")
		r.Step = -time.Hour
		r.Commit("main", "D")
		r.Commit("main", "E")
		r.Tag("v1.2.0", "main")
	},
}

// TestImportGitGivesWhatGitSays imports tricky and random repositories through
// the command and compares tables and report with git's own plumbing.
func TestImportGitGivesWhatGitSays(t *testing.T) {
	s := startSite(t, schemas.Catalog{}, nil)
	for name, build := range histories {
		t.Run(name, func(t *testing.T) {
			r := gitrepo.New(t)
			build(r)
			s.imports(t, strings.ReplaceAll(name, " ", "-"), r.Path())
		})
	}
	seeds := uint64(6)
	if testing.Short() {
		seeds = 1
	}
	for seed := range seeds {
		name := fmt.Sprint("random-", seed)
		t.Run(name, func(t *testing.T) {
			r := gitrepo.New(t)
			grow(r, rand.New(rand.NewPCG(seed, 99)), 60)
			s.imports(t, name, r.Path())
		})
	}
	t.Run("this clone", func(t *testing.T) {
		figures := gitrepo.PlumbingFigures(t, ".", "")
		if len(figures.Deployments) == 0 {
			t.Skip("it has no tags")
		}
		s.imports(t, "fivekeys", ".")
	})
}

// grow makes branches, merges of every kind and tags in any order.
func grow(r *gitrepo.Repo, c *rand.Rand, commits int) {
	shas, branches := []string{r.Commit("main", "Start")}, []string{"main"}
	branch := func() string { return branches[c.IntN(len(branches))] }
	for tags := 0; len(shas) < commits; {
		r.Step = time.Duration(c.IntN(200)-20) * time.Minute
		if c.IntN(4) == 0 {
			r.Authored = r.Now.Add(-time.Duration(c.IntN(300)-10) * time.Hour)
		}
		on := branch()
		switch k := c.IntN(16); {
		case k < 6:
			shas = append(shas, r.Commit(on, fmt.Sprint("Change ", len(shas))))
		case k < 8:
			name := fmt.Sprint("b", len(branches))
			r.Branch(name, shas[c.IntN(len(shas))])
			branches = append(branches, name)
		case k < 11:
			if other := branch(); r.SHA(other) != r.SHA(on) {
				shas = append(shas, r.Merge(on, "Merge "+other, other))
			}
		default:
			at, name := r.SHA(on), fmt.Sprintf("v1.%d.0", tags)
			if tags++; c.IntN(4) == 0 {
				name += "-rc.1"
			}
			if c.IntN(4) == 0 {
				at = shas[c.IntN(len(shas))]
			}
			if c.IntN(2) == 0 {
				r.Tag(name, at)
			} else {
				r.AnnotatedTag(name, at)
			}
		}
	}
}

// imports runs the command on a clone and compares what came of it.
func (s *site) imports(t *testing.T, service, path string) {
	t.Helper()
	want := gitrepo.PlumbingFigures(t, path, "")
	s.fivekeys(t, "import", "git", path, "--service", service)

	var deployments []struct {
		Environment string    `json:"environment"`
		ID          string    `json:"deployment_id"`
		SHA         string    `json:"sha"`
		At          time.Time `json:"finished_at"`
		Changes     int       `json:"changes"`
		Baseline    bool      `json:"baseline"`
	}
	if err := json.Unmarshal([]byte(s.fivekeys(t, "query", "--format", "json",
		"SELECT environment, deployment_id, sha, finished_at, changes, baseline FROM deployments WHERE service = '"+service+"' ORDER BY finished_at, deployment_id")), &deployments); err != nil {
		t.Fatal(err)
	}
	var wanted, got []string
	for _, d := range want.Deployments {
		wanted = append(wanted, fmt.Sprint(d.Environment, " ", d.Name, " ", d.SHA, " ", d.At.UTC(), " ", len(d.Changes), " ", d.Baseline))
	}
	for _, d := range deployments {
		got = append(got, fmt.Sprint(d.Environment, " ", d.ID, " ", d.SHA, " ", d.At.UTC(), " ", d.Changes, " ", d.Baseline))
	}
	same(t, "imported", []string{"deployments"}, []string{strings.Join(wanted, "\n")}, []string{strings.Join(got, "\n")})

	var r report.Report
	if err := json.Unmarshal([]byte(s.fivekeys(t, "report", "--format", "json", "--service", service, "--since", "2010-01-01")), &r); err != nil {
		t.Fatal(err)
	}
	if n := r.Summary.Metric(report.DeploymentFrequency).Numerator; n == nil || *n != len(want.Of("production")) {
		t.Errorf("the report counts %v deployments, git %d", n, len(want.Of("production")))
	}
	times := want.LeadTimes("production")
	lead := r.Summary.Metric(report.LeadTime)
	if lead.Sample != len(times) {
		t.Errorf("the report has %d lead times, git %d", lead.Sample, len(times))
	}
	spread := report.Spread{P50: math.NaN(), P75: math.NaN(), P90: math.NaN(), P95: math.NaN()}
	if lead.Spread != nil {
		spread = *lead.Spread
	}
	for _, q := range []struct {
		at  float64
		got float64
	}{{.5, spread.P50}, {.75, spread.P75}, {.9, spread.P90}, {.95, spread.P95}} {
		want := simulation.Quantile(times, q.at)
		if math.IsNaN(want) != math.IsNaN(q.got) || math.Abs(want-q.got) > 1e-6*math.Max(1, math.Abs(want)) {
			t.Errorf("the %g quantile of lead times is %g, git says %g of %v", q.at, q.got, want, times)
		}
	}
	// The first deployment ever seen contains years of changes: they have no lead
	// time, and it is in neither side of the batch size. A change whose lead time
	// would be negative is a change all the same.
	size := math.NaN()
	if batch := r.Summary.Metric(report.BatchSize); batch.Value != nil {
		size = *batch.Value
	}
	changes, batches := 0, 0
	for _, d := range want.Of("production") {
		if !d.Baseline {
			changes, batches = changes+len(d.Changes), batches+1
		}
	}
	if counted := float64(changes) / float64(batches); math.IsNaN(size) != math.IsNaN(counted) || math.Abs(size-counted) > 1e-9 {
		t.Errorf("the report's batch size is %g, git has %d changes in %d deployments", size, changes, batches)
	}
}
