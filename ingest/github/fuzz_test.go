package github_test

import (
	"testing"

	"github.com/fivekeys/fivekeys/ingest/github"
	"github.com/fivekeys/fivekeys/schemas"
)

// Whatever arrives decodes to valid events or to an error, and twice to the same.
func FuzzDecode(f *testing.F) {
	f.Add("push", []byte(`{"ref":"refs/heads/main","after":"h","commits":[{"id":"a"}],`+repo+`}`))
	f.Add("push", []byte(`{"ref":"refs/tags/v1","after":"h","head_commit":null,`+repo+`}`))
	f.Add("deployment_status", []byte(`{"deployment_status":{"id":1,"state":"success"},"deployment":null,`+repo+`}`))
	f.Add("issues", []byte(`{"action":"labeled","issue":{"number":1,"labels":[null,{"name":"incident"}]},"label":null,`+repo+`}`))
	f.Add("pull_request_review", []byte(`{"action":"submitted","review":{"id":1},"pull_request":{},"repository":{"full_name":"a/b"}}`))
	f.Add("release", []byte(`{"action":"published","release":null,`+repo+`}`))
	f.Add("workflow_run", []byte(`{"action":"completed","workflow_run":{"id":1,"conclusion":"success"},`+repo+`}`))
	f.Add("workflow_run", []byte(`{"action":"requested","workflow_run":{"id":1,"run_attempt":2,"run_started_at":"2026-01-01T10:00:00Z","triggering_actor":{"type":"User"}},`+repo+`}`))
	f.Add("issues", []byte(`{"action":"closed","issue":{"number":1,"state":"closed","closed_at":"2026-01-01T10:00:00Z","labels":[null,{"name":"toil/1h"}]},`+repo+`}`))
	f.Add("issue_comment", []byte(`{"action":"edited","changes":{"body":{"from":"/toil 5"}},"comment":{"id":1,"body":"\u0060\u0060\u0060\n/toil 2h x","created_at":"2026-01-01T10:00:00Z","author_association":"OWNER"},"issue":{"number":1,"labels":[null]},`+repo+`}`))
	f.Add("issue_comment", []byte(`{"action":"created","comment":{"id":1,"body":"/toil 2h"},"issue":null,`+repo+`}`))
	f.Fuzz(func(t *testing.T, kind string, body []byte) {
		d := schemas.Delivery{Kind: kind, Body: body}
		events, err := github.New(nil, nil).Decode(d, acme)
		if err != nil && len(events) > 0 {
			t.Error("gives both events and an error")
		}
		for _, e := range events {
			if err := e.Validate(); err != nil {
				t.Errorf("event %s: %v", e.ID, err)
			}
		}
		again, _ := github.New(nil, nil).Decode(d, acme)
		if len(again) != len(events) {
			t.Errorf("gives %d events and then %d", len(events), len(again))
		}
	})
}
