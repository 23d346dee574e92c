package simulation

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// pullEvent tells of a pull request as it was at a time.
func (p *payloads) pullEvent(pr *pullRequest, action string, t time.Time, by *person) object {
	o := p.pullObject(pr, t)
	known, merged := pr.known(t), !pr.mergedAt.IsZero() && !t.Before(pr.mergedAt)
	var mergedBy any
	if merged {
		mergedBy = p.user(pr.merged.by)
	}
	for key, v := range (object{
		"merged": merged, "mergeable": nil, "rebaseable": nil, "mergeable_state": "unknown", "merged_by": mergedBy, "comments": 0,
		"review_comments": 0, "maintainer_can_modify": false, "commits": len(known), "additions": 23 * len(known),
		"deletions": 7 * len(known), "changed_files": pr.files(known),
	}) {
		o[key] = v
	}
	return p.envelope(object{"action": action, "number": pr.number, "pull_request": o}, pr.repo, t, by)
}

// known gives the commits of the branch that had been pushed by a time.
func (pr *pullRequest) known(t time.Time) []*commit {
	var out []*commit
	for _, u := range pr.pushes {
		if !u.at.After(t) {
			out = append(out, u.commits...)
		}
	}
	return out
}

func (pr *pullRequest) files(commits []*commit) int {
	n := 0
	for _, c := range commits {
		n += len(c.added) + len(c.modified) + len(c.removed)
	}
	return n
}

// pullObject is the part of a pull request that reviews carry too.
func (p *payloads) pullObject(pr *pullRequest, t time.Time) object {
	r := pr.repo
	root := fmt.Sprintf("%s/repos/%s", api, r.fullName())
	u, issue := fmt.Sprintf("%s/pulls/%d", root, pr.number), fmt.Sprintf("%s/issues/%d", root, pr.number)
	html := fmt.Sprintf("%s/%s/pull/%d", web, r.fullName(), pr.number)
	head := pr.known(t)[len(pr.known(t))-1].sha
	state, closed, merged := "open", time.Time{}, time.Time{}
	var mergeSHA any
	switch {
	case !pr.mergedAt.IsZero() && !t.Before(pr.mergedAt):
		state, closed, merged = "closed", pr.mergedAt, pr.mergedAt
		mergeSHA = pr.merged.head().sha
	case !pr.closedAt.IsZero() && !t.Before(pr.closedAt):
		state, closed = "closed", pr.closedAt
	}
	if mergeSHA == nil && t.After(pr.openedAt) { // of the test merge: on no branch
		mergeSHA = digest(head, "test merge")
	}
	labels := make([]object, 0, len(pr.labels))
	for _, l := range pr.labels {
		labels = append(labels, r.labelObject(l))
	}
	base, owner := p.repository(r, t), p.owner()
	headRepo, headOwner := base, owner
	if pr.fork {
		headRepo, headOwner = encode(r.forkObject(pr.by)), p.user(pr.by)
	}
	return object{
		"url": u, "id": pr.id, "node_id": nodeID("PR", pr.id), "html_url": html, "diff_url": html + ".diff", "patch_url": html + ".patch",
		"issue_url": issue, "number": pr.number, "state": state, "locked": false, "title": pr.title, "user": p.user(pr.by),
		"body": pr.text(), "created_at": stamp(pr.openedAt), "updated_at": stamp(t), "closed_at": stampOrNull(closed),
		"merged_at": stampOrNull(merged), "merge_commit_sha": mergeSHA, "assignee": nil, "assignees": []object{},
		"requested_reviewers": []any{p.user(pr.reviewer)}, "requested_teams": []object{}, "labels": labels, "milestone": nil, "draft": false,
		"commits_url": u + "/commits", "review_comments_url": u + "/comments", "review_comment_url": root + "/pulls/comments{/number}",
		"comments_url": issue + "/comments", "statuses_url": root + "/statuses/" + head,
		"head": object{"label": pr.owner() + ":" + pr.branchName(), "ref": pr.branchName(), "sha": head, "user": headOwner, "repo": headRepo},
		"base": object{
			"label": organisation + ":" + defaultBranch, "ref": defaultBranch, "sha": r.headAt(t),
			"user": owner, "repo": base,
		},
		"_links": object{
			"self": link(u), "html": link(html), "issue": link(issue), "comments": link(issue + "/comments"),
			"review_comments": link(u + "/comments"), "review_comment": link(root + "/pulls/comments{/number}"),
			"commits": link(u + "/commits"), "statuses": link(root + "/statuses/" + head),
		},
		"author_association": "MEMBER", "auto_merge": nil, "active_lock_reason": nil,
	}
}

func link(href string) object { return object{"href": href} }

// text is the description of a pull request.
func (pr *pullRequest) text() any {
	var parts []string
	switch {
	case pr.reverts == nil:
	case pr.reverts.pr != nil:
		parts = append(parts, fmt.Sprintf("Reverts %s#%d", pr.repo.fullName(), pr.reverts.pr.number))
	default:
		parts = append(parts, revertNotice(pr.reverts))
	}
	if pr.fixes != nil {
		parts = append(parts, fmt.Sprintf("Fixes #%d", pr.fixes.number))
	}
	if len(parts) == 0 {
		return nil
	}
	return strings.Join(parts, "\n\n")
}

// headAt is the default branch's SHA at a time.
func (r *repository) headAt(t time.Time) string {
	i, _ := slices.BinarySearchFunc(r.pushes, t, func(p *push, t time.Time) int { return p.at.Compare(t) })
	switch {
	case len(r.pushes) == 0:
		return noSHA
	case i == 0:
		return r.pushes[0].before
	}
	return r.pushes[i-1].head().sha
}

// review tells of a review; a comment of the author counts as one to GitHub.
func (p *payloads) review(pr *pullRequest, state string, t time.Time, by *person) object {
	pr.reviews++
	id := pr.id*10 + pr.reviews
	html := fmt.Sprintf("%s/%s/pull/%d#pullrequestreview-%d", web, pr.repo.fullName(), pr.number, id)
	u := fmt.Sprintf("%s/repos/%s/pulls/%d", api, pr.repo.fullName(), pr.number)
	known := pr.known(t)
	return p.envelope(object{
		"action": "submitted",
		"review": object{
			"id": id, "node_id": nodeID("PRR", id), "user": p.user(by), "body": nil, "commit_id": known[len(known)-1].sha,
			"submitted_at": stamp(t), "state": state, "html_url": html, "pull_request_url": u, "author_association": "MEMBER",
			"_links": object{"html": link(html), "pull_request": link(u)},
		},
		"pull_request": p.pullObject(pr, t),
	}, pr.repo, t, by)
}
