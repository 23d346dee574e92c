package dora

import (
	"cmp"
	"slices"
	"strings"
)

// incidentNames finds the incidents that changes name.
type incidentNames struct {
	history *history
	byID    map[string]*incident
	byHash  map[string][]*incident // by "#12", for issues
}

func newIncidentNames(h *history, incidents []*incident) *incidentNames {
	names := &incidentNames{history: h, byID: map[string]*incident{}, byHash: map[string][]*incident{}}
	for _, i := range incidents {
		if !i.production {
			continue
		}
		id := strings.ToLower(i.id)
		if names.byID[id] == nil {
			names.byID[id] = i
		}
		if n := strings.LastIndex(id, "#"); n > 0 {
			names.byHash[id[n:]] = append(names.byHash[id[n:]], i)
		}
	}
	return names
}

// namedBy gives the incidents that a deployed change says it fixes, of those
// that were open before it was shipped.
func (names *incidentNames) namedBy(c *change) []*incident {
	if len(names.byID) == 0 {
		return nil
	}
	refs := names.history.texts(c, func(c *change) []string { return c.closes })
	if c.pull != nil {
		refs = union(refs, c.pull.closes)
		refs = union(refs, closedReferences(c.pull.title))
	}
	if c.told != nil {
		refs = union(refs, closedReferences(c.told.title))
	}
	var named []*incident
	for _, ref := range refs {
		i := names.find(ref, c)
		if i != nil && i.opened <= c.deployment.finished && !slices.Contains(named, i) {
			named = append(named, i)
		}
	}
	return named
}

// find gives the incident of a reference. "#12" is an issue of the change's own
// repository; where that is not known, of the only repository that has one.
func (names *incidentNames) find(ref string, c *change) *incident {
	if i := names.byID[ref]; i != nil || !strings.HasPrefix(ref, "#") {
		return i
	}
	repository := cmp.Or(c.repository, names.history.repositories.name())
	if repository != "" {
		return names.byID[repository+ref]
	}
	if list := names.byHash[ref]; len(list) == 1 {
		return list[0]
	}
	return nil
}
