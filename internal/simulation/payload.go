package simulation

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"
)

// object is a JSON object; encoding sorts its keys, so equal objects are equal
// bytes.
type object map[string]any

// encode panics on what can't happen: objects hold nothing but plain values.
func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(fmt.Sprintf("encode a payload: %v", err))
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

const (
	api = "https://api.github.com"
	web = "https://github.com"
	// noSHA is git's "nothing": before a branch was created, after it was deleted.
	noSHA = "0000000000000000000000000000000000000000"
)

// stamp is a time in the form of GitHub's objects.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// stampOrNull is null for a time that has not come.
func stampOrNull(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return stamp(t)
}

// nodeID is an id of the GraphQL kind.
func nodeID(kind string, id int64) string {
	return kind + "_" + base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "fk%08x", id))
}

// payloads renders a story's objects. What repeats in every payload is
// rendered once.
type payloads struct {
	users map[string]json.RawMessage
	repos map[string]json.RawMessage
	org   json.RawMessage
}

func newPayloads() *payloads {
	return &payloads{users: map[string]json.RawMessage{}, repos: map[string]json.RawMessage{}, org: encode(organisationObject())}
}

// envelope adds what every payload of a repository carries.
func (p *payloads) envelope(o object, r *repository, t time.Time, sender *person) object {
	o["repository"] = p.repository(r, t)
	o["organization"] = p.org
	o["sender"] = p.user(sender)
	o["installation"] = object{"id": 52_118_907, "node_id": nodeID("MDIzOkludGVncmF0aW9uSW5zdGFsbGF0aW9u", 52_118_907)}
	return o
}

func (p *payloads) user(who *person) json.RawMessage {
	if who == nil {
		return json.RawMessage("null")
	}
	if b, ok := p.users[who.login]; ok {
		return b
	}
	kind := "User"
	if who.bot {
		kind = "Bot"
	}
	b := encode(userObject(who.login, who.id, kind))
	p.users[who.login] = b
	return b
}

// owner is the organisation where an account is asked for.
func (p *payloads) owner() json.RawMessage {
	if _, ok := p.users[organisation]; !ok {
		p.users[organisation] = encode(ownerObject())
	}
	return p.users[organisation]
}

func ownerObject() object { return userObject(organisation, organisationID, "Organization") }

func userObject(login string, id int64, kind string) object {
	u := api + "/users/" + login
	return object{
		"login": login, "id": id, "node_id": nodeID("U", id), "gravatar_id": "", "type": kind, "site_admin": false,
		"avatar_url": fmt.Sprintf("https://avatars.githubusercontent.com/u/%d?v=4", id),
		"url":        u, "html_url": web + "/" + login,
		"followers_url": u + "/followers", "following_url": u + "/following{/other_user}", "gists_url": u + "/gists{/gist_id}",
		"starred_url": u + "/starred{/owner}{/repo}", "subscriptions_url": u + "/subscriptions", "organizations_url": u + "/orgs",
		"repos_url": u + "/repos", "events_url": u + "/events{/privacy}", "received_events_url": u + "/received_events",
	}
}

func organisationObject() object {
	u := api + "/orgs/" + organisation
	return object{
		"login": organisation, "id": organisationID, "node_id": nodeID("O", organisationID), "url": u,
		"repos_url": u + "/repos", "events_url": u + "/events", "hooks_url": u + "/hooks", "issues_url": u + "/issues",
		"members_url": u + "/members{/member}", "public_members_url": u + "/public_members{/member}",
		"avatar_url":  fmt.Sprintf("https://avatars.githubusercontent.com/u/%d?v=4", organisationID),
		"description": "Makers of everything",
	}
}

// The moments of a repository object stand in its cached form as these.
const (
	pushedMark  = "2000-01-01T00:00:00Z"
	updatedMark = "2000-01-02T00:00:00Z"
)

// repository is the object as it is sent at a time; pushed_at is that of the
// last push to any branch or tag, in fact of this one where a push is told of.
func (p *payloads) repository(r *repository, t time.Time) json.RawMessage {
	b, ok := p.repos[r.name]
	if !ok {
		b = encode(repositoryObject(r, ownerObject()))
		p.repos[r.name] = b
	}
	now := []byte(stamp(t))
	return bytes.Replace(bytes.Replace(b, []byte(pushedMark), now, 1), []byte(updatedMark), now, 1)
}

// pushedRepository is the repository object of a push: of an older form, with
// times in seconds and the owner's mail address.
func (p *payloads) pushedRepository(r *repository, t time.Time) object {
	owner := ownerObject()
	owner["name"], owner["email"] = organisation, "dev@"+organisation+".example"
	o := repositoryObject(r, owner)
	o["url"] = web + "/" + r.fullName()
	o["created_at"], o["pushed_at"], o["updated_at"] = createdRepository.Unix(), t.Unix(), stamp(t)
	o["stargazers"], o["master_branch"], o["organization"] = 3, defaultBranch, organisation
	return o
}

var createdRepository = time.Date(2021, time.March, 4, 9, 12, 40, 0, time.UTC)

// repositoryLinks are the addresses of a repository object, below its own.
var repositoryLinks = map[string]string{
	"forks_url": "/forks", "keys_url": "/keys{/key_id}", "collaborators_url": "/collaborators{/collaborator}",
	"teams_url": "/teams", "hooks_url": "/hooks", "issue_events_url": "/issues/events{/number}", "events_url": "/events",
	"assignees_url": "/assignees{/user}", "branches_url": "/branches{/branch}", "tags_url": "/tags",
	"blobs_url": "/git/blobs{/sha}", "git_tags_url": "/git/tags{/sha}", "git_refs_url": "/git/refs{/sha}",
	"trees_url": "/git/trees{/sha}", "statuses_url": "/statuses/{sha}", "languages_url": "/languages",
	"stargazers_url": "/stargazers", "contributors_url": "/contributors", "subscribers_url": "/subscribers",
	"subscription_url": "/subscription", "commits_url": "/commits{/sha}", "git_commits_url": "/git/commits{/sha}",
	"comments_url": "/comments{/number}", "issue_comment_url": "/issues/comments{/number}", "contents_url": "/contents/{+path}",
	"compare_url": "/compare/{base}...{head}", "merges_url": "/merges", "archive_url": "/{archive_format}{/ref}",
	"downloads_url": "/downloads", "issues_url": "/issues{/number}", "pulls_url": "/pulls{/number}",
	"milestones_url": "/milestones{/number}", "notifications_url": "/notifications{?since,all,participating}",
	"labels_url": "/labels{/name}", "releases_url": "/releases{/id}", "deployments_url": "/deployments",
}

// briefRepositoryObject is the repository inside a workflow run.
func briefRepositoryObject(r *repository, owner object) object {
	full := r.fullName()
	u := api + "/repos/" + full
	o := object{
		"id": r.id, "node_id": nodeID("R", r.id), "name": r.name, "full_name": full, "private": true, "owner": owner,
		"html_url": web + "/" + full, "description": "The " + r.name + " of " + organisation, "fork": false, "url": u,
	}
	for key, path := range repositoryLinks {
		o[key] = u + path
	}
	return o
}

// forkObject is somebody's own copy of the repository.
func (r *repository) forkObject(by *person) object {
	f := &repository{id: r.id + 900_000 + by.id%1000, owner: by.login, name: r.name, language: r.language}
	o := repositoryObject(f, userObject(by.login, by.id, "User"))
	o["fork"] = true
	o["pushed_at"], o["updated_at"] = stamp(createdRepository), stamp(createdRepository)
	return o
}

func repositoryObject(r *repository, owner object) object {
	o := briefRepositoryObject(r, owner)
	full := r.fullName()
	more := object{
		"created_at": stamp(createdRepository), "updated_at": updatedMark, "pushed_at": pushedMark,
		"git_url": "git://github.com/" + full + ".git", "ssh_url": "git@github.com:" + full + ".git",
		"clone_url": web + "/" + full + ".git", "svn_url": web + "/" + full, "homepage": nil, "size": 8_412,
		"stargazers_count": 3, "watchers_count": 3, "language": r.language, "has_issues": true, "has_projects": true,
		"has_downloads": true, "has_wiki": false, "has_pages": false, "forks_count": 0, "mirror_url": nil, "archived": false,
		"disabled": false, "open_issues_count": 7, "license": nil, "is_template": false,
		"web_commit_signoff_required": false, "topics": []string{}, "visibility": "private", "forks": 0, "open_issues": 7,
		"watchers": 3, "default_branch": defaultBranch, "custom_properties": object{},
	}
	for key, v := range more {
		o[key] = v
	}
	return o
}
