package dora

import (
	"cmp"
	"slices"
	"strings"

	"github.com/fivekeys/fivekeys/schemas"
)

// change is one commit while it is being folded. It may turn out not to be a
// change of its own, but one that a merge brought in.
type change struct {
	node       int32
	sha        string
	repository string // lower case
	repo       string // the repository its branch belongs to; see repositories
	branch     string
	push       string
	position   int
	merged     instant
	known      instant
	committed  instant
	parent     string
	merge      bool
	side       bool
	title      string
	author     string
	labels     []string
	reverts    []string
	closes     []string
	told       *pullRequestOfCommit // by the change's own events
	pull       *pullRequest         // by events of the pull request
	owner      *change              // the merge that brought it in
	brought    []int32              // the commits it brought in

	// shipped are the production deployments that brought it, one for each
	// environment; deployment is the first of them.
	shipped    []*deployment
	deployment *deployment
}

// foldChanges merges the events of each commit; the events must be in order.
func foldChanges(events []statusEvent[commit]) []*change {
	bySHA := make(map[string]*change, len(events))
	changes := make([]*change, 0, len(events))
	for _, e := range events {
		said := e.said
		c, known := bySHA[said.sha]
		if !known {
			// The earliest event says when it got to the branch, and where in line.
			c = &change{
				node: int32(len(changes)),
				sha:  said.sha, merged: e.at, known: e.known,
				push: said.push, position: said.position,
				side: true,
			}
			bySHA[said.sha] = c
			changes = append(changes, c)
		}
		if e.at == c.merged && e.known < c.known {
			c.known = e.known
		}
		c.committed = earliest(c.committed, said.committedAt)
		c.repository = cmp.Or(c.repository, said.repository)
		c.branch = cmp.Or(c.branch, said.branch)
		c.title = cmp.Or(c.title, said.title)
		c.author = cmp.Or(c.author, said.author)
		if c.push == "" && said.push != "" {
			c.push, c.position = said.push, said.position
		}
		if c.parent == "" {
			c.parent = said.parent
		}
		c.merge = c.merge || said.merge
		// Once on the default branch it is no side branch's commit any more.
		c.side = c.side && said.side
		c.labels = union(c.labels, said.labels)
		c.reverts = union(c.reverts, said.reverts)
		c.closes = union(c.closes, said.closes)
		c.told = c.told.with(said.pull)
	}
	return changes
}

// with fills what is not known yet from what a later event says.
func (p *pullRequestOfCommit) with(later *pullRequestOfCommit) *pullRequestOfCommit {
	if p == nil || later == nil {
		return cmp.Or(p, later)
	}
	return &pullRequestOfCommit{
		number:        cmp.Or(p.number, later.number),
		title:         cmp.Or(p.title, later.title),
		branch:        cmp.Or(p.branch, later.branch),
		firstCommitAt: earliest(p.firstCommitAt, later.firstCommitAt),
		openedAt:      earliest(p.openedAt, later.openedAt),
		firstReviewAt: earliest(p.firstReviewAt, later.firstReviewAt),
		commits:       union(p.commits, later.commits),
	}
}

// union adds what a list does not hold yet, without touching the original,
// which belongs to an event.
func union(list, more []string) []string {
	if len(list) == 0 || len(more) == 0 {
		if len(list) == 0 {
			return more
		}
		return list
	}
	if len(more)+len(list) > 32 {
		seen := make(map[string]bool, len(list)+len(more))
		out := make([]string, 0, len(list)+len(more))
		for _, s := range slices.Concat(list, more) {
			if !seen[s] {
				seen[s] = true
				out = append(out, s)
			}
		}
		return out
	}
	out := slices.Clip(list)
	for _, s := range more {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// compareOnBranch is the order of commits on a branch: by time, and within one
// time those pushed together in the order of their push.
func compareOnBranch(a, b *change) int {
	return cmp.Or(
		cmp.Compare(a.merged, b.merged), strings.Compare(a.push, b.push),
		cmp.Compare(a.position, b.position), strings.Compare(a.sha, b.sha),
	)
}

// counts says whether the commit is a change of its own.
func (c *change) counts() bool { return c.owner == nil }

func (c *change) number() int {
	if c.pull != nil {
		return c.pull.number
	}
	if c.told != nil {
		return c.told.number
	}
	return 0
}

// headline is the title of its pull request, or of the commit.
func (c *change) headline() string {
	if c.pull != nil && c.pull.title != "" {
		return c.pull.title
	}
	if c.told != nil && c.told.title != "" {
		return c.told.title
	}
	return c.title
}

func (c *change) opened() instant {
	var at instant
	if c.pull != nil {
		at = c.pull.opened
	}
	if c.told != nil {
		at = earliest(at, c.told.openedAt)
	}
	return at
}

func (c *change) reviewed() instant {
	var at instant
	if c.pull != nil {
		at = c.pull.reviewed
	}
	if c.told != nil {
		at = earliest(at, c.told.firstReviewAt)
	}
	return at
}

func (c *change) isHotfix(rules *schemas.Service) bool {
	if rules.IsHotfix(c.labels, c.branch) {
		return true
	}
	if c.told != nil && rules.IsHotfix(nil, c.told.branch) {
		return true
	}
	return c.pull != nil && rules.IsHotfix(c.pull.labels, c.pull.branch)
}

// fact gives the change's times, lead time and stages.
func (c *change) fact(h *history, service *schemas.Service) schemas.Change {
	first, told := h.firstCommit(c)
	opened, reviewed := c.opened(), c.reviewed()
	f := schemas.Change{
		Service:       service.Name,
		Team:          service.Team,
		SHA:           c.sha,
		PullRequest:   c.number(),
		Title:         c.headline(),
		Author:        c.author,
		FirstCommitAt: first.time(),
		CommittedAt:   c.committed.time(),
		OpenedAt:      opened.time(),
		FirstReviewAt: reviewed.time(),
		MergedAt:      c.merged.time(),
		Pickup:        seconds(opened, reviewed),
		Review:        seconds(reviewed, c.merged),
		KnownAt:       c.known.time(),
	}
	if told {
		f.Coding = seconds(first, opened)
	}
	if f.Author == "" && c.pull != nil {
		f.Author = c.pull.author
	}
	d := c.deployment
	if d == nil {
		f.Excluded = schemas.ExcludedOpen
		return f
	}
	f.DeploymentID = d.id
	f.DeployedAt = d.finished.time()
	for _, d := range c.shipped {
		if at := d.finished.time(); at.After(f.LastDeployedAt) {
			f.LastDeployedAt = at
		}
	}
	f.KnownAt = max(c.known, d.known).time()
	switch {
	case d.baseline:
		// It was live before we looked: when it got there nobody told.
		f.Excluded = schemas.ExcludedBaseline
		return f
	case first == 0:
		f.Excluded = schemas.ExcludedNoTime
	case first > d.finished:
		f.Excluded = schemas.ExcludedNegative
	default:
		f.LeadTime = seconds(first, d.finished)
	}
	f.Deploy = seconds(c.merged, d.finished)
	return f
}
