package gitlog_test

import (
	"path/filepath"
	"testing"

	"github.com/fivekeys/fivekeys/ingest/gitlog"
	"github.com/fivekeys/fivekeys/internal/testkit/gitrepo"
)

func TestTheDefaultBranch(t *testing.T) {
	for name, c := range map[string]struct {
		build  func(t *testing.T, r *gitrepo.Repo) string
		ask    string
		branch string
		head   string // the newest change's message
	}{
		"HEAD's, whatever its name": {build: func(t *testing.T, r *gitrepo.Repo) string {
			r.Git("symbolic-ref", "HEAD", "refs/heads/trunk")
			r.Commit("trunk", "T")
			return r.Path()
		}, branch: "trunk", head: "T"},
		"main where HEAD is detached": {build: func(t *testing.T, r *gitrepo.Repo) string {
			r.Commit("main", "A")
			r.Commit("main", "B")
			r.Git("checkout", "--quiet", "--detach", "main~1")
			return r.Path()
		}, branch: "main", head: "B"},
		"master where there is no main": {build: func(t *testing.T, r *gitrepo.Repo) string {
			r.Commit("master", "A")
			return r.Path()
		}, branch: "master", head: "A"},
		"a detached HEAD where there is nothing else": {build: func(t *testing.T, r *gitrepo.Repo) string {
			r.Commit("trunk", "A")
			r.Git("checkout", "--quiet", "--detach", "trunk")
			return r.Path()
		}, branch: "HEAD", head: "A"},
		"the origin's though a feature is checked out": {build: func(t *testing.T, r *gitrepo.Repo) string {
			return clonedThen(t, r, "checkout", "--quiet", "-b", "feature")
		}, branch: "main", head: "B"},
		"the fetched one where the local one lags": {build: func(t *testing.T, r *gitrepo.Repo) string {
			return clonedThen(t, r, "update-ref", "refs/heads/main", "origin/main~1")
		}, branch: "main", head: "B"},
		"the local one where it is ahead": {build: func(t *testing.T, r *gitrepo.Repo) string {
			return clonedThen(t, r, "-c", "user.name=x", "-c", "user.email=x", "commit", "--quiet", "--allow-empty", "-m", "mine")
		}, branch: "main", head: "mine"},
		"the one asked for": {build: func(t *testing.T, r *gitrepo.Repo) string {
			r.Commit("main", "A")
			r.Commit("release/1", "R")
			return r.Path()
		}, ask: "release/1", branch: "release/1", head: "R"},
		"one that only the origin has": {build: func(t *testing.T, r *gitrepo.Repo) string {
			r.Commit("release/1", "R")
			return clonedThen(t, r, "status")
		}, ask: "origin/release/1", branch: "release/1", head: "R"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, all := read(t, c.build(t, gitrepo.New(t)), gitlog.Options{Branch: c.ask})
			head := all.changes[all.order[len(all.order)-1]]
			if h.Branch != c.branch || head.Message != c.head || head.SideBranch {
				t.Errorf("branch %s at %q, want %s at %q", h.Branch, head.Message, c.branch, c.head)
			}
		})
	}
}

// clonedThen clones a repository with commits A and B and runs git in the clone.
func clonedThen(t *testing.T, r *gitrepo.Repo, args ...string) string {
	t.Helper()
	r.Commit("main", "A")
	r.Commit("main", "B")
	to := filepath.Join(t.TempDir(), "clone")
	r.Git("clone", "--quiet", r.Path(), to)
	r.Git(append([]string{"-C", to}, args...)...)
	return to
}
