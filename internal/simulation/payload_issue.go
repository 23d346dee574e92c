package simulation

import (
	"fmt"
	"net/url"
	"time"
)

// issueEvent tells of an issue as it was at a time.
func (p *payloads) issueEvent(is *issue, action string, t time.Time, by *person) object {
	root := api + "/repos/" + is.repo.fullName()
	u := fmt.Sprintf("%s/issues/%d", root, is.number)
	state, closed := "open", any(nil)
	var assignee any
	assignees := []any{}
	for _, m := range is.moves {
		if m.at.After(t) {
			break
		}
		switch m.action {
		case "closed":
			state, closed = "closed", stamp(m.at)
		case "reopened":
			state, closed = "open", nil
		case "assigned":
			assignee = p.user(m.by)
			assignees = []any{assignee}
		}
	}
	labels := make([]object, 0, len(is.labels))
	for _, l := range is.labels {
		labels = append(labels, is.repo.labelObject(l))
	}
	reactions := object{"url": u + "/reactions", "total_count": 0}
	for _, r := range []string{"+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes"} {
		reactions[r] = 0
	}
	return p.envelope(object{
		"action": action,
		"issue": object{
			"url": u, "repository_url": root, "labels_url": u + "/labels{/name}", "comments_url": u + "/comments", "events_url": u + "/events",
			"html_url": fmt.Sprintf("%s/%s/issues/%d", web, is.repo.fullName(), is.number), "id": is.id, "node_id": nodeID("I", is.id),
			"number": is.number, "title": is.title, "user": p.user(is.by), "labels": labels, "state": state, "locked": false,
			"assignee": assignee, "assignees": assignees, "milestone": nil, "comments": 0, "created_at": stamp(is.openedAt),
			"updated_at": stamp(t), "closed_at": closed, "author_association": "MEMBER", "active_lock_reason": nil, "body": is.text(),
			"reactions": reactions, "timeline_url": u + "/timeline", "performed_via_github_app": nil,
		},
	}, is.repo, t, by)
}

func (is *issue) text() string {
	switch {
	case is.cause != nil:
		return "Started right after a roll-out.\n\ncaused by: " + is.cause.sha() + "\n"
	case is.incident:
		return "Customers report it, the dashboards show it. Nobody knows why yet."
	}
	return "See the screenshot."
}

func (r *repository) labelObject(name string) object {
	colour, description := "ededed", any(nil)
	switch name {
	case "bug":
		colour, description = "d73a4a", "Something isn't working"
	case "enhancement":
		colour, description = "a2eeef", "New feature or request"
	}
	id := r.id*7%1_000_000_000 + int64(len(name))
	return object{
		"id": id, "node_id": nodeID("LA", id), "url": api + "/repos/" + r.fullName() + "/labels/" + url.PathEscape(name),
		"name": name, "color": colour, "default": name == "bug" || name == "enhancement", "description": description,
	}
}
