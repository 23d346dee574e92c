package schemas

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// Catalog says which repository is which service and what counts as production
// and as deployed. The empty Catalog works: a repository is a service, its
// owner the team.
type Catalog struct {
	Services []Service
	// Defaults holds what a service does not say itself.
	Defaults Service
}

// Service is one deployable thing and the rules its events are folded under.
type Service struct {
	Name         string
	Team         string
	Repositories []Repository
	// Aliases are the names that other systems (PagerDuty, Alertmanager) know it
	// by, matched without case; "pagerduty:PXYZ12" is meant for that source only.
	// They decide whose an event is, never how it is folded, so they are no part
	// of the Fingerprint.
	Aliases []string `json:"-"`
	// Production lists globs of environment names, matched without case.
	Production []string
	// Deployed says which signal means that the service was deployed.
	Deployed Deployed
	// IncidentLabels are the issue labels that make an issue an incident.
	IncidentLabels []string
	// HotfixLabels and HotfixBranches (globs) mark a change as a hotfix.
	HotfixLabels   []string
	HotfixBranches []string
	// AttributionWindow is how old a deployment may be to be blamed for an
	// incident that names no cause.
	AttributionWindow time.Duration
	// BurnAttribution lets a fast burn of the error budget blame a deployment; nil
	// is what the defaults say, and they say no.
	BurnAttribution *bool `json:"-"`
}

// Repository is a source repository ("owner/name") of a service; Paths are
// globs of the files that belong to it, none meaning all.
type Repository struct {
	Name  string
	Paths []string
}

// DeployedBy is a signal that can mean "deployed".
type DeployedBy string

// The signals.
const (
	ByDeployment  DeployedBy = "deployment"   // deployment and deployment_status
	ByWorkflowRun DeployedBy = "workflow_run" // a workflow run, by its name
	ByRelease     DeployedBy = "release"      // a published release
	ByTag         DeployedBy = "tag"          // a tag was created
	ByPush        DeployedBy = "push"         // a push to the default branch
)

// Deployed says what means that a service was deployed.
type Deployed struct {
	By DeployedBy
	// Workflow is a glob of workflow names where By is workflow_run.
	Workflow string
	// Tags is a glob of tag names where By is tag or release.
	Tags string
	// Environment is where a signal that names none deploys to.
	Environment string
}

// DefaultAttributionWindow is METRICS' bound: a day. Without one, a deployment
// of last year would be blamed.
const DefaultAttributionWindow = 24 * time.Hour

// DefaultService holds the rules of a service that the catalogue does not know.
func DefaultService() Service {
	return Service{
		Production:        []string{"production", "prod", "live*", "prod-*"},
		Deployed:          Deployed{By: ByDeployment, Workflow: "**", Tags: "**", Environment: "production"},
		IncidentLabels:    []string{"incident"},
		HotfixLabels:      []string{"hotfix"},
		HotfixBranches:    []string{"hotfix/*", "hotfix-*"},
		AttributionWindow: DefaultAttributionWindow,
	}
}

// Service gives the rules for a service by name, defaults filled in. A name
// the catalogue does not know is a service of its own; "owner/name" gives its
// owner as the team.
func (c *Catalog) Service(name string) Service {
	if i := slices.IndexFunc(c.Services, func(s Service) bool { return s.Name == name }); i >= 0 {
		return c.complete(c.Services[i])
	}
	owner, _, hasOwner := strings.Cut(name, "/")
	s := Service{Name: name}
	if hasOwner {
		s.Team = owner
	}
	return c.complete(s)
}

// ServicesOf gives the services a repository's files belong to. Without files
// (a deployment, a release) it gives every service of the repository. A
// repository the catalogue does not name is a service itself.
func (c *Catalog) ServicesOf(repository string, files []string) []Service {
	var found []Service
	known := false
	for _, s := range c.Services {
		for _, r := range s.Repositories {
			if !strings.EqualFold(r.Name, repository) {
				continue
			}
			known = true
			if r.owns(files) {
				found = append(found, c.complete(s))
				break
			}
		}
	}
	if !known {
		return []Service{c.Service(repository)}
	}
	return found
}

// ServiceByAlias gives the service that a source knows by this name: one with
// such an alias for this source, else for any, else one called so. A name that
// nobody claims is a service of its own, and known is false.
func (c *Catalog) ServiceByAlias(source, name string) (s Service, known bool) {
	for _, claims := range []func(*Service) bool{
		func(s *Service) bool { return s.hasAlias(source + ":" + name) },
		func(s *Service) bool { return s.hasAlias(name) },
		func(s *Service) bool { return strings.EqualFold(s.Name, name) },
	} {
		for i := range c.Services {
			if claims(&c.Services[i]) {
				return c.complete(c.Services[i]), true
			}
		}
	}
	return c.Service(name), false
}

func (s *Service) hasAlias(name string) bool {
	return slices.ContainsFunc(s.Aliases, func(a string) bool { return strings.EqualFold(a, name) })
}

func (r Repository) owns(files []string) bool {
	if len(r.Paths) == 0 || len(files) == 0 {
		return true
	}
	return slices.ContainsFunc(files, func(f string) bool {
		return slices.ContainsFunc(r.Paths, func(p string) bool { return MatchGlob(p, f) })
	})
}

func (c *Catalog) complete(s Service) Service {
	builtin := DefaultService()
	for _, d := range []Service{c.Defaults, builtin} {
		if s.Team == "" {
			s.Team = d.Team
		}
		s.Production = orSlice(s.Production, d.Production)
		s.IncidentLabels = orSlice(s.IncidentLabels, d.IncidentLabels)
		s.HotfixLabels = orSlice(s.HotfixLabels, d.HotfixLabels)
		s.HotfixBranches = orSlice(s.HotfixBranches, d.HotfixBranches)
		if s.AttributionWindow == 0 {
			s.AttributionWindow = d.AttributionWindow
		}
		if s.BurnAttribution == nil {
			s.BurnAttribution = d.BurnAttribution
		}
		s.Deployed = s.Deployed.or(d.Deployed)
	}
	return s
}

func orSlice(a, b []string) []string {
	if len(a) > 0 {
		return a
	}
	return b
}

func (d Deployed) or(e Deployed) Deployed {
	if d.By == "" {
		d.By = e.By
	}
	if d.Workflow == "" {
		d.Workflow = e.Workflow
	}
	if d.Tags == "" {
		d.Tags = e.Tags
	}
	if d.Environment == "" {
		d.Environment = e.Environment
	}
	return d
}

// IsProduction says whether an environment is one of the service's production
// environments.
func (s *Service) IsProduction(environment string) bool {
	return matchAny(s.Production, environment)
}

// IsIncident says whether an issue with these labels is an incident.
func (s *Service) IsIncident(labels []string) bool {
	return slices.ContainsFunc(labels, func(l string) bool { return matchAny(s.IncidentLabels, l) })
}

// IsHotfix says whether labels or a branch mark a change as a hotfix.
func (s *Service) IsHotfix(labels []string, branch string) bool {
	return branch != "" && matchAny(s.HotfixBranches, branch) ||
		slices.ContainsFunc(labels, func(l string) bool { return matchAny(s.HotfixLabels, l) })
}

// BlamesBurns says whether a fast burn of the error budget may blame one of the
// service's deployments.
func (s *Service) BlamesBurns() bool { return s.BurnAttribution != nil && *s.BurnAttribution }

// Counts says whether a deployment event told by a signal means "deployed" for
// this service. An event that names no signal (sent to the API) always counts.
func (s *Service) Counts(d *DeploymentEvent) bool {
	if d.Via == "" {
		return true
	}
	if d.Via != s.Deployed.By {
		return false
	}
	switch d.Via {
	case ByWorkflowRun:
		return MatchGlob(s.Deployed.Workflow, d.Workflow)
	case ByTag, ByRelease:
		return MatchGlob(s.Deployed.Tags, d.Version)
	case ByDeployment, ByPush:
	}
	return true
}

// Fingerprint names the rules: facts folded under another fingerprint are stale.
func (s *Service) Fingerprint(foldVersion string) string {
	b, err := json.Marshal(struct {
		Fold    string
		Service *Service
		Burn    bool `json:",omitempty"` // left out where it is off, so that older facts stay in force
	}{foldVersion, s, s.BlamesBurns()})
	if err != nil {
		panic(err) // a struct of strings always encodes
	}
	sum := sha256.Sum256(b)
	return foldVersion + "-" + hex.EncodeToString(sum[:6])
}

func matchAny(globs []string, s string) bool {
	return slices.ContainsFunc(globs, func(g string) bool { return MatchGlob(g, s) })
}

// MatchGlob matches without case: ? is one character, * any run of characters
// within a path segment, ** any run at all.
func MatchGlob(glob, s string) bool {
	return match(strings.ToLower(glob), strings.ToLower(s))
}

func match(g, s string) bool {
	for g != "" {
		switch g[0] {
		case '*':
			deep := strings.HasPrefix(g, "**")
			rest := strings.TrimLeft(g, "*")
			if deep && strings.HasPrefix(rest, "/") && match(rest[1:], s) {
				return true // "a/**/b" also matches "a/b"
			}
			for i := 0; ; i++ {
				if match(rest, s[i:]) {
					return true
				}
				if i == len(s) || (!deep && s[i] == '/') {
					return false
				}
			}
		case '?':
			if s == "" || s[0] == '/' {
				return false
			}
		default:
			if s == "" || s[0] != g[0] {
				return false
			}
		}
		g, s = g[1:], s[1:]
	}
	return s == ""
}
