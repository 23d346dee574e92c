package github

import (
	"fmt"
	"strings"
	"time"

	"github.com/google/go-github/v60/github"

	"github.com/fivekeys/fivekeys/schemas"
)

// pullRequest gives the state of a pull request, whatever happened to it: an
// event that was missed is made good by the next one.
func (h *hook) pullRequest(e *github.PullRequestEvent) error {
	if err := h.in(e.GetRepo().GetFullName()); err != nil {
		return err
	}
	pr := e.GetPullRequest()
	if pr == nil {
		return fmt.Errorf("%w: holds no pull request", ErrPayload)
	}
	if !toDefault(pr, e.GetRepo()) {
		return nil
	}
	at := first(pr.UpdatedAt, pr.CreatedAt)
	id := fmt.Sprintf("pull_request/%d/%s/%s", pr.GetNumber(), e.GetAction(), stamp(at))
	if label := e.GetLabel().GetName(); label != "" {
		// Two labels set at once are two deliveries of one second, and the first
		// may not show the second label yet.
		id += "/" + label
	}
	return h.pull(id, at, stateOf(pr))
}

// review counts when a person submits it who is not the author: a bot's comment
// a minute after opening would make every pickup time a minute.
func (h *hook) review(e *github.PullRequestReviewEvent) error {
	if err := h.in(e.GetRepo().GetFullName()); err != nil {
		return err
	}
	r, pr := e.GetReview(), e.GetPullRequest()
	switch {
	case r.GetID() == 0 || pr == nil:
		return fmt.Errorf("%w: holds no review or no pull request", ErrPayload)
	case e.GetAction() != "submitted", !toDefault(pr, e.GetRepo()):
		return nil
	case r.GetUser().GetType() == "Bot", r.GetUser().GetID() == pr.GetUser().GetID():
		return nil
	}
	state := stateOf(pr)
	state.ReviewedAt = optional(r.SubmittedAt)
	state.Approved = strings.EqualFold(r.GetState(), "approved")
	return h.pull(fmt.Sprintf("pull_request_review/%d/%s", r.GetID(), e.GetAction()), first(r.SubmittedAt), state)
}

// toDefault: only what goes to the default branch becomes a change. A stacked
// pull request is retargeted to it before it is merged, and told of then.
func toDefault(pr *github.PullRequest, repo *github.Repository) bool {
	return pr.GetBase().GetRef() == or(repo.GetDefaultBranch(), pr.GetBase().GetRepo().GetDefaultBranch())
}

func stateOf(pr *github.PullRequest) schemas.PullRequestEvent {
	s := schemas.PullRequestEvent{
		Number:      pr.GetNumber(),
		Title:       pr.GetTitle(),
		Body:        pr.GetBody(),
		Branch:      pr.GetHead().GetRef(),
		HeadSHA:     pr.GetHead().GetSHA(),
		Author:      pr.GetUser().GetLogin(),
		Labels:      labelNames(pr.Labels),
		CommitCount: pr.GetCommits(),
		OpenedAt:    optional(pr.CreatedAt),
		MergedAt:    optional(pr.MergedAt),
	}
	if s.MergedAt != nil {
		// Before it is merged this is the commit of a trial merge, which never
		// reaches the branch.
		s.MergeSHA = pr.GetMergeCommitSHA()
	}
	return s
}

func (h *hook) pull(id string, at time.Time, state schemas.PullRequestEvent) error {
	state.Repository = h.repo
	return h.emit(id, schemas.TypePullRequest, at, h.services(), func(s schemas.Service) schemas.Payload {
		own := state
		own.Service = s.Name
		return &own
	})
}

// stamp writes a time for use in an id.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
