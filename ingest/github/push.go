package github

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/go-github/v60/github"

	"github.com/fivekeys/fivekeys/schemas"
)

// maxFiles bounds the paths kept with a change. They decide whose change it is
// before they are cut; afterwards they are for reading.
const maxFiles = 200

// noSHA is what stands for "nothing" before a ref is created and after it is deleted.
const noSHA = "0000000000000000000000000000000000000000"

func (h *hook) push(e *github.PushEvent) error {
	if err := h.in(e.GetRepo().GetFullName()); err != nil {
		return err
	}
	after := e.GetAfter()
	if e.GetDeleted() || after == noSHA {
		return nil
	}
	if after == "" || e.GetRef() == "" || slices.Contains(e.Commits, nil) {
		return fmt.Errorf("%w: push has no ref, no head or an empty commit", ErrPayload)
	}
	at := first(e.GetRepo().PushedAt)
	if head := e.GetHeadCommit(); at.IsZero() && head != nil {
		at = first(head.Timestamp)
	}
	if tag, ok := strings.CutPrefix(e.GetRef(), "refs/tags/"); ok {
		return h.tagPush(e, tag, at)
	}
	branch, ok := strings.CutPrefix(e.GetRef(), "refs/heads/")
	if !ok {
		return nil // refs/notes and the like
	}
	if branch != or(e.GetRepo().GetDefaultBranch(), e.GetRepo().GetMasterBranch()) {
		return h.branch(e, branch, at)
	}
	if err := h.changes(e, branch, at); err != nil {
		return err
	}
	if err := h.neighbours(e, branch, at); err != nil {
		return err
	}
	return h.pushed(e, at)
}

// changes gives one change per commit and service that owns a file of it.
func (h *hook) changes(e *github.PushEvent, branch string, at time.Time) error {
	for i, c := range e.Commits {
		sha := or(c.GetID(), c.GetSHA())
		if sha == "" {
			return fmt.Errorf("%w: commit %d of the push has no id", ErrPayload, i)
		}
		files := filesOf(c)
		base := schemas.ChangeEvent{
			Repository:  h.repo,
			SHA:         sha,
			CommittedAt: h.committedAt(c),
			Branch:      branch,
			Message:     c.GetMessage(),
			Files:       files[:min(len(files), maxFiles)],
			Author:      or(c.GetAuthor().GetLogin(), c.GetAuthor().GetName()),
			Position:    i,
			Push:        e.GetAfter(),
		}
		err := h.emit("push/"+e.GetAfter()+"/"+sha, schemas.TypeChange, at, h.services(files...),
			func(s schemas.Service) schemas.Payload {
				own := base
				own.Service = s.Name
				return &own
			})
		if err != nil {
			return err
		}
	}
	return nil
}

// pushed is the deployment of services that are deployed by pushing. In a
// monorepo those are the ones the push touches.
func (h *hook) pushed(e *github.PushEvent, at time.Time) error {
	files := make([]string, 0, len(e.Commits))
	for _, c := range e.Commits {
		files = append(files, filesOf(c)...)
	}
	base := deployed{schemas.DeploymentEvent{
		DeploymentID: e.GetAfter(),
		Status:       schemas.DeploymentSucceeded,
		SHA:          e.GetAfter(),
		URL:          e.GetCompare(),
		Actor:        or(e.GetSender().GetLogin(), e.GetPusher().GetName()),
		Via:          schemas.ByPush,
	}}
	return h.emit("push/"+e.GetAfter(), schemas.TypeDeployment, at, h.services(files...), base.of)
}

// neighbours tells the services of a shared repository of the commits that
// touch none of their files: a deployment of such a commit is one of theirs too.
func (h *hook) neighbours(e *github.PushEvent, branch string, at time.Time) error {
	var strangers []schemas.Service
	for _, s := range h.services() {
		if slices.ContainsFunc(e.Commits, func(c *github.HeadCommit) bool {
			return !slices.ContainsFunc(h.services(filesOf(c)...), func(own schemas.Service) bool { return own.Name == s.Name })
		}) {
			strangers = append(strangers, s)
		}
	}
	push := h.branchEvent(e, branch)
	push.Default = true
	return h.emitBranch(push, at, strangers)
}

// branch is a push to another branch than the default one. It goes to every
// service of the repository: which of them a pull request touches is not known
// before it is merged.
func (h *hook) branch(e *github.PushEvent, branch string, at time.Time) error {
	return h.emitBranch(h.branchEvent(e, branch), at, h.services())
}

func (h *hook) branchEvent(e *github.PushEvent, branch string) schemas.BranchEvent {
	before := e.GetBefore()
	if before == noSHA {
		before = ""
	}
	push := schemas.BranchEvent{Repository: h.repo, Branch: branch, Before: before, After: e.GetAfter()}
	for _, c := range e.Commits {
		if t := h.committedAt(c); t != nil && or(c.GetID(), c.GetSHA()) != "" {
			push.Commits = append(push.Commits, schemas.BranchCommit{SHA: or(c.GetID(), c.GetSHA()), CommittedAt: *t})
		}
	}
	return push
}

func (h *hook) emitBranch(push schemas.BranchEvent, at time.Time, services []schemas.Service) error {
	id := fmt.Sprintf("push/%s/%s..%s", push.Branch, push.Before, push.After)
	return h.emit(id, schemas.TypeBranch, at, services, func(s schemas.Service) schemas.Payload {
		own := push
		own.Service = s.Name
		return &own
	})
}

// committedAt prefers the author's date, which a rebase and a cherry-pick keep.
// It is what the author's computer said: one that can't be true is none, and the
// change keeps its place without a lead time.
func (h *hook) committedAt(c *github.HeadCommit) *time.Time {
	at := optional(c.Timestamp)
	if a := c.GetAuthor(); a != nil && a.Date != nil {
		at = optional(a.Date)
	}
	if at == nil || schemas.CheckHappened(*at, h.received) != nil {
		return nil
	}
	return at
}

// filesOf gives every path the commit touches, once.
func filesOf(c *github.HeadCommit) []string {
	files := slices.Concat(c.Added, c.Modified, c.Removed)
	slices.Sort(files)
	return slices.Compact(files)
}
