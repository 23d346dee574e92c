package gitlog_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fivekeys/fivekeys/ingest/gitlog"
	"github.com/fivekeys/fivekeys/internal/testkit/gitrepo"
)

func TestAMergeTellsItsPullRequest(t *testing.T) {
	r := gitrepo.New(t)
	r.Commit("main", "A")
	r.Branch("hotfix/till", "main")
	r.Authored = gitrepo.Epoch.Add(-30 * time.Hour)
	f1 := r.Commit("hotfix/till", "f1")
	f2 := r.Commit("hotfix/till", "f2")
	b := r.Commit("main", "B")
	mergedAt := r.Now
	m := r.Merge("main", "Merge pull request #12 from ann/hotfix/till\n\nRepair the till", "hotfix/till")
	sq := r.Commit("main", "Add a button (#13)\n\nLong story.")
	r.Tag("v1.0.0", "main")

	h, all := read(t, r.Path(), gitlog.Options{Repository: "acme/shop"})
	c := all.changes[m]
	pr := c.PullRequest
	first := gitrepo.Epoch.Add(-30 * time.Hour)
	if pr.Number != 12 || pr.Title != "Repair the till" || pr.Branch != "hotfix/till" ||
		!pr.FirstCommitAt.Equal(first) || !pr.MergedAt.Equal(mergedAt) {
		t.Errorf("pull request = %+v", pr)
	}
	if diff := cmp.Diff([]string{f2, f1}, pr.Commits); diff != "" {
		t.Errorf("brought in (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{b, f2}, c.Parents); diff != "" {
		t.Errorf("parents (-want +got):\n%s", diff)
	}
	if c.Author != "Ann Dev" || c.Branch != "main" || c.Repository != "acme/shop" || c.Position != 2 {
		t.Errorf("change = %+v", c)
	}
	if all.changes[f1] != nil {
		t.Error("a commit that a merge brought in is a change of its own")
	}
	if pr := all.changes[sq].PullRequest; pr.Number != 13 || pr.Commits != nil {
		t.Errorf("squashed pull request = %+v", pr)
	}
	if all.changes[b].PullRequest != nil {
		t.Error("a commit without a pull request got one")
	}
	if h.Commits != 6 || h.Changes != 4 || h.Branch != "main" {
		t.Errorf("history = %+v", h)
	}
}

func TestOnlyReleasedSideBranchesAreTold(t *testing.T) {
	r := gitrepo.New(t)
	r.Commit("main", "A")
	r.Branch("release-1", "main")
	side := r.Commit("release-1", "fix")
	r.Tag("v1.0.1", "release-1")
	r.Commit("wip", "unrelated")
	r.Commit("release-1", "not released yet")
	_, all := read(t, r.Path(), gitlog.Options{})
	if len(all.changes) != 2 || !all.changes[side].SideBranch || all.changes[side].Branch != "" {
		t.Errorf("changes = %v", all.order)
	}
}

func TestTheSameCloneGivesTheSameEvents(t *testing.T) {
	r := gitrepo.New(t)
	scenarios[6].build(r)
	h, err := gitlog.Read(t.Context(), r.Path(), gitlog.Options{Service: "shop"})
	if err != nil {
		t.Fatal(err)
	}
	again, err := gitlog.Read(t.Context(), r.Path(), gitlog.Options{Service: "shop"})
	if err != nil {
		t.Fatal(err)
	}
	lines := func(h *gitlog.History) (all []string) {
		for e, err := range h.Events() {
			all = append(all, fmt.Sprint(e.Source, e.ID, e.Type, e.Time, e.Subject, string(e.Data), err))
		}
		return all
	}
	first := lines(h)
	if diff := cmp.Diff(first, lines(h)); diff != "" {
		t.Errorf("taken twice:\n%s", diff)
	}
	if diff := cmp.Diff(first, lines(again)); diff != "" {
		t.Errorf("read twice:\n%s", diff)
	}
	if !strings.HasPrefix(first[0], "git/shopcommit/") || !slices.ContainsFunc(first, func(s string) bool {
		return strings.HasPrefix(s, "git/shoptag/v1.3.0/")
	}) {
		t.Errorf("ids: %v", first)
	}
}

func TestAParentComesBeforeItsChildThoughClocksRunBackwards(t *testing.T) {
	r := gitrepo.New(t)
	r.Step = -time.Hour
	var want []string
	for i := range 20 {
		want = append(want, r.Commit("main", fmt.Sprint(i)))
	}
	_, all := read(t, r.Path(), gitlog.Options{})
	if diff := cmp.Diff(want, all.order); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}

func TestTakingFewerEventsEndsTheReading(t *testing.T) {
	r := gitrepo.New(t)
	for i := range 500 {
		r.Commit("main", fmt.Sprint(i, strings.Repeat("x", 3000)))
	}
	h, err := gitlog.Read(t.Context(), r.Path(), gitlog.Options{Service: "shop"})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		n := 0
		for _, err := range h.Events() {
			if err != nil {
				t.Fatal(err)
			}
			if n++; n == 5 {
				break
			}
		}
	}
}

func TestProgressEndsWithTheTotal(t *testing.T) {
	r := gitrepo.New(t)
	r.Commit("main", "A")
	r.Commit("main", "B")
	var done, total int
	read(t, r.Path(), gitlog.Options{Progress: func(d, n int) { done, total = d, n }})
	if done != 2 || total != 2 {
		t.Errorf("progress ended with %d of %d", done, total)
	}
}
