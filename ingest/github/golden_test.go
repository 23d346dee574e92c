package github_test

import (
	"testing"

	"github.com/fivekeys/fivekeys/ingest/github"
	"github.com/fivekeys/fivekeys/internal/testkit/golden"
	"github.com/fivekeys/fivekeys/schemas"
)

// relevant are the events whose decoding is kept in golden files.
var relevant = map[string]bool{
	"deployment": true, "deployment_status": true, "workflow_run": true, "release": true, "create": true,
	"push": true, "pull_request": true, "pull_request_review": true, "issues": true, "issue_comment": true, "ping": true,
}

// bugs makes the examples' one label an incident's.
var bugs = &schemas.Catalog{Services: []schemas.Service{{
	Name: "hello", Team: "octo", IncidentLabels: []string{"bug"},
	Repositories: []schemas.Repository{{Name: "Codertocat/Hello-World"}},
}}}

// monorepo has two services in the examples' repository and one elsewhere.
var monorepo = &schemas.Catalog{Services: []schemas.Service{
	{Name: "docs", Repositories: []schemas.Repository{{Name: "codertocat/hello-world", Paths: []string{"*.md"}}}},
	{Name: "shop", IncidentLabels: []string{"bug"}, Repositories: []schemas.Repository{{Name: "Codertocat/Hello-World", Paths: []string{"shop/**"}}}},
	{Name: "pay", Repositories: []schemas.Repository{{Name: "acme/pay"}}},
}}

func TestGolden(t *testing.T) {
	for _, e := range examples(t, "api.github.com") {
		if !relevant[e.event] {
			continue
		}
		t.Run(e.name(), func(t *testing.T) {
			events, err := github.New(nil, nil).Decode(e.delivery(), bugs)
			if err != nil {
				t.Fatal(err)
			}
			golden.Events(t, e.name(), events)
		})
	}
}

// Every payload GitHub publishes decodes, under every shape of catalogue, and
// what it gives is valid and has the ids of one delivery only once.
func TestEveryPayload(t *testing.T) {
	catalogs := map[string]*schemas.Catalog{"empty": {}, "one service": bugs, "monorepo": monorepo}
	total := 0
	for _, server := range servers {
		for _, e := range examples(t, server) {
			total++
			for name, c := range catalogs {
				events, err := github.New(nil, nil).Decode(e.delivery(), c)
				if err != nil {
					t.Errorf("%s %s under %s: %v", server, e.name(), name, err)
				}
				if len(events) > 0 && !relevant[e.event] {
					t.Errorf("%s %s gives %d events", server, e.name(), len(events))
				}
				seen := map[string]bool{}
				for _, event := range events {
					if err := event.Validate(); err != nil {
						t.Errorf("%s %s: event %s: %v", server, e.name(), event.ID, err)
					}
					if seen[event.ID] {
						t.Errorf("%s %s gives event %s twice", server, e.name(), event.ID)
					}
					seen[event.ID] = true
				}
			}
		}
	}
	if total < 329+5*49 {
		t.Errorf("only %d payloads were found", total)
	}
}
