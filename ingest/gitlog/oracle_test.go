package gitlog_test

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"github.com/fivekeys/fivekeys/ingest/gitlog"
	"github.com/fivekeys/fivekeys/internal/testkit/gitrepo"
	"github.com/fivekeys/fivekeys/schemas"
)

// told is what the events of a history say, decoded.
type told struct {
	order       []string // SHAs of the changes as they came
	changes     map[string]*schemas.ChangeEvent
	at          map[string]time.Time // events' times by id
	deployments []*schemas.DeploymentEvent
}

func read(t testing.TB, path string, opt gitlog.Options) (*gitlog.History, told) {
	t.Helper()
	opt.Service = cmp.Or(opt.Service, "shop")
	h, err := gitlog.Read(t.Context(), path, opt)
	if err != nil {
		t.Fatal(err)
	}
	return h, tell(t, h)
}

func tell(t testing.TB, h *gitlog.History) told {
	t.Helper()
	all := told{changes: map[string]*schemas.ChangeEvent{}, at: map[string]time.Time{}}
	for e, err := range h.Events() {
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Validate(); err != nil {
			t.Fatalf("event %s: %v", e.ID, err)
		}
		if _, twice := all.at[e.ID]; twice {
			t.Fatalf("event %s came twice", e.ID)
		}
		all.at[e.ID] = e.Time
		p, err := e.Payload()
		if err != nil {
			t.Fatal(err)
		}
		switch p := p.(type) {
		case *schemas.ChangeEvent:
			if len(all.deployments) > 0 {
				t.Fatalf("change %s came after a deployment", e.ID)
			}
			all.changes[p.SHA] = p
			all.order = append(all.order, p.SHA)
		case *schemas.DeploymentEvent:
			all.deployments = append(all.deployments, p)
		}
	}
	if len(all.changes) != h.Changes || len(all.deployments) != h.Tags {
		t.Errorf("History says %d changes and %d tags, its events %d and %d",
			h.Changes, h.Tags, len(all.changes), len(all.deployments))
	}
	return all
}

// fold applies the rule of containment to the events, in the plainest way: a
// deployment's changes are the first-parent commits walking back from its SHA
// that no earlier deployment of its environment reaches, where
// reach(c) = {c} ∪ pull_request.commits ∪ reach(parents[0]).
func (all told) fold() gitrepo.Figures {
	deployments := slices.Clone(all.deployments)
	at := func(d *schemas.DeploymentEvent) time.Time { return all.at["tag/"+d.DeploymentID+"/"+d.SHA] }
	slices.SortFunc(deployments, func(a, b *schemas.DeploymentEvent) int {
		return cmp.Or(at(a).Compare(at(b)), cmp.Compare(a.DeploymentID, b.DeploymentID))
	})
	var f gitrepo.Figures
	reached := map[string]map[string]bool{}
	for _, e := range deployments {
		before, seen := reached[e.Environment]
		d := gitrepo.Deployment{Environment: e.Environment, Name: e.DeploymentID, SHA: e.SHA, At: at(e), Baseline: !seen}
		if !seen {
			before = map[string]bool{}
			reached[e.Environment] = before
		}
		now := map[string]bool{}
		for c := all.changes[e.SHA]; c != nil; c = all.parent(c) {
			first := all.firstCommit(c)
			if !before[c.SHA] {
				d.Changes = append(d.Changes, gitrepo.Change{SHA: c.SHA, FirstCommit: first, LeadTime: d.At.Sub(first)})
			}
			now[c.SHA] = true
			if c.PullRequest != nil {
				for _, sha := range c.PullRequest.Commits {
					now[sha] = true
				}
			}
		}
		for sha := range now {
			before[sha] = true
		}
		f.Deployments = append(f.Deployments, d)
	}
	return f
}

func (all told) parent(c *schemas.ChangeEvent) *schemas.ChangeEvent {
	if len(c.Parents) == 0 {
		return nil
	}
	return all.changes[c.Parents[0]]
}

func (all told) firstCommit(c *schemas.ChangeEvent) time.Time {
	if c.PullRequest != nil && c.PullRequest.FirstCommitAt != nil {
		return *c.PullRequest.FirstCommitAt
	}
	if c.CommittedAt != nil {
		return *c.CommittedAt
	}
	return time.Time{}
}
