package schemas

import "time"

// Facts are what the events of one service say, computed by the fold in
// processors/dora. Slices are sorted by identity so that equal sets of events
// give equal bytes. A zero time means "not known" or "has not happened".
type Facts struct {
	Deployments []Deployment
	Changes     []Change
	Incidents   []Incident
	Failures    []Failure
	Days        []Day
	Known       []Knowledge // one, or none of a service that no event tells of

	InferredToil []InferredToil
}

// Knowledge says since when what is known of a service: the ground of its
// figures. Before that there is no data, which is something else than zero. A
// zero time means that nothing of the kind was ever told.
type Knowledge struct {
	Service  string
	Team     string
	Since    time.Time // the first event of it, imported ones included
	Deployed time.Time // its first successful production deployment
	// Changes is when its first change reached the default branch; zero also where
	// deployments were told and none of their commits is known: which changes are
	// still open can't be told then.
	Changes time.Time
	// FailureSignal is the first sign that somebody tells of failures: an incident,
	// a rollback, a revert, a hotfix or the label of one. Without it nobody could
	// have told that a deployment failed.
	FailureSignal time.Time
}

// Days counts the UTC days from one midnight to another on which the service was
// known. A rate per day divides by these.
func (k Knowledge) Days(from, to time.Time) int {
	const day = 24 * time.Hour
	if k.Since.IsZero() {
		return 0
	}
	if first := k.Since.UTC().Truncate(day); first.After(from) {
		from = first
	}
	return max(int(to.Sub(from)/day), 0)
}

// KnownThroughout says whether the service had been known before a time, so that
// what follows is known as a whole.
func (k Knowledge) KnownThroughout(from time.Time) bool {
	return !k.Since.IsZero() && !k.Since.After(from)
}

// Pool is what is known of several services: since the first of them was.
func (k Knowledge) Pool(other Knowledge) Knowledge {
	first := func(a, b time.Time) time.Time {
		if a.IsZero() || !b.IsZero() && b.Before(a) {
			return b
		}
		return a
	}
	k.Since, k.Deployed = first(k.Since, other.Since), first(k.Deployed, other.Deployed)
	k.Changes, k.FailureSignal = first(k.Changes, other.Changes), first(k.FailureSignal, other.FailureSignal)
	return k
}

// InferredToil is work that nobody reported and that a service's deployments and
// incidents suggest.
type InferredToil struct {
	Service  string
	Team     string
	Kind     Inference
	Subject  string // the deployment or the incident that it is
	At       time.Time
	Title    string
	URL      string
	Why      string
	Evidence []string // deployments or incidents
	KnownAt  time.Time
}

// FailureMethod is how a failure was attributed to a deployment, strongest first.
type FailureMethod string

// The methods of attribution.
const (
	MethodExplicit     FailureMethod = "explicit"
	MethodRollback     FailureMethod = "rollback"
	MethodRevert       FailureMethod = "revert"
	MethodHotfix       FailureMethod = "hotfix"
	MethodWindow       FailureMethod = "window"
	MethodBurn         FailureMethod = "burn"         // a fast burn of the error budget began; off unless the catalogue asks for it
	MethodUnattributed FailureMethod = "unattributed" // incidents only
)

// Deployment is one SHA or version of one service reaching one environment once.
type Deployment struct {
	Service       string
	Team          string
	Environment   string
	Production    bool
	DeploymentID  string
	SHA           string
	Version       string
	Status        DeploymentStatus
	StartedAt     time.Time
	FinishedAt    time.Time // first success; the end of a failed or cancelled one
	Changes       int       // changes it contains that no earlier one in its environment did
	Baseline      bool      // the first seen in its environment: its changes have no lead time
	Unresolved    bool      // its SHA is not on any branch we know: contents unknown, never guessed
	Redeploy      bool      // its SHA was live in its environment before
	Rollback      bool
	Rework        bool
	ReworkReason  FailureMethod // why it is rework: rollback, revert or hotfix; explicit for a fix naming an incident
	Failed        bool
	FailureMethod FailureMethod // the strongest of its failures' methods
	RecoveredAt   time.Time
	URL           string
	Actor         string
	KnownAt       time.Time // when we learnt of its final status
}

// Change is one commit that reached the default branch, and when it was live.
type Change struct {
	Service        string
	Team           string
	SHA            string
	PullRequest    int
	Title          string
	Author         string
	FirstCommitAt  time.Time
	CommittedAt    time.Time
	OpenedAt       time.Time
	FirstReviewAt  time.Time
	MergedAt       time.Time // when it reached the default branch
	DeployedAt     time.Time // first production deployment that contains it
	DeploymentID   string
	LastDeployedAt time.Time // last production environment it reached
	LeadTime       *float64  // seconds; nil where Excluded says why
	Coding         *float64  // seconds: first commit → pull request opened
	Pickup         *float64  // seconds: opened → first review by someone else
	Review         *float64  // seconds: first review → merged
	Deploy         *float64  // seconds: merged → in production
	Excluded       Exclusion
	KnownAt        time.Time
}

// Exclusion is why a change has no lead time.
type Exclusion string

// The reasons.
const (
	NotExcluded      Exclusion = ""
	ExcludedBaseline Exclusion = "baseline"       // first shipped by the first deployment ever seen
	ExcludedOpen     Exclusion = "not_deployed"   // open inventory
	ExcludedNegative Exclusion = "negative"       // deployed before its first commit: clocks disagree
	ExcludedNoTime   Exclusion = "no_commit_time" // no source told when it was committed
)

// Incident is something that was wrong, from opened to resolved.
type Incident struct {
	Service            string
	Team               string
	IncidentID         string
	Source             string
	Severity           string
	Title              string
	Environment        string
	Production         bool // its environment is production, or it names none
	OpenedAt           time.Time
	AcknowledgedAt     time.Time
	ResolvedAt         time.Time // zero while open, also after a reopening
	RestoreSeconds     *float64
	AcknowledgeSeconds *float64
	DeploymentID       string // the deployment it is attributed to
	Method             FailureMethod
	URL                string
	KnownAt            time.Time
}

// Failure says which cause broke which production deployment. Its identity is
// (Service, DeploymentID, Method, IncidentID, FixID).
type Failure struct {
	Service         string
	Team            string
	DeploymentID    string
	IncidentID      string // empty where no incident told of it; of a burn the alert
	FixID           string // the deployment that rolled back, reverted or fixed it
	Method          FailureMethod
	FailedAt        time.Time // the deployment's FinishedAt
	RecoveredAt     time.Time
	RecoverySeconds *float64
}

// Day is one service's production figures of one UTC day: counts and the exact
// lists of durations (seconds, ascending), so any range and any grouping gives
// exact quantiles. A deployment and its failure, recovery and lead times are
// booked on the day it finished; an incident on the day it opened.
type Day struct {
	Service       string
	Team          string
	Day           time.Time // midnight UTC
	Deployments   int
	Failed        int
	Rework        int
	Rollbacks     int
	Unrecovered   int // failed and not yet recovered
	Unresolved    int // deployments whose SHA could not be placed
	Changes       int // changes first deployed this day, with and without a lead time
	Excluded      int // of these, left out of the lead time
	Batches       int // deployments whose contents are known: neither baselines nor unresolved
	BatchChanges  int // changes first deployed by these
	Incidents     int
	Unattributed  int
	OpenIncidents int
	LeadTimes     []float64
	Coding        []float64
	Pickup        []float64
	Review        []float64
	Deploy        []float64
	Recoveries    []float64
	Restores      []float64
	Acknowledges  []float64
}
