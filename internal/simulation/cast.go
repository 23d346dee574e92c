package simulation

import (
	"fmt"
	"strings"

	"github.com/fivekeys/fivekeys/schemas"
)

const (
	organisation   = "acme"
	organisationID = 91_400_233
	defaultBranch  = "main"
	monorepo       = "platform"
)

// person is somebody with a GitHub account.
type person struct {
	id    int64
	login string
	name  string
	zone  int // hours east of UTC
	bot   bool
}

func (p *person) email() string {
	return fmt.Sprintf("%d+%s@users.noreply.github.com", p.id, p.login)
}

// pipeline is who deploys; GitHub names it so.
var pipeline = &person{id: 41_898_282, login: "github-actions[bot]", name: "github-actions[bot]", bot: true}

// mergeButton is the committer of what is merged on the site.
var mergeButton = &person{id: 19_864_447, login: "web-flow", name: "GitHub"}

// archetype is a kind of service: how it is merged, deployed and how it breaks.
type archetype struct {
	name       string
	noun       []string
	style      mergeStyle
	signal     schemas.DeployedBy
	production []string // in the order they are rolled out
	staging    string
	directory  string // in the monorepo
	language   string
	mishaps    []mishap // taken in turn
}

// archetypes are the eight services of the demonstration; more services
// repeat them under numbered names.
var archetypes = []archetype{
	{
		name: "storefront", noun: []string{"basket page", "product tiles", "search box", "voucher form", "image loading"},
		style: squash, signal: schemas.ByDeployment, production: []string{"production"}, staging: "staging", language: "TypeScript",
		mishaps: []mishap{rollbackUnderIncident, revertUnderIncident, hotfixNaming, brokenByWindow, rollbackOverTwo, namedCause},
	},
	{
		name: "payments", noun: []string{"card vault", "3-D Secure flow", "settlement", "refund path", "fraud rules"},
		style: squash, signal: schemas.ByDeployment, production: []string{"prod-eu", "prod-us"}, staging: "staging", language: "Go",
		mishaps: []mishap{brokenByWindow, rollbackAlone, rollbackUnderIncident},
	},
	{
		name: "search", noun: []string{"ranking", "index writer", "synonyms", "query parser", "suggestions"},
		style: trunk, signal: schemas.ByPush, production: []string{"production"}, language: "Rust",
		mishaps: []mishap{revertAlone, mendedByWindow, revertUnderIncident, namedCause},
	},
	{
		name: "accounts", noun: []string{"sign-in", "session store", "password reset", "profile API", "consent records"},
		style: merge, signal: schemas.ByWorkflowRun, production: []string{"production"}, language: "Java",
		mishaps: []mishap{hotfixBranch, rollbackUnderIncident, revertUnderIncident, namedCause},
	},
	{
		name: "checkout", noun: []string{"order form", "tax lines", "address check", "delivery slots", "receipts"},
		style: squash, signal: schemas.ByDeployment, production: []string{"checkout-production"}, staging: "checkout-staging",
		directory: "services/checkout", language: "Kotlin",
		mishaps: []mishap{hotfixAlone, mendedByWindow, rollbackUnderIncident, revertAlone},
	},
	{
		name: "catalogue", noun: []string{"price import", "variant model", "stock feed", "category tree", "media store"},
		style: squash, signal: schemas.ByDeployment, production: []string{"catalogue-production"}, staging: "catalogue-staging",
		directory: "services/catalogue", language: "Kotlin",
		mishaps: []mishap{brokenByWindow, rollbackNamed, hotfixBranch},
	},
	{
		name: "mobile-api", noun: []string{"push tokens", "feed endpoint", "offline sync", "image proxy", "device list"},
		style: rebase, signal: schemas.ByRelease, production: []string{"production"}, language: "Go",
		mishaps: []mishap{hotfixAlone, brokenByWindow, rollbackAlone},
	},
	{
		name: "ledger", noun: []string{"posting rules", "month-end close", "audit trail", "currency table", "balance view"},
		style: merge, signal: schemas.ByTag, production: []string{"production"}, language: "Java",
		mishaps: []mishap{rollbackAlone, brokenByWindow, revertAlone},
	},
}

var teamNames = []string{"web", "orders", "core", "growth", "data", "platform", "identity", "logistics"}

var people = []struct {
	name string
	zone int
}{
	{"Ada Brandt", 1},
	{"Tomás Vega", 2},
	{"Mei Lin", 8},
	{"Noor Haddad", 0},
	{"Jonas Falk", 1},
	{"Ruth Okafor", 0},
	{"Ivo Petrov", 2},
	{"Clara Weiss", 1},
	{"Sam Whitfield", -5},
	{"Priya Raman", 5},
	{"Olga Nowak", 1},
	{"Dario Conti", 1},
	{"Hana Sato", 9},
	{"Leo Martins", -3},
	{"Eva Lindqvist", 1},
}

func newStory(c Config) *story {
	st := &story{Config: c, start: c.End.AddDate(0, 0, -c.Days)}
	for t := range c.Teams {
		st.teams = append(st.teams, newTeam(t, c.Teams))
	}
	for i := range c.Services {
		st.addService(i)
	}
	return st
}

func newTeam(t, n int) *team {
	tm := &team{name: numbered(teamNames, t), level: levelOf(t, n), trend: improving}
	if t == n-1 && n > 1 {
		tm.trend = declining
	}
	for i := range 5 {
		k := t*5 + i
		who := people[k%len(people)]
		first, _, _ := strings.Cut(who.name, " ")
		login := strings.NewReplacer("á", "a", "é", "e").Replace(strings.ToLower(first))
		if round := k / len(people); round > 0 {
			login = fmt.Sprintf("%s%d", login, round+1)
		}
		tm.people = append(tm.people, &person{
			id: int64(21_031_067 + 7919*k), login: login + "-acme", name: who.name, zone: who.zone,
		})
	}
	return tm
}

func numbered(names []string, i int) string {
	if i < len(names) {
		return names[i]
	}
	return fmt.Sprintf("%s-%d", names[i%len(names)], i/len(names)+1)
}

func (st *story) addService(i int) {
	a := archetypes[i%len(archetypes)]
	round := i / len(archetypes)
	repo := a.name
	if a.directory != "" {
		repo = monorepo
	}
	if round > 0 {
		a.name = fmt.Sprintf("%s-%d", a.name, round+1)
		repo = fmt.Sprintf("%s-%d", repo, round+1)
	}
	t := i * len(st.teams) / st.Services
	tm := st.teams[t]
	lvl := tm.level
	// The last service of a team that is neither the best nor the weakest
	// lags behind, so that a team's figures are not those of each service.
	last := i+1 == st.Services || (i+1)*len(st.teams)/st.Services != t
	if last && lvl > 0 && lvl < len(levels)-1 {
		lvl++
	}
	s := &service{
		archetype: a, index: i, team: tm, level: levels[lvl],
		repo: st.repository(repo, a, tm), dice: newChance(st.Seed, uint64(i)),
	}
	s.repo.services = append(s.repo.services, s)
	st.services = append(st.services, s)
}

func (st *story) repository(name string, a archetype, tm *team) *repository {
	for _, r := range st.repositories {
		if r.name == name {
			return r
		}
	}
	r := &repository{
		id: int64(686_530_020 + 10_007*len(st.repositories)), owner: organisation, name: name, style: a.style, team: tm,
		taken: map[int64]bool{}, language: a.language,
	}
	st.repositories = append(st.repositories, r)
	return r
}

func (r *repository) fullName() string { return r.owner + "/" + r.name }

// incidentLabel is the label that makes an issue an incident of this service.
// In the monorepo it names the service: an issue says nothing else about it.
func (s *service) incidentLabel() string {
	if s.directory != "" {
		return "incident:" + s.name
	}
	return "incident"
}

// tagged says whether a tag of the repository means a deployment.
func (s *service) tagged() bool {
	return s.signal == schemas.ByTag || s.signal == schemas.ByRelease
}

// deployWorkflow is the workflow whose runs deploy.
const deployWorkflow = "Deploy to production"

func (st *story) catalog() schemas.Catalog {
	var c schemas.Catalog
	for _, s := range st.services {
		repo := schemas.Repository{Name: s.repo.fullName()}
		if s.directory != "" {
			repo.Paths = []string{s.directory + "/**"}
		}
		def := schemas.Service{
			Name: s.name, Team: s.team.name, Repositories: []schemas.Repository{repo},
			Production: s.production, IncidentLabels: []string{s.incidentLabel()},
			Deployed: schemas.Deployed{By: s.signal},
		}
		switch s.signal {
		case schemas.ByWorkflowRun:
			def.Deployed.Workflow = "Deploy to prod*"
		case schemas.ByRelease, schemas.ByTag:
			def.Deployed.Tags = "v*"
		case schemas.ByDeployment, schemas.ByPush:
		}
		c.Services = append(c.Services, def)
	}
	return c
}
