// Package github understands GitHub's webhooks.
//
//	request   authentic? which delivery?                     (source.go)
//	delivery  → payload by its event's name                  (decode.go)
//	deployment, deployment_status, workflow_run → deployments (deployment.go)
//	release, created and pushed tags            → deployments (release.go)
//	push      → changes, branches, deployments               (push.go)
//	pull_request, pull_request_review → pull requests        (pull_request.go)
//	issues    → incidents                                    (issue.go, cause.go)
//	issues, issue_comment → toil                             (toil.go, toil_comment.go)
//	workflow_run, a later attempt → inferred toil            (toil_rerun.go)
//
// Every other event decodes to nothing, which is not an error. Event ids come
// from what a payload says and never from the delivery's GUID: two hooks that
// deliver the same thing, and a redelivery, give one event.
//
// Which signal means "deployed" is the service's to say, so all of them become
// deployment events that name their signal (Via), and the fold picks.
package github
