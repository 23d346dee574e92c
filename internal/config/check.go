package config

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

var repositoryName = regexp.MustCompile(`^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)+$`)

func (d *decoder) repositoryName(at ast.Node, name string) {
	if repositoryName.MatchString(name) {
		return
	}
	hint := "write owner/name"
	if _, path, ok := strings.Cut(name, "://"); ok {
		_, path, _ = strings.Cut(path, "/")
		if path = strings.TrimSuffix(strings.Trim(path, "/"), ".git"); repositoryName.MatchString(path) {
			hint = "write " + path
		}
	}
	d.report(at, fmt.Sprintf("%q isn't a repository", name), hint)
}

// check looks at the services together. A service without repositories is
// fine: its events may come through the API.
func (d *decoder) check() {
	names := map[string]*serviceEntry{}
	claims := map[string][]claim{}
	for _, e := range d.services {
		if first, ok := names[e.service.Name]; ok {
			d.report(e.at, fmt.Sprintf("the service %q stands twice", e.service.Name), fmt.Sprintf("the first is in line %d; join them", line(first.at)))
			continue
		}
		names[e.service.Name] = e
		for i, r := range e.service.Repositories {
			key := strings.ToLower(r.Name)
			claims[key] = append(claims[key], claim{e, e.repositories[i], r.Paths})
		}
	}
	d.aliases()
	for _, e := range d.services {
		for i, r := range e.service.Repositories {
			mine := claim{e, e.repositories[i], r.Paths}
			for _, other := range claims[strings.ToLower(r.Name)] {
				if other.at == mine.at {
					break // each pair once, reported at the later one
				}
				d.pair(r.Name, other, mine)
			}
		}
	}
}

// aliases wants each alias to mean one service: the incidents of a name that
// two services claim would all be the first one's.
func (d *decoder) aliases() {
	owners := make(map[string]*serviceEntry, len(d.services))
	for _, e := range d.services {
		owners[strings.ToLower(e.service.Name)] = e
	}
	for _, e := range d.services {
		for i, alias := range e.service.Aliases {
			key := strings.ToLower(alias)
			switch owner := owners[key]; {
			case owner == nil:
				owners[key] = e
			case owner.service.Name == e.service.Name:
				d.warn(e.aliases[i], fmt.Sprintf("%q is called %s already", e.service.Name, alias), "leave the alias out")
			default:
				d.report(e.aliases[i], fmt.Sprintf("%q and %q are both called %s", owner.service.Name, e.service.Name, alias),
					"keep the alias with one of them; for one source only, write it as pagerduty:"+alias)
			}
		}
	}
}

// claim is a service's claim on a repository.
type claim struct {
	entry *serviceEntry
	at    ast.Node
	paths []string
}

// pair compares two claims on one repository. Without paths every change
// counts for both services, which is never meant. Paths that meet may be: a
// shared library belongs to all that ship it.
func (d *decoder) pair(repository string, first, second claim) {
	mine, other := second.entry.service.Name, first.entry.service.Name
	if mine == other {
		d.report(second.at, fmt.Sprintf("%q names the repository %s twice", mine, repository), fmt.Sprintf("add the paths to line %d", line(first.at)))
		return
	}
	if len(first.paths) == 0 || len(second.paths) == 0 {
		d.report(second.at, fmt.Sprintf("%q and %q both claim all of %s: each change would count twice", other, mine, repository),
			"give both of them paths")
		return
	}
	for _, a := range first.paths {
		for _, b := range second.paths {
			if globsMeet(a, b) {
				d.warn(second.at, fmt.Sprintf("paths of %q and %q meet in %s: what matches %s and %s counts for both", other, mine, repository, a, b),
					"fine for what both of them ship")
				return
			}
		}
	}
}

func line(n ast.Node) int {
	l, _ := position(n)
	return l
}
