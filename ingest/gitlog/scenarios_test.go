package gitlog_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fivekeys/fivekeys/ingest/gitlog"
	"github.com/fivekeys/fivekeys/internal/testkit/gitrepo"
)

// scenario is a repository and what its deployments contain, written down by
// hand: "name: subjects of its changes, newest first". Git's plumbing is asked
// besides.
type scenario struct {
	name  string
	build func(r *gitrepo.Repo)
	want  []string
}

var scenarios = []scenario{
	{
		"the first tag is the baseline and holds all that came before",
		func(r *gitrepo.Repo) {
			r.Commit("main", "A")
			r.Commit("main", "B")
			r.Tag("v1.0.0", "main")
			r.Commit("main", "C")
			r.Tag("v1.1.0", "main")
		},
		[]string{"v1.0.0: B A", "v1.1.0: C"},
	},
	{
		"a merge is one change whose first commit is its branch's first",
		func(r *gitrepo.Repo) {
			r.Commit("main", "A")
			r.Tag("v1.0.0", "main")
			r.Branch("feature", "main")
			r.Commit("feature", "f1")
			r.Commit("feature", "f2")
			r.Commit("main", "B")
			r.Merge("main", "M", "feature")
			r.Tag("v1.1.0", "main")
		},
		[]string{"v1.0.0: A", "v1.1.0: M B"},
	},
	{
		"an octopus merge brings in every arm",
		func(r *gitrepo.Repo) {
			r.Commit("main", "A")
			r.Tag("v1.0.0", "main")
			for _, arm := range []string{"x", "y", "z"} {
				r.Branch(arm, "main")
				r.Authored = r.Now.Add(-48 * time.Hour)
				r.Commit(arm, arm)
			}
			r.Merge("main", "M", "x", "y", "z")
			r.AnnotatedTag("v1.1.0", "main")
		},
		[]string{"v1.0.0: A", "v1.1.0: M"},
	},
	{
		"parallel release branches count nothing twice",
		func(r *gitrepo.Repo) {
			r.Commit("main", "A")
			r.Tag("v1.0.0", "main")
			r.Branch("release-1", "main")
			r.Commit("main", "B")
			r.Tag("v2.0.0", "main")
			r.Commit("release-1", "fix")
			r.Tag("v1.0.1", "release-1")
			r.Commit("main", "C")
			r.Tag("v2.1.0", "main")
			r.Commit("release-1", "fix2")
			r.Tag("v1.0.2", "release-1")
		},
		[]string{"v1.0.0: A", "v2.0.0: B", "v1.0.1: fix", "v2.1.0: C", "v1.0.2: fix2"},
	},
	{
		"a release branch merged back brings its commits, which were deployed already",
		func(r *gitrepo.Repo) {
			r.Commit("main", "A")
			r.Tag("v1.0.0", "main")
			r.Branch("release-1", "main")
			r.Commit("release-1", "fix")
			r.AnnotatedTag("v1.0.1", "release-1")
			r.Commit("main", "B")
			r.Merge("main", "back", "release-1")
			r.AnnotatedTag("v1.1.0", "main")
			r.Commit("release-1", "fix2") // on a base that v1.1.0 reaches only through the merge
			r.AnnotatedTag("v1.0.2", "release-1")
		},
		[]string{"v1.0.0: A", "v1.0.1: fix", "v1.1.0: back B", "v1.0.2: fix2"},
	},
	{
		"a tag inside a merged branch is contained in the merge",
		func(r *gitrepo.Repo) {
			r.Commit("main", "A")
			r.Branch("feature", "main")
			inside := r.Commit("feature", "f1")
			r.Commit("feature", "f2")
			r.Merge("main", "M", "feature")
			r.Tag("v1.0.0", "main")
			r.Now = r.Now.Add(time.Hour)
			r.AnnotatedTag("v0.9.0", inside) // made later, reached by v1.0.0
		},
		[]string{"v1.0.0: M A", "v0.9.0:"},
	},
	{
		"a foxtrot merge turns the branch's history around",
		func(r *gitrepo.Repo) {
			r.Commit("main", "A")
			r.Tag("v1.0.0", "main")
			r.Branch("mine", "main")
			r.Commit("main", "B")
			r.Commit("main", "C")
			r.Tag("v1.1.0", "main")
			r.Commit("mine", "m1")
			r.CommitOn("main", "foxtrot", "mine", "main") // main is the second parent
			r.Tag("v1.2.0", "main")
			r.Commit("main", "D")
			r.Tag("v1.3.0", "main")
		},
		[]string{"v1.0.0: A", "v1.1.0: C B", "v1.2.0: foxtrot m1", "v1.3.0: D"},
	},
	{
		"criss-cross merges reach each other's commits once",
		func(r *gitrepo.Repo) {
			r.Commit("main", "A")
			r.Tag("v1.0.0", "main")
			r.Branch("dev", "main")
			m1, d1 := r.Commit("main", "m1"), r.Commit("dev", "d1")
			r.CommitOn("main", "M", m1, d1)
			r.CommitOn("dev", "D", d1, m1)
			r.Tag("v1.1.0", "main")
			r.Commit("dev", "d2")
			r.Tag("v2.0.0", "dev")
			r.Merge("main", "N", "dev")
			r.Tag("v2.1.0", "main")
		},
		[]string{"v1.0.0: A", "v1.1.0: M m1", "v2.0.0: d2 D", "v2.1.0: N"},
	},
	{
		"a branch cut from a release branch has three chains below it",
		func(r *gitrepo.Repo) {
			r.Commit("main", "A")
			r.Branch("r1", "main")
			r.Commit("r1", "r1a")
			r.Branch("r2", "r1")
			r.Commit("r2", "r2a")
			r.Commit("main", "B")
			r.Merge("r2", "up", "main")
			r.Tag("v1", "main")
			r.AnnotatedTag("v2", "r1")
			r.AnnotatedTag("v3", "r2")
			r.Merge("main", "all", "r2", "r1")
			r.AnnotatedTag("v4", "main")
		},
		[]string{"v1: B A", "v2: r1a", "v3: up r2a", "v4: all"},
	},
	{
		"two tags on one commit are two deployments, the second of nothing new",
		func(r *gitrepo.Repo) {
			r.Commit("main", "A")
			r.Tag("v1.0.0", "main")
			r.Commit("main", "B")
			r.Tag("v1.1.0", "main")
			r.Tag("v1.1.0-eu1", "main") // a pre-release by its name
			r.Tag("v1.1.1", "main")
		},
		[]string{"v1.0.0: A", "v1.1.0: B", "v1.1.0-eu1: B A", "v1.1.1:"},
	},
	{
		"a tag made later on an old commit contains nothing",
		func(r *gitrepo.Repo) {
			old := r.Commit("main", "A")
			r.Commit("main", "B")
			r.Tag("v1.0.0", "main")
			r.Commit("main", "C")
			r.Tag("v1.1.0", "main")
			r.AnnotatedTag("v0.1.0", old)
		},
		[]string{"v1.0.0: B A", "v1.1.0: C", "v0.1.0:"},
	},
	{
		"a lightweight tag on an old commit is dated as the commit",
		func(r *gitrepo.Repo) {
			old := r.Commit("main", "A")
			r.Commit("main", "B")
			r.Tag("v1.0.0", "main")
			r.Tag("v0.1.0", old)
		},
		[]string{"v0.1.0: A", "v1.0.0: B"},
	},
	{
		"pre-releases are an environment of their own",
		func(r *gitrepo.Repo) {
			r.Commit("main", "A")
			r.Tag("v1.0.0-rc.1", "main")
			r.Commit("main", "B")
			r.Tag("v1.0.0-rc.2", "main")
			r.Commit("main", "C")
			r.Tag("v1.0.0", "main")
			r.Commit("main", "D")
			r.Tag("v1.1.0", "main")
		},
		[]string{"v1.0.0-rc.1: A", "v1.0.0-rc.2: B", "v1.0.0: C B A", "v1.1.0: D"},
	},
	{
		"a commit authored after its deployment gives no negative lead time",
		func(r *gitrepo.Repo) {
			r.Commit("main", "A")
			r.Tag("v1.0.0", "main")
			r.Authored = r.Now.Add(72 * time.Hour)
			r.Commit("main", "B")
			r.Tag("v1.1.0", "main")
		},
		[]string{"v1.0.0: A", "v1.1.0: B"},
	},
	{
		"clocks that run backwards don't move commits between deployments",
		func(r *gitrepo.Repo) {
			r.Step = -time.Hour
			r.Commit("main", "A")
			r.Commit("main", "B")
			r.Tag("v1.1.0", "main")
			r.Commit("main", "C")
			r.Tag("v1.2.0", "main") // older by its date
		},
		[]string{"v1.2.0: C B A", "v1.1.0:"},
	},
	{
		"an unrelated history that is merged in is brought in whole",
		func(r *gitrepo.Repo) {
			r.Commit("main", "A")
			r.Tag("v1.0.0", "main")
			r.Commit("lib", "l1")
			r.Commit("lib", "l2")
			r.Tag("lib-1", "lib")
			r.Merge("main", "vendor", "lib")
			r.Tag("v1.1.0", "main")
		},
		[]string{"v1.0.0: A", "lib-1: l2 l1", "v1.1.0: vendor"},
	},
}

func TestDeploymentsContainWhatGitSays(t *testing.T) {
	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			r := gitrepo.New(t)
			s.build(r)
			_, all := read(t, r.Path(), gitlog.Options{})
			got := all.fold()
			var said []string
			for _, d := range got.Deployments {
				line := d.Name + ":"
				for _, c := range d.Changes {
					line += " " + all.changes[c.SHA].Message
				}
				said = append(said, line)
			}
			if diff := cmp.Diff(s.want, said); diff != "" {
				t.Errorf("deployments (-want +got):\n%s", diff)
			}
			compare(t, gitrepo.PlumbingFigures(t, r.Path(), ""), got)
		})
	}
}

func compare(t *testing.T, plumbing, events gitrepo.Figures) {
	t.Helper()
	if diff := cmp.Diff(plumbing, events); diff != "" {
		t.Errorf("what the events say is not what git says (-git +events):\n%s", diff)
	}
	for _, environment := range []string{"production", "prerelease"} {
		if diff := cmp.Diff(plumbing.LeadTimes(environment), events.LeadTimes(environment)); diff != "" {
			t.Errorf("lead times to %s (-git +events):\n%s", environment, diff)
		}
	}
}
