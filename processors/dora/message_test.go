package dora

import (
	"slices"
	"strings"
	"testing"
)

func TestMessagesAreReadForReverts(t *testing.T) {
	a, b := sha("a"), sha("b")
	for message, want := range map[string][]string{
		"Add it":                         nil,
		"This reverts commit " + a + ".": {a},
		"This reverts commit " + a:       {a},
		"This reverts commit " + strings.ToUpper(a) + ".":                      {a},
		"This reverts commit " + a[:7] + ".":                                   {a[:7]},
		"This reverts commit " + a + ", reversing\nchanges made to " + b + ".": {a},
		"This reverts commit " + a + ".\n\nThis reverts commit " + b + ".":     {a, b},
		"This reverts commits " + a + ", " + b + " and " + a[:9] + " because":  {a, b, a[:9]},
		"This reverts commit\n" + a + ".":                                      {a},
		"This reverts commit 0000000000000000000000000000000000000000.":        nil,
		"This reverts commit .":                                                nil,
		"it reverts commit messages":                                           {"messages"}, // which no commit is called
	} {
		if got := revertedCommits(message); !slices.Equal(got, want) {
			t.Errorf("%q reverts %q, want %q", message, got, want)
		}
	}
}

func TestTextsAreReadForWhatTheyClose(t *testing.T) {
	for text, want := range map[string][]string{
		"Fixes #12":                        {"#12"},
		"fixed: #12, closes acme/Shop#13.": {"#12", "acme/shop#13"},
		"Resolves PD-123":                  {"pd-123"},
		"(closes #7)":                      {"#7"},
		"Fix https://github.com/acme/shop/issues/12":       {"acme/shop#12"},
		"close https://acme.pagerduty.com/incidents/Q1ABC": {"q1abc"},
		"See #12":              nil,
		"prefixes #12":         nil,
		"fix the checkout":     nil,
		"fix: 500 on checkout": nil,
		"Fixes":                nil,
		"":                     nil,
	} {
		if got := closedReferences(text); !slices.Equal(got, want) {
			t.Errorf("%q closes %q, want %q", text, got, want)
		}
	}
}

func TestRevertTitlesAndBranches(t *testing.T) {
	for title, want := range map[string]string{
		`Revert "Add it"`:             "Add it",
		`Revert "Add it" (#13)`:       "Add it",
		`Revert "Add it (#12)" (#13)`: "Add it",
		`Revert "Revert "Add it""`:    `Revert "Add it"`,
		`Add it`:                      "",
	} {
		if got, _ := revertedTitle(title); got != want {
			t.Errorf("%s reverts %q, want %q", title, got, want)
		}
	}
	for branch, want := range map[string]int{
		"revert-12-feature": 12, "revert-12": 0, "revert-x-y": 0, "revert--y": 0, "revert-99999999999999-y": 0, "feature": 0,
	} {
		if got, _ := revertedNumber(branch); got != want {
			t.Errorf("%s reverts %d, want %d", branch, got, want)
		}
	}
}

func TestATitleIsCutAtAWholeRune(t *testing.T) {
	if got := firstLine(strings.Repeat("ä", 150) + "\nmore"); got != strings.Repeat("ä", 100) {
		t.Errorf("got %d bytes", len(got))
	}
}
