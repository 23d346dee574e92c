package github

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/go-github/v60/github"

	"github.com/fivekeys/fivekeys/schemas"
)

// issue: an issue with an incident label is an incident.
//
//	opened, or labelled as one later   → opened
//	assigned                           → acknowledged
//	closed, for whatever reason        → resolved
//	reopened                           → reopened
//	unlabelled, deleted, transferred   → resolved: it is no incident of ours any more
//	everything else, edits too         → nothing
//
// The schema has no "withdrawn". An issue closed as not planned, or no longer
// labelled, is resolved: left open it would be the longest outage of all.
func (h *hook) issue(e *github.IssuesEvent) error {
	if err := h.in(e.GetRepo().GetFullName()); err != nil {
		return err
	}
	issue := e.GetIssue()
	if issue.GetNumber() == 0 {
		return fmt.Errorf("%w: issue has no number", ErrPayload)
	}
	steps := stepsOf(e)
	if len(steps) == 0 {
		return nil
	}
	labels := labelNames(issue.Labels)
	services := h.incidentServices(e, labels)
	base := schemas.IncidentEvent{
		IncidentID: fmt.Sprintf("%s#%d", h.repo, issue.GetNumber()),
		Severity:   severityOf(labels),
		Title:      issue.GetTitle(),
		URL:        issue.GetHTMLURL(),
		CausedBy:   causeOf(issue.GetBody()),
	}
	id := fmt.Sprintf("issues/%d/%s/%s", issue.GetNumber(), e.GetAction(), stamp(first(issue.UpdatedAt, issue.CreatedAt)))
	if e.GetAction() == "labeled" || e.GetAction() == "unlabeled" {
		id += "/" + e.GetLabel().GetName()
	}
	for i, step := range steps {
		own := id
		if i > 0 {
			own += "/" + string(step.status)
		}
		err := h.emit(own, schemas.TypeIncident, step.at, services, func(s schemas.Service) schemas.Payload {
			incident := base
			incident.Service, incident.Status = s.Name, step.status
			return &incident
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// step is what happened to the incident, and when.
type step struct {
	status schemas.IncidentStatus
	at     time.Time
}

func stepsOf(e *github.IssuesEvent) []step {
	issue := e.GetIssue()
	opened, updated, closed := first(issue.CreatedAt), first(issue.UpdatedAt, issue.CreatedAt), first(issue.ClosedAt, issue.UpdatedAt)
	isClosed := issue.GetState() == "closed"
	switch e.GetAction() {
	case "opened":
		return []step{{schemas.IncidentOpened, opened}}
	case "labeled":
		if isClosed {
			// Declared an incident in hindsight: it was one from its opening on.
			return []step{{schemas.IncidentOpened, opened}, {schemas.IncidentResolved, closed}}
		}
		return []step{{schemas.IncidentOpened, updated}}
	case "assigned":
		if isClosed {
			return nil
		}
		return []step{{schemas.IncidentAcknowledged, updated}}
	case "closed":
		return []step{{schemas.IncidentResolved, closed}}
	case "reopened":
		return []step{{schemas.IncidentReopened, updated}}
	case "unlabeled", "deleted", "transferred":
		if isClosed {
			return nil
		}
		return []step{{schemas.IncidentResolved, updated}}
	}
	return nil
}

// incidentServices gives the services for which the issue is an incident. In a
// repository of several, a label service/<name> picks; it may also name another
// repository's service, so that incidents can have a repository of their own.
func (h *hook) incidentServices(e *github.IssuesEvent, labels []string) []schemas.Service {
	candidates := h.services()
	if named := h.namedServices(labels); len(named) > 0 {
		candidates = named
	}
	changed := e.GetLabel().GetName()
	return slices.DeleteFunc(slices.Clone(candidates), func(s schemas.Service) bool {
		switch e.GetAction() {
		case "labeled":
			// Only the label that makes it one: "docs" set on an incident does not open it again.
			return !s.IsIncident([]string{changed})
		case "unlabeled":
			// GitHub's own examples still list the label that was taken off.
			left := slices.DeleteFunc(slices.Clone(labels), func(l string) bool { return l == changed })
			return !s.IsIncident([]string{changed}) || s.IsIncident(left)
		}
		return !s.IsIncident(labels)
	})
}

func (h *hook) namedServices(labels []string) []schemas.Service {
	var named []schemas.Service
	for _, label := range labels {
		name, ok := cutLabel(label, "service")
		if !ok {
			continue
		}
		for _, s := range h.catalog.Services {
			if strings.EqualFold(s.Name, name) {
				named = append(named, h.catalog.Service(s.Name))
			}
		}
	}
	return named
}

// cutLabel gives what follows a label's scope: "service/shop", "service: shop".
func cutLabel(label, scope string) (string, bool) {
	if len(label) <= len(scope) || !strings.EqualFold(label[:len(scope)], scope) {
		return "", false
	}
	rest := label[len(scope):]
	if rest[0] != '/' && rest[0] != ':' {
		return "", false
	}
	rest = strings.TrimSpace(rest[1:])
	return rest, rest != ""
}
