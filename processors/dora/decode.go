package dora

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/fivekeys/fivekeys/schemas"
)

// What a timeline keeps of each payload: the fields that the fold reads, the
// message already read for what it refers to.

type deploymentStatus struct {
	deploymentID string
	environment  string
	status       schemas.DeploymentStatus
	sha          string
	version      string
	url          string
	actor        string
	via          schemas.DeployedBy
	workflow     string
	rollback     bool
}

type commit struct {
	sha         string
	repository  string
	branch      string
	push        string
	parent      string // first parent, where known
	merge       bool   // it has more than one parent
	side        bool
	position    int
	committedAt instant
	title       string // first line of the message
	author      string
	labels      []string
	reverts     []string // SHAs
	closes      []string // incidents and issues
	pull        *pullRequestOfCommit
}

type pullRequestOfCommit struct {
	number        int
	title         string
	branch        string
	firstCommitAt instant
	openedAt      instant
	firstReviewAt instant
	commits       []string
}

type pullRequestState struct {
	repository  string
	number      int
	title       string
	branch      string
	headSHA     string
	mergeSHA    string
	author      string
	labels      []string
	commitCount int
	openedAt    instant
	reviewedAt  instant
	hasBody     bool
	closes      []string // said by the body
}

type branchPush struct {
	repository string
	onDefault  bool // a push to the default branch
	before     string
	after      string
	commits    []branchCommit
}

type branchCommit struct {
	sha string
	at  instant
}

type incidentStatus struct {
	incidentID  string
	status      schemas.IncidentStatus
	severity    string
	title       string
	url         string
	environment string
	cause       schemas.Cause
}

type burnStatus struct {
	alert string
	began bool // or ended
}

// maxTitle bounds what is kept of a first line; git's own limit of taste is 72.
const maxTitle = 200

func decode(e *schemas.Event) (any, error) {
	p, err := e.Payload()
	if err != nil {
		return nil, fmt.Errorf("decode %s: %w", e.Type, err)
	}
	if err := p.Validate(); err != nil {
		return nil, fmt.Errorf("decode %s: %w", e.Type, err)
	}
	switch p := p.(type) {
	case *schemas.DeploymentEvent:
		return keepDeployment(p), nil
	case *schemas.ChangeEvent:
		return keepChange(p), nil
	case *schemas.PullRequestEvent:
		return keepPullRequest(p), nil
	case *schemas.BranchEvent:
		return keepBranch(p), nil
	case *schemas.IncidentEvent:
		return keepIncident(p), nil
	case *schemas.BurnEvent:
		return &burnStatus{alert: p.AlertID, began: p.State == schemas.AlertFiring}, nil
	}
	return nil, fmt.Errorf("decode %s: %w", e.Type, schemas.ErrUnknownType)
}

func keepDeployment(p *schemas.DeploymentEvent) *deploymentStatus {
	return &deploymentStatus{
		deploymentID: p.DeploymentID,
		environment:  intern(p.Environment),
		status:       schemas.DeploymentStatus(intern(string(p.Status))),
		sha:          normalSHA(p.SHA),
		version:      p.Version,
		url:          p.URL,
		actor:        intern(p.Actor),
		via:          schemas.DeployedBy(intern(string(p.Via))),
		workflow:     intern(p.Workflow),
		rollback:     p.Rollback,
	}
}

func keepChange(p *schemas.ChangeEvent) *commit {
	c := &commit{
		sha:         normalSHA(p.SHA),
		repository:  intern(strings.ToLower(p.Repository)),
		branch:      intern(p.Branch),
		push:        normalSHA(p.Push),
		side:        p.SideBranch,
		position:    p.Position,
		committedAt: optionalInstant(p.CommittedAt),
		title:       firstLine(p.Message),
		author:      intern(p.Author),
		labels:      internAll(p.Labels),
		reverts:     revertedCommits(p.Message),
		closes:      closedReferences(p.Message),
		merge:       len(p.Parents) > 1,
	}
	if len(p.Parents) > 0 {
		c.parent = normalSHA(p.Parents[0])
	}
	if pr := p.PullRequest; pr != nil {
		c.pull = &pullRequestOfCommit{
			number:        pr.Number,
			title:         firstLine(pr.Title),
			branch:        pr.Branch,
			firstCommitAt: optionalInstant(pr.FirstCommitAt),
			openedAt:      optionalInstant(pr.OpenedAt),
			// Who approved has reviewed, also where no source told of a review.
			firstReviewAt: earliest(optionalInstant(pr.FirstReviewAt), optionalInstant(pr.ApprovedAt)),
			commits:       normalSHAs(pr.Commits),
		}
		if c.author == "" {
			c.author = intern(pr.Author)
		}
	}
	return c
}

func keepPullRequest(p *schemas.PullRequestEvent) *pullRequestState {
	return &pullRequestState{
		repository:  intern(strings.ToLower(p.Repository)),
		number:      p.Number,
		title:       firstLine(p.Title),
		branch:      p.Branch,
		headSHA:     normalSHA(p.HeadSHA),
		mergeSHA:    normalSHA(p.MergeSHA),
		author:      intern(p.Author),
		labels:      internAll(p.Labels),
		commitCount: p.CommitCount,
		openedAt:    optionalInstant(p.OpenedAt),
		reviewedAt:  optionalInstant(p.ReviewedAt),
		hasBody:     p.Body != "",
		closes:      closedReferences(p.Body),
	}
}

func keepBranch(p *schemas.BranchEvent) *branchPush {
	b := &branchPush{
		repository: intern(strings.ToLower(p.Repository)),
		before:     normalSHA(p.Before),
		after:      normalSHA(p.After),
		onDefault:  p.Default,
	}
	for _, c := range p.Commits {
		b.commits = append(b.commits, branchCommit{sha: normalSHA(c.SHA), at: toInstant(c.CommittedAt)})
	}
	return b
}

func keepIncident(p *schemas.IncidentEvent) *incidentStatus {
	i := &incidentStatus{
		incidentID:  p.IncidentID,
		status:      schemas.IncidentStatus(intern(string(p.Status))),
		severity:    intern(p.Severity),
		title:       p.Title,
		url:         p.URL,
		environment: intern(p.Environment),
	}
	if p.CausedBy != nil {
		i.cause = schemas.Cause{DeploymentID: p.CausedBy.DeploymentID, SHA: normalSHA(p.CausedBy.SHA)}
	}
	return i
}

// firstLine gives a copy of the first line, cut to maxTitle at a whole rune: a
// substring would keep the whole message in memory.
func firstLine(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n")
	if len(s) > maxTitle {
		cut := maxTitle
		for cut > 0 && !utf8.RuneStart(s[cut]) {
			cut--
		}
		s = s[:cut]
	}
	return strings.Clone(strings.TrimSpace(s))
}

func internAll(list []string) []string {
	for i := range list {
		list[i] = intern(list[i])
	}
	return list
}
