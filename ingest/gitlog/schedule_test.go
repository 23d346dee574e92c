package gitlog_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

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

// Every event of a clone is one that the intake takes: a date that it would
// refuse must not take the batch with it, and one further on would wrap.
func TestNoEventOfACloneIsOfATimeThatIsNotAccepted(t *testing.T) {
	r := gitrepo.New(t)
	now := r.Now.Add(48 * time.Hour)
	r.Commit("main", "A")
	r.Tag("v1", "main")
	for _, seconds := range []int64{-1, 0, 1, 315_532_799, 4_102_444_800, 5_680_281_600, 9_224_318_016, 253_402_300_800, now.Add(25 * time.Hour).Unix()} {
		r.AuthorRaw = fmt.Sprintf("%d +0000", seconds)
		r.CommitterRaw = r.AuthorRaw
		r.Commit("main", "odd")
		r.Tag(fmt.Sprintf("odd%d", seconds), "main")
	}
	r.Commit("main", "B")
	r.Tag("v2", "main")

	h, all := read(t, r.Path(), gitlog.Options{Now: now})
	if len(all.changes) != 11 || len(all.deployments) != 2 {
		t.Errorf("%d changes, %d deployments", len(all.changes), len(all.deployments))
	}
	for e, err := range h.Events() {
		if err == nil {
			err = e.Check(now)
		}
		if err != nil {
			t.Errorf("%s: %v", e.ID, err)
		}
	}
	told := strings.Join(h.Warnings, "\n")
	if n := strings.Count(told, " skipped: its date is before 1980, after 2099 or in the future"); n != 9 || !strings.Contains(told, "commits: 9, ") {
		t.Errorf("%d tags are said to be skipped: %s", n, told)
	}
}
