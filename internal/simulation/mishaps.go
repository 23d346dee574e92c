package simulation

import (
	"time"

	"github.com/fivekeys/fivekeys/schemas"
)

// mishap is a way a deployment fails and is mended.
type mishap int

const (
	rollbackAlone         mishap = iota // nobody opened an incident
	rollbackUnderIncident               // closed, reopened and closed again
	rollbackOverTwo                     // V1 → V2 → V3 → V1: V2 was it
	rollbackNamed                       // the incident names the deployment too
	revertAlone
	revertUnderIncident
	hotfixAlone    // by label
	hotfixBranch   // by branch, while an incident is open
	hotfixNaming   // by label, naming the incident it fixes
	brokenByWindow // the incident just ends
	mendedByWindow // an ordinary change names the incident it fixes
	namedCause     // the incident names the deployment before the last
)

// episode is the times of one trouble: the deployment finished at broke; the
// mending one finishes at mended; in the last window before that the incident
// is noticed and worked on.
type episode struct {
	broke, mended time.Time
	window        time.Duration
}

// at is a point of the window: 0 its start, 1 the mending.
func (e episode) at(share float64) time.Time { return e.mended.Add(scale(e.window, share-1)) }

// longestWindow keeps the mending deployment well within a day of the
// incident's opening, which is what links the two.
const longestWindow = 20 * time.Hour

// mishap lets the deployment of a slot fail, in the next of the service's
// ways. It declines where the story before or after leaves no room.
func (p *planner) mishap(t time.Time) bool {
	took := p.c.spread(p.s.level.recovery)
	kind := p.s.mishaps[p.mishaps%len(p.s.mishaps)]
	before := 1 // deployments the mishap looks back upon
	if kind == rollbackOverTwo {
		before = 2
	}
	n := len(p.line)
	switch {
	case n < before+1, t.Before(p.calm), t.Add(2*took + slack + time.Hour).After(p.End), kind == namedCause && p.overnight(t):
		return false
	}
	for _, d := range p.line[n-before:] {
		if d.kind != planned || d.finishedAt.Before(p.ended) {
			return false
		}
	}
	p.mishaps++
	var from, to time.Time
	switch kind {
	case rollbackAlone, rollbackUnderIncident, rollbackOverTwo, rollbackNamed:
		from, to = p.rollback(t, took, kind)
	case revertAlone, revertUnderIncident:
		from, to = p.revert(t, took, kind == revertUnderIncident)
	case hotfixAlone, hotfixBranch, hotfixNaming:
		from, to = p.hotfix(t, took, kind)
	case brokenByWindow, mendedByWindow:
		from, to = p.window(t, took, kind == mendedByWindow)
	case namedCause:
		from, to = p.named(t, took)
	}
	p.ended, p.calm = to, to.Add(26*time.Hour)
	p.s.troubles = append(p.s.troubles, trouble{from, to})
	return true
}

func (p *planner) episode(d *deployment, took time.Duration) episode {
	return episode{broke: d.finishedAt, mended: d.finishedAt.Add(took), window: min(scale(took, 0.8), longestWindow)}
}

// overnight says whether the last deployment is so long ago that blaming it
// would not be that of a team which recovers within the hour.
func (p *planner) overnight(t time.Time) bool {
	return p.s.level.gap < 2*time.Hour && t.Sub(p.line[len(p.line)-1].finishedAt) > 8*time.Hour
}

// rollback deploys an earlier SHA again. Only the first environment had the
// bad one: it was noticed before the others were reached.
func (p *planner) rollback(t time.Time, took time.Duration, kind mishap) (from, to time.Time) {
	n := len(p.line)
	target := p.line[n-1]
	failed := p.ship(t, p.s.production[:1])
	if kind == rollbackOverTwo {
		failed, target = target, p.line[n-2]
	}
	e := p.episode(p.line[n], took)
	back := p.rollOut(nil, target, e.mended, p.s.production[:1], rolledBack)
	failed.fail(schemas.MethodRollback, back.finishedAt)
	if kind == rollbackAlone {
		return failed.finishedAt, back.finishedAt
	}
	in := p.incident(e.at(0), e.at(0.1))
	in.link(failed, schemas.MethodRollback)
	end := e.mended.Add(p.c.span(6*time.Minute, 20*time.Minute))
	switch kind {
	case rollbackUnderIncident:
		p.resolve(in, end)
		p.reopen(in, end.Add(p.c.span(10*time.Minute, 20*time.Minute)))
		end = end.Add(p.c.span(30*time.Minute, 50*time.Minute))
	case rollbackNamed:
		in.cause = failed
		in.link(failed, schemas.MethodExplicit)
		failed.fail(schemas.MethodExplicit, end)
	default:
	}
	p.resolve(in, end)
	return failed.finishedAt, end
}

// revert takes back the last change of the failed deployment: the one of this
// slot, or the one before it.
func (p *planner) revert(t time.Time, took time.Duration, reported bool) (from, to time.Time) {
	failed := p.line[len(p.line)-1]
	late := p.overnight(t)
	last := p.ship(t, p.s.production)
	if failed.baseline || late || p.c.happens(0.5) {
		failed = last
	}
	e := p.episode(last, took)
	fix := p.mend(e, work{reverts: failed.head.head().change})
	failed.fail(schemas.MethodRevert, fix.finishedAt)
	if !reported {
		return failed.finishedAt, fix.finishedAt
	}
	in := p.incident(e.at(0), e.at(0.08))
	in.link(failed, schemas.MethodRevert)
	end := e.mended.Add(p.c.span(6*time.Minute, 20*time.Minute))
	p.resolve(in, end)
	return failed.finishedAt, end
}

func (p *planner) hotfix(t time.Time, took time.Duration, kind mishap) (from, to time.Time) {
	failed := p.ship(t, p.s.production)
	e := p.episode(failed, took)
	w := work{title: "Stop the errors of " + pick(p.c, p.s.noun), hotfixLabel: kind != hotfixBranch, hotfixBranch: kind == hotfixBranch}
	var in *issue
	if kind != hotfixAlone {
		in = p.incident(e.at(0), e.at(0.08))
		in.link(failed, schemas.MethodHotfix)
	}
	if kind == hotfixNaming {
		w.fixes = in
	}
	fix := p.mend(e, w)
	failed.fail(schemas.MethodHotfix, fix.finishedAt)
	switch kind {
	case hotfixBranch:
		p.resolve(in, e.mended.Add(p.c.span(6*time.Minute, 20*time.Minute)))
	case hotfixNaming:
		p.closedByMerge(in, fix)
	default:
		return failed.finishedAt, fix.finishedAt
	}
	failed.fail(schemas.MethodHotfix, in.resolvedAt)
	return failed.finishedAt, later(in.resolvedAt, fix.finishedAt)
}

// window is an incident that names no cause: the last deployment before it
// is blamed.
func (p *planner) window(t time.Time, took time.Duration, mended bool) (from, to time.Time) {
	p.ship(t, p.s.production)
	failed := p.s.deployments[len(p.s.deployments)-1] // of the last environment
	e := p.episode(failed, took)
	opened := e.broke.Add(min(scale(took, 0.2), 6*time.Hour))
	in := p.incident(opened, opened.Add(scale(took, 0.05)))
	in.link(failed, schemas.MethodWindow)
	if mended {
		fix := p.mend(e, work{title: "Repair " + pick(p.c, p.s.noun), fixes: in})
		p.closedByMerge(in, fix)
		failed.fail(schemas.MethodWindow, fix.finishedAt)
	} else {
		p.resolve(in, e.mended)
		p.free = later(p.free, opened.Add(15*time.Minute))
	}
	failed.fail(schemas.MethodWindow, in.resolvedAt)
	return failed.finishedAt, later(e.mended, in.resolvedAt)
}

// named is an incident whose text names the SHA that caused it, one deployment
// before the last.
func (p *planner) named(t time.Time, took time.Duration) (from, to time.Time) {
	failed := p.line[len(p.line)-1]
	last := p.ship(t, p.s.production)
	opened := last.finishedAt.Add(min(scale(took, 0.3), 6*time.Hour))
	in := p.incident(opened, opened.Add(scale(took, 0.1)))
	in.cause = failed
	in.link(failed, schemas.MethodExplicit)
	p.resolve(in, last.finishedAt.Add(took))
	failed.fail(schemas.MethodExplicit, in.resolvedAt)
	p.free = later(p.free, opened.Add(15*time.Minute))
	return failed.finishedAt, in.resolvedAt
}

// mend lands the mending change within an episode and deploys it at its end.
func (p *planner) mend(e episode, w work) *deployment {
	w.firstCommit, w.opened, w.reviewed, w.merged = e.at(0.2), e.at(0.35), e.at(0.5), e.at(0.62)
	if w.reverts != nil {
		w.title = revertTitle(w.reverts)
	}
	if p.s.style == trunk { // the push is the deployment
		w.merged = e.mended
	}
	head := p.land(w)
	d := p.rollOut(head, nil, e.mended, p.s.production, mended)
	if p.s.style != trunk {
		d.startedAt = later(d.startedAt, e.at(0.75))
		d.createdAt = later(d.createdAt, e.at(0.75).Add(-4*time.Second))
	}
	return d
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
