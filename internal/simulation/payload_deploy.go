package simulation

import (
	"fmt"
	"time"
)

func (p *payloads) deploymentObject(d *deployment, updated time.Time) object {
	r := d.service.repo
	u := fmt.Sprintf("%s/repos/%s/deployments/%d", api, r.fullName(), d.id)
	return object{
		"url": u, "id": d.id, "node_id": nodeID("DE", d.id), "sha": d.sha(), "ref": defaultBranch, "task": "deploy", "payload": object{},
		"original_environment": d.environment, "environment": d.environment, "description": nil, "creator": p.user(pipeline),
		"created_at": stamp(d.createdAt), "updated_at": stamp(updated), "statuses_url": u + "/statuses",
		"repository_url": api + "/repos/" + r.fullName(), "transient_environment": false, "production_environment": d.production,
		"performed_via_github_app": nil,
	}
}

func (p *payloads) deployment(d *deployment) object {
	return p.envelope(object{
		"action": "created", "deployment": p.deploymentObject(d, d.createdAt), "workflow": nil, "workflow_run": nil,
	}, d.service.repo, d.createdAt, pipeline)
}

func (p *payloads) deploymentStatus(d *deployment, state string, t time.Time) object {
	r := d.service.repo
	root := fmt.Sprintf("%s/repos/%s/deployments/%d", api, r.fullName(), d.id)
	d.told++
	id := d.id*7 + d.told
	run := fmt.Sprintf("%s/%s/actions/runs/%d/job/%d", web, r.fullName(), d.runID(), d.runID()*2)
	return p.envelope(object{
		"action": "created",
		"deployment_status": object{
			"url": fmt.Sprintf("%s/statuses/%d", root, id), "id": id, "node_id": nodeID("DES", id), "state": state,
			"creator": p.user(pipeline), "description": "", "environment": d.environment, "target_url": run, "created_at": stamp(t),
			"updated_at": stamp(t), "deployment_url": root, "repository_url": api + "/repos/" + r.fullName(),
			"environment_url": "https://" + d.environment + "." + d.service.name + "." + organisation + ".example",
			"log_url":         run, "performed_via_github_app": nil,
		},
		"deployment": p.deploymentObject(d, t), "check_run": nil, "workflow_run": nil,
	}, r, t, pipeline)
}

// run is a workflow run as it was at a time.
type run struct {
	id         int64
	number     int
	attempt    int
	name, file string
	trigger    string
	created    time.Time
	started    time.Time // of this attempt
	status     string
	conclusion any
	head       *commit
	by         *person
}

func (p *payloads) workflowRun(r *repository, u run, action string, t time.Time) object {
	root := fmt.Sprintf("%s/repos/%s", api, r.fullName())
	self := fmt.Sprintf("%s/actions/runs/%d", root, u.id)
	workflow := r.id%100_000_000 + int64(len(u.name))
	suite := u.id + 7
	path := ".github/workflows/" + u.file
	brief := briefRepositoryObject(r, ownerObject())
	var previous any
	if u.attempt > 1 {
		previous = fmt.Sprintf("%s/attempts/%d", self, u.attempt-1)
	}
	return p.envelope(object{
		"action": action,
		"workflow": object{
			"id": workflow, "node_id": nodeID("W", workflow), "name": u.name, "path": path, "state": "active",
			"created_at": stamp(createdRepository), "updated_at": stamp(createdRepository),
			"url":       fmt.Sprintf("%s/actions/workflows/%d", root, workflow),
			"html_url":  fmt.Sprintf("%s/%s/blob/%s/%s", web, r.fullName(), defaultBranch, path),
			"badge_url": fmt.Sprintf("%s/%s/workflows/%s/badge.svg", web, r.fullName(), slug(u.name)),
		},
		"workflow_run": object{
			"id": u.id, "name": u.name, "node_id": nodeID("WFR", u.id), "head_branch": defaultBranch, "head_sha": u.head.sha, "path": path,
			"display_title": u.head.subject, "run_number": u.number, "event": u.trigger, "status": u.status, "conclusion": u.conclusion,
			"workflow_id": workflow, "check_suite_id": suite, "check_suite_node_id": nodeID("CS", suite), "url": self,
			"html_url": fmt.Sprintf("%s/%s/actions/runs/%d", web, r.fullName(), u.id), "pull_requests": []object{},
			"created_at": stamp(u.created), "updated_at": stamp(t), "actor": p.user(u.by), "run_attempt": u.attempt,
			"run_started_at": stamp(u.started), "triggering_actor": p.user(u.by), "jobs_url": self + "/jobs", "logs_url": self + "/logs",
			"check_suite_url": fmt.Sprintf("%s/check-suites/%d", root, suite), "artifacts_url": self + "/artifacts",
			"cancel_url": self + "/cancel", "rerun_url": self + "/rerun", "previous_attempt_url": previous,
			"workflow_url": fmt.Sprintf("%s/actions/workflows/%d", root, workflow),
			"head_commit": object{
				"id": u.head.sha, "tree_id": digest(u.head.sha, "tree"), "message": r.message(u.head), "timestamp": stamp(u.head.at),
				"author":    object{"name": u.head.by.name, "email": u.head.by.email()},
				"committer": object{"name": u.head.by.name, "email": u.head.by.email()},
			},
			"repository": brief, "head_repository": brief,
		},
	}, r, t, u.by)
}

// release tells of a release; its target is the commit, as tools that write
// releases set it.
func (p *payloads) release(d *deployment, action string) object {
	r := d.service.repo
	u := fmt.Sprintf("%s/repos/%s/releases/%d", api, r.fullName(), d.id)
	root := api + "/repos/" + r.fullName()
	reactions := object{"url": u + "/reactions", "total_count": 0}
	for _, kind := range []string{"+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes"} {
		reactions[kind] = 0
	}
	return p.envelope(object{
		"action": action,
		"release": object{
			"url": u, "assets_url": u + "/assets", "upload_url": "https://uploads.github.com/repos/" + r.fullName() + "/releases/" + itoa(int(d.id)) + "/assets{?name,label}",
			"html_url": web + "/" + r.fullName() + "/releases/tag/" + d.tag, "id": d.id, "node_id": nodeID("RE", d.id), "tag_name": d.tag,
			"target_commitish": d.sha(), "name": d.tag, "draft": false, "author": p.user(d.by), "prerelease": false,
			"created_at": stamp(d.ref().head().at), "published_at": stamp(d.finishedAt), "assets": []object{},
			"tarball_url": root + "/tarball/" + d.tag, "zipball_url": root + "/zipball/" + d.tag, "body": "What changed since the last release.",
			"reactions": reactions,
		},
	}, r, d.finishedAt, d.by)
}
