package native

import (
	"strings"
	"sync"

	"github.com/fivekeys/fivekeys/schemas"
)

// Names remembers how services, teams and the like were written, so that "Shop"
// beside "shop" is noticed when it comes in and not in a report. The catalogue's
// spelling is the right one; among others it is the first that this process saw.
type Names struct {
	mutex     sync.Mutex
	catalog   *schemas.Catalog // listed and exact are of it
	listed    map[name]string
	exact     map[name]bool
	collected map[name]string
}

// name is one as it is compared: folded is the same for those that differ only in
// case or in the spaces around them.
type name struct{ kind, folded string }

// maxNames bounds the memory of names; beyond, no further ones are remembered.
const maxNames = 20_000

// compare tells of a payload's names that are known in another spelling.
func (n *Names) compare(p schemas.Payload, c *schemas.Catalog, told *warnings) {
	if n == nil {
		return
	}
	n.mutex.Lock()
	defer n.mutex.Unlock()
	if n.catalog != c || n.listed == nil {
		n.list(c)
	}
	switch v := p.(type) {
	case *schemas.DeploymentEvent:
		n.one("service", v.Service, told)
	case *schemas.IncidentEvent:
		n.one("service", v.Service, told)
	case *schemas.ChangeEvent:
		n.one("service", v.Service, told)
	case *schemas.ToilEvent:
		n.one("team", v.Team, told)
		n.one("service", v.Service, told)
		n.one("category", v.Category, told)
	case *schemas.SLIEvent:
		n.one("slo", v.SLO, told)
	case *schemas.CorrectionEvent:
		n.one("slo", v.SLO, told)
	}
}

func (n *Names) list(c *schemas.Catalog) {
	n.catalog, n.listed, n.exact = c, map[name]string{}, map[name]bool{}
	if n.collected == nil {
		n.collected = map[name]string{}
	}
	if c == nil {
		return
	}
	for i := range c.Services {
		for kind, written := range map[string]string{"service": c.Services[i].Name, "team": c.Services[i].Team} {
			n.listed[nameOf(kind, written)], n.exact[name{kind, written}] = written, true
		}
	}
}

func (n *Names) one(kind, written string, told *warnings) {
	if written == "" || n.exact[name{kind, written}] {
		return
	}
	key := nameOf(kind, written)
	known, ok := n.listed[key]
	if !ok {
		known, ok = n.collected[key]
	}
	switch {
	case !ok && len(n.collected) < maxNames:
		n.collected[key] = strings.Clone(written)
	case ok && known != written:
		told.add("data."+kind, "%q is another %s than %q, which is known: names are compared letter by letter", written, kind, known)
	}
}

func nameOf(kind, written string) name {
	return name{kind, strings.ToLower(strings.TrimSpace(written))}
}
