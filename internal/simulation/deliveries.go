package simulation

import (
	"slices"
	"time"

	"github.com/fivekeys/fivekeys/schemas"
)

// post collects what GitHub sends, in order of time.
type post struct {
	*payloads
	seed uint64
	out  []Delivery
}

func (st *story) deliveries() []Delivery {
	o := &post{payloads: newPayloads(), seed: st.Seed}
	for _, r := range st.repositories {
		o.repositoryStory(r, st.start)
	}
	for _, s := range st.services {
		o.deploymentStory(s)
	}
	slices.SortStableFunc(o.out, func(a, b Delivery) int { return a.At.Compare(b.At) })
	return o.out
}

// send posts a payload one to four seconds after what it tells of.
func (o *post) send(event string, t time.Time, body object) {
	n := len(o.out)
	id := guid(o.seed, event, n)
	latency := time.Second + time.Duration(id[0]%4)*time.Second
	o.out = append(o.out, Delivery{Event: event, GUID: id, Body: encode(body), At: t.Add(latency)})
}

func (o *post) repositoryStory(r *repository, start time.Time) {
	o.send("ping", start.Add(-60*day), o.ping(r, start.Add(-60*day), r.team.people[0]))
	for _, p := range r.pushes {
		var known []*commit
		if p.pr != nil && !p.pr.fork {
			known = p.pr.commits
		}
		o.send("push", p.at, o.push(r, pushed{
			ref: "refs/heads/" + defaultBranch, before: p.before, after: p.head().sha, commits: p.commits, head: p.head(),
			at: p.at, by: p.by, known: known,
		}))
	}
	for _, pr := range r.pullRequests {
		o.branchStory(pr)
		o.pullStory(pr)
	}
	for _, is := range r.issues {
		o.send("issues", is.openedAt, o.issueEvent(is, "opened", is.openedAt, is.by))
		for _, l := range is.labels {
			e := o.issueEvent(is, "labeled", is.openedAt, is.by)
			e["label"] = r.labelObject(l)
			o.send("issues", is.openedAt, e)
		}
		for _, m := range is.moves {
			e := o.issueEvent(is, m.action, m.at, m.by)
			if m.action == "assigned" {
				e["assignee"] = o.user(m.by)
			}
			o.send("issues", m.at, e)
		}
	}
	for _, t := range r.sideTags {
		o.tag(r, t.name, "", r.pushAt(t.at), t.at, r.team.people[0])
	}
}

// pushAt is the last push to the default branch by a time.
func (r *repository) pushAt(t time.Time) *push {
	last := r.pushes[0]
	for _, p := range r.pushes {
		if !p.at.After(t) {
			last = p
		}
	}
	return last
}

// branchStory tells of the pushes to a pull request's branch. Those to a fork
// are not ours to see.
func (o *post) branchStory(pr *pullRequest) {
	if pr.fork {
		return
	}
	r, name := pr.repo, pr.branchName()
	chatty := pr.number%4 == 0 // some repositories send branch events as well
	before := noSHA
	for i, u := range pr.pushes {
		if i == 0 && chatty {
			o.send("create", u.at, o.created(r, name, "branch", u.at, pr.by))
		}
		head := u.commits[len(u.commits)-1]
		o.send("push", u.at, o.push(r, pushed{
			ref: "refs/heads/" + name, before: before, after: head.sha, commits: u.commits, head: head, at: u.at, by: pr.by,
		}))
		before = head.sha
	}
	if chatty && !pr.mergedAt.IsZero() {
		t := pr.mergedAt.Add(5 * time.Second)
		o.send("push", t, o.push(r, pushed{ref: "refs/heads/" + name, before: before, after: noSHA, at: t, by: pr.merged.by}))
		o.send("delete", t, o.deleted(r, name, t, pr.merged.by))
	}
}

func (o *post) pullStory(pr *pullRequest) {
	o.send("pull_request", pr.openedAt, o.pullEvent(pr, "opened", pr.openedAt, pr.by))
	for _, l := range pr.labels {
		e := o.pullEvent(pr, "labeled", pr.openedAt, pr.by)
		e["label"] = pr.repo.labelObject(l)
		o.send("pull_request", pr.openedAt, e)
	}
	for i, u := range pr.pushes {
		if !u.synced {
			continue
		}
		e := o.pullEvent(pr, "synchronize", u.at, pr.by)
		last := pr.pushes[i-1].commits
		e["before"], e["after"] = last[len(last)-1].sha, u.commits[len(u.commits)-1].sha
		o.send("pull_request", u.at, e)
	}
	if !pr.selfReviewAt.IsZero() {
		o.send("pull_request_review", pr.selfReviewAt, o.review(pr, "commented", pr.selfReviewAt, pr.by))
	}
	if !pr.firstReviewAt.IsZero() {
		o.send("pull_request_review", pr.firstReviewAt, o.review(pr, "commented", pr.firstReviewAt, pr.reviewer))
	}
	if !pr.approvedAt.IsZero() {
		o.send("pull_request_review", pr.approvedAt, o.review(pr, "approved", pr.approvedAt, pr.reviewer))
	}
	switch {
	case !pr.mergedAt.IsZero():
		o.send("pull_request", pr.mergedAt, o.pullEvent(pr, "closed", pr.mergedAt, pr.merged.by))
	case !pr.closedAt.IsZero():
		o.send("pull_request", pr.closedAt, o.pullEvent(pr, "closed", pr.closedAt, pr.by))
	}
}

// tag tells of a new tag: by its creation, which knows no SHA, and by the
// push, which gives an annotated tag its own.
func (o *post) tag(r *repository, name, object string, p *push, t time.Time, by *person) {
	after := p.head().sha
	if object != "" {
		after = object
	}
	o.send("create", t, o.created(r, name, "tag", t, by))
	o.send("push", t, o.push(r, pushed{
		ref: "refs/tags/" + name, before: noSHA, after: after, head: p.head(), baseRef: "refs/heads/" + defaultBranch, at: t, by: by,
	}))
}

func (o *post) deploymentStory(s *service) {
	current := map[string]*deployment{}
	ordered := slices.Clone(s.deployments)
	slices.SortStableFunc(ordered, func(a, b *deployment) int { return a.createdAt.Compare(b.createdAt) })
	for i, d := range ordered {
		switch s.signal {
		case schemas.ByPush:
		case schemas.ByTag, schemas.ByRelease:
			object := ""
			if d.annotated {
				object = digest(o.seed, d.tag, s.name)
			}
			o.tag(s.repo, d.tag, object, d.ref(), d.finishedAt, d.by)
			if s.signal == schemas.ByRelease {
				for _, action := range []string{"created", "published", "released"} {
					o.send("release", d.finishedAt, o.release(d, action))
				}
			}
		case schemas.ByWorkflowRun:
			// The workflow names an environment, so GitHub tells of a
			// deployment too; it is not the signal this service is known by.
			o.runStory(d, i+1)
			o.statusStory(d, current)
		case schemas.ByDeployment:
			o.statusStory(d, current)
		}
	}
	if s.signal == schemas.ByWorkflowRun {
		o.checkStory(s)
	}
}

// statusStory tells of a deployment and its statuses, and that the one before
// it is inactive now.
func (o *post) statusStory(d *deployment, current map[string]*deployment) {
	o.send("deployment", d.createdAt, o.deployment(d))
	o.send("deployment_status", d.createdAt, o.deploymentStatus(d, "queued", d.createdAt))
	if !d.failedAt.IsZero() {
		begun := d.createdAt.Add(5 * time.Second)
		o.send("deployment_status", begun, o.deploymentStatus(d, "in_progress", begun))
		o.send("deployment_status", d.failedAt, o.deploymentStatus(d, "failure", d.failedAt))
	}
	if d.unfinished {
		return
	}
	o.send("deployment_status", d.startedAt, o.deploymentStatus(d, "in_progress", d.startedAt))
	o.send("deployment_status", d.finishedAt, o.deploymentStatus(d, "success", d.finishedAt))
	if last := current[d.environment]; last != nil {
		t := d.finishedAt.Add(3 * time.Second)
		o.send("deployment_status", t, o.deploymentStatus(last, "inactive", t))
	}
	current[d.environment] = d
}

func (o *post) runStory(d *deployment, number int) {
	u := run{
		id: d.runID(), number: number, attempt: 1, name: deployWorkflow, file: "deploy.yml", trigger: "push",
		created: d.createdAt, started: d.createdAt, head: d.ref().head(), by: d.by,
	}
	if d.again != nil {
		u.trigger = "workflow_dispatch"
	}
	tell := func(action, status string, conclusion any, t time.Time) {
		u.status, u.conclusion = status, conclusion
		o.send("workflow_run", t, o.workflowRun(d.service.repo, u, action, t))
	}
	tell("requested", "queued", nil, d.createdAt)
	if !d.failedAt.IsZero() {
		tell("in_progress", "in_progress", nil, d.createdAt.Add(5*time.Second))
		tell("completed", "completed", "failure", d.failedAt)
		u.attempt, u.started = 2, d.startedAt
	}
	if d.unfinished {
		return
	}
	tell("in_progress", "in_progress", nil, d.startedAt)
	tell("completed", "completed", "success", d.finishedAt)
}

// checkStory tells of the checks of each push: runs of a workflow that deploys
// nothing.
func (o *post) checkStory(s *service) {
	for i, p := range s.repo.pushes {
		t := p.at.Add(4 * time.Minute)
		u := run{
			id: 14_000_000_000 + s.repo.id%100_000*10_000 + int64(i), number: i + 1, attempt: 1, name: "Checks", file: "checks.yml", trigger: "push",
			created: p.at, started: p.at, status: "completed", conclusion: "success", head: p.head(), by: p.by,
		}
		o.send("workflow_run", t, o.workflowRun(s.repo, u, "completed", t))
	}
}
