package dora

import (
	"cmp"
	"slices"
	"strings"
)

// pullRequest is one pull request while it is being folded: what its events
// say, merged.
type pullRequest struct {
	repo     string
	number   int
	title    string
	branch   string
	head     string
	merge    string
	author   string
	labels   []string
	closes   []string
	commits  int
	opened   instant
	reviewed instant

	firstPush     instant // the first commit of its branch pushes
	followed      bool    // firstPush has been looked for
	changesJoined []*change
}

type pullRequestKey struct {
	repo   string
	number int
}

// foldPullRequests merges the events of each pull request; the events must be
// in order. The latest event that says something is right about it (a title is
// edited, a branch pushed to), the earliest about when it was opened and reviewed.
func foldPullRequests(events []statusEvent[pullRequestState], repos *repositories) map[pullRequestKey]*pullRequest {
	pulls := map[pullRequestKey]*pullRequest{}
	for _, e := range events {
		said := e.said
		key := pullRequestKey{repos.of(said.repository), said.number}
		p := pulls[key]
		if p == nil {
			p = &pullRequest{repo: key.repo, number: key.number}
			pulls[key] = p
		}
		p.title = cmp.Or(said.title, p.title)
		p.branch = cmp.Or(said.branch, p.branch)
		p.head = cmp.Or(said.headSHA, p.head)
		p.merge = cmp.Or(said.mergeSHA, p.merge)
		p.author = cmp.Or(p.author, said.author)
		p.commits = cmp.Or(said.commitCount, p.commits)
		p.opened = earliest(p.opened, said.openedAt)
		p.reviewed = earliest(p.reviewed, said.reviewedAt)
		if said.hasBody {
			p.closes = said.closes
		}
		// A label that was taken off is off. A bare review says nothing of labels.
		if said.reviewedAt == 0 || len(said.labels) > 0 {
			p.labels = said.labels
		}
	}
	return pulls
}

// inOrder gives the pull requests by repository and number.
func inOrder(pulls map[pullRequestKey]*pullRequest) []*pullRequest {
	list := make([]*pullRequest, 0, len(pulls))
	for _, p := range pulls {
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b *pullRequest) int {
		return cmp.Or(strings.Compare(a.repo, b.repo), cmp.Compare(a.number, b.number))
	})
	return list
}

// joinPullRequests gives each merged pull request its changes.
//
// How it was merged is told from what arrived together. A merge commit comes in
// one push with the commits of the branch, under their own SHAs: those came
// with the merge and are no changes of their own. A rebase rewrites them: what
// is pushed then are changes of their own. A squash comes alone.
func (h *history) joinPullRequests(pulls []*pullRequest) {
	mergedBy := map[string]*pullRequest{}
	for _, p := range pulls {
		if p.merge != "" {
			mergedBy[p.merge] = p
		}
	}
	pushes := map[string][]*change{}
	for _, c := range h.changes {
		if c.push != "" && !c.side {
			pushes[c.push] = append(pushes[c.push], c)
		}
	}
	for _, line := range pushes {
		slices.SortFunc(line, func(a, b *change) int {
			return cmp.Or(cmp.Compare(a.position, b.position), strings.Compare(a.sha, b.sha))
		})
	}
	for _, p := range pulls {
		n, known := h.find(p.merge)
		if p.merge == "" || !known || int(n) >= len(h.changes) {
			continue
		}
		c := h.changes[n]
		h.join(c, p)
		before := precedingInPush(c, pushes[c.push], mergedBy)
		switch {
		case p.head != "" && p.head != c.sha && slices.ContainsFunc(pushes[c.push], hasSHA(p.head)):
			// Without the count only the head is known to be the branch's.
			count := p.commits
			for i, b := range before {
				if i < count || b.sha == p.head {
					h.bringIn(c, b)
				}
			}
		case p.commits > 1:
			for _, b := range before[:min(len(before), p.commits-1)] {
				h.join(b, p)
			}
		}
	}
}

// join makes a change one of a pull request's; the first to claim it has it.
func (h *history) join(c *change, p *pullRequest) {
	if c.pull == nil {
		c.pull = p
		p.changesJoined = append(p.changesJoined, c)
	}
}

// precedingInPush gives the commits pushed together with c and before it, the
// nearest first, up to where another pull request was merged.
func precedingInPush(c *change, push []*change, mergedBy map[string]*pullRequest) []*change {
	i := slices.Index(push, c)
	var before []*change
	for i--; i >= 0 && mergedBy[push[i].sha] == nil; i-- {
		before = append(before, push[i])
	}
	return before
}

func hasSHA(sha string) func(*change) bool {
	return func(c *change) bool { return c.sha == sha }
}
