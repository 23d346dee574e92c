package simulation

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

func itoa(n int) string { return strconv.Itoa(n) }

// work is a piece of work from its first commit to the default branch.
type work struct {
	firstCommit, opened, reviewed, merged time.Time

	title        string
	ordinary     bool // may come from a fork, touch a sibling …
	hotfixLabel  bool
	hotfixBranch bool
	reverts      *change
	fixes        *issue
}

// batch lands n ordinary pieces of work between two times and gives the last
// push: the head to deploy.
func (p *planner) batch(n int, from, to time.Time) *push {
	earliest := to.Add(-p.s.level.gap - 12*time.Hour)
	if p.s.level.gap < 2*time.Hour {
		earliest = to.Add(-90 * time.Minute)
	}
	if p.s.level.gap >= day || from.After(earliest) {
		earliest = from
	}
	merges := make([]time.Time, n)
	for i := range merges {
		m := earliest.Add(p.c.span(0, to.Sub(earliest)))
		for tries := 0; !working(m) && tries < 12; tries++ {
			m = earliest.Add(p.c.span(0, to.Sub(earliest)))
		}
		merges[i] = m
	}
	slices.SortFunc(merges, time.Time.Compare)
	slow := at(p.s.team.trend.slowness, p.share(to))
	var head *push
	for _, m := range merges {
		w := work{merged: m, ordinary: true}
		w.reviewed = m.Add(-p.c.spread(p.s.level.review.times(slow)))
		w.opened = w.reviewed.Add(-p.c.spread(p.s.level.pickup.times(slow)))
		w.firstCommit = w.opened.Add(-p.c.spread(p.s.level.coding.times(slow)))
		head = p.land(w)
	}
	return head
}

func working(t time.Time) bool {
	return t.Weekday() != time.Saturday && t.Weekday() != time.Sunday && t.Hour() >= 7 && t.Hour() < 18
}

// land brings a piece of work to the default branch.
func (p *planner) land(w work) *push {
	if w.title == "" {
		w.title = p.title()
	}
	if p.s.style == trunk {
		return p.trunkFix(w)
	}
	if w.ordinary && p.s.style == merge && p.c.happens(0.06) {
		return p.direct(w.merged, w.merged.Add(-p.c.span(10*time.Minute, 50*time.Minute)), w.title)
	}
	pr := p.pullRequest(w)
	services := []*service{p.s}
	if len(p.s.repo.services) > 1 && w.ordinary && p.c.happens(0.06) && w.merged.After(p.start.Add(12*time.Hour)) {
		services = p.s.repo.services
		p.touch(pr.commits[0], services)
	}
	ps := &push{at: p.s.repo.claim(w.merged), pr: pr, by: pr.reviewer}
	pr.mergedAt, pr.merged = ps.at, ps
	first := w.firstCommit
	switch p.s.style {
	case squash:
		c := p.commit(ps.at, pr.by, w.title)
		c.kind, c.pr, c.reverts, c.fixes = squashCommit, pr, w.reverts, w.fixes
		p.touch(c, services)
		ps.commits = []*commit{c}
		if pr.fork { // its commits were pushed elsewhere: all we see is the squash
			first = pr.openedAt
		}
	case merge:
		c := p.commit(ps.at, pr.by, w.title)
		c.kind, c.pr = mergeCommit, pr
		p.touch(c, services)
		ps.commits = append(slices.Clone(pr.commits), c)
	case rebase:
		for _, b := range pr.commits {
			c := p.commit(b.at, b.by, b.subject)
			c.added, c.modified, c.removed = b.added, b.modified, b.removed
			c.reverts, c.fixes = b.reverts, b.fixes
			ps.commits = append(ps.commits, c)
		}
	case trunk:
	}
	if p.s.style == rebase {
		for _, c := range ps.commits {
			p.change(ps, c, pr, first, services)
		}
	} else {
		p.change(ps, ps.head(), pr, first, services)
	}
	p.s.repo.pushes = append(p.s.repo.pushes, ps)
	return ps
}

func (p *planner) change(ps *push, c *commit, pr *pullRequest, first time.Time, services []*service) {
	ch := &change{
		commit: c, push: ps, services: services, pr: pr, firstCommitAt: first, mergedAt: ps.at,
		shipped: map[string]*deployment{},
	}
	c.change = ch
	for _, s := range services {
		s.changes = append(s.changes, ch)
	}
}

// direct is a commit pushed to the default branch without a pull request.
func (p *planner) direct(t, authored time.Time, title string) *push {
	c := p.commit(authored, pick(p.c, p.s.team.people), title)
	ps := &push{at: p.s.repo.claim(t), commits: []*commit{c}, by: c.by}
	p.change(ps, c, nil, authored, []*service{p.s})
	p.s.repo.pushes = append(p.s.repo.pushes, ps)
	return ps
}

// trunkPush pushes n commits at once where there are no pull requests.
func (p *planner) trunkPush(t time.Time, n int) *push {
	slow := at(p.s.team.trend.slowness, p.share(t))
	by := pick(p.c, p.s.team.people)
	authored := make([]time.Time, n)
	for i := range authored {
		authored[i] = t.Add(-p.c.spread(p.s.level.coding.times(slow)) - p.c.spread(p.s.level.review.times(slow)))
	}
	slices.SortFunc(authored, time.Time.Compare)
	ps := &push{at: p.s.repo.claim(t), by: by}
	for _, a := range authored {
		c := p.commit(a, by, p.title())
		ps.commits = append(ps.commits, c)
		p.change(ps, c, nil, a, []*service{p.s})
	}
	p.s.repo.pushes = append(p.s.repo.pushes, ps)
	return ps
}

// trunkFix pushes one particular commit where there are no pull requests.
func (p *planner) trunkFix(w work) *push {
	ps := p.direct(w.merged, w.firstCommit, w.title)
	c := ps.head()
	c.reverts, c.fixes = w.reverts, w.fixes
	if w.reverts != nil {
		c.subject = revertTitle(w.reverts)
	}
	return ps
}

func revertTitle(c *change) string {
	if c.pr != nil {
		return `Revert "` + c.pr.title + `"`
	}
	return `Revert "` + c.commit.subject + `"`
}

func (p *planner) commit(t time.Time, by *person, subject string) *commit {
	r := p.s.repo
	r.commits++
	c := &commit{sha: digest(p.Seed, r.name, r.commits), at: t, by: by, subject: subject}
	p.touch(c, []*service{p.s})
	return c
}

// touch says which files a commit changes: some of each service's.
func (p *planner) touch(c *commit, services []*service) {
	c.added, c.modified, c.removed = []string{}, []string{}, []string{}
	for _, s := range services {
		dir := "src"
		if s.directory != "" {
			dir = s.directory + "/src"
		}
		part := strings.ToLower(strings.ReplaceAll(pick(p.c, s.noun), " ", "_"))
		c.modified = append(c.modified, dir+"/"+part+"/handler."+extension(s.language))
		if p.c.happens(0.4) {
			c.added = append(c.added, dir+"/"+part+"/case_"+c.sha[:6]+"."+extension(s.language))
		}
		if p.c.happens(0.1) {
			c.removed = append(c.removed, dir+"/"+part+"/legacy_"+c.sha[6:10]+"."+extension(s.language))
		}
	}
}

func extension(language string) string {
	switch language {
	case "TypeScript":
		return "ts"
	case "Rust":
		return "rs"
	case "Java":
		return "java"
	case "Kotlin":
		return "kt"
	}
	return "go"
}

var verbs = []string{
	"Speed up", "Simplify", "Add metrics to", "Handle time-outs in", "Cache", "Split",
	"Test", "Log less in", "Validate input of", "Make idempotent:", "Upgrade the library behind", "Guard",
}

func (p *planner) title() string {
	return pick(p.c, verbs) + " " + pick(p.c, p.s.noun)
}

// claim gives the first free second from t on: pushes to one branch never
// arrive at the same time, or their order would be anybody's guess.
func (r *repository) claim(t time.Time) time.Time {
	for r.taken[t.Unix()] {
		t = t.Add(time.Second)
	}
	r.taken[t.Unix()] = true
	return t
}
