package simulation

import (
	"time"

	"github.com/fivekeys/fivekeys/schemas"
)

// planner tells one service's part of the story, from its first deployment on.
type planner struct {
	*story
	s *service
	c chance
	// line is what reached the first production environment, in order.
	line []*deployment
	// free is when the last deployment had finished: the next changes land after.
	free time.Time
	// ended is when the last trouble was over, calm a good day later: the next
	// one starts after it, so that no failure has two possible causes.
	ended, calm  time.Time
	untilTrouble float64
	mishaps      int
}

// slack keeps what belongs together together: nothing is begun that could not
// be finished before the story ends.
const slack = 3 * time.Hour

func (st *story) plan() {
	var planners []*planner
	for _, s := range st.services {
		p := &planner{story: st, s: s, c: s.dice}
		p.run()
		planners = append(planners, p)
	}
	st.leaveOneOpen(planners)
	for _, r := range st.repositories {
		st.asides(r)
	}
}

func (p *planner) run() {
	p.baseline()
	p.untilTrouble = p.nextTrouble(0)
	for _, t := range p.slots() {
		if t.Before(p.free.Add(p.s.level.gap)) {
			continue
		}
		p.untilTrouble--
		if p.untilTrouble <= 0 && p.mishap(t) {
			p.untilTrouble = p.nextTrouble(p.share(t))
			continue
		}
		if p.c.happens(0.05) && p.redeploy(t) {
			continue
		}
		p.ship(t, p.s.production)
	}
	p.inventory()
	p.unattributed()
}

func (p *planner) share(t time.Time) float64 {
	return float64(t.Sub(p.start)) / float64(p.End.Sub(p.start))
}

func (p *planner) nextTrouble(share float64) float64 {
	rate := p.s.level.failRate * at(p.s.team.trend.failing, share)
	return (0.7 + 0.5*p.c.r.Float64()) / rate
}

// slots are the times at which a deployment would finish if nothing came
// between: in working hours, fewer at weekends, by the team's trend.
func (p *planner) slots() []time.Time {
	var out []time.Time
	due := 0.5
	for d := range p.Days {
		midnight := p.start.AddDate(0, 0, d)
		due += p.s.level.perDay * weekday(midnight) * at(p.s.team.trend.pace, p.share(midnight)) * (0.7 + 0.6*p.c.r.Float64())
		n := int(due)
		due -= float64(n)
		for i := range n {
			share := (float64(i) + 0.1 + 0.8*p.c.r.Float64()) / float64(n)
			t := midnight.Add(8*time.Hour + 30*time.Minute + scale(9*time.Hour, share))
			if t.Before(p.End.Add(-slack)) {
				out = append(out, t)
			}
		}
	}
	return out
}

// baseline is the first deployment: it contains what was there before and so
// has no lead times.
func (p *planner) baseline() {
	t := p.start.Add(6*time.Hour + p.c.span(0, 90*time.Minute))
	seed := p.direct(t, t.Add(-p.c.span(time.Hour, 5*time.Hour)), "Move to the new delivery pipeline")
	live := t.Add(p.c.span(18*time.Minute, 25*time.Minute))
	if p.s.signal == schemas.ByPush {
		live = seed.at // the push is the deployment
	}
	p.rollOut(seed, nil, live, p.s.production, planned)
	for _, d := range p.s.deployments {
		d.baseline = true
	}
}

// ship lands a batch of changes and deploys them so that the first environment
// is reached at t.
func (p *planner) ship(t time.Time, environments []string) *deployment {
	n := p.c.count(p.s.level.least, p.s.level.most)
	if p.s.signal == schemas.ByPush {
		return p.rollOut(p.trunkPush(t, n), nil, t, environments, planned)
	}
	start := t.Add(-p.c.span(6*time.Minute, 14*time.Minute))
	head := p.batch(n, p.free.Add(3*time.Minute), start.Add(-22*time.Minute))
	p.stage(head, start.Add(-19*time.Minute))
	p.attempt(head, start.Add(-14*time.Minute))
	d := p.rollOut(head, nil, t, environments, planned)
	if p.retries() && p.c.happens(0.05) { // it failed and was run again under its own id
		d.failedAt = d.createdAt.Add(-time.Minute)
		d.createdAt = d.failedAt.Add(-2 * time.Minute)
	}
	return d
}

// retries says whether a deployment is a run that may fail.
func (p *planner) retries() bool {
	return p.s.signal == schemas.ByDeployment || p.s.signal == schemas.ByWorkflowRun
}

// rollOut deploys a head (or again what another deployment did) to
// environments, one after the other. It gives the first deployment.
func (p *planner) rollOut(head *push, again *deployment, t time.Time, environments []string, kind deploymentKind) *deployment {
	var first *deployment
	for i, env := range environments {
		if i > 0 {
			t = t.Add(p.c.span(14*time.Minute, 35*time.Minute))
		}
		d := p.deployment(env, t, p.c.span(3*time.Minute, 6*time.Minute))
		d.head, d.again, d.kind, d.production = head, again, kind, true
		d.rework = kind == rolledBack || kind == mended
		if first == nil {
			first = d
			p.line = append(p.line, d)
		}
		p.free = d.finishedAt
	}
	return first
}

func (p *planner) deployment(env string, t time.Time, took time.Duration) *deployment {
	d := &deployment{service: p.s, environment: env, finishedAt: t, startedAt: t.Add(-took), by: pick(p.c, p.s.team.people)}
	d.createdAt = d.startedAt.Add(-4 * time.Second)
	switch p.s.signal {
	case schemas.ByPush, schemas.ByTag, schemas.ByRelease:
		d.createdAt, d.startedAt = t, t
		p.s.releases++
		d.tag = "v1." + itoa(p.s.releases) + ".0"
		d.annotated = p.c.happens(0.5)
	case schemas.ByDeployment, schemas.ByWorkflowRun:
	}
	p.s.deployments = append(p.s.deployments, d)
	return d
}

// redeploy brings what is live once more, say with a new configuration.
func (p *planner) redeploy(t time.Time) bool {
	last := p.line[len(p.line)-1]
	if p.s.signal == schemas.ByPush || last.kind != planned || t.Before(p.calm) {
		return false
	}
	p.rollOut(nil, last, t, p.s.production, redeployed)
	return true
}

// stage deploys to staging first, where the service has one. It never counts.
func (p *planner) stage(head *push, t time.Time) {
	if p.s.staging == "" {
		return
	}
	d := p.deployment(p.s.staging, t, time.Minute)
	d.head = head
}

// attempt is a deployment that does not succeed and never was in production.
func (p *planner) attempt(head *push, t time.Time) {
	if !p.retries() || !p.c.happens(0.05) {
		return
	}
	d := p.deployment(p.s.production[0], t, 2*time.Minute)
	d.head, d.production = head, true
	d.unfinished, d.failedAt, d.finishedAt = true, t, time.Time{}
}

// inventory is what was merged and not deployed when the story ends.
func (p *planner) inventory() {
	from, to := p.free.Add(10*time.Minute), p.End.Add(-20*time.Minute)
	if p.s.signal == schemas.ByPush || to.Sub(from) < time.Hour {
		return
	}
	if p.s.level.gap < day && to.Sub(from) > 4*time.Hour {
		to = from.Add(4 * time.Hour)
	}
	n := p.c.count(p.s.level.least, p.s.level.most)
	p.batch(n, from, to)
}
