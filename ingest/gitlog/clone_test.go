package gitlog_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

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
