package gitlog_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fivekeys/fivekeys/ingest/gitlog"
	"github.com/fivekeys/fivekeys/internal/testkit/gitrepo"
)

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
