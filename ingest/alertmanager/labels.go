package alertmanager

import (
	"cmp"
	"regexp"
	"strings"

	"github.com/fivekeys/fivekeys/schemas"
)

// The labels that are read.
const (
	labelIncident = "incident"
	labelSeverity = "severity"
	labelService  = "service"
	labelJob      = "job"
	labelName     = "alertname"
)

// isIncident says whether somebody is woken for the alert. The label incident
// decides, either way, before the severity.
func (a *alert) isIncident() bool {
	switch strings.ToLower(a.Labels[labelIncident]) {
	case "true", "yes", "1":
		return true
	case "false", "no", "0":
		return false
	}
	switch a.severity() {
	case "critical", "page":
		return true
	}
	return false
}

func (a *alert) severity() string { return strings.ToLower(a.Labels[labelSeverity]) }

// service gives the first that somebody has catalogued of what the alert calls
// its service, its job and itself; an alert of none is the service it names, so
// that it shows and can be given an alias.
func (a *alert) service(c *schemas.Catalog) schemas.Service {
	labels := []string{a.Labels[labelService], a.Labels[labelJob], a.Labels[labelName]}
	for _, name := range labels {
		if name == "" {
			continue
		}
		if s, known := c.ServiceByAlias(Name, name); known {
			return s
		}
	}
	return c.Service(cmp.Or(labels...))
}

// environment is not the namespace: that is a service's or a team's as often as
// an environment's, and an incident of an environment that isn't production
// counts for nothing.
func (a *alert) environment() string {
	return cmp.Or(a.Labels["environment"], a.Labels["env"])
}

var sha = regexp.MustCompile(`(?i)^[0-9a-f]{7,64}$`)

// cause is the deployment that the alert's labels blame. What isn't a SHA
// ("unknown", "v1.2.0") is no evidence: it would keep the alert from being
// attributed to anything.
func (a *alert) cause() *schemas.Cause {
	found := schemas.Cause{DeploymentID: strings.TrimSpace(a.Labels["deployment_id"])}
	if s := a.Labels["sha"]; sha.MatchString(s) {
		found.SHA = strings.ToLower(s)
	}
	if found == (schemas.Cause{}) {
		return nil
	}
	return &found
}
