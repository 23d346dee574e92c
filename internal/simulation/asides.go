package simulation

import "time"

// asides is what also happens in a repository and must change no figure:
// bugs, documentation, pull requests nobody merged.
func (st *story) asides(r *repository) {
	s := r.services[0]
	p := &planner{story: st, s: s, c: newChance(st.Seed, 1<<20+uint64(r.id))}
	if len(r.services) > 1 {
		p.documentation()
	}
	for t := st.start.Add(p.c.span(0, 5*day)); t.Before(st.End.Add(-3 * day)); t = t.Add(p.c.span(5*day, 12*day)) {
		p.bug(t)
	}
	for t := st.start.Add(9 * day); s.tagged() && t.Before(st.End); t = t.Add(17 * day) {
		r.sideTags = append(r.sideTags, sideTag{"nightly-" + t.Format("20060102"), t.Add(2 * time.Hour)})
	}
	if r.style == trunk {
		return
	}
	for t := st.start.Add(p.c.span(2*day, 9*day)); t.Before(st.End.Add(-2 * day)); t = t.Add(p.c.span(12*day, 30*day)) {
		p.abandoned(t, t.Add(p.c.span(3*time.Hour, 40*time.Hour)))
	}
	for range p.c.count(1, 3) { // still under review when the story ends
		t := st.End.Add(-p.c.span(2*time.Hour, 2*day))
		p.abandoned(t, time.Time{})
	}
}

// documentation is pushed to the monorepo: no service's change.
func (p *planner) documentation() {
	for t := p.start.Add(2 * day); t.Before(p.End.Add(-2 * time.Hour)); t = t.Add(p.c.span(2*day, 5*day)) {
		c := p.commit(t.Add(-20*time.Minute), pick(p.c, p.s.team.people), "Describe the "+pick(p.c, p.s.noun))
		c.added, c.removed, c.modified = []string{}, []string{}, []string{"docs/handbook.md"}
		p.s.repo.pushes = append(p.s.repo.pushes, &push{at: p.s.repo.claim(t), commits: []*commit{c}, by: c.by})
	}
}

func (p *planner) bug(t time.Time) {
	is := &issue{
		repo: p.s.repo, service: p.s, title: "Typo in the " + pick(p.c, p.s.noun), labels: []string{"bug"},
		by: pick(p.c, p.s.team.people), openedAt: t,
	}
	is.assignee = pick(p.c, p.s.team.people)
	is.moves = []issueMove{{"assigned", t.Add(time.Hour), is.assignee}, {"closed", t.Add(p.c.span(2*time.Hour, 2*day)), is.assignee}}
	p.s.repo.issues = append(p.s.repo.issues, is)
}

// abandoned is a pull request that is closed without a merge, or stays open.
func (p *planner) abandoned(opened, closed time.Time) {
	w := work{title: p.title(), firstCommit: opened.Add(-time.Hour), opened: opened, reviewed: opened.Add(30 * time.Minute), merged: opened.Add(time.Hour)}
	pr := p.pullRequest(w)
	pr.approvedAt = time.Time{}
	pr.closedAt = closed
}
