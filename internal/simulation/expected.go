package simulation

import (
	"slices"
	"strconv"
	"time"

	"github.com/fivekeys/fivekeys/schemas"
)

// Expected holds the right answers: the figures, and the single things they
// are made of, so that a mismatch can be located.
type Expected struct {
	// Full is the whole story, Recent its last 30 days.
	Full, Recent Period

	Deployments []Deployment
	Changes     []Change
	Incidents   []Incident
}

// Period holds the figures of a range of time. What finished, opened or
// failed at From belongs to it, at To no longer.
type Period struct {
	From, To     time.Time
	Organisation Figures
	Teams        map[string]Figures
	Services     map[string]Figures
}

// Deployment is what must be found out about one deployment.
type Deployment struct {
	Service      string
	Team         string
	Environment  string
	Production   bool
	DeploymentID string
	SHA          string
	// Succeeded is false for one that never was in production: it counts nowhere.
	Succeeded bool
	// FinishedAt is its first success, or the end of an unsuccessful one.
	FinishedAt time.Time
	// Changes counts what no earlier deployment of its environment contained.
	Changes     int
	Baseline    bool
	Redeploy    bool // its SHA was live in its environment before
	Rollback    bool
	Rework      bool
	Failed      bool
	Method      schemas.FailureMethod // the strongest of its failures'
	RecoveredAt time.Time
}

// Change is what must be found out about one change of one service.
type Change struct {
	Service       string
	Team          string
	SHA           string
	PullRequest   int // 0 for a commit without one
	FirstCommitAt time.Time
	// Fork says that nobody told of the commits of its branch: how long they took
	// is unknown.
	Fork          bool
	OpenedAt      time.Time
	FirstReviewAt time.Time
	MergedAt      time.Time // when it reached the default branch
	DeployedAt    time.Time // zero while it is open inventory
	DeploymentID  string
	Excluded      schemas.Exclusion
}

// Incident is what must be found out about one incident. Repository and Number
// name its issue.
type Incident struct {
	Service        string
	Team           string
	Repository     string
	Number         int
	IssueID        int64
	OpenedAt       time.Time
	AcknowledgedAt time.Time
	ResolvedAt     time.Time // zero while it is open
	Method         schemas.FailureMethod
	DeploymentID   string // of the deployment it is attributed to
}

const recentDays = 30

func (st *story) expected() Expected {
	var e Expected
	for _, s := range st.services {
		for _, d := range s.deployments {
			e.Deployments = append(e.Deployments, d.answer())
		}
		for _, c := range s.changes {
			e.Changes = append(e.Changes, c.answer(s))
		}
		for _, in := range s.incidents {
			e.Incidents = append(e.Incidents, in.answer())
		}
	}
	slices.SortStableFunc(e.Deployments, func(a, b Deployment) int { return a.FinishedAt.Compare(b.FinishedAt) })
	slices.SortStableFunc(e.Incidents, func(a, b Incident) int { return a.OpenedAt.Compare(b.OpenedAt) })
	var teams []string
	for _, t := range st.teams {
		teams = append(teams, t.name)
	}
	services := map[string]string{}
	for _, s := range st.services {
		services[s.name] = s.team.name
	}
	e.Full = e.between(st.start, st.End, teams, services)
	e.Recent = e.between(st.End.AddDate(0, 0, -min(recentDays, st.Days)), st.End, teams, services)
	return e
}

// Between gives the figures of any range of whole days within the story.
// Open changes are those at the story's end, whatever the range.
func (e *Expected) Between(from, to time.Time) Period {
	var teams []string
	for t := range e.Full.Teams {
		teams = append(teams, t)
	}
	services := map[string]string{}
	for _, d := range e.Deployments {
		services[d.Service] = d.Team
	}
	return e.between(from, to, teams, services)
}

// identifier is the deployment's id as the source's events give it.
func (d *deployment) identifier() string {
	switch d.service.signal {
	case schemas.ByPush:
		return d.sha()
	case schemas.ByTag, schemas.ByRelease:
		return d.tag
	case schemas.ByWorkflowRun:
		return "run/" + strconv.FormatInt(d.runID(), 10)
	case schemas.ByDeployment:
	}
	return strconv.FormatInt(d.id, 10)
}

// runID is the id of the workflow run that is, or belongs to, the deployment.
func (d *deployment) runID() int64 { return d.id + 15_000_000_000 }

func (d *deployment) answer() Deployment {
	out := Deployment{
		Service: d.service.name, Team: d.service.team.name, Environment: d.environment, Production: d.production,
		DeploymentID: d.identifier(), SHA: d.sha(), Succeeded: !d.unfinished, FinishedAt: d.finishedAt,
		Changes: d.changes, Baseline: d.baseline, Redeploy: d.kind == redeployed || d.kind == rolledBack,
		Rollback: d.kind == rolledBack, Rework: d.rework, Failed: len(d.failures) > 0, Method: d.method(),
		RecoveredAt: d.recoveredAt,
	}
	if d.unfinished {
		out.FinishedAt = d.failedAt
	}
	return out
}

func (c *change) answer(s *service) Change {
	out := Change{
		Service: s.name, Team: s.team.name, SHA: c.commit.sha, FirstCommitAt: c.firstCommitAt, MergedAt: c.mergedAt,
	}
	if c.pr != nil {
		out.PullRequest, out.OpenedAt, out.FirstReviewAt = c.pr.number, c.pr.openedAt, c.pr.firstReviewAt
		out.Fork = c.pr.fork && c.commit.kind == squashCommit
	}
	if d := c.shipped[s.name]; d == nil {
		out.Excluded = schemas.ExcludedOpen
	} else {
		out.DeployedAt, out.DeploymentID = d.finishedAt, d.identifier()
		if d.baseline {
			out.Excluded = schemas.ExcludedBaseline
		}
	}
	return out
}

func (in *issue) answer() Incident {
	out := Incident{
		Service: in.service.name, Team: in.service.team.name, Repository: in.repo.fullName(), Number: in.number, IssueID: in.id,
		OpenedAt: in.openedAt, AcknowledgedAt: in.acknowledgedAt, ResolvedAt: in.resolvedAt, Method: in.method,
	}
	if in.broke != nil {
		out.DeploymentID = in.broke.identifier()
	}
	return out
}
