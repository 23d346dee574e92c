package simulation

import (
	"slices"
	"time"

	"github.com/fivekeys/fivekeys/schemas"
)

// incident opens an issue with the service's incident label and lets somebody
// take it.
func (p *planner) incident(opened, acknowledged time.Time) *issue {
	noun := pick(p.c, p.s.noun)
	in := &issue{
		repo: p.s.repo, service: p.s, incident: true, openedAt: opened.Truncate(time.Second),
		title:  pick(p.c, []string{"Errors in the ", "Slow: ", "Wrong answers from the ", "Down: "}) + noun,
		labels: []string{p.s.incidentLabel(), pick(p.c, []string{"sev1", "sev2", "sev2", "sev3"})},
		by:     pick(p.c, p.s.team.people), method: schemas.MethodUnattributed,
	}
	in.assignee = pick(p.c, p.s.team.people)
	in.acknowledgedAt = acknowledged.Truncate(time.Second)
	in.moves = append(in.moves, issueMove{"assigned", in.acknowledgedAt, in.assignee})
	p.s.incidents = append(p.s.incidents, in)
	p.s.repo.issues = append(p.s.repo.issues, in)
	return in
}

func (in *issue) link(d *deployment, m schemas.FailureMethod) { in.broke, in.method = d, m }

func (p *planner) resolve(in *issue, t time.Time) {
	in.resolvedAt = t.Truncate(time.Second)
	in.moves = append(in.moves, issueMove{"closed", in.resolvedAt, in.assignee})
}

func (p *planner) reopen(in *issue, t time.Time) {
	in.resolvedAt = time.Time{}
	in.moves = append(in.moves, issueMove{"reopened", t.Truncate(time.Second), in.by})
}

// closedByMerge closes what a merged change says to fix. GitHub does so at the
// merge, before the deployment that ships it.
func (p *planner) closedByMerge(in *issue, fix *deployment) {
	p.resolve(in, fix.head.at.Add(2*time.Second))
}

// leaveOneOpen leaves one incident of the organisation open, in the first
// service where it can be told apart from everything else.
func (st *story) leaveOneOpen(planners []*planner) {
	favourite := min(3, len(planners)-1)
	for i := range planners {
		if planners[(favourite+i)%len(planners)].stillOpen() {
			return
		}
	}
}

// stillOpen opens an incident after the last deployment, which so is not
// recovered when the story ends.
func (p *planner) stillOpen() bool {
	d := p.s.lastInProduction()
	opened := d.finishedAt.Add(40 * time.Minute)
	if d.kind != planned || len(d.failures) > 0 || d.finishedAt.Before(p.calm) || opened.After(p.End.Add(-time.Hour)) {
		return false
	}
	in := p.incident(opened, opened.Add(11*time.Minute))
	in.link(d, schemas.MethodWindow)
	d.fail(schemas.MethodWindow, time.Time{})
	return true
}

func (s *service) lastInProduction() *deployment {
	var last *deployment
	for _, d := range s.deployments {
		if d.production && !d.unfinished && (last == nil || d.finishedAt.After(last.finishedAt)) {
			last = d
		}
	}
	return last
}

// unattributed opens incidents more than a day after the last deployment:
// somebody else's fault, a full disk, an expired certificate.
func (p *planner) unattributed() {
	var live []time.Time
	for _, d := range p.s.deployments {
		if d.production && !d.unfinished {
			live = append(live, d.finishedAt)
		}
	}
	slices.SortFunc(live, time.Time.Compare)
	live = append(live, p.End)
	left := 2
	for i := 1; i < len(live) && left > 0; i++ {
		opened := live[i-1].Add(25*time.Hour + p.c.span(0, 4*time.Hour))
		took := p.c.spread(span{30 * time.Minute, 4 * time.Hour})
		end := opened.Add(took + time.Hour)
		if opened.After(live[i].Add(-time.Hour)) || end.After(p.End) || p.troubled(opened, end) || !p.c.happens(0.25) {
			continue
		}
		in := p.incident(opened, opened.Add(scale(took, 0.15)))
		if left == 1 {
			p.resolve(in, opened.Add(scale(took, 0.5)))
			p.reopen(in, opened.Add(scale(took, 0.7)))
		}
		p.resolve(in, opened.Add(took))
		left--
	}
}

// troubled says whether a trouble is within a day and a bit of a time.
func (p *planner) troubled(from, to time.Time) bool {
	return slices.ContainsFunc(p.s.troubles, func(t trouble) bool {
		return from.Before(t.to.Add(26*time.Hour)) && to.After(t.from.Add(-26*time.Hour))
	})
}
