package simulation

import (
	"fmt"
	"slices"
	"time"
)

// pushed is what a push tells, to a branch or a tag.
type pushed struct {
	ref           string
	before, after string
	commits       []*commit
	head          *commit
	baseRef       any
	at            time.Time
	by            *person
	// known holds commits that were pushed to another branch before: they are
	// listed again, as not distinct.
	known []*commit
}

func (p *payloads) push(r *repository, u pushed) object {
	commits := make([]object, 0, len(u.commits))
	for _, c := range u.commits {
		commits = append(commits, r.commitObject(c, !slices.Contains(u.known, c)))
	}
	var head any
	if u.head != nil {
		head = r.commitObject(u.head, true)
	}
	o := p.envelope(object{
		"ref": u.ref, "before": u.before, "after": u.after, "created": u.before == noSHA, "deleted": u.after == noSHA,
		"forced": false, "base_ref": u.baseRef, "compare": r.compareURL(u.before, u.after), "commits": commits, "head_commit": head,
		"pusher": object{"name": u.by.login, "email": u.by.email()},
	}, r, u.at, u.by)
	o["repository"] = p.pushedRepository(r, u.at)
	return o
}

func (r *repository) compareURL(before, after string) string {
	switch {
	case before == noSHA:
		return web + "/" + r.fullName() + "/commit/" + after[:12]
	case after == noSHA:
		return web + "/" + r.fullName() + "/compare/" + before[:12] + "..." + noSHA[:12]
	}
	return web + "/" + r.fullName() + "/compare/" + before[:12] + "..." + after[:12]
}

func (r *repository) commitObject(c *commit, distinct bool) object {
	author := identity(c.by)
	committer := author
	if c.kind != plainCommit {
		committer = identity(mergeButton)
	}
	return object{
		"id": c.sha, "tree_id": digest(c.sha, "tree"), "distinct": distinct, "message": r.message(c), "timestamp": zoned(c.at, c.by),
		"url": web + "/" + r.fullName() + "/commit/" + c.sha, "author": author, "committer": committer,
		"added": c.added, "removed": c.removed, "modified": c.modified,
	}
}

func identity(who *person) object {
	return object{"name": who.name, "email": who.email(), "username": who.login}
}

// zoned is a time as git writes it: with the author's own offset.
func zoned(t time.Time, who *person) string {
	return t.In(time.FixedZone("", who.zone*3600)).Format(time.RFC3339)
}

// message is what git and GitHub write for each kind of commit.
func (r *repository) message(c *commit) string {
	var m string
	switch c.kind {
	case mergeCommit:
		return fmt.Sprintf("Merge pull request #%d from %s/%s\n\n%s", c.pr.number, c.pr.owner(), c.pr.branchName(), c.pr.title)
	case squashCommit:
		m = fmt.Sprintf("%s (#%d)", c.pr.title, c.pr.number)
		if len(c.pr.commits) > 1 {
			m += "\n"
			for _, b := range c.pr.commits {
				m += "\n* " + b.subject
			}
		}
	case plainCommit:
		m = c.subject
	}
	if c.reverts != nil {
		m += "\n\n" + revertNotice(c.reverts)
	}
	if c.fixes != nil {
		m += fmt.Sprintf("\n\nFixes #%d", c.fixes.number)
	}
	return m
}

// revertNotice is git's text; for a merge commit it names the parent too.
func revertNotice(c *change) string {
	if c.commit.kind == mergeCommit {
		return "This reverts commit " + c.commit.sha + ", reversing\nchanges made to " + c.push.before + "."
	}
	return "This reverts commit " + c.commit.sha + "."
}

func (pr *pullRequest) owner() string {
	if pr.fork {
		return pr.by.login
	}
	return organisation
}

// created tells of a new branch or tag. It knows no time but the repository's.
func (p *payloads) created(r *repository, ref, kind string, t time.Time, by *person) object {
	return p.envelope(object{
		"ref": ref, "ref_type": kind, "master_branch": defaultBranch, "description": nil, "pusher_type": "user",
	}, r, t, by)
}

func (p *payloads) deleted(r *repository, branch string, t time.Time, by *person) object {
	return p.envelope(object{"ref": branch, "ref_type": "branch", "pusher_type": "user"}, r, t, by)
}

func (p *payloads) ping(r *repository, t time.Time, by *person) object {
	hook := r.id % 1_000_000
	events := []string{
		"create", "delete", "deployment", "deployment_status", "issues", "pull_request", "pull_request_review",
		"push", "release", "workflow_run",
	}
	u := fmt.Sprintf("%s/repos/%s/hooks/%d", api, r.fullName(), hook)
	return object{
		"zen": "Keep it logically awesome.", "hook_id": hook,
		"hook": object{
			"type": "Repository", "id": hook, "name": "web", "active": true, "events": events,
			"config":     object{"content_type": "json", "insecure_ssl": "0", "secret": "********", "url": "https://fivekeys.example/webhooks/github"},
			"updated_at": stamp(t), "created_at": stamp(t), "url": u, "test_url": u + "/test", "ping_url": u + "/pings",
			"last_response": object{"code": nil, "status": "unused", "message": nil},
		},
		"repository": p.repository(r, t), "sender": p.user(by),
	}
}
