package gitlog

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/fivekeys/fivekeys/schemas"
)

func TestThePullRequestOfACommit(t *testing.T) {
	for name, c := range map[string]struct {
		message string
		merge   bool
		want    schemas.PullRequest
	}{
		"GitHub's merge": {
			"Merge pull request #12 from ann/fix/till\n\nRepair the till\n\nCloses #3", true,
			schemas.PullRequest{Number: 12, Branch: "fix/till", Title: "Repair the till"},
		},
		"GitHub's merge without a title": {
			"Merge pull request #12 from ann/till", true,
			schemas.PullRequest{Number: 12, Branch: "till", Title: "Merge pull request #12 from ann/till"},
		},
		"GitHub's squash": {
			"Repair the till (#12)\n\n* first\n* second (#9)", false,
			schemas.PullRequest{Number: 12, Title: "Repair the till"},
		},
		"a revert of a squash, squashed": {
			`Revert "Repair the till (#12)" (#13)`, false,
			schemas.PullRequest{Number: 13, Title: `Revert "Repair the till (#12)"`},
		},
		"a revert of a squash, pushed": {`Revert "Repair the till (#12)"`, false, schemas.PullRequest{}},
		"GitLab's merge": {
			"Merge branch 'till' into 'main'\n\nRepair the till\n\nSee merge request acme/shop!12", true,
			schemas.PullRequest{Number: 12, Branch: "till", Title: "Repair the till"},
		},
		"GitLab's merge without a title": {
			"Merge branch 'till' into 'main'\n\nSee merge request acme/shop!12", true,
			schemas.PullRequest{Number: 12, Branch: "till", Title: "Merge branch 'till' into 'main'"},
		},
		"Bitbucket's merge": {
			"Merged in till (pull request #12)\n\nRepair the till", true,
			schemas.PullRequest{Number: 12, Branch: "till", Title: "Repair the till"},
		},
		"Azure's merge":  {"Merged PR 12: Repair the till", true, schemas.PullRequest{Number: 12, Title: "Repair the till"}},
		"Azure's squash": {"Merged PR 12: Repair the till", false, schemas.PullRequest{Number: 12, Title: "Repair the till"}},
		"a merge made by hand": {
			"Merge remote-tracking branch 'origin/hotfix/x' into main\n\n# Conflicts:", true,
			schemas.PullRequest{Branch: "hotfix/x", Title: "Merge remote-tracking branch 'origin/hotfix/x' into main"},
		},
		"a merge with a number": {"Land the till (#12)", true, schemas.PullRequest{Number: 12, Title: "Land the till"}},
		"a merge's words in a commit that is none": {
			"Merge pull request #12 from ann/till", false, schemas.PullRequest{},
		},
		"a number in the middle":    {"See (#12) for more", false, schemas.PullRequest{}},
		"an issue's number":         {"Repair the till #12", false, schemas.PullRequest{}},
		"a number beyond all sense": {"Repair the till (#99999999999999999999)", false, schemas.PullRequest{}},
		"nothing":                   {"", true, schemas.PullRequest{}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, pullRequest(c.message, c.merge)); diff != "" {
				t.Errorf("pull request (-want +got):\n%s", diff)
			}
		})
	}
}

func TestALongMessageKeepsWhatTells(t *testing.T) {
	filler := strings.Repeat("Some more of the story, ünïcode too.\n", 400)
	message := "Subject\n\n" + filler +
		"This reverts commit 0123456789abcdef0123456789abcdef01234567.\n" + filler +
		"Fixes #12, closes acme/shop#13\nResolves: https://example.org/acme/shop/issues/14\nReverts acme/shop#15\nCaused by: 89abcdef\n" + filler
	got := bounded(message)
	if len(got) > maxMessage || !utf8.ValidString(got) || !strings.HasPrefix(got, "Subject\n\nSome more") {
		t.Errorf("%d bytes: %.60q", len(got), got)
	}
	_, kept, _ := strings.Cut(got, "\n…\n")
	want := []string{
		"This reverts commit 0123456789abcdef0123456789abcdef01234567", "Fixes #12", "closes acme/shop#13",
		"Resolves: https://example.org/acme/shop/issues/14", "Reverts acme/shop#15", "Caused by: 89abcdef",
	}
	if diff := cmp.Diff(want, strings.Split(kept, "\n")); diff != "" {
		t.Errorf("kept (-want +got):\n%s", diff)
	}
	oneLine := strings.Repeat("é", 5000) + " This reverts commit 0123456789abcdef0123456789abcdef01234567."
	if got := bounded(oneLine); len(got) > maxMessage || !utf8.ValidString(got) || !strings.HasSuffix(got, "01234567") {
		t.Errorf("one long line: %d bytes, …%q", len(got), got[len(got)-60:])
	}
	if short := "Subject\n\nBody"; bounded(short) != short {
		t.Error("a short message was changed")
	}
}

func TestACommitObject(t *testing.T) {
	signed := "tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\nauthor Ann <Dev> <ann@example.org> 1 +0000\n" +
		"committer C <c@example.org> 2 +0000\ngpgsig -----BEGIN\n author Mallory <m@example.org> 3 +0000\n \n -----END\n\nSubject\n\nauthor Eve <e@example.org>\n"
	got := parseCommit([]byte(signed))
	if got.author != "Ann" || got.message != "Subject\n\nauthor Eve <e@example.org>" {
		t.Errorf("%+v", got)
	}
	latin1 := parseCommit([]byte("author J\xf6rg <j@example.org> 1 +0000\n\nGr\xfc\xdfe"))
	if latin1.author != "Jörg" || latin1.message != "Grüße" {
		t.Errorf("%+v", latin1)
	}
	if empty := parseCommit([]byte("author  <> 1 +0000\n")); empty != (text{}) {
		t.Errorf("%+v", empty)
	}
}
