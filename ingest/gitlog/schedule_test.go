package gitlog_test

import (
	"strings"
	"testing"

	"github.com/fivekeys/fivekeys/ingest/gitlog"
	"github.com/fivekeys/fivekeys/internal/testkit/gitrepo"
)

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
