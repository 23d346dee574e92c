package github_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fivekeys/fivekeys/ingest/github"
	"github.com/fivekeys/fivekeys/internal/testkit"
	"github.com/fivekeys/fivekeys/schemas"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// told is one payload of a story; s is the second it tells.
type told struct {
	kind, action string
	s            int
	more         string // within the issue, or the comment's body
	label        string // set or taken off
}

func (p told) body() string {
	at := time.Date(2026, 1, 1, 10, 0, p.s, 0, time.UTC).Format(time.RFC3339)
	if p.kind == "issue_comment" {
		return fmt.Sprintf(`{"action":%q,"comment":{"id":9,"body":%q,"author_association":"OWNER","created_at":"2026-01-01T10:00:00Z","updated_at":%q},
			"issue":{"number":6},%s}`, p.action, p.more, at, repo)
	}
	return fmt.Sprintf(`{"action":%q,"label":{"name":%q},"issue":{"number":6,"state":"closed","closed_at":"2026-01-01T10:00:00Z","updated_at":%q,"labels":[%s]},%s}`,
		p.action, p.label, at, p.more, repo)
}

// However a story's deliveries arrive, repeated and in any order, what is left
// in the store is how it ended.
func TestToilEndsAsItsStory(t *testing.T) {
	const half, hour, two = `{"name":"toil/30m"}`, `{"name":"toil/1h"}`, `{"name":"toil/2h"}`
	const rounds = 4
	stories := map[string]struct {
		story []told
		want  string
	}{
		"closed, and nothing after": {[]told{{"issues", "closed", 1, half, ""}}, "30"},
		"labelled in hindsight, then with the right minutes": {[]told{
			{"issues", "labeled", 1, two, "toil/2h"}, {"issues", "labeled", 5, two + "," + hour, "toil/1h"}, {"issues", "unlabeled", 6, hour, "toil/2h"}}, "60"},
		"labels exchanged within a second, the new one first": {[]told{
			{"issues", "closed", 1, two, ""}, {"issues", "labeled", 5, two + "," + half, "toil/30m"}, {"issues", "unlabeled", 5, half, "toil/2h"}}, "30"},
		"labels exchanged within a second, the old one first": {[]told{
			{"issues", "closed", 1, two, ""}, {"issues", "unlabeled", 5, "", "toil/2h"}, {"issues", "labeled", 5, half, "toil/30m"}}, "30"},
		"reopened, and closed again with other minutes": {[]told{
			{"issues", "closed", 1, half, ""}, {"issues", "reopened", 7, half, ""}, {"issues", "closed", 9, hour, ""}}, "60"},
		"reopened":                    {[]told{{"issues", "closed", 1, half, ""}, {"issues", "reopened", 7, half, ""}}, ""},
		"deleted at once":             {[]told{{"issues", "closed", 1, half, ""}, {"issues", "deleted", 1, half, ""}}, ""},
		"no toil after all":           {[]told{{"issues", "closed", 1, half, ""}, {"issues", "unlabeled", 2, half, "toil/30m"}}, ""},
		"a comment edited twice":      {[]told{{"issue_comment", "created", 0, "/toil 1h", ""}, {"issue_comment", "edited", 3, "/toil 2h", ""}, {"issue_comment", "edited", 4, "/toil 90", ""}}, "90"},
		"a comment edited and gone":   {[]told{{"issue_comment", "created", 0, "/toil 1h", ""}, {"issue_comment", "edited", 3, "/toil 2h", ""}, {"issue_comment", "deleted", 3, "/toil 2h", ""}}, ""},
		"a comment beside its issue":  {[]told{{"issue_comment", "created", 0, "/toil 1h", ""}, {"issues", "closed", 1, half, ""}}, "30 60"},
		"a comment after its issue's": {[]told{{"issues", "closed", 1, half, ""}, {"issues", "reopened", 2, half, ""}, {"issue_comment", "created", 3, "/toil 5m", ""}}, "5"},
	}
	var deliveries []schemas.Delivery
	want := map[string]string{} // by source: every story is told several times, each in a repository of its own
	n := 0
	for name, tt := range stories {
		for range rounds {
			n++
			own := fmt.Sprintf("acme/shop-%d", n)
			if want["github/"+own] = name + ":"; tt.want != "" {
				want["github/"+own] += " " + tt.want
			}
			for _, step := range slices.Concat(tt.story, tt.story[:1]) {
				deliveries = append(deliveries, schemas.Delivery{
					Source: "github", Kind: step.kind, Body: []byte(strings.Replace(step.body(), "acme/shop", own, 1)),
				})
			}
		}
	}
	rand.New(rand.NewPCG(1, 3)).Shuffle(len(deliveries), func(i, j int) { deliveries[i], deliveries[j] = deliveries[j], deliveries[i] })
	store := testkit.Store(t)
	for batch := range slices.Chunk(deliveries, len(deliveries)/5) {
		var all []schemas.Event
		for i, d := range batch {
			events, err := github.New(nil, nil).Decode(d, platform)
			if err != nil {
				t.Fatal(err)
			}
			for e := range events {
				events[e].KnownAt = time.Date(2026, 1, 2, 0, 0, i, 0, time.UTC)
			}
			all = append(all, events...)
		}
		if err := store.AppendEvents(t.Context(), all); err != nil {
			t.Fatal(err)
		}
	}
	got := map[string]string{}
	for source, story := range want {
		name, _, _ := strings.Cut(story, ":")
		got[source] = name + ":"
	}
	rows, err := store.Conn().Query(t.Context(), "SELECT source, toString(minutes) FROM toil ORDER BY minutes")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var source, minutes string
		if err := rows.Scan(&source, &minutes); err != nil {
			t.Fatal(err)
		}
		got[source] += " " + minutes
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
