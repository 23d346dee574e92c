package github

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/google/go-github/v60/github"

	"github.com/fivekeys/fivekeys/schemas"
)

// deploymentStates maps a deployment status to ours. inactive is not among
// them: GitHub sets it days later, when the next deployment takes over, and it
// says nothing about this one.
var deploymentStates = map[string]schemas.DeploymentStatus{
	"pending":     schemas.DeploymentStarted,
	"queued":      schemas.DeploymentStarted,
	"in_progress": schemas.DeploymentStarted,
	"success":     schemas.DeploymentSucceeded,
	"failure":     schemas.DeploymentFailed,
	"error":       schemas.DeploymentFailed,
}

// deployment: somebody asked for one.
func (h *hook) deployment(e *github.DeploymentEvent) error {
	if err := h.in(e.GetRepo().GetFullName()); err != nil {
		return err
	}
	d := e.GetDeployment()
	if d.GetID() == 0 {
		return fmt.Errorf("%w: deployment has no id", ErrPayload)
	}
	base := deploymentOf(d, schemas.DeploymentStarted)
	base.Actor = d.GetCreator().GetLogin()
	return h.emit(fmt.Sprintf("deployment/%d", d.GetID()), schemas.TypeDeployment,
		first(d.CreatedAt, d.UpdatedAt), h.services(), base.of)
}

func (h *hook) deploymentStatus(e *github.DeploymentStatusEvent) error {
	if err := h.in(e.GetRepo().GetFullName()); err != nil {
		return err
	}
	s, d := e.GetDeploymentStatus(), e.GetDeployment()
	status, ours := deploymentStates[s.GetState()]
	if !ours {
		return nil
	}
	if d.GetID() == 0 || s.GetID() == 0 {
		return fmt.Errorf("%w: deployment or its status has no id", ErrPayload)
	}
	base := deploymentOf(d, status)
	base.Environment = or(s.GetEnvironment(), base.Environment)
	base.Actor = or(d.GetCreator().GetLogin(), s.GetCreator().GetLogin())
	base.URL = or(s.GetTargetURL(), s.GetLogURL(), s.GetEnvironmentURL())
	return h.emit(fmt.Sprintf("deployment_status/%d", s.GetID()), schemas.TypeDeployment,
		first(s.CreatedAt, s.UpdatedAt), h.services(), base.of)
}

func deploymentOf(d *github.Deployment, status schemas.DeploymentStatus) deployed {
	return deployed{schemas.DeploymentEvent{
		DeploymentID: strconv.FormatInt(d.GetID(), 10),
		Environment:  d.GetEnvironment(),
		Status:       status,
		SHA:          d.GetSHA(),
		Version:      versionOf(d.GetRef()),
		Via:          schemas.ByDeployment,
	}}
}

// deployed is a deployment event but for its service.
type deployed struct{ schemas.DeploymentEvent }

// of completes it: a signal that names no environment deploys to the service's.
func (d deployed) of(s schemas.Service) schemas.Payload {
	e := d.DeploymentEvent
	e.Service = s.Name
	e.Environment = or(e.Environment, s.Deployed.Environment)
	return &e
}

// runConclusions maps how a workflow run ended. action_required is not among
// them: such a run waits for an approval and has neither started nor ended.
var runConclusions = map[string]schemas.DeploymentStatus{
	"success":         schemas.DeploymentSucceeded,
	"failure":         schemas.DeploymentFailed,
	"timed_out":       schemas.DeploymentFailed,
	"startup_failure": schemas.DeploymentFailed,
	"cancelled":       schemas.DeploymentCancelled,
	"skipped":         schemas.DeploymentCancelled,
	"neutral":         schemas.DeploymentCancelled,
	"stale":           schemas.DeploymentCancelled,
}

// workflowRun: every run of every workflow, but those for a pull request, which
// run before the change is merged and so can't have deployed it. Attempts of
// one run are one deployment.
func (h *hook) workflowRun(e *github.WorkflowRunEvent) error {
	if err := h.in(e.GetRepo().GetFullName()); err != nil {
		return err
	}
	r := e.GetWorkflowRun()
	if r.GetID() == 0 {
		return fmt.Errorf("%w: workflow run has no id", ErrPayload)
	}
	if strings.HasPrefix(r.GetEvent(), "pull_request") || r.GetEvent() == "merge_group" {
		return nil
	}
	status, at := schemas.DeploymentStarted, first(r.RunStartedAt, r.CreatedAt)
	switch e.GetAction() {
	case "requested", "in_progress":
		if r.GetConclusion() == "action_required" {
			return nil
		}
	case "completed":
		var ended bool
		if status, ended = runConclusions[r.GetConclusion()]; !ended {
			return nil
		}
		at = first(r.UpdatedAt, r.RunStartedAt)
	default:
		return nil
	}
	base := deployed{schemas.DeploymentEvent{
		DeploymentID: fmt.Sprintf("run/%d", r.GetID()),
		Status:       status,
		SHA:          r.GetHeadSHA(),
		Version:      versionOf(r.GetHeadBranch()), // of a run for a tag it is the tag
		URL:          r.GetHTMLURL(),
		Actor:        or(r.GetTriggeringActor().GetLogin(), r.GetActor().GetLogin()),
		Via:          schemas.ByWorkflowRun,
		Workflow:     or(r.GetName(), e.GetWorkflow().GetName()),
	}}
	id := fmt.Sprintf("workflow_run/%d/%d/%s", r.GetID(), max(r.GetRunAttempt(), 1), e.GetAction())
	return h.emit(id, schemas.TypeDeployment, at, h.services(), base.of)
}
