package dora

import (
	"cmp"
	"slices"
	"strings"

	"github.com/fivekeys/fivekeys/schemas"
)

// deployment is one deployment while it is being folded.
type deployment struct {
	id          string
	environment string
	production  bool
	status      schemas.DeploymentStatus
	sha         string
	version     string
	url         string
	actor       string
	started     instant
	finished    instant
	known       instant
	back        bool // said to go back, whatever its release

	// Of a successful one only:
	order      int         // among all successful ones of the service, from 0
	previous   *deployment // the one before it in its environment
	release    string      // what is live after it; see releases
	node       int32       // its commit, or none
	changes    int
	baseline   bool
	unresolved bool
	redeploy   bool
	rollback   bool
	rolledBack *deployment // of a rollback: the one that failed

	rework    schemas.FailureMethod
	failure   schemas.FailureMethod
	recovered instant
}

// deployments holds those of one service.
type deployments struct {
	byID map[string]*deployment
	// succeeded is in order of finishing, then of id.
	succeeded []*deployment
	// production are those of succeeded that went to any production environment.
	production []*deployment
	// environments holds succeeded by lower-case name: a source that writes
	// "Production" means the "production" of another.
	environments map[string][]*deployment
	names        []string // of environments, sorted
}

// foldDeployments folds the status events of each deployment into one. The
// events must be in order.
func foldDeployments(events []statusEvent[deploymentStatus], rules *schemas.Service) *deployments {
	told := map[string][]statusEvent[deploymentStatus]{}
	// shas are what signals that don't count know of a deployment: a release
	// names a branch, and its commit comes with the push of its tag.
	shas := map[string]string{}
	for _, e := range events {
		counted := schemas.DeploymentEvent{Via: e.said.via, Workflow: e.said.workflow, Version: e.said.version}
		if rules.Counts(&counted) {
			told[e.said.deploymentID] = append(told[e.said.deploymentID], e)
		} else if shas[e.said.deploymentID] == "" && e.said.sha != "" {
			shas[e.said.deploymentID] = e.said.sha
		}
	}
	isProduction := map[string]bool{}
	for _, e := range events {
		if _, ok := isProduction[e.said.environment]; !ok {
			isProduction[e.said.environment] = rules.IsProduction(e.said.environment)
		}
	}
	all := &deployments{byID: make(map[string]*deployment, len(told)), environments: map[string][]*deployment{}}
	for id, events := range told {
		d := foldDeployment(id, events, isProduction)
		d.sha = cmp.Or(d.sha, shas[id])
		all.byID[id] = d
		if d.status == schemas.DeploymentSucceeded {
			all.succeeded = append(all.succeeded, d)
		}
	}
	slices.SortFunc(all.succeeded, func(a, b *deployment) int {
		return cmp.Or(cmp.Compare(a.finished, b.finished), strings.Compare(a.id, b.id))
	})
	for i, d := range all.succeeded {
		d.order = i
		if d.production {
			all.production = append(all.production, d)
		}
		name := strings.ToLower(d.environment)
		before := all.environments[name]
		if len(before) == 0 {
			all.names = append(all.names, name)
		} else {
			d.previous = before[len(before)-1]
		}
		all.environments[name] = append(before, d)
	}
	slices.Sort(all.names)
	return all
}

func foldDeployment(id string, events []statusEvent[deploymentStatus], isProduction map[string]bool) *deployment {
	settling := settlingStatus(events, isProduction)
	d := &deployment{
		id:          id,
		environment: settling.said.environment,
		production:  isProduction[settling.said.environment],
		status:      settling.said.status,
		node:        none,
	}
	if d.status != schemas.DeploymentStarted {
		d.finished = settling.at
	}
	d.known = settling.known
	for _, e := range events {
		if e.said.status == schemas.DeploymentStarted {
			d.started = earliest(d.started, e.at)
		}
		// A webhook and an import may both tell of it: known since the first did.
		if e.at == settling.at && e.said.status == d.status && e.known < d.known {
			d.known = e.known
		}
		d.sha = cmp.Or(d.sha, e.said.sha)
		d.version = cmp.Or(d.version, e.said.version)
		d.url = cmp.Or(d.url, e.said.url)
		d.actor = cmp.Or(d.actor, e.said.actor)
		d.back = d.back || e.said.rollback
	}
	return d
}

// settlingStatus gives the event that decides how a deployment ended: the first
// success, whatever comes later (GitHub turns a superseded deployment inactive
// days afterwards). Without a success it is the latest end, without an end the
// start. Where one id reached several environments, which a careless sender
// does, its way to production is the deployment.
func settlingStatus(events []statusEvent[deploymentStatus], isProduction map[string]bool) statusEvent[deploymentStatus] {
	var success, end *statusEvent[deploymentStatus]
	for i := range events {
		e := &events[i]
		switch e.said.status {
		case schemas.DeploymentSucceeded:
			if success == nil || (isProduction[e.said.environment] && !isProduction[success.said.environment]) {
				success = e
			}
		case schemas.DeploymentFailed, schemas.DeploymentCancelled:
			end = e
		case schemas.DeploymentStarted:
		}
	}
	switch {
	case success != nil:
		return *success
	case end != nil:
		return *end
	}
	return events[0]
}

// nameReleases says of each successful deployment what it made live, so that
// "the same again" can be told: its SHA, or the version where it has none. A
// version stands for the SHA that other deployments pair it with, unless they
// pair it with several ("latest"). What names neither is like nothing else.
func (all *deployments) nameReleases() {
	const several = "\x00"
	shaOf := map[string]string{}
	for _, d := range all.succeeded {
		if d.sha == "" || d.version == "" {
			continue
		}
		if known, ok := shaOf[d.version]; ok && known != d.sha {
			shaOf[d.version] = several
		} else {
			shaOf[d.version] = d.sha
		}
	}
	for _, d := range all.succeeded {
		switch {
		case d.sha != "":
			d.release = "sha " + d.sha
		case d.version == "":
			d.release = "id " + d.id
		case shaOf[d.version] == "" || shaOf[d.version] == several:
			d.release = "version " + d.version
		default:
			d.release = "sha " + shaOf[d.version]
		}
	}
}

func (d *deployment) fact(service *schemas.Service) schemas.Deployment {
	return schemas.Deployment{
		Service:       service.Name,
		Team:          service.Team,
		Environment:   d.environment,
		Production:    d.production,
		DeploymentID:  d.id,
		SHA:           d.sha,
		Version:       d.version,
		Status:        d.status,
		StartedAt:     d.started.time(),
		FinishedAt:    d.finished.time(),
		Changes:       d.changes,
		Baseline:      d.baseline,
		Unresolved:    d.unresolved,
		Redeploy:      d.redeploy,
		Rollback:      d.rollback,
		Rework:        d.rework != "",
		ReworkReason:  d.rework,
		Failed:        d.failure != "",
		FailureMethod: d.failure,
		RecoveredAt:   d.recovered.time(),
		URL:           d.url,
		Actor:         d.actor,
		KnownAt:       d.known.time(),
	}
}

// before says whether a deployment finished before another, both successful.
func (d *deployment) before(other *deployment) bool { return d.order < other.order }

// ofProduction gives the successful production deployments of an environment,
// or all of them where it names none or one that nothing was deployed to.
func (all *deployments) ofProduction(environment string) []*deployment {
	if environment != "" {
		if list := all.environments[strings.ToLower(environment)]; len(list) > 0 && list[0].production {
			return list
		}
	}
	return all.production
}
