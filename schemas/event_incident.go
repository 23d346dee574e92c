package schemas

// IncidentStatus is what happened to an incident at an event's time.
type IncidentStatus string

// The statuses of an incident.
const (
	IncidentOpened       IncidentStatus = "opened"
	IncidentAcknowledged IncidentStatus = "acknowledged"
	IncidentResolved     IncidentStatus = "resolved"
	IncidentReopened     IncidentStatus = "reopened"
)

// IncidentEvent is the data of fivekeys.incident.v1: one status of one
// incident, keyed by the source's own id.
type IncidentEvent struct {
	IncidentID  string         `json:"incident_id"`
	Service     string         `json:"service"`
	Status      IncidentStatus `json:"status" jsonschema:"enum=opened,enum=acknowledged,enum=resolved,enum=reopened"`
	Severity    string         `json:"severity,omitempty"`
	Title       string         `json:"title,omitempty" fivekeys:"text"`
	URL         string         `json:"url,omitempty"`
	Environment string         `json:"environment,omitempty"`
	CausedBy    *Cause         `json:"caused_by,omitempty"`
}

// Cause names the deployment an incident was caused by, by its id or its SHA.
type Cause struct {
	DeploymentID string `json:"deployment_id,omitempty"`
	SHA          string `json:"sha,omitempty" fivekeys:"sha"`
}

// Validate checks the required fields.
func (i *IncidentEvent) Validate() error {
	switch {
	case i.IncidentID == "":
		return fieldError("incident_id", "is missing")
	case i.Service == "":
		return fieldError("service", "is missing")
	}
	switch i.Status {
	case IncidentOpened, IncidentAcknowledged, IncidentResolved, IncidentReopened:
	case "":
		return fieldError("status", "is missing")
	default:
		return fieldError("status", "%q is none of opened, acknowledged, resolved, reopened", i.Status)
	}
	if c := i.CausedBy; c != nil && c.DeploymentID == "" && c.SHA == "" {
		return fieldError("caused_by", "names neither deployment_id nor sha")
	}
	return nil
}

var _ Payload = (*IncidentEvent)(nil)
