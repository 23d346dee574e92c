package schemas

import "time"

// ChangeEvent is the data of fivekeys.change.v1: one commit that reached the
// service's default branch. The event's time is when it got there.
type ChangeEvent struct {
	Service     string       `json:"service,omitempty"`
	Repository  string       `json:"repository,omitempty"`
	SHA         string       `json:"sha" fivekeys:"sha"`
	CommittedAt *time.Time   `json:"committed_at,omitempty"` // author date
	Branch      string       `json:"branch,omitempty"`
	Message     string       `json:"message,omitempty" fivekeys:"text"`
	Files       []string     `json:"files,omitempty" fivekeys:"text"`
	Labels      []string     `json:"labels,omitempty"`
	Author      string       `json:"author,omitempty"`
	PullRequest *PullRequest `json:"pull_request,omitempty"`

	// Position orders the commits that reached the branch at the same time,
	// oldest first: the index in its push or batch.
	Position int `json:"position,omitempty"`
	// Push is the head SHA of the push that brought it: commits with the same
	// Push arrived together.
	Push string `json:"push,omitempty" fivekeys:"sha"`
	// Parents are the commit's parents, first parent first, where the source
	// knows them (a clone does, a webhook does not). Without them the change
	// before it on the branch is its parent.
	Parents []string `json:"parents,omitempty" fivekeys:"sha"`
	// SideBranch marks a commit that was released without being on the default
	// branch (a release branch's own commit).
	SideBranch bool `json:"side_branch,omitempty"`
}

// PullRequest is what a source knows of the pull request behind a change.
type PullRequest struct {
	Number        int        `json:"number,omitempty"`
	Title         string     `json:"title,omitempty" fivekeys:"text"`
	Branch        string     `json:"branch,omitempty"`
	Author        string     `json:"author,omitempty"`
	FirstCommitAt *time.Time `json:"first_commit_at,omitempty"`
	OpenedAt      *time.Time `json:"opened_at,omitempty"`
	FirstReviewAt *time.Time `json:"first_review_at,omitempty"` // by someone else than the author
	ApprovedAt    *time.Time `json:"approved_at,omitempty"`
	MergedAt      *time.Time `json:"merged_at,omitempty"`
	Commits       []string   `json:"commits,omitempty" fivekeys:"sha"` // SHAs
}

// Validate checks the required fields.
func (c *ChangeEvent) Validate() error {
	switch {
	case c.Service == "" && c.Repository == "":
		return fieldError("service", "is missing (or give repository)")
	case c.SHA == "":
		return fieldError("sha", "is missing")
	case c.Position < 0:
		return fieldError("position", "must not be negative")
	}
	return nil
}

// PullRequestEvent is the data of fivekeys.pull_request.v1: the state of a
// pull request as one delivery tells it. It never counts as a change; the
// change it became (MergeSHA) takes its times and title from it.
type PullRequestEvent struct {
	Service    string   `json:"service,omitempty"`
	Repository string   `json:"repository,omitempty"`
	Number     int      `json:"number"`
	Title      string   `json:"title,omitempty" fivekeys:"text"`
	Body       string   `json:"body,omitempty" fivekeys:"text"`
	Branch     string   `json:"branch,omitempty"` // head
	HeadSHA    string   `json:"head_sha,omitempty" fivekeys:"sha"`
	Author     string   `json:"author,omitempty"`
	Labels     []string `json:"labels,omitempty"`
	// CommitCount is how many commits it holds; with it a merge commit is told
	// from a rebase and from a squash.
	CommitCount int        `json:"commit_count,omitempty"`
	OpenedAt    *time.Time `json:"opened_at,omitempty"`
	MergedAt    *time.Time `json:"merged_at,omitempty"`
	MergeSHA    string     `json:"merge_sha,omitempty" fivekeys:"sha"` // set once merged
	// ReviewedAt is set when the event is a review by someone else than the author.
	ReviewedAt *time.Time `json:"reviewed_at,omitempty"`
	Approved   bool       `json:"approved,omitempty"` // that review approved it
}

// Validate checks the required fields.
func (p *PullRequestEvent) Validate() error {
	switch {
	case p.Service == "" && p.Repository == "":
		return fieldError("service", "is missing (or give repository)")
	case p.Number <= 0:
		return fieldError("number", "is missing")
	}
	return nil
}

// BranchEvent is the data of fivekeys.branch.v1: a push to a branch.
//
// Of another branch than the default one: chained by Before and After, such
// pushes give a pull request's commits and so the time of its first one.
//
// Of the default branch (Default): its commits, oldest first, whichever service
// they touch. A service that is deployed at a commit of its neighbours in the
// same repository contains its own changes up to that commit.
type BranchEvent struct {
	Service    string         `json:"service,omitempty"`
	Repository string         `json:"repository,omitempty"`
	Branch     string         `json:"branch"`
	Before     string         `json:"before,omitempty" fivekeys:"sha"` // empty: the branch is new
	After      string         `json:"after" fivekeys:"sha"`
	Default    bool           `json:"default,omitempty"`
	Commits    []BranchCommit `json:"commits,omitempty"`
}

// BranchCommit is one commit of a push to a branch.
type BranchCommit struct {
	SHA         string    `json:"sha" fivekeys:"sha"`
	CommittedAt time.Time `json:"committed_at"`
}

// Validate checks the required fields.
func (b *BranchEvent) Validate() error {
	switch {
	case b.Service == "" && b.Repository == "":
		return fieldError("service", "is missing (or give repository)")
	case b.Branch == "":
		return fieldError("branch", "is missing")
	case b.After == "":
		return fieldError("after", "is missing")
	}
	return nil
}

var (
	_ Payload = (*ChangeEvent)(nil)
	_ Payload = (*PullRequestEvent)(nil)
	_ Payload = (*BranchEvent)(nil)
)
