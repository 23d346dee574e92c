package github

import (
	"fmt"
	"strings"

	"github.com/google/go-github/v60/github"

	"github.com/fivekeys/fivekeys/schemas"
)

// workflowRuns: one payload, two readings.
func (h *hook) workflowRuns(e *github.WorkflowRunEvent) error {
	if err := h.workflowRun(e); err != nil {
		return err
	}
	return h.rerun(e)
}

// rerun: the second and each later attempt of a run, of any workflow and also
// for a pull request, was started by somebody who had looked why the one before
// failed. That is inferred toil where it was a person. Every action on the
// attempt tells the same event.
func (h *hook) rerun(e *github.WorkflowRunEvent) error {
	r := e.GetWorkflowRun()
	by, at := r.GetTriggeringActor(), first(r.RunStartedAt)
	if r.GetRunAttempt() < 2 || at.IsZero() || by.GetType() != "User" || strings.HasSuffix(by.GetLogin(), "[bot]") {
		return nil
	}
	workflow := or(r.GetName(), e.GetWorkflow().GetName())
	return h.tell(fmt.Sprintf("toil/workflow_run/%d/%d", r.GetID(), r.GetRunAttempt()), at, nil, schemas.ToilEvent{
		Category:    "pipeline re-run",
		Minutes:     schemas.InferredRerun.Minutes(),
		Trigger:     fmt.Sprintf("attempt %d of %s", r.GetRunAttempt(), or(workflow, "a workflow")),
		Automatable: true,
		Person:      schemas.HashPerson(h.toil.PersonKey, by.GetLogin()),
		Title:       r.GetDisplayTitle(),
		URL:         r.GetHTMLURL(),
		Inferred:    schemas.InferredRerun,
	})
}
