package github_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fivekeys/fivekeys/ingest/github"
	"github.com/fivekeys/fivekeys/internal/testkit/golden"
	"github.com/fivekeys/fivekeys/schemas"
)

// platform has a repository of two services of one team, one of two teams, and
// a service without any.
var platform = &schemas.Catalog{Services: []schemas.Service{
	{Name: "shop", Team: "web", Repositories: []schemas.Repository{{Name: "acme/shop", Paths: []string{"shop/**"}}}},
	{Name: "cart", Team: "web", Repositories: []schemas.Repository{{Name: "acme/shop", Paths: []string{"cart/**"}}}},
	{Name: "pay", Team: "money", Repositories: []schemas.Repository{{Name: "acme/pay"}}},
	{Name: "tools", Repositories: []schemas.Repository{{Name: "acme/tools"}}},
}}

// toilOf is one line per toil event; other events are left out.
func toilOf(t *testing.T, source *github.Source, kind, body string, c *schemas.Catalog) []string {
	t.Helper()
	events, err := source.Decode(schemas.Delivery{Source: "github", Kind: kind, Body: []byte(body)}, c)
	if err != nil {
		t.Fatalf("Decode: %v", err)
	}
	lines := []string{}
	for _, e := range events {
		p, err := e.Payload()
		if err != nil {
			t.Fatal(err)
		}
		toil, ok := p.(*schemas.ToilEvent)
		if !ok {
			continue
		}
		if e.Subject != toil.Service {
			t.Errorf("subject is %q, service %q", e.Subject, toil.Service)
		}
		line := fmt.Sprintf("%s %s: %s team=%s service=%s %s %gm", e.Time.Format("15:04:05.000"), e.ID, toil.EntryID, toil.Team, toil.Service, toil.Category, toil.Minutes)
		if toil.Withdrawn {
			line += " withdrawn"
		}
		lines = append(lines, line)
	}
	return lines
}

func TestToilIssues(t *testing.T) {
	const (
		marked = `[{"name":"bug"},{"name":"toil/30m"},{"name":"toil"}]`
		open   = `"state":"open"`
		closed = `"state":"closed","closed_at":"2026-01-01T10:45:00Z"`
	)
	issue := func(action, labels, rest string) string {
		return `{"action":"` + action + `","issue":{"number":6,"title":"Renew","labels":` + labels + `,"created_at":"2026-01-01T10:00:00Z",
			"updated_at":"2026-01-01T11:00:00Z",` + rest + `},` + repo + `}`
	}
	label := func(action, label, labels, rest string) string {
		return `{"label":{"name":"` + label + `"},` + issue(action, labels, rest)[1:]
	}
	elsewhere := func(name, labels string) string {
		return strings.Replace(issue("closed", labels, closed), "acme/shop", "acme/"+name, 1)
	}
	for name, tt := range map[string]struct {
		body string
		want string // after the id; empty for none
	}{
		"a closed issue with a label and minutes is an entry": {issue("closed", marked, closed),
			"11:00:00.000 toil/issues/6/closed/2026-01-01T11:00:00Z: acme/shop#6 team=web service= bug 30m"},
		"an open one is none yet":                         {issue("edited", marked, open), ""},
		"without minutes nobody knows what it took":       {issue("closed", `[{"name":"toil"}]`, closed), ""},
		"an issue without the label is none":              {issue("closed", `[{"name":"bug"},{"name":"size/30m"}]`, closed), ""},
		"hours, and the largest of several":               {issue("closed", `[{"name":"Toil/1h30m"},{"name":"toil/2h"},{"name":"toil/45min"},{"name":"toil/5"}]`, closed), "11:00:00.000 toil/issues/6/closed/2026-01-01T11:00:00Z: acme/shop#6 team=web service= uncategorised 120m"},
		"a week of one person is the most":                {issue("closed", `[{"name":"toil/41h"}]`, closed), ""},
		"a category is told by its label":                 {issue("closed", `[{"name":"bug"},{"name":"toil:category/Certificates"},{"name":"toil/30m"}]`, closed), "11:00:00.000 toil/issues/6/closed/2026-01-01T11:00:00Z: acme/shop#6 team=web service= certificates 30m"},
		"labels for other things are no category":         {issue("closed", `[{"name":"sev1"},{"name":"service/cart"},{"name":"team/ops"},{"name":"toil/30m"}]`, closed), "11:00:00.000 toil/issues/6/closed/2026-01-01T11:00:00Z: acme/shop#6 team=ops service=cart uncategorised 30m"},
		"labelled after it was closed it is one":          {label("labeled", "toil/30m", marked, closed), "11:00:00.001 toil/issues/6/labeled/2026-01-01T11:00:00Z/toil/30m: acme/shop#6 team=web service= bug 30m"},
		"labelled while it is open it is none yet":        {label("labeled", "toil/30m", marked, open), ""},
		"without its label it is withdrawn":               {label("unlabeled", "toil/30m", `[{"name":"toil/30m"},{"name":"toil"}]`, closed), "11:00:00.000 toil/issues/6/unlabeled/2026-01-01T11:00:00Z/toil/30m: acme/shop#6 team=web service= uncategorised 0m withdrawn"},
		"with other minutes it is told again":             {label("unlabeled", "toil/2h", marked, closed), "11:00:00.002 toil/issues/6/unlabeled/2026-01-01T11:00:00Z/toil/2h: acme/shop#6 team=web service= bug 30m"},
		"another label taken off an issue that is none":   {label("unlabeled", "docs", `[{"name":"bug"}]`, closed), ""},
		"reopened it is not done":                         {issue("reopened", marked, open), "11:00:00.003 toil/issues/6/reopened/2026-01-01T11:00:00Z: acme/shop#6 team=web service= bug 30m withdrawn"},
		"deleted it is withdrawn":                         {issue("deleted", marked, closed), "11:00:00.003 toil/issues/6/deleted/2026-01-01T11:00:00Z: acme/shop#6 team=web service= bug 30m withdrawn"},
		"assigning somebody says nothing":                 {issue("assigned", marked, closed), ""},
		"a repository of one service":                     {elsewhere("pay", marked), "11:00:00.000 toil/issues/6/closed/2026-01-01T11:00:00Z: acme/pay#6 team=money service=pay bug 30m"},
		"a service without a team is its owner's":         {elsewhere("tools", marked), "11:00:00.000 toil/issues/6/closed/2026-01-01T11:00:00Z: acme/tools#6 team=acme service=tools bug 30m"},
		"a repository that no catalogue knows":            {elsewhere("x", marked), "11:00:00.000 toil/issues/6/closed/2026-01-01T11:00:00Z: acme/x#6 team=acme service=acme/x bug 30m"},
		"a label picks a service of another repository":   {elsewhere("x", `[{"name":"toil/30m"},{"name":"service: pay"}]`), "11:00:00.000 toil/issues/6/closed/2026-01-01T11:00:00Z: acme/x#6 team=money service=pay uncategorised 30m"},
		"an issue of several services took its time once": {issue("closed", `[{"name":"toil/30m"},{"name":"service/pay"},{"name":"service/cart"}]`, closed), "11:00:00.000 toil/issues/6/closed/2026-01-01T11:00:00Z: acme/shop#6 team=money service= uncategorised 30m"},
	} {
		t.Run(name, func(t *testing.T) {
			want := []string{}
			if tt.want != "" {
				want = append(want, tt.want)
			}
			if diff := cmp.Diff(want, toilOf(t, github.New(nil, nil), "issues", tt.body, platform)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	t.Run("the labels are the configuration's to choose", func(t *testing.T) {
		source := github.New(nil, nil)
		source.Toil.Labels = []string{"ops-work*", "ops-work/*"}
		got := toilOf(t, source, "issues", issue("closed", `[{"name":"toil/3h"},{"name":"ops-work/20m"}]`, closed), platform)
		want := []string{"11:00:00.000 toil/issues/6/closed/2026-01-01T11:00:00Z: acme/shop#6 team=web service= toil/3h 20m"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestToilComments(t *testing.T) {
	comment := func(action, body, rest string) string {
		text, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		return `{"action":"` + action + `",` + rest + `"comment":{"id":9,"body":` + string(text) + `,"user":{"login":"ada"},"author_association":"MEMBER",
			"created_at":"2026-01-01T10:00:00Z","updated_at":"2026-01-01T12:00:00Z"},"issue":{"number":6,"labels":[{"name":"bug"}]},` + repo + `}`
	}
	from := func(body string) string { return `"changes":{"body":{"from":"` + body + `"}},` }
	stranger := strings.Replace(comment("created", "/toil 30m", ""), "MEMBER", "CONTRIBUTOR", 1)
	line := func(action, rest string) string {
		return "12:00:00.000 toil/issue_comment/9/" + action + "/2026-01-01T12:00:00Z: acme/shop#6/comment/9 team=web service= " + rest
	}
	for name, tt := range map[string]struct{ body, want string }{
		"a comment says how long it took":             {comment("created", "/toil 30m", ""), line("created", "bug 30m")},
		"and what it was":                             {comment("created", "Done.\r\n\r\n  /toil 1h Certificates \r\nSee you", ""), line("created", "certificates 60m")},
		"several lines add up":                        {comment("created", "/toil 30m\n/TOIL 15 exports\n/toil 2h restarts", ""), line("created", "exports 165m")},
		"a category is cut before it is a sentence":   {comment("created", "/toil 30m "+strings.Repeat("ü", 99), ""), line("created", strings.Repeat("ü", 40)+" 30m (cut)")},
		"no command, no entry":                        {comment("created", "that was a toil 30m", ""), ""},
		"no minutes, no entry":                        {comment("created", "/toil a lot\n/toil\n/toil 0m\n/toil -5m\n/toil 99h\n/toil 3s", ""), ""},
		"showing how is not doing it":                 {comment("created", "Write\n```\n/toil 30m\n```\n> /toil 20m\nthanks", ""), ""},
		"more than a week in one comment is a slip":   {comment("created", "/toil 39h\n/toil 2h\n/toil 1h", ""), line("created", "bug 2400m")},
		"an edit tells it again":                      {comment("edited", "/toil 45m", from("/toil 30m")), line("edited", "bug 45m")},
		"an edit that takes the line out withdraws":   {comment("edited", "never mind", from("/toil 30m x")), line("edited", "x 30m withdrawn")},
		"an edit of a comment that never had a line":  {comment("edited", "never mind", from("so what")), ""},
		"a deletion withdraws, after the last edit":   {comment("deleted", "/toil 45m", ""), strings.Replace(line("deleted", "bug 45m withdrawn"), ".000", ".003", 1)},
		"the deletion of another comment is nothing":  {comment("deleted", "so what", ""), ""},
		"a stranger reports nobody's toil":            {stranger, ""},
		"but on a private repository nobody is one":   {strings.Replace(stranger, `"repository":{`, `"repository":{"private":true,`, 1), line("created", "bug 30m")},
		"what GitHub may do with comments in a while": {comment("pinned", "/toil 45m", ""), ""},
	} {
		t.Run(name, func(t *testing.T) {
			want := []string{}
			if tt.want != "" {
				want = append(want, strings.TrimSuffix(tt.want, " (cut)"))
			}
			if diff := cmp.Diff(want, toilOf(t, github.New(nil, nil), "issue_comment", tt.body, platform)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestReruns(t *testing.T) {
	run := func(action, event, attempt, actor string) string {
		return `{"action":"` + action + `","workflow_run":{"id":5,"run_attempt":` + attempt + `,"name":"deploy","event":"` + event + `","head_sha":"abc",
			"conclusion":null,"created_at":"2026-01-01T09:00:00Z","run_started_at":"2026-01-01T10:00:00Z","updated_at":"2026-01-01T10:05:00Z",
			"triggering_actor":` + actor + `},` + repo + `}`
	}
	const (
		ada = `{"login":"ada","type":"User"}`
		bot = `{"login":"renovate[bot]","type":"Bot"}`
	)
	entry := []string{"10:00:00.000 toil/workflow_run/5/2:  team=web service= pipeline re-run 10m"}
	for name, tt := range map[string]struct {
		body string
		want []string
	}{
		"the second attempt, by a person":                  {run("requested", "push", "2", ada), entry},
		"every action tells the same":                      {run("completed", "push", "2", ada), entry},
		"also of a run for a pull request":                 {run("in_progress", "pull_request", "2", ada), entry},
		"the first attempt is nobody's work":               {run("requested", "push", "1", ada), []string{}},
		"a machine's attempt is no toil":                   {run("requested", "push", "2", bot), []string{}},
		"of an actor who isn't told nothing is known":      {run("requested", "push", "2", "null"), []string{}},
		"an app that poses as a user is a machine as well": {run("requested", "push", "2", `{"login":"ci[bot]","type":"User"}`), []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, toilOf(t, github.New(nil, nil), "workflow_run", tt.body, platform)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestNobodyIsStoredByName(t *testing.T) {
	source := github.New(nil, nil)
	body := `{"action":"created","comment":{"id":9,"body":"/toil 5m","user":{"login":"ada"},"author_association":"OWNER","created_at":"2026-01-01T10:00:00Z"},
		"issue":{"number":6},` + repo + `}`
	person := func() string {
		events, err := source.Decode(schemas.Delivery{Kind: "issue_comment", Body: []byte(body)}, platform)
		if err != nil || len(events) != 1 {
			t.Fatalf("%d events, error %v", len(events), err)
		}
		p, err := events[0].Payload()
		if err != nil {
			t.Fatal(err)
		}
		return p.(*schemas.ToilEvent).Person
	}
	if got := person(); got != "" {
		t.Errorf("without a key the person is %q", got)
	}
	source.Toil.PersonKey = []byte("key")
	if got := person(); !strings.HasPrefix(got, "hmac:") || strings.Contains(got, "ada") || got != schemas.HashPerson([]byte("key"), "ada") {
		t.Errorf("the person is %q", got)
	}
}

// GitHub's own payloads, turned into toil by as little as it takes.
func TestToilGolden(t *testing.T) {
	source := github.New(nil, nil)
	source.Toil.PersonKey = []byte("key")
	seen := 0
	for _, e := range examples(t, "api.github.com") {
		body := map[string]any{}
		if err := json.Unmarshal(e.body, &body); err != nil {
			t.Fatal(err)
		}
		issue, _ := body["issue"].(map[string]any)
		switch {
		case e.event == "issue_comment":
			body["comment"].(map[string]any)["body"] = "Restarted it once more.\r\n\r\n/toil 25m restarts"
		case e.event == "issues" && (e.action == "edited" || e.action == "reopened" || e.action == "labeled" || e.action == "deleted"):
			issue["labels"] = append(issue["labels"].([]any), map[string]any{"name": "toil/1h"})
			if e.action != "reopened" {
				issue["state"], issue["closed_at"] = "closed", "2019-05-16T08:00:00Z"
			}
		default:
			continue
		}
		var err error
		if e.body, err = json.Marshal(body); err != nil {
			t.Fatal(err)
		}
		t.Run(e.name(), func(t *testing.T) {
			events, err := source.Decode(e.delivery(), bugs)
			if err != nil {
				t.Fatal(err)
			}
			var toil []schemas.Event
			for _, event := range events {
				if event.Type == schemas.TypeToil {
					toil = append(toil, event)
				}
			}
			if len(toil) != 1 {
				t.Errorf("gives %d toil events", len(toil))
			}
			golden.Events(t, "toil."+e.name(), toil)
		})
		seen++
	}
	if seen < 9+5 {
		t.Errorf("only %d payloads were found", seen)
	}
}
