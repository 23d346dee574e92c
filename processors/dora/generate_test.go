package dora

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/fivekeys/fivekeys/schemas"
)

// generator invents the events of a service at random: what can happen, and what
// can't but arrives all the same. Times are few, so that many things happen at once.
type generator struct {
	*rand.Rand
	hours   int
	commits []string
	deploys []string
	events  []schemas.Event
}

func generate(seed uint64, n int) []schemas.Event {
	g := &generator{Rand: rand.New(rand.NewPCG(seed, 1)), hours: 20 + n}
	for len(g.events) < n {
		switch k := g.IntN(21); {
		case k < 7:
			g.push()
		case k < 9:
			g.sideCommit()
		case k < 15:
			g.deployment()
		case k < 18:
			g.incident()
		case k < 19:
			g.burn()
		default:
			g.again()
		}
	}
	return g.events
}

func (g *generator) time() time.Time { return hour(float64(g.IntN(g.hours) + 1)) }

func (g *generator) chance(p float64) bool { return g.Float64() < p }

func (g *generator) one(list []string) string {
	if len(list) == 0 {
		return "nothing"
	}
	return list[g.IntN(len(list))]
}

func (g *generator) add(kind schemas.EventType, id string, at time.Time, p schemas.Payload) {
	e, err := schemas.NewEvent(id, []string{"github", "git", "api"}[g.IntN(3)], kind, at, shop, p)
	if err != nil {
		panic(err)
	}
	e.KnownAt = at.Add(time.Duration(g.IntN(100)) * time.Hour / 10)
	g.events = append(g.events, e)
}

func (g *generator) id() string { return fmt.Sprintf("e%d", g.IntN(1<<30)) }

func (g *generator) repository() string {
	return []string{"", "acme/web", "acme/web", "acme/web", "acme/api"}[g.IntN(5)]
}

// push lands some commits together, perhaps a pull request's.
func (g *generator) push() {
	at, n, repository := g.time(), 1+g.IntN(4), g.repository()
	var names []string
	for range n {
		names = append(names, fmt.Sprintf("c%d", len(g.commits)))
		g.commits = append(g.commits, names[len(names)-1])
	}
	head := names[n-1]
	for i, name := range names {
		c := &schemas.ChangeEvent{
			Service: shop, Repository: repository, SHA: sha(name), Message: g.message(name),
			Push: sha(head), Position: i, SideBranch: g.chance(0.02),
		}
		if g.chance(0.9) {
			made := at.Add(-time.Duration(g.IntN(50)-2) * time.Hour)
			c.CommittedAt = &made
		}
		if g.chance(0.1) {
			c.Labels = []string{"hotfix"}
		}
		if g.chance(0.2) {
			c.Parents = []string{sha(g.one(g.commits))}
			if g.chance(0.5) {
				c.Parents = append(c.Parents, sha(g.one(g.commits)))
			}
		}
		if g.chance(0.15) {
			c.PullRequest = &schemas.PullRequest{Number: g.IntN(9), Branch: "hotfix/x", Commits: []string{sha(g.one(g.commits)), sha(g.id())}}
		}
		g.add(schemas.TypeChange, g.id(), at, c)
	}
	if g.chance(0.5) {
		g.pullRequest(at, head, names, repository)
	}
}

func (g *generator) pullRequest(at time.Time, merge string, pushed []string, repository string) {
	number, head := 1+g.IntN(12), g.one(pushed)
	if g.chance(0.5) {
		head = g.id()
	}
	before := ""
	for range g.IntN(3) {
		after := g.id()
		g.add(schemas.TypeBranch, g.id(), at, &schemas.BranchEvent{
			Service: shop, Repository: repository, Branch: "b", Before: sha(before), After: sha(after),
			Commits: []schemas.BranchCommit{{SHA: sha(after), CommittedAt: at.Add(-time.Duration(g.IntN(90)) * time.Hour)}},
		})
		before, head = after, after
	}
	for range 1 + g.IntN(3) {
		p := &schemas.PullRequestEvent{
			Service: shop, Repository: repository, Number: number, HeadSHA: sha(head), CommitCount: g.IntN(4),
			Title: g.message("PR"), Branch: []string{"x", "hotfix/y", "revert-3-z"}[g.IntN(3)], Body: g.message(""),
		}
		opened := at.Add(-time.Duration(g.IntN(60)) * time.Hour)
		p.OpenedAt = &opened
		if g.chance(0.4) {
			reviewed := opened.Add(time.Duration(g.IntN(60)) * time.Hour)
			p.ReviewedAt = &reviewed
		}
		if g.chance(0.7) {
			p.MergeSHA = sha(merge)
		}
		g.add(schemas.TypePullRequest, g.id(), at, p)
	}
}

func (g *generator) message(title string) string {
	switch g.IntN(8) {
	case 0:
		return fmt.Sprintf("Revert %q\n\nThis reverts commit %s.", title, sha(g.one(g.commits)))
	case 1:
		return fmt.Sprintf("Revert %q", g.one(g.commits))
	case 2:
		return fmt.Sprintf("%s\n\nFixes #%d, closes inc-%d", title, g.IntN(6), g.IntN(6))
	}
	return title
}

func (g *generator) sideCommit() {
	name := fmt.Sprintf("c%d", len(g.commits))
	at := g.time()
	g.add(schemas.TypeChange, g.id(), at, &schemas.ChangeEvent{
		Service: shop, SHA: sha(name), SideBranch: true, Parents: []string{sha(g.one(g.commits))}, CommittedAt: &at,
	})
	g.commits = append(g.commits, name)
}

func (g *generator) deployment() {
	id := fmt.Sprintf("d%d", len(g.deploys))
	if g.chance(0.1) && len(g.deploys) > 0 {
		id = g.one(g.deploys)
	}
	g.deploys = append(g.deploys, id)
	environment := []string{"production", "Production", "prod-eu", "prod-us", "staging"}[g.IntN(5)]
	commit, version := sha(g.one(g.commits)), ""
	switch g.IntN(8) {
	case 0:
		commit = sha(g.id())
	case 1:
		commit = commit[:8]
	case 2:
		commit, version = "", fmt.Sprintf("v%d", g.IntN(3))
	case 3:
		version = fmt.Sprintf("v%d", g.IntN(3))
	}
	at := g.time()
	for range 1 + g.IntN(3) {
		status := []schemas.DeploymentStatus{started, succeeded, succeeded, succeeded, failed, cancelled}[g.IntN(6)]
		g.add(schemas.TypeDeployment, g.id(), at, &schemas.DeploymentEvent{
			DeploymentID: id, Service: shop, Environment: environment, Status: status, SHA: commit, Version: version, Actor: g.id(),
			Via: []schemas.DeployedBy{"", "", schemas.ByDeployment, schemas.ByPush}[g.IntN(4)],
		})
		at = at.Add(time.Duration(g.IntN(3)) * time.Hour)
	}
}

func (g *generator) incident() {
	id := []string{fmt.Sprintf("acme/web#%d", g.IntN(6)), fmt.Sprintf("inc-%d", g.IntN(6))}[g.IntN(2)]
	at := g.time()
	for range 1 + g.IntN(4) {
		i := &schemas.IncidentEvent{
			IncidentID: id, Service: shop, Title: g.id(), Environment: []string{"", "", "production", "prod-eu", "staging"}[g.IntN(5)],
			Status: []schemas.IncidentStatus{
				schemas.IncidentOpened, schemas.IncidentAcknowledged, schemas.IncidentResolved, schemas.IncidentReopened,
			}[g.IntN(4)],
		}
		switch g.IntN(10) {
		case 0:
			i.CausedBy = &schemas.Cause{DeploymentID: g.one(g.deploys)}
		case 1:
			i.CausedBy = &schemas.Cause{SHA: sha(g.one(g.commits))}
		}
		g.add(schemas.TypeIncident, g.id(), at, i)
		at = at.Add(time.Duration(g.IntN(5)) * time.Hour)
	}
}

func (g *generator) burn() {
	b := &schemas.BurnEvent{AlertID: fmt.Sprintf("a%d", g.IntN(9)), Service: shop, Objective: "o", Rule: "fast"}
	at := g.time()
	for range 1 + g.IntN(3) {
		b.State = []schemas.AlertState{schemas.AlertFiring, schemas.AlertFiring, schemas.AlertResolved}[g.IntN(3)]
		g.add(schemas.TypeBurn, g.id(), at, b)
		at = at.Add(time.Duration(g.IntN(3)) * time.Hour)
	}
}

// again sends an event a second time, perhaps known at another time, perhaps
// under the same id with something else in it.
func (g *generator) again() {
	if len(g.events) < 2 {
		return
	}
	e := g.events[g.IntN(len(g.events))]
	other := g.events[g.IntN(len(g.events))]
	if g.chance(0.5) {
		e.KnownAt = e.KnownAt.Add(time.Duration(g.IntN(5)-2) * time.Hour)
	}
	if g.chance(0.3) {
		e.Type, e.Data, e.Time = other.Type, other.Data, other.Time
	}
	g.events = append(g.events, e)
}
