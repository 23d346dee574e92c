package dora

import (
	"cmp"
	"slices"
	"strings"

	"github.com/fivekeys/fivekeys/schemas"
)

// incident is one incident while it is being folded.
type incident struct {
	id           string
	source       string
	severity     string
	title        string
	url          string
	environment  string
	production   bool
	cause        schemas.Cause
	opened       instant
	acknowledged instant
	resolved     instant
	known        instant
	// Where an incident's first event is already its acknowledgement or its
	// end, how long it took is not known: it is not nothing.
	sinceAcknowledged bool
	sinceResolved     bool

	deployment *deployment // the one it is attributed to
	method     schemas.FailureMethod
	fix        *deployment // what the attribution rests on
}

// foldIncidents folds the status events of each incident; the events must be
// in order. The incidents come in order of opening, then of id.
func foldIncidents(events []statusEvent[incidentStatus], rules *schemas.Service) []*incident {
	told := map[string][]statusEvent[incidentStatus]{}
	for _, e := range events {
		told[e.said.incidentID] = append(told[e.said.incidentID], e)
	}
	incidents := make([]*incident, 0, len(told))
	for id, events := range told {
		i := foldIncident(id, events)
		i.production = i.environment == "" || rules.IsProduction(i.environment)
		incidents = append(incidents, i)
	}
	slices.SortFunc(incidents, func(a, b *incident) int {
		return cmp.Or(cmp.Compare(a.opened, b.opened), strings.Compare(a.id, b.id))
	})
	return incidents
}

func foldIncident(id string, events []statusEvent[incidentStatus]) *incident {
	// Sources that count whole seconds open and resolve at one time: then the
	// way of an incident orders them, not their ids.
	slices.SortStableFunc(events, func(a, b statusEvent[incidentStatus]) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(wayOf(a.said.status), wayOf(b.said.status)))
	})
	first := events[0]
	if i := slices.IndexFunc(events, func(e statusEvent[incidentStatus]) bool {
		return e.said.status == schemas.IncidentOpened
	}); i >= 0 {
		first = events[i]
	}
	inc := &incident{
		id:                id,
		source:            events[0].source,
		opened:            first.at,
		known:             first.known,
		sinceAcknowledged: first.said.status == schemas.IncidentAcknowledged,
		sinceResolved:     first.said.status == schemas.IncidentResolved,
		method:            schemas.MethodUnattributed,
	}
	for _, e := range events {
		inc.severity = cmp.Or(e.said.severity, inc.severity)
		inc.title = cmp.Or(e.said.title, inc.title)
		inc.url = cmp.Or(e.said.url, inc.url)
		inc.environment = cmp.Or(e.said.environment, inc.environment)
		if e.said.cause != (schemas.Cause{}) {
			inc.cause = e.said.cause
		}
		switch e.said.status {
		case schemas.IncidentAcknowledged:
			if inc.acknowledged == 0 {
				inc.acknowledged = e.at
				if inc.resolved == 0 {
					inc.known = e.known
				}
			}
		case schemas.IncidentResolved:
			inc.resolved, inc.known = e.at, e.known
		case schemas.IncidentReopened:
			inc.resolved, inc.known = 0, e.known
		case schemas.IncidentOpened:
		}
	}
	return inc
}

// wayOf orders the statuses of an incident as it goes through them.
func wayOf(s schemas.IncidentStatus) int {
	return slices.Index([]schemas.IncidentStatus{
		schemas.IncidentOpened, schemas.IncidentAcknowledged, schemas.IncidentResolved, schemas.IncidentReopened,
	}, s)
}

func (i *incident) fact(service *schemas.Service) schemas.Incident {
	f := schemas.Incident{
		Service:        service.Name,
		Team:           service.Team,
		IncidentID:     i.id,
		Source:         i.source,
		Severity:       i.severity,
		Title:          i.title,
		Environment:    i.environment,
		Production:     i.production,
		OpenedAt:       i.opened.time(),
		AcknowledgedAt: i.acknowledged.time(),
		ResolvedAt:     i.resolved.time(),
		Method:         i.method,
		URL:            i.url,
		KnownAt:        i.known.time(),
	}
	if !i.sinceResolved {
		f.RestoreSeconds = seconds(i.opened, i.resolved)
	}
	if !i.sinceAcknowledged {
		f.AcknowledgeSeconds = seconds(i.opened, i.acknowledged)
	}
	if i.deployment != nil {
		f.DeploymentID = i.deployment.id
	}
	return f
}
