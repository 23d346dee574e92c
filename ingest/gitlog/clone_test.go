package gitlog_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fivekeys/fivekeys/ingest/gitlog"
	"github.com/fivekeys/fivekeys/internal/testkit/gitrepo"
)

func released(r *gitrepo.Repo) {
	r.Commit("main", "A")
	r.Tag("v1.0.0", "main")
	r.Branch("feature", "main")
	r.Commit("feature", "f1")
	r.Merge("main", "M", "feature")
	r.AnnotatedTag("v1.1.0", "main")
}

func TestEveryKindOfCloneGivesTheSameFigures(t *testing.T) {
	for name, build := range map[string]func(t *testing.T) string{
		"a work tree": func(t *testing.T) string {
			r := gitrepo.New(t)
			released(r)
			r.Git("reset", "--hard", "--quiet")
			return r.Path()
		},
		"its .git folder": func(t *testing.T) string {
			r := gitrepo.New(t)
			released(r)
			return filepath.Join(r.Path(), ".git")
		},
		"a folder within it": func(t *testing.T) string {
			r := gitrepo.New(t)
			released(r)
			within := filepath.Join(r.Path(), "docs")
			if err := os.Mkdir(within, 0o755); err != nil {
				t.Fatal(err)
			}
			return within
		},
		"a bare repository": func(t *testing.T) string {
			r := gitrepo.New(t, "--bare")
			released(r)
			return r.Path()
		},
		"SHA-256 names": func(t *testing.T) string {
			r := gitrepo.New(t, "--object-format=sha256")
			released(r)
			return r.Path()
		},
		"packed refs, one pack, a commit graph": func(t *testing.T) string {
			r := gitrepo.New(t)
			released(r)
			r.Git("pack-refs", "--all")
			r.Git("repack", "-adq")
			r.Git("commit-graph", "write", "--reachable")
			return r.Path()
		},
		"a linked work tree on another branch": func(t *testing.T) string {
			r := gitrepo.New(t)
			released(r)
			linked := filepath.Join(t.TempDir(), "linked")
			r.Git("worktree", "add", "--quiet", linked, "feature")
			return linked
		},
		"the .git file of a linked work tree": func(t *testing.T) string {
			r := gitrepo.New(t)
			released(r)
			linked := filepath.Join(t.TempDir(), "linked")
			r.Git("worktree", "add", "--quiet", "--detach", linked, "v1.0.0")
			return filepath.Join(linked, ".git")
		},
		"a clone that borrows its objects": func(t *testing.T) string { return cloned(t, "--shared") },
		"a clone without blobs":            func(t *testing.T) string { return cloned(t, "--filter=blob:none", "--no-checkout") },
		"a clone without trees":            func(t *testing.T) string { return cloned(t, "--filter=tree:0", "--no-checkout") },
		"a mirror":                         func(t *testing.T) string { return cloned(t, "--mirror") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := build(t)
			_, all := read(t, path, gitlog.Options{})
			dir := path
			if filepath.Base(path) == ".git" {
				if info, err := os.Stat(path); err == nil && !info.IsDir() {
					dir = filepath.Dir(path)
				}
			}
			got := all.fold()
			compare(t, gitrepo.PlumbingFigures(t, dir, ""), got)
			if d := got.Of("production"); len(d) != 2 || len(d[0].Changes) != 1 || len(d[1].Changes) != 1 {
				t.Errorf("deployments = %+v", d)
			}
		})
	}
}

func cloned(t *testing.T, args ...string) string {
	t.Helper()
	r := gitrepo.New(t)
	released(r)
	r.Git("config", "uploadpack.allowFilter", "true")
	to := filepath.Join(t.TempDir(), "clone")
	r.Git(append(append([]string{"clone", "--quiet"}, args...), "file://"+r.Path(), to)...)
	return to
}

func TestWhatIsWrongIsSaidInOneLineWithAHint(t *testing.T) {
	t.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	plain := func(t *testing.T) string { r := gitrepo.New(t); released(r); return r.Path() }
	for name, c := range map[string]struct {
		path func(t *testing.T) string
		opt  gitlog.Options
		want error
		hint string
	}{
		"no such folder":      {path: func(t *testing.T) string { return filepath.Join(t.TempDir(), "gone") }, want: os.ErrNotExist, hint: "gone"},
		"not a repository":    {path: func(t *testing.T) string { return t.TempDir() }, want: gitlog.ErrNotRepository, hint: "folder of a clone"},
		"a file":              {path: aFile, want: gitlog.ErrNotRepository, hint: "folder of a clone"},
		"no commits":          {path: func(t *testing.T) string { return gitrepo.New(t).Path() }, want: gitlog.ErrEmpty, hint: "nothing to import"},
		"a shallow clone":     {path: func(t *testing.T) string { return cloned(t, "--depth=1") }, want: gitlog.ErrShallow, hint: "git fetch --unshallow"},
		"an unknown branch":   {path: plain, opt: gitlog.Options{Branch: "trunk"}, want: gitlog.ErrNoBranch, hint: `"trunk"`},
		"no default branch":   {path: noDefaultBranch, want: gitlog.ErrNoBranch, hint: "--branch"},
		"no tag that matches": {path: plain, opt: gitlog.Options{Tags: "release-*"}, want: gitlog.ErrNoTagMatches, hint: "--tags"},
		"a missing commit":    {path: missingCommit, want: gitlog.ErrCorrupt, hint: "git fsck"},
		"a garbled commit":    {path: garbledCommit, want: gitlog.ErrCorrupt, hint: "git fsck"},
		"a tag of nothing":    {path: danglingTag, want: gitlog.ErrCorrupt, hint: "git fsck"},
		"another's folder":    {path: foreign, want: gitlog.ErrOwnership, hint: "safe.directory"},
	} {
		t.Run(name, func(t *testing.T) {
			c.opt.Service = "shop"
			path := c.path(t)
			_, err := gitlog.Read(t.Context(), path, c.opt)
			if !errors.Is(err, c.want) {
				t.Fatalf("error = %v, want %v", err, c.want)
			}
			if s := err.Error(); strings.Contains(s, "\n") || !strings.Contains(s, c.hint) || !strings.HasPrefix(s, "read git history of "+path) {
				t.Errorf("error = %q, want one line with %q", s, c.hint)
			}
		})
	}
	if _, err := gitlog.Read(t.Context(), plain(t), gitlog.Options{}); !errors.Is(err, gitlog.ErrNoService) {
		t.Errorf("without a service: %v", err)
	}
	t.Setenv("PATH", t.TempDir())
	if _, err := gitlog.Read(t.Context(), t.TempDir(), gitlog.Options{Service: "shop"}); !errors.Is(err, gitlog.ErrNoGit) {
		t.Errorf("without git: %v", err)
	}
}

func aFile(t *testing.T) string {
	path := filepath.Join(t.TempDir(), "README")
	if err := os.WriteFile(path, []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func noDefaultBranch(t *testing.T) string {
	r := gitrepo.New(t)
	r.Commit("stable", "A")
	return r.Path()
}

// loose makes a repository whose commits are files of their own, to be broken.
func loose(t *testing.T) (r *gitrepo.Repo, object func(sha string) string) {
	t.Helper()
	r = gitrepo.New(t)
	r.Git("commit", "--quiet", "--allow-empty", "--message=A")
	r.Git("commit", "--quiet", "--allow-empty", "--message=B")
	return r, func(sha string) string {
		return filepath.Join(r.Path(), ".git", "objects", sha[:2], sha[2:])
	}
}

func missingCommit(t *testing.T) string {
	r, object := loose(t)
	if err := os.Remove(object(r.Git("rev-parse", "HEAD^"))); err != nil {
		t.Fatal(err)
	}
	return r.Path()
}

func garbledCommit(t *testing.T) string {
	r, object := loose(t)
	file := object(r.Git("rev-parse", "HEAD^"))
	if err := os.Chmod(file, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("not zlib at all"), 0o600); err != nil {
		t.Fatal(err)
	}
	return r.Path()
}

func danglingTag(t *testing.T) string {
	r, object := loose(t)
	sha := r.Git("commit-tree", "-m", "unreferenced", "HEAD^{tree}")
	r.Git("tag", "v1.0.0", sha)
	if err := os.Remove(object(sha)); err != nil {
		t.Fatal(err)
	}
	return r.Path()
}

func foreign(t *testing.T) string {
	if os.Getuid() != 0 {
		t.Skip("only root can give a folder away")
	}
	r, _ := loose(t)
	err := filepath.WalkDir(r.Path(), func(path string, _ os.DirEntry, err error) error {
		return errors.Join(err, os.Chown(path, 65534, 65534))
	})
	if err != nil {
		t.Fatal(err)
	}
	return r.Path()
}

func TestAHooksGitDirDoesNotWinOverThePath(t *testing.T) {
	other := gitrepo.New(t)
	other.Commit("main", "other")
	r := gitrepo.New(t)
	released(r)
	t.Setenv("GIT_DIR", filepath.Join(other.Path(), ".git"))
	if _, all := read(t, r.Path(), gitlog.Options{}); len(all.changes) != 2 {
		t.Errorf("changes = %v", all.order)
	}
}

var errCancelled = errors.New("the operator pressed Ctrl-C")

func TestACancelledImportSaysSo(t *testing.T) {
	r := gitrepo.New(t)
	released(r)
	ctx, end := context.WithCancelCause(t.Context())
	h, err := gitlog.Read(ctx, r.Path(), gitlog.Options{Service: "shop"})
	if err != nil {
		t.Fatal(err)
	}
	end(errCancelled)
	for _, err = range h.Events() {
	}
	if !errors.Is(err, errCancelled) {
		t.Errorf("events after the end of their context: %v", err)
	}
	if _, err := gitlog.Read(ctx, r.Path(), gitlog.Options{Service: "shop"}); !errors.Is(err, errCancelled) {
		t.Errorf("read after the end of its context: %v", err)
	}
}

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

func TestTags(t *testing.T) {
	for name, c := range map[string]struct {
		build      func(r *gitrepo.Repo)
		glob       string
		want       []string
		production int
		warnings   []string // a part of each
	}{
		"none at all": {
			build:    func(r *gitrepo.Repo) { r.Commit("main", "A") },
			glob:     "v*",
			warnings: []string{"no production deployment, so no metrics"},
		},
		"one is only a baseline": {
			build:      func(r *gitrepo.Repo) { r.Commit("main", "A"); r.Tag("v1", "main") },
			want:       []string{"v1 production"},
			production: 1,
			warnings:   []string{"only one production deployment, v1, so no metrics"},
		},
		"pre-releases alone are no production": {
			build: func(r *gitrepo.Repo) {
				r.Commit("main", "A")
				r.Tag("v1.0.0-rc.1", "main")
				r.Tag("v1.0.0-rc.2", "main")
			},
			want:     []string{"v1.0.0-rc.1 prerelease", "v1.0.0-rc.2 prerelease"},
			warnings: []string{"no production deployment"},
		},
		"the glob selects": {
			build: func(r *gitrepo.Repo) {
				r.Commit("main", "A")
				for _, tag := range []string{"v1", "v2", "latest", "api/v1"} {
					r.Tag(tag, "main")
				}
			},
			glob: "v*", want: []string{"v1 production", "v2 production"}, production: 2,
		},
		"a star runs over slashes, as it does for git": {
			build: func(r *gitrepo.Repo) {
				r.Commit("main", "A")
				r.Tag("api/v1", "main")
				r.Tag("v1", "main")
			},
			glob: "*", want: []string{"api/v1 production", "v1 production"}, production: 2,
		},
		"the clone's own taste in listing tags changes nothing": {
			build: func(r *gitrepo.Repo) {
				r.Commit("main", "A")
				r.Tag("v1", "main")
				r.Tag("v2", "main")
				r.Git("config", "tag.sort", "-refname")
				r.Git("config", "column.ui", "always")
				r.Git("config", "color.ui", "always")
				r.Git("config", "log.showSignature", "true")
				r.Git("config", "format.pretty", "oneline")
			},
			want: []string{"v1 production", "v2 production"}, production: 2,
		},
		"many at one time are in the order of their names": {
			build: func(r *gitrepo.Repo) {
				r.Commit("main", "A")
				for i := range 40 {
					r.Tag(fmt.Sprintf("n%02d", 39-i), "main")
				}
			},
			want: func() (all []string) {
				for i := range 40 {
					all = append(all, fmt.Sprintf("n%02d production", i))
				}
				return all
			}(),
			production: 40,
		},
		"a tag of a tag is its commit, at the outer tagger's date": {
			build: func(r *gitrepo.Repo) {
				r.Commit("main", "A")
				r.AnnotatedTag("inner", "main")
				r.Git("tag", "-a", "-m", "x", "outer", "inner")
				r.Git("tag", "-a", "-m", "x", "outermost", "outer")
			},
			want: []string{"inner production", "outer production", "outermost production"}, production: 3,
		},
		"a tag of a file or a folder is skipped": {
			build: func(r *gitrepo.Repo) {
				r.Commit("main", "A")
				r.Tag("v1", "main")
				r.Tag("v2", "main")
				r.Git("tag", "folder", "main^{tree}")
				r.Git("tag", "-a", "-m", "x", "wrapped", "folder")
			},
			want: []string{"v1 production", "v2 production"}, production: 2,
			warnings: []string{"tag folder skipped: it points to a tree", "tag wrapped skipped: it points to a tree"},
		},
		"a tag dated before 1970 is skipped": {
			build: func(r *gitrepo.Repo) {
				r.CommitterRaw = "-86400 +0000"
				r.Commit("main", "A")
				r.Tag("v0", "main")
				r.Commit("main", "B")
				r.Tag("v1", "main")
				r.Tag("v2", "main")
			},
			want: []string{"v1 production", "v2 production"}, production: 2,
			warnings: []string{"have a commit date before 1970", "tag v0 skipped: its date"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := gitrepo.New(t)
			c.build(r)
			h, all := read(t, r.Path(), gitlog.Options{Tags: c.glob})
			var got []string
			for _, d := range all.deployments {
				got = append(got, d.DeploymentID+" "+d.Environment)
				if d.Version != d.DeploymentID || d.Status != "succeeded" || d.Via != "" || all.changes[d.SHA] == nil {
					t.Errorf("deployment = %+v", d)
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("deployments (-want +got):\n%s", diff)
			}
			if h.Production != c.production {
				t.Errorf("%d in production, want %d", h.Production, c.production)
			}
			if len(h.Warnings) != len(c.warnings) {
				t.Fatalf("warnings = %q, want %q", h.Warnings, c.warnings)
			}
			for i, w := range c.warnings {
				if !strings.Contains(h.Warnings[i], w) {
					t.Errorf("warning = %q, want %q", h.Warnings[i], w)
				}
			}
		})
	}
}

func TestDatesThatCannotBeTrue(t *testing.T) {
	r := gitrepo.New(t)
	r.AuthorRaw, r.CommitterRaw = "-5 +0000", "-5 +0000"
	root := r.Commit("main", "root")
	r.Commit("main", "A")
	r.Tag("v1", "main")
	r.AuthorRaw = "0 +0000"
	noAuthor := r.Commit("main", "no author date")
	r.CommitterRaw = "99999999999999 +0000"
	noCommitter := r.Commit("main", "committed in the year 3 million")
	r.AuthorRaw, r.CommitterRaw = "0 +0000", "0 +0000"
	neither := r.Commit("main", "never")
	r.Branch("feature", "main")
	r.AuthorRaw = "-1 +0000"
	r.Commit("feature", "f1")
	first := r.Now
	r.Commit("feature", "f2")
	merge := r.Merge("main", "M", "feature")
	r.Tag("v2", "main")

	h, all := read(t, r.Path(), gitlog.Options{})
	if all.changes[root] != nil {
		t.Error("a root without any date became an event")
	}
	if c := all.changes[noAuthor]; c.CommittedAt != nil {
		t.Errorf("committed at %v", c.CommittedAt)
	}
	if at := all.at["commit/"+noCommitter]; !at.Equal(*all.changes[noCommitter].CommittedAt) {
		t.Errorf("reached the branch at %v, not at the author's date", at)
	}
	if at := all.at["commit/"+neither]; !at.Equal(all.at["commit/"+noCommitter]) {
		t.Errorf("reached the branch at %v, not when its parent did", at)
	}
	if got := all.changes[merge].PullRequest.FirstCommitAt; !got.Equal(first) {
		t.Errorf("first commit at %v, want %v", got, first)
	}
	if d := all.fold().Deployments; len(d[1].Changes) != 4 {
		t.Errorf("the chain was cut: %+v", d[1])
	}
	for i, want := range []string{"commits: 3, the first of them " + root + ", have an author date", "commits: 3, the first of them " + root + ", have a commit date", "commits skipped: 1"} {
		if i >= len(h.Warnings) || !strings.HasPrefix(h.Warnings[i], want) {
			t.Errorf("warnings = %q, want %q", h.Warnings, want)
		}
	}
}
