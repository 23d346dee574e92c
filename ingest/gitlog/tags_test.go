package gitlog_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fivekeys/fivekeys/ingest/gitlog"
	"github.com/fivekeys/fivekeys/internal/testkit/gitrepo"
)

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
				at := []string{r.Commit("main", "A"), r.Commit("main", "B")}
				for i := range 40 {
					r.Tag(fmt.Sprintf("n%02d", i), at[(i+1)%2]) // the even ones later
				}
			},
			want: func() (all []string) {
				for i := range 40 {
					all = append(all, fmt.Sprintf("n%02d production", (2*i+1)%40-i/20))
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
		"a tag dated before there was a clock is skipped": {
			build: func(r *gitrepo.Repo) {
				r.CommitterRaw = "-86400 +0000"
				r.Commit("main", "A")
				r.Tag("v0", "main")
				r.Commit("main", "B")
				r.Tag("v1", "main")
				r.Tag("v2", "main")
			},
			want: []string{"v1 production", "v2 production"}, production: 2,
			warnings: []string{"have a commit date before 1980", "tag v0 skipped: its date"},
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
