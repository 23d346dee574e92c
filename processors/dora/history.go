package dora

import (
	"slices"
)

// none is the node of a commit we do not know.
const none int32 = -1

// history is what is known of a service's commits: which are changes, which
// were brought in by a merge, and which one each descends from. Changes are
// its first nodes, in the order of their first events; after them come the
// commits known only because a merge brought them in.
type history struct {
	shas
	repositories *repositories
	changes      []*change
	owner        []*change // of the nodes after the changes: the merge that brought it in
	parent       []int32   // first parent of every node, or none
	pushed       map[string]int32
	passed       map[string]int32 // commits of neighbours on the branch, to the change before each
	line         []*change        // the default branch's changes, in order
	byNumber     map[pullRequestKey][]*change
	branches     map[string]*branchPush  // by the SHA it put at the head
	heads        map[string]*pullRequest // merged ones, by the head of their branch
}

// newHistory joins the changes to their pull requests and finds their parents.
func newHistory(changes []*change, pulls []*pullRequest, branches map[string]*branchPush, repos *repositories) *history {
	h := &history{
		shas:         shas{nodes: make(map[string]int32, len(changes))},
		repositories: repos,
		changes:      changes,
		branches:     branches,
		pushed:       map[string]int32{},
		byNumber:     map[pullRequestKey][]*change{},
		heads:        map[string]*pullRequest{},
	}
	for _, p := range pulls {
		if key := branchKey(p.repo, p.head); p.merge != "" && p.head != "" && h.heads[key] == nil {
			h.heads[key] = p
		}
	}
	for _, c := range changes {
		c.repo = repos.of(c.repository)
		h.nodes[c.sha] = c.node
	}
	h.joinPullRequests(pulls)
	h.joinByNumber(pulls)
	h.bringInListed()
	h.findParents()
	h.sorted = nil // nodes were added since a pull request was looked up
	return h
}

// joinByNumber joins the changes whose own events name a pull request.
func (h *history) joinByNumber(pulls []*pullRequest) {
	byKey := make(map[pullRequestKey]*pullRequest, len(pulls))
	for _, p := range pulls {
		byKey[pullRequestKey{p.repo, p.number}] = p
	}
	for _, c := range h.changes {
		if c.pull == nil && c.told != nil && c.told.number != 0 {
			if p := byKey[pullRequestKey{c.repo, c.told.number}]; p != nil {
				h.join(c, p)
			}
		}
		if n := c.number(); n != 0 && c.counts() {
			key := pullRequestKey{c.repo, n}
			h.byNumber[key] = append(h.byNumber[key], c)
		}
	}
}

// bringInListed records the commits that changes say their pull requests held.
//
// Such a commit may be a change too: one on the first-parent line, where the
// pull request was merged fast-forward, and one that a side branch released by
// itself. Where the change is known to be a merge, its pull request's commits
// came through the other parent: on the branch they are no changes of their own.
// Not so where a side branch merged the default branch into itself: what it
// lists are the default branch's changes.
func (h *history) bringInListed() {
	for _, c := range h.changes {
		if c.told == nil {
			continue
		}
		for _, sha := range c.told.commits {
			if sha == c.sha || sha == "" {
				continue
			}
			n, known := h.nodes[sha]
			switch {
			case !known:
				n = int32(len(h.changes) + len(h.owner))
				h.nodes[sha] = n
				h.owner = append(h.owner, c)
				c.brought = append(c.brought, n)
			case int(n) < len(h.changes) && c.merge && !c.side && !h.changes[n].side:
				h.bringIn(c, h.changes[n])
			default:
				c.brought = append(c.brought, n)
			}
		}
	}
}

// bringIn makes a commit one that a merge brought in.
func (h *history) bringIn(merge, c *change) {
	if c.owner == nil && c != merge.root() {
		c.owner = merge
	}
	merge.brought = append(merge.brought, c.node)
}

// root is the change a commit came with: itself, or the merge that brought it
// in, or the merge that brought that one in.
func (c *change) root() *change {
	for c.owner != nil {
		c = c.owner
	}
	return c
}

// findParents settles every node's first parent: the one a source told, where
// we know that commit, else the change before it on the branch. A side branch's
// commit has no change before it: where it left the branch is not guessed.
func (h *history) findParents() {
	h.parent = make([]int32, len(h.changes)+len(h.owner))
	for i := range h.parent {
		h.parent[i] = none
	}
	var line []*change
	for _, c := range h.changes {
		if c.counts() && !c.side {
			line = append(line, c)
		}
		if n, ok := h.nodes[c.parent]; ok && c.parent != "" && n != c.node {
			h.parent[c.node] = n
		}
	}
	slices.SortFunc(line, compareOnBranch)
	h.line = line
	head := map[string]int32{} // by repository
	for _, c := range line {
		if before, ok := head[c.repo]; ok && h.parent[c.node] == none {
			h.parent[c.node] = before
		}
		head[c.repo] = c.node
		if c.push != "" {
			// A push whose head touched nothing of this service still contains
			// those of its commits that did.
			h.pushed[c.push] = c.node
		}
	}
}

// place finds the commit that a deployment's SHA means: a known commit, the
// change before a neighbour's commit, or the head of a push that brought
// changes of this service.
func (h *history) place(sha string) (int32, bool) {
	if sha == "" {
		return none, false
	}
	if n, ok := h.find(sha); ok {
		return n, true
	}
	if n, ok := h.passed[sha]; ok {
		return n, true
	}
	n, ok := h.pushed[sha]
	return n, ok
}

// changeOf gives the change that a SHA means or came with.
func (h *history) changeOf(sha string) *change {
	if n, ok := h.find(sha); ok && sha != "" {
		return h.changeAt(n)
	}
	return nil
}

func (h *history) changeAt(n int32) *change {
	if int(n) < len(h.changes) {
		return h.changes[n].root()
	}
	return h.owner[int(n)-len(h.changes)].root()
}

// repositories tells the repositories of a service apart. Each has a default
// branch of its own, so a change of one does not descend from the changes of
// another. Where the events name but one, those that name none are of that one.
type repositories struct {
	only    string // empty where none is named, and where several are
	several bool
}

func foldRepositories(events *sortedEvents) *repositories {
	r, several := "", false
	see := func(name string) {
		if name == "" {
			return
		}
		several = several || (r != "" && r != name)
		r = name
	}
	for _, e := range events.commits {
		see(e.said.repository)
	}
	for _, e := range events.pulls {
		see(e.said.repository)
	}
	if several {
		return &repositories{several: true}
	}
	return &repositories{only: r}
}

// of gives the name under which a repository's commits are kept apart.
func (r *repositories) of(name string) string {
	if !r.several {
		return ""
	}
	return name
}

// name gives the repository's name where there is but one.
func (r *repositories) name() string { return r.only }

// firstCommit gives when work on a change began: the earliest author date among
// the commit, what it brought in, and its pull request's commits. A squash
// carries the date of the merge and no other commit may be known: then work had
// begun by the time the pull request was opened, and how long before is unknown.
func (h *history) firstCommit(c *change) (first instant, told bool) {
	first = c.committed
	for _, n := range c.brought {
		if int(n) < len(h.changes) {
			first = earliest(first, h.changes[n].committed)
		}
	}
	if c.told != nil {
		first = earliest(first, c.told.firstCommitAt)
	}
	if c.pull != nil {
		first = earliest(first, h.firstPushed(c.pull))
	}
	if opened := c.opened(); opened != 0 && (first == 0 || first > opened) {
		return opened, false
	}
	return first, true
}

// firstPushed follows the pushes to a pull request's branch back from its head
// and gives the time of the earliest commit in them.
//
// It stops at the head of another merged pull request: what a long-lived branch
// held before came with that one. It leaves out commits that came with another
// change: those were merged into the branch and not written on it.
func (h *history) firstPushed(p *pullRequest) instant {
	if p.followed {
		return p.firstPush
	}
	p.followed = true
	seen := map[string]bool{}
	for sha := p.head; sha != "" && !seen[sha]; {
		seen[sha] = true
		push := h.branches[branchKey(p.repo, sha)]
		if push == nil {
			break
		}
		for _, b := range push.commits {
			if n, known := h.nodes[b.sha]; !known || h.changeAt(n).pull == p {
				p.firstPush = earliest(p.firstPush, b.at)
			}
		}
		sha = push.before
		if other := h.heads[branchKey(p.repo, sha)]; other != nil && other != p {
			break
		}
	}
	return p.firstPush
}

func branchKey(repo, sha string) string { return repo + "\x00" + sha }
