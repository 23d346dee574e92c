package github_test

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fivekeys/fivekeys/ingest/github"
	"github.com/fivekeys/fivekeys/schemas"
)

// repo is the repository object of hand-written payloads.
const repo = `"repository":{"full_name":"acme/shop","default_branch":"main","pushed_at":1767261600}`

// acme is a monorepo of two services and a third elsewhere.
var acme = &schemas.Catalog{Services: []schemas.Service{
	{Name: "shop", Repositories: []schemas.Repository{{Name: "acme/shop", Paths: []string{"shop/**"}}}},
	{Name: "cart", Deployed: schemas.Deployed{Environment: "live"}, Repositories: []schemas.Repository{{Name: "acme/shop", Paths: []string{"cart/**"}}}},
	{Name: "pay", Repositories: []schemas.Repository{{Name: "acme/pay"}}},
}}

func decode(t *testing.T, kind, body string, c *schemas.Catalog) []schemas.Event {
	t.Helper()
	events, err := github.New(nil, nil).Decode(schemas.Delivery{Source: "github", Kind: kind, Body: []byte(body)}, c)
	if err != nil {
		t.Fatalf("Decode: %v", err)
	}
	return events
}

// summary is one line per event: what matters in the tables below.
func summary(t *testing.T, events []schemas.Event) []string {
	t.Helper()
	lines := make([]string, 0, len(events))
	for _, e := range events {
		p, err := e.Payload()
		if err != nil {
			t.Fatal(err)
		}
		line := fmt.Sprintf("%s %s %s", e.Time.Format("15:04:05"), e.ID, e.Subject)
		switch p := p.(type) {
		case *schemas.DeploymentEvent:
			line += fmt.Sprintf(": %s %s %s sha=%s version=%s", p.DeploymentID, p.Environment, p.Status, p.SHA, p.Version)
		case *schemas.ChangeEvent:
			line += fmt.Sprintf(": %s at %d of %s", p.SHA, p.Position, p.Push)
		case *schemas.BranchEvent:
			line += fmt.Sprintf(": %s %s→%s %d commits", p.Branch, p.Before, p.After, len(p.Commits))
		case *schemas.PullRequestEvent:
			line += fmt.Sprintf(": #%d merge=%s reviewed=%t approved=%t", p.Number, p.MergeSHA, p.ReviewedAt != nil, p.Approved)
		case *schemas.IncidentEvent:
			line += fmt.Sprintf(": %s %s %s %v", p.IncidentID, p.Status, p.Severity, p.CausedBy)
		}
		lines = append(lines, line)
	}
	return lines
}

func TestDeployments(t *testing.T) {
	status := func(state string) string {
		return `{"deployment_status":{"id":7,"state":"` + state + `","created_at":"2026-01-01T10:00:05Z","updated_at":"2026-01-09T10:00:00Z"},
			"deployment":{"id":3,"sha":"abc","ref":"refs/tags/v2","environment":"eu"},` + repo + `}`
	}
	run := func(action, conclusion, event string) string {
		return `{"action":"` + action + `","workflow_run":{"id":5,"run_attempt":2,"name":"deploy","event":"` + event + `","head_sha":"abc",
			"head_branch":"main","conclusion":` + conclusion + `,"created_at":"2026-01-01T09:00:00Z","run_started_at":"2026-01-01T10:00:00Z",
			"updated_at":"2026-01-01T10:05:00Z"},` + repo + `}`
	}
	release := func(action, rest string) string {
		return `{"action":"` + action + `","release":{"id":9,"published_at":"2026-01-01T10:00:00Z",` + rest + `},` + repo + `}`
	}
	empty := &schemas.Catalog{}
	for name, tt := range map[string]struct {
		kind, body string
		catalog    *schemas.Catalog
		want       []string
	}{
		"a status is timed by its creation, which no later update moves": {"deployment_status", status("success"), empty,
			[]string{"10:00:05 deployment_status/7 acme/shop: 3 eu succeeded sha=abc version=v2"}},
		"an error is a failure": {"deployment_status", status("error"), empty,
			[]string{"10:00:05 deployment_status/7 acme/shop: 3 eu failed sha=abc version=v2"}},
		"inactive says nothing about the deployment": {"deployment_status", status("inactive"), empty, []string{}},
		"a deployment without paths is one of every service of the repository": {"deployment_status", status("in_progress"), acme, []string{
			"10:00:05 deployment_status/7@shop shop: 3 eu started sha=abc version=v2",
			"10:00:05 deployment_status/7@cart cart: 3 eu started sha=abc version=v2"}},
		"a run that starts is timed by its attempt": {"workflow_run", run("in_progress", "null", "push"), empty,
			[]string{"10:00:00 workflow_run/5/2/in_progress acme/shop: run/5 production started sha=abc version="}},
		"a run deploys where the service says": {"workflow_run", run("completed", `"timed_out"`, "push"), acme, []string{
			"10:05:00 workflow_run/5/2/completed@shop shop: run/5 production failed sha=abc version=",
			"10:05:00 workflow_run/5/2/completed@cart cart: run/5 live failed sha=abc version="}},
		"a skipped run is cancelled": {"workflow_run", run("completed", `"skipped"`, "push"), empty,
			[]string{"10:05:00 workflow_run/5/2/completed acme/shop: run/5 production cancelled sha=abc version="}},
		"a run for a pull request deploys nothing":    {"workflow_run", run("completed", `"success"`, "pull_request"), empty, []string{}},
		"a run that waits for approval has not begun": {"workflow_run", run("requested", `"action_required"`, "push"), empty, []string{}},
		"a published release is a deployment of its tag": {"release", release("published", `"tag_name":"v1.2.0","target_commitish":"main"`), empty,
			[]string{"10:00:00 release/9/published acme/shop: v1.2.0 production succeeded sha= version=v1.2.0"}},
		"a release of a commit names it": {"release", release("published", `"tag_name":"v1.2.0","target_commitish":"`+strings.Repeat("a", 40)+`"`), empty,
			[]string{"10:00:00 release/9/published acme/shop: v1.2.0 production succeeded sha=" + strings.Repeat("a", 40) + " version=v1.2.0"}},
		"a release marked so is a pre-release": {"release", release("published", `"tag_name":"v2","prerelease":true`), empty,
			[]string{"10:00:00 release/9/published acme/shop: v2 prerelease succeeded sha= version=v2"}},
		"a promoted pre-release is released when it was promoted": {"release", release("released", `"tag_name":"v2","updated_at":"2026-01-01T12:00:00Z"`), empty,
			[]string{"12:00:00 release/9/released acme/shop: v2 production succeeded sha= version=v2"}},
		"a deleted release is nothing": {"release", release("deleted", `"tag_name":"v2"`), empty, []string{}},
		"a pushed tag names its commit, not the tag object": {"push",
			`{"ref":"refs/tags/v1.2.0-rc.1","after":"tagobject","head_commit":{"id":"abc"},` + repo + `}`, empty,
			[]string{"10:00:00 push/tag/v1.2.0-rc.1/abc acme/shop: v1.2.0-rc.1 prerelease succeeded sha=abc version=v1.2.0-rc.1"}},
		"a created tag is the same deployment without a commit": {"create", `{"ref":"v1.2.0","ref_type":"tag",` + repo + `}`, empty,
			[]string{"10:00:00 create/tag/v1.2.0 acme/shop: v1.2.0 production succeeded sha= version=v1.2.0"}},
		"a created branch is nothing": {"create", `{"ref":"x","ref_type":"branch",` + repo + `}`, empty, []string{}},
		"a deleted tag is nothing": {"push", `{"ref":"refs/tags/v1","after":"0000000000000000000000000000000000000000","deleted":true,` + repo + `}`, empty,
			[]string{}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, summary(t, decode(t, tt.kind, tt.body, tt.catalog))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestPushes(t *testing.T) {
	push := func(ref, rest string) string { return `{"ref":"` + ref + `","after":"h",` + rest + `,` + repo + `}` }
	commits := `"commits":[
		{"id":"a","timestamp":"2026-01-01T08:00:00+01:00","added":["shop/x.go"]},
		{"id":"b","timestamp":"2026-01-01T09:00:00Z","modified":["shop/y.go"],"removed":["cart/z.go"]},
		{"id":"c","timestamp":"2026-01-01T09:30:00Z","added":["README.md"]}]`
	for name, tt := range map[string]struct {
		body string
		want []string
	}{
		"in a monorepo a commit is a change of the services whose files it touches, and passes the others by": {push("refs/heads/main", `"before":"g",`+commits), []string{
			"10:00:00 push/h/a shop: a at 0 of h",
			"10:00:00 push/h/b@shop shop: b at 1 of h",
			"10:00:00 push/h/b@cart cart: b at 1 of h",
			"10:00:00 push/main/g..h@shop shop: main g→h 3 commits",
			"10:00:00 push/main/g..h@cart cart: main g→h 3 commits",
			"10:00:00 push/h@shop shop: h production succeeded sha=h version=",
			"10:00:00 push/h@cart cart: h live succeeded sha=h version="}},
		"a push to a new branch has no before": {push("refs/heads/fix", `"before":"0000000000000000000000000000000000000000",`+commits), []string{
			"10:00:00 push/fix/..h@shop shop: fix →h 3 commits",
			"10:00:00 push/fix/..h@cart cart: fix →h 3 commits"}},
		"a branch made of the default one has no commits yet": {push("refs/heads/fix", `"before":"g","commits":[]`), []string{
			"10:00:00 push/fix/g..h@shop shop: fix g→h 0 commits",
			"10:00:00 push/fix/g..h@cart cart: fix g→h 0 commits"}},
		"a deleted branch is nothing":    {push("refs/heads/fix", `"deleted":true`), []string{}},
		"what is no branch is no change": {push("refs/notes/x", commits), []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, summary(t, decode(t, "push", tt.body, acme))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestPullRequests(t *testing.T) {
	pull := func(rest string) string {
		return `"pull_request":{"number":4,"user":{"id":1,"login":"ann"},"created_at":"2026-01-01T10:00:00Z","updated_at":"2026-01-01T11:00:00Z",
			"merge_commit_sha":"m","base":{"ref":"main"}` + rest + `},` + repo + `}`
	}
	review := func(user, state string) string {
		return `{"action":"submitted","review":{"id":8,"user":` + user + `,"state":"` + state + `","submitted_at":"2026-01-01T10:30:00Z"},` + pull("")
	}
	for name, tt := range map[string]struct {
		kind, body string
		want       []string
	}{
		"before it is merged the merge commit is only a trial": {"pull_request", `{"action":"opened",` + pull(""),
			[]string{"11:00:00 pull_request/4/opened/2026-01-01T11:00:00Z acme/pay-not: #4 merge= reviewed=false approved=false"}},
		"a merged one names the commit it became": {"pull_request", `{"action":"closed",` + pull(`,"merged_at":"2026-01-01T11:00:00Z"`),
			[]string{"11:00:00 pull_request/4/closed/2026-01-01T11:00:00Z acme/pay-not: #4 merge=m reviewed=false approved=false"}},
		"one to another branch is nothing yet": {"pull_request", `{"action":"opened",` + pull(`,"base":{"ref":"next"}`), []string{}},
		"labels set in the same second are two events": {"pull_request", `{"action":"labeled","label":{"name":"hotfix"},` + pull(""),
			[]string{"11:00:00 pull_request/4/labeled/2026-01-01T11:00:00Z/hotfix acme/pay-not: #4 merge= reviewed=false approved=false"}},
		"a review by someone else counts": {"pull_request_review", review(`{"id":2}`, "APPROVED"),
			[]string{"10:30:00 pull_request_review/8/submitted acme/pay-not: #4 merge= reviewed=true approved=true"}},
		"a comment by someone else is a review too": {"pull_request_review", review(`{"id":2}`, "commented"),
			[]string{"10:30:00 pull_request_review/8/submitted acme/pay-not: #4 merge= reviewed=true approved=false"}},
		"the author's own review is none": {"pull_request_review", review(`{"id":1}`, "commented"), []string{}},
		"a bot's review is none":          {"pull_request_review", review(`{"id":3,"type":"Bot"}`, "approved"), []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			for i := range tt.want {
				tt.want[i] = strings.ReplaceAll(tt.want[i], "acme/pay-not", "acme/shop")
			}
			if diff := cmp.Diff(tt.want, summary(t, decode(t, tt.kind, tt.body, &schemas.Catalog{}))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhatIsLenient(t *testing.T) {
	body := `{"deployment":{"id":3,"sha":"abc","environment":"eu","created_at":"2026-01-01T10:00:00Z"},
		"repository":{"full_name":"acme/shop","custom_properties":{"tier":["gold","eu"]}}}`
	want := []string{"10:00:00 deployment/3 acme/shop: 3 eu started sha=abc version="}
	t.Run("a field of a type go-github can't hold does not lose the delivery", func(t *testing.T) {
		if diff := cmp.Diff(want, summary(t, decode(t, "deployment", body, &schemas.Catalog{}))); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
	t.Run("a hook that sends forms is understood", func(t *testing.T) {
		events, err := github.New(nil, nil).Decode(schemas.Delivery{
			Kind: "deployment", Header: map[string]string{"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"},
			Body: []byte(url.Values{"payload": {body}}.Encode()),
		}, &schemas.Catalog{})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, summary(t, events)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
	t.Run("an event nobody thought of is nothing", func(t *testing.T) {
		if got := decode(t, "brand_new_event", `whatever`, &schemas.Catalog{}); got != nil {
			t.Errorf("gives %v", got)
		}
	})
}

func TestWhatIsRefused(t *testing.T) {
	for name, tt := range map[string]struct{ kind, body string }{
		"broken JSON":                     {"push", `{"ref":`},
		"no JSON at all":                  {"ping", `hello`},
		"a list":                          {"push", `[]`},
		"no repository":                   {"push", `{"ref":"refs/heads/main","after":"h"}`},
		"a deployment without an id":      {"deployment", `{"deployment":{"sha":"abc"},` + repo + `}`},
		"a status without its deployment": {"deployment_status", `{"deployment_status":{"id":1,"state":"success"},` + repo + `}`},
		"a status without a time":         {"deployment_status", `{"deployment_status":{"id":1,"state":"success"},"deployment":{"id":1,"environment":"eu"},` + repo + `}`},
		"a time that is none":             {"deployment", `{"deployment":{"id":1,"created_at":"yesterday"},` + repo + `}`},
		"a commit without an id":          {"push", `{"ref":"refs/heads/main","after":"h","commits":[{}],` + repo + `}`},
		"an empty commit":                 {"push", `{"ref":"refs/heads/fix","after":"h","commits":[null],` + repo + `}`},
		"no pull request":                 {"pull_request", `{"action":"opened",` + repo + `}`},
		"no review":                       {"pull_request_review", `{"action":"submitted",` + repo + `}`},
		"no issue":                        {"issues", `{"action":"opened",` + repo + `}`},
		"a release without a tag":         {"release", `{"action":"published","release":{"id":1},` + repo + `}`},
	} {
		t.Run(name, func(t *testing.T) {
			events, err := github.New(nil, nil).Decode(schemas.Delivery{Kind: tt.kind, Body: []byte(tt.body)}, acme)
			if !errors.Is(err, github.ErrPayload) || len(events) != 0 {
				t.Errorf("Decode gives %d events and %v, want ErrPayload", len(events), err)
			}
		})
	}
}

// An author's date is what the author's computer said. One that can't be true
// must not take the push's other commits with it, nor count in a lead time.
func TestACommitWhoseClockWasWrongHasNoDate(t *testing.T) {
	const now = "2026-03-02T10:00:00Z"
	received, _ := time.Parse(time.RFC3339, now)
	for at, kept := range map[string]bool{
		"1970-01-01T00:00:00Z": false, "0001-01-01T00:00:00Z": false, "1931-01-01T00:00:00Z": false, "2150-01-01T00:00:00Z": false,
		"2026-03-04T10:00:00Z": false, "2026-03-02T19:00:00+09:00": true, "1999-12-31T00:00:00Z": true,
	} {
		for _, ref := range []string{"main", "feature"} {
			body := fmt.Sprintf(`{"ref":"refs/heads/%s","before":"a","after":"c","repository":{"full_name":"acme/shop","default_branch":"main","pushed_at":%d},
				"commits":[{"id":"b","timestamp":%q},{"id":"c","timestamp":%q}]}`, ref, received.Unix(), at, now)
			events, err := github.New(nil, nil).Decode(schemas.Delivery{Kind: "push", Body: []byte(body), ReceivedAt: received}, &schemas.Catalog{})
			if err != nil {
				t.Fatalf("a commit of %s: %v", at, err)
			}
			dates := 0
			for _, e := range events {
				dates += strings.Count(string(e.Data), `"committed_at"`)
			}
			if want := map[bool]int{false: 1, true: 2}[kept]; dates != want {
				t.Errorf("a commit of %s on %s: %d dates, want %d: %v", at, ref, dates, want, events)
			}
		}
	}
}
