package schemas

// DeploymentStatus is what happened to a deployment at an event's time.
type DeploymentStatus string

// The statuses of a deployment.
const (
	DeploymentStarted   DeploymentStatus = "started"
	DeploymentSucceeded DeploymentStatus = "succeeded"
	DeploymentFailed    DeploymentStatus = "failed"
	DeploymentCancelled DeploymentStatus = "cancelled"
)

// DeploymentEvent is the data of fivekeys.deployment.v1: one status of one
// deployment. Many of them fold into one Deployment.
type DeploymentEvent struct {
	DeploymentID string           `json:"deployment_id"`
	Service      string           `json:"service"`
	Environment  string           `json:"environment"`
	Status       DeploymentStatus `json:"status" jsonschema:"enum=started,enum=succeeded,enum=failed,enum=cancelled"`
	SHA          string           `json:"sha,omitempty" fivekeys:"sha"`
	Version      string           `json:"version,omitempty"`
	URL          string           `json:"url,omitempty"`
	Actor        string           `json:"actor,omitempty"`
	Labels       []string         `json:"labels,omitempty"`
	// Rollback says that it went back to what was live before, for a sender that
	// names neither a SHA nor a version by which that would show.
	Rollback bool `json:"rollback,omitempty"`
	// Via is which of the source's signals told of it. Where it is set, the
	// service's catalogue entry decides whether that signal means "deployed".
	Via DeployedBy `json:"via,omitempty" jsonschema:"enum=deployment,enum=workflow_run,enum=release,enum=tag,enum=push"`
	// Workflow is the workflow's name where Via is workflow_run.
	Workflow string `json:"workflow,omitempty"`
}

// Validate checks the required fields.
func (d *DeploymentEvent) Validate() error {
	switch {
	case d.DeploymentID == "":
		return fieldError("deployment_id", "is missing")
	case d.Service == "":
		return fieldError("service", "is missing")
	case d.Environment == "":
		return fieldError("environment", "is missing")
	}
	switch d.Status {
	case DeploymentStarted, DeploymentSucceeded, DeploymentFailed, DeploymentCancelled:
		return nil
	case "":
		return fieldError("status", "is missing")
	}
	return fieldError("status", "%q is none of started, succeeded, failed, cancelled", d.Status)
}

var _ Payload = (*DeploymentEvent)(nil)
