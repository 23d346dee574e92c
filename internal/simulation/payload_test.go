package simulation

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-github/v60/github"
)

const examplesFile = "../../ingest/github/testdata/octokit/node_modules/@octokit/webhooks-examples/api.github.com/index.json"

// shape is what the objects at each path of some payloads hold: the keys that
// any of them has and the keys that all of them have.
type shape struct{ any, all map[string]map[string]bool }

func newShape() shape {
	return shape{map[string]map[string]bool{}, map[string]map[string]bool{}}
}

func (s shape) add(path string, v any) {
	switch v := v.(type) {
	case map[string]any:
		keys := map[string]bool{}
		for k, e := range v {
			keys[k] = true
			s.add(path+"."+k, e)
		}
		if s.any[path] == nil {
			s.any[path], s.all[path] = map[string]bool{}, maps.Clone(keys)
		}
		maps.Copy(s.any[path], keys)
		maps.DeleteFunc(s.all[path], func(k string, _ bool) bool { return !keys[k] })
	case []any:
		for _, e := range v {
			s.add(path+"[]", e)
		}
	}
}

// elsewhere names paths that no example of an event has, though GitHub sends
// them: the installation and the organisation belong to every event of an
// organisation's repository that an app has, and the examples' pull requests
// were all closed without a merge. The shape is taken from another place.
var elsewhere = map[string]struct{ event, path string }{
	"release.organization":                {"issues", ".organization"},
	"workflow_run.installation":           {"push", ".installation"},
	"pull_request.pull_request.merged_by": {"pull_request", ".pull_request.user"},
}

func realShapes(t *testing.T) map[string]shape {
	t.Helper()
	b, err := os.ReadFile(examplesFile)
	if err != nil {
		t.Fatalf("read GitHub's example payloads: %v\nhint: make payloads", err)
	}
	var events []struct {
		Name     string
		Examples []any
	}
	if err := json.Unmarshal(b, &events); err != nil {
		t.Fatalf("decode GitHub's example payloads: %v", err)
	}
	shapes := map[string]shape{}
	for _, e := range events {
		s := newShape()
		for _, x := range e.Examples {
			s.add("", x)
		}
		shapes[e.Name] = s
	}
	for place, from := range elsewhere {
		event, path, _ := strings.Cut(place, ".")
		path = "." + path
		parent := path[:strings.LastIndex(path, ".")]
		shapes[event].any[parent][path[len(parent)+1:]] = true
		shapes[event].any[path] = shapes[from.event].any[from.path]
		shapes[event].all[path] = shapes[from.event].all[from.path]
	}
	return shapes
}

// samples gives some deliveries of each event and action of a scenario.
func samples(t *testing.T) []Delivery {
	t.Helper()
	const ofEach = 40
	taken := map[string]int{}
	var out []Delivery
	for _, d := range Generate(Config{Seed: 3}).Deliveries {
		action, _, _ := strings.Cut(string(d.Body[:min(len(d.Body), 40)]), ",") // keys are sorted: it comes first
		if taken[d.Event+action]++; taken[d.Event+action] <= ofEach {
			out = append(out, d)
		}
	}
	return out
}

func TestPayloadsHaveTheKeysOfGitHubsOwn(t *testing.T) {
	shapes := realShapes(t)
	complaints := map[string]bool{}
	for _, d := range samples(t) {
		original, ok := shapes[d.Event]
		if !ok {
			t.Fatalf("GitHub has no event %q", d.Event)
		}
		var v any
		if err := json.Unmarshal(d.Body, &v); err != nil {
			t.Fatalf("%s %s: %v", d.Event, d.GUID, err)
		}
		mine := newShape()
		mine.add("", v)
		for path, keys := range mine.any {
			theirs, known := original.any[path]
			if !known {
				complaints[d.Event+path+": no example has an object there"] = true
				continue
			}
			for k := range keys {
				if !theirs[k] {
					complaints[d.Event+path+"."+k+": no example has it"] = true
				}
			}
			for k := range original.all[path] {
				if !mine.all[path][k] {
					complaints[d.Event+path+"."+k+": every example has it, ours does not"] = true
				}
			}
		}
	}
	for _, c := range slices.Sorted(maps.Keys(complaints)) {
		t.Error(c)
	}
}

func TestPayloadsAreParsedByTheClientLibrary(t *testing.T) {
	const leastPullRequest = 6 << 10
	seen := map[string]bool{}
	for _, d := range samples(t) {
		e, err := github.ParseWebHook(d.Event, d.Body)
		if err != nil {
			t.Fatalf("%s: %v\n%.400s", d.Event, err, d.Body)
		}
		seen[d.Event] = true
		switch e := e.(type) {
		case *github.PullRequestEvent:
			if e.GetPullRequest().GetCreatedAt().IsZero() || e.GetPullRequest().GetHead().GetSHA() == "" || e.GetRepo().GetFullName() == "" {
				t.Errorf("pull_request %s lacks its time, head or repository", d.GUID)
			}
			if len(d.Body) < leastPullRequest {
				t.Errorf("pull_request of %d bytes: GitHub's are larger", len(d.Body))
			}
		case *github.PushEvent:
			if e.GetAfter() == "" || e.GetRepo().GetPushedAt().IsZero() {
				t.Errorf("push %s lacks its SHA or time", d.GUID)
			}
		case *github.DeploymentStatusEvent:
			if e.GetDeployment().GetSHA() == "" || e.GetDeploymentStatus().GetCreatedAt().IsZero() {
				t.Errorf("deployment_status %s lacks its SHA or time", d.GUID)
			}
		case *github.WorkflowRunEvent:
			if e.GetWorkflowRun().GetHeadSHA() == "" || e.GetWorkflowRun().GetUpdatedAt().IsZero() {
				t.Errorf("workflow_run %s lacks its SHA or time", d.GUID)
			}
		case *github.ReleaseEvent:
			if e.GetRelease().GetTargetCommitish() == "" || e.GetRelease().GetPublishedAt().IsZero() {
				t.Errorf("release %s lacks its target or time", d.GUID)
			}
		case *github.IssuesEvent:
			if len(e.GetIssue().Labels) == 0 || e.GetIssue().GetUpdatedAt().IsZero() {
				t.Errorf("issues %s lacks its labels or time", d.GUID)
			}
		}
	}
	want := strings.Fields("create delete deployment deployment_status issues ping pull_request pull_request_review push release workflow_run")
	if got := slices.Sorted(maps.Keys(seen)); !slices.Equal(got, want) {
		t.Errorf("events sent: %v\nwant %v", got, want)
	}
}
