package dora

import (
	"cmp"
	"slices"
	"sort"
	"strings"

	"github.com/fivekeys/fivekeys/schemas"
)

// failure is one cause that broke one production deployment.
type failure struct {
	deployment *deployment
	incident   *incident // nil where none told of it
	burn       *burn     // of method burn only
	fix        *deployment
	method     schemas.FailureMethod
	recovered  instant
}

type failureKey struct {
	deployment, incident, fix string
	method                    schemas.FailureMethod
}

func (f *failure) key() failureKey {
	k := failureKey{deployment: f.deployment.id, method: f.method}
	if f.incident != nil {
		k.incident = f.incident.id
	}
	if f.burn != nil {
		k.incident = f.burn.alert
	}
	if f.fix != nil {
		k.fix = f.fix.id
	}
	return k
}

// attribution says which deployment each incident broke.
type attribution struct {
	history *history
	all     *deployments
	fixes   *fixes
	rules   *schemas.Service
	bySHA   map[string][]*deployment // production, in order
	live    shas                     // the SHAs of bySHA
}

// attribute links incidents, rollbacks and fixes to the production deployments
// they are evidence against, and marks those failed and the others rework.
//
// The order of evidence is that of the methods. Evidence that is given and
// leads nowhere (an incident that names a deployment nobody knows) is not
// replaced by a guess.
func attribute(h *history, all *deployments, incidents []*incident, rules *schemas.Service) []*failure {
	a := &attribution{
		history: h, all: all, rules: rules,
		fixes: findFixes(h, incidents, rules),
		bySHA: map[string][]*deployment{},
		live:  shas{nodes: map[string]int32{}},
	}
	for i, d := range all.production {
		if d.sha != "" {
			if _, ok := a.live.nodes[d.sha]; !ok {
				a.live.nodes[d.sha] = int32(i)
			}
			a.bySHA[d.sha] = append(a.bySHA[d.sha], d)
		}
	}
	for _, i := range incidents {
		if i.production {
			a.link(i)
		}
	}
	failures := a.failures(incidents)
	markFailed(failures)
	return failures
}

// markFailed says of each deployment what broke it most evidently, and when it had
// recovered: when a rollback or a fix had ended it, or when everything that it
// broke was over. While one of its incidents is open it has not recovered.
func markFailed(failures []*failure) {
	of := map[*deployment][]*failure{}
	for _, f := range failures {
		of[f.deployment] = append(of[f.deployment], f)
	}
	for d, failures := range of {
		var ended, over instant
		open := false
		for _, f := range failures {
			d.failure = stronger(d.failure, f.method)
			if f.endsIt() {
				ended = earliest(ended, f.recovered)
			}
			open = open || f.recovered == 0
			over = max(over, f.recovered)
		}
		if open {
			over = 0
		}
		d.recovered = earliest(ended, over)
	}
}

// endsIt says whether what put a failure right ended the deployment with it.
func (f *failure) endsIt() bool {
	switch f.method {
	case schemas.MethodRollback, schemas.MethodRevert, schemas.MethodHotfix:
		return f.fix != nil && f.recovered == f.fix.finished
	}
	return false
}

// link finds the deployment an incident broke.
func (a *attribution) link(i *incident) {
	if i.cause != (schemas.Cause{}) {
		if d := a.named(i); d != nil {
			i.deployment, i.method = d, schemas.MethodExplicit
		}
		return
	}
	line := a.all.ofProduction(i.environment)
	if rollback := a.rollbackDuring(i, line); rollback != nil {
		i.deployment, i.method, i.fix = rollback.rolledBack, schemas.MethodRollback, rollback
		return
	}
	if f := a.fixOf(i, line); f != nil {
		i.deployment, i.method, i.fix = f.failed, f.method, f.shipped
		return
	}
	n := sort.Search(len(line), func(n int) bool { return line[n].finished >= i.opened })
	if n > 0 && i.opened <= line[n-1].finished.add(a.rules.AttributionWindow) {
		i.deployment, i.method = line[n-1], schemas.MethodWindow
	}
}

// named gives the production deployment that an incident says caused it.
func (a *attribution) named(i *incident) *deployment {
	if i.cause.DeploymentID != "" {
		if d := a.all.byID[i.cause.DeploymentID]; d != nil {
			if !d.production {
				return nil
			}
			return d
		}
	}
	if i.cause.SHA == "" {
		return nil
	}
	c := a.history.changeOf(i.cause.SHA)
	sha := i.cause.SHA
	if n, ok := a.history.find(sha); ok && int(n) < len(a.history.changes) {
		sha = a.history.changes[n].sha
	}
	if n, ok := a.live.find(sha); ok {
		shipped := a.bySHA[a.all.production[n].sha]
		if line := within(shipped, i.environment); len(line) > 0 {
			shipped = line
		}
		return shipped[0]
	}
	if c != nil {
		return c.deployment
	}
	return nil
}

func within(line []*deployment, environment string) []*deployment {
	var found []*deployment
	for _, d := range line {
		if strings.EqualFold(d.environment, environment) {
			found = append(found, d)
		}
	}
	return found
}

// span is when something that put an incident right may have finished: while it
// was open, and for at most the attribution window.
func (a *attribution) span(i *incident) (from, to instant) {
	to = i.opened.add(a.rules.AttributionWindow)
	if i.resolved != 0 {
		to = min(to, i.resolved)
	}
	return i.opened, to
}

// rollbackDuring gives the first rollback during an incident that undid a
// deployment from before it.
func (a *attribution) rollbackDuring(i *incident, line []*deployment) *deployment {
	from, to := a.span(i)
	n := sort.Search(len(line), func(n int) bool { return line[n].finished >= from })
	for ; n < len(line) && line[n].finished <= to; n++ {
		if d := line[n]; d.rollback && d.rolledBack.finished < i.opened {
			return d
		}
	}
	return nil
}

// fixOf gives the revert or hotfix that put an incident right: one that names
// it, else one shipped during it; a revert before a hotfix, then the earliest.
func (a *attribution) fixOf(i *incident, line []*deployment) *fix {
	var best *fix
	consider := func(f *fix) {
		if f.failed.finished >= i.opened {
			return
		}
		if best == nil || cmp.Or(cmp.Compare(strength(f.method), strength(best.method)), compareFixes(f, best)) < 0 {
			best = f
		}
	}
	for _, f := range a.fixes.naming[i] {
		consider(f)
	}
	if best != nil {
		return best
	}
	from, to := a.span(i)
	list := a.fixes.list
	n := sort.Search(len(list), func(n int) bool { return list[n].shipped.finished >= from })
	for ; n < len(list) && list[n].shipped.finished <= to; n++ {
		// Something wrong in one region is not put right by a fix in another.
		if len(line) == len(a.all.production) || strings.EqualFold(list[n].failed.environment, i.environment) {
			consider(list[n])
		}
	}
	return best
}

// failures lists every cause against every deployment. Evidence and the
// incident linked by it are one failure.
func (a *attribution) failures(incidents []*incident) []*failure {
	found := map[failureKey]*failure{}
	for _, i := range incidents {
		d := i.deployment
		if d == nil || d.status != schemas.DeploymentSucceeded {
			continue // what never went live is in no fail rate
		}
		f := &failure{deployment: d, incident: i, method: i.method, fix: i.fix}
		closing := a.fixes.closing[i]
		if n := slices.IndexFunc(closing, d.recoversBy); f.fix == nil && n >= 0 {
			f.fix = closing[n]
		}
		f.recover(i.resolved)
		for _, shipped := range closing {
			f.recover(shipped.finished)
		}
		found[f.key()] = f
	}
	linked := map[failureKey]bool{}
	for k := range found {
		k.incident = ""
		linked[k] = true
	}
	evidence := make([]*failure, 0, len(a.fixes.list))
	for _, d := range a.all.production {
		if d.rollback {
			d.rework = stronger(d.rework, schemas.MethodRollback)
			evidence = append(evidence, &failure{deployment: d.rolledBack, method: schemas.MethodRollback, fix: d})
		}
	}
	for _, f := range a.fixes.list {
		evidence = append(evidence, &failure{deployment: f.failed, method: f.method, fix: f.shipped})
	}
	for _, f := range evidence {
		if !linked[f.key()] {
			found[f.key()] = f
		}
	}
	list := make([]*failure, 0, len(found))
	for _, f := range found {
		if f.fix != nil {
			f.recover(f.fix.finished)
		}
		list = append(list, f)
	}
	return list
}

// recover takes a time at which the failure may have been over; the earliest
// one after the deployment counts.
func (f *failure) recover(at instant) {
	if at >= f.deployment.finished {
		f.recovered = earliest(f.recovered, at)
	}
}

// recoversBy says whether a deployment may have put this one right.
func (d *deployment) recoversBy(fix *deployment) bool { return d.before(fix) }

func (f *failure) fact(service *schemas.Service) schemas.Failure {
	k := f.key()
	return schemas.Failure{
		Service:         service.Name,
		Team:            service.Team,
		DeploymentID:    k.deployment,
		IncidentID:      k.incident,
		FixID:           k.fix,
		Method:          f.method,
		FailedAt:        f.deployment.finished.time(),
		RecoveredAt:     f.recovered.time(),
		RecoverySeconds: seconds(f.deployment.finished, f.recovered),
	}
}

// strength orders the methods of attribution, the strongest first.
func strength(m schemas.FailureMethod) int {
	switch m {
	case schemas.MethodExplicit:
		return 1
	case schemas.MethodRollback:
		return 2
	case schemas.MethodRevert:
		return 3
	case schemas.MethodHotfix:
		return 4
	case schemas.MethodWindow:
		return 5
	case schemas.MethodBurn:
		return 6
	case schemas.MethodUnattributed:
	}
	return 7
}

// stronger gives the stronger of two methods.
func stronger(a, b schemas.FailureMethod) schemas.FailureMethod {
	if strength(b) < strength(a) {
		return b
	}
	return a
}
