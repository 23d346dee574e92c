package simulation

import (
	"time"

	"github.com/fivekeys/fivekeys/schemas"
)

// story is the plan: everything that happens, told once, as pointers between
// the things it happens to.
type story struct {
	Config
	start        time.Time
	teams        []*team
	repositories []*repository
	services     []*service
}

type team struct {
	name   string
	level  int
	trend  trend
	people []*person
}

// mergeStyle is how a repository's pull requests reach its default branch.
type mergeStyle string

const (
	squash mergeStyle = "squash" // one new commit
	merge  mergeStyle = "merge"  // the branch's commits and a merge commit
	rebase mergeStyle = "rebase" // the branch's commits, rewritten
	trunk  mergeStyle = "trunk"  // no pull requests
)

type repository struct {
	id           int64
	owner        string
	name         string
	style        mergeStyle
	services     []*service
	team         *team
	pushes       []*push
	pullRequests []*pullRequest
	issues       []*issue
	sideTags     []sideTag
	taken        map[int64]bool // seconds at which a push arrived already
	commits      int
	language     string
}

// service is one deployable thing with its story.
type service struct {
	archetype
	index int
	team  *team
	level level
	repo  *repository
	dice  chance

	changes     []*change     // as they were planned; settle puts them in the branch's order
	deployments []*deployment // of all environments, in order of planning
	incidents   []*issue
	troubles    []trouble
	releases    int
}

// push is one push to the default branch.
type push struct {
	at      time.Time
	commits []*commit // oldest first; the last is the head
	pr      *pullRequest
	by      *person
	before  string
	order   int // position on the branch
}

func (p *push) head() *commit { return p.commits[len(p.commits)-1] }

// sideTag is a tag that means no deployment.
type sideTag struct {
	name string
	at   time.Time
}

type commit struct {
	sha      string
	at       time.Time // author date
	by       *person
	subject  string
	kind     commitKind
	change   *change // set where the commit is a change
	pr       *pullRequest
	reverts  *change
	fixes    *issue
	added    []string
	modified []string
	removed  []string
}

type commitKind int

const (
	plainCommit commitKind = iota
	squashCommit
	mergeCommit
)

// change is a commit of the default branch as METRICS counts it.
type change struct {
	commit        *commit
	push          *push
	services      []*service
	pr            *pullRequest
	firstCommitAt time.Time
	mergedAt      time.Time
	position      int
	// shipped is the first production deployment of a service that contains
	// it, by the service's name (a change may belong to two).
	shipped map[string]*deployment
}

type pullRequest struct {
	id       int64
	number   int
	repo     *repository
	title    string
	branch   string
	by       *person
	reviewer *person
	fork     bool
	labels   []string
	commits  []*commit // of the branch
	pushes   []branchPush
	openedAt time.Time
	// selfReviewAt is a comment of the author on the own pull request; it is
	// no review by someone else.
	selfReviewAt  time.Time
	firstReviewAt time.Time
	approvedAt    time.Time
	mergedAt      time.Time
	closedAt      time.Time // closed without a merge
	merged        *push
	reverts       *change
	fixes         *issue
	hotfixBranch  bool
	reviews       int64 // rendered so far
}

type branchPush struct {
	at      time.Time
	commits []*commit
	synced  bool // the pull request was open: a synchronize event follows
}

// issue is an incident where it is labelled so, else a bug or a chore.
type issue struct {
	id       int64
	number   int
	repo     *repository
	service  *service
	title    string
	labels   []string
	by       *person
	assignee *person
	openedAt time.Time
	moves    []issueMove
	// cause is the deployment the text names.
	cause *deployment

	// What must be found out about it.
	incident       bool
	acknowledgedAt time.Time
	resolvedAt     time.Time
	method         schemas.FailureMethod
	broke          *deployment
}

type issueMove struct {
	action string // assigned, closed, reopened, labeled
	at     time.Time
	by     *person
}

// deployment is one SHA reaching one environment.
type deployment struct {
	id          int64
	service     *service
	environment string
	production  bool
	head        *push       // what it deploys …
	again       *deployment // … or whose SHA it deploys again
	createdAt   time.Time
	startedAt   time.Time
	finishedAt  time.Time
	failedAt    time.Time // an attempt under the same id that did not succeed
	unfinished  bool      // it never succeeded: failedAt is its end
	tag         string
	annotated   bool
	kind        deploymentKind
	by          *person
	told        int64 // statuses rendered so far: their ids count on

	// What must be found out about it.
	baseline    bool
	rework      bool
	failures    []schemas.FailureMethod
	recoveredAt time.Time
	changes     int
}

type deploymentKind int

const (
	planned deploymentKind = iota
	redeployed
	rolledBack
	mended // ships a revert, a hotfix or a fix
)

func (d *deployment) sha() string {
	if d.again != nil {
		return d.again.sha()
	}
	return d.head.head().sha
}

func (d *deployment) ref() *push {
	if d.again != nil {
		return d.again.ref()
	}
	return d.head
}

// fail books a failure and keeps the earliest recovery.
func (d *deployment) fail(m schemas.FailureMethod, recovered time.Time) {
	d.failures = append(d.failures, m)
	if !recovered.IsZero() && (d.recoveredAt.IsZero() || recovered.Before(d.recoveredAt)) {
		d.recoveredAt = recovered
	}
}

// trouble is the time around a failure in which nothing else may go wrong, or
// its figures would depend on more than its own story.
type trouble struct{ from, to time.Time }
