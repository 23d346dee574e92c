package github

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/google/go-github/v60/github"

	"github.com/fivekeys/fivekeys/schemas"
)

var (
	// versionLike tells a version from a branch: v1, 1.2, shop/v1.2.3-rc.1.
	versionLike = regexp.MustCompile(`^(?:[\w.-]+[/@-])?(?:v\d+|v?\d+\.\d+)(?:[.+-][0-9A-Za-z.+-]+)?$`)
	fullSHA     = regexp.MustCompile(`^(?:[0-9a-f]{40}|[0-9a-f]{64})$`)
)

// versionOf gives the version that a ref names, empty for a branch or a SHA.
func versionOf(ref string) string {
	if tag, ok := strings.CutPrefix(ref, "refs/tags/"); ok {
		return tag
	}
	if strings.HasPrefix(ref, "refs/") || fullSHA.MatchString(ref) || !versionLike.MatchString(ref) {
		return ""
	}
	return ref
}

// tagged is a deployment known by its tag: the tag's push, its creation, its
// release and the tag in an imported clone are one deployment.
func (h *hook) tagged(tag string, prerelease bool, via schemas.DeployedBy) deployed {
	d := deployed{schemas.DeploymentEvent{
		DeploymentID: tag, Version: tag, Status: schemas.DeploymentSucceeded, Via: via,
	}}
	if prerelease || schemas.IsPrerelease(tag) {
		d.Environment = schemas.EnvironmentPrerelease
	}
	return d
}

// release: published (also says "pre-release" if it is one), or released, which
// comes with published and again when a pre-release is promoted.
func (h *hook) release(e *releaseEvent) error {
	if err := h.in(e.Repo.GetFullName()); err != nil {
		return err
	}
	r := &e.Release
	switch e.Action {
	case "published", "released":
	default:
		return nil
	}
	if r.GetID() == 0 || r.GetTagName() == "" {
		return fmt.Errorf("%w: release has no id or no tag", ErrPayload)
	}
	at := first(r.PublishedAt, r.CreatedAt)
	if e.Action == "released" && r.UpdatedAt != nil && r.UpdatedAt.After(at) {
		// published_at stays what it was when a pre-release is promoted.
		at = r.UpdatedAt.UTC()
	}
	base := h.tagged(r.GetTagName(), r.GetPrerelease(), schemas.ByRelease)
	base.URL, base.Actor = r.GetHTMLURL(), r.GetAuthor().GetLogin()
	if sha := r.GetTargetCommitish(); fullSHA.MatchString(sha) {
		// Otherwise it is a branch, which has moved on by the time we ask.
		base.SHA = sha
	}
	return h.emit(fmt.Sprintf("release/%d/%s", r.GetID(), e.Action), schemas.TypeDeployment, at, h.services(), base.of)
}

// releaseEvent is go-github's with the field that v60 lacks.
type releaseEvent struct {
	Action  string             `json:"action"`
	Release updatedRelease     `json:"release"`
	Repo    *github.Repository `json:"repository"`
}

type updatedRelease struct {
	github.RepositoryRelease
	UpdatedAt *github.Timestamp `json:"updated_at"`
}

// create of a tag says neither which commit nor when: the push that precedes it
// does, but GitHub sends no push when more than three tags come at once, and a
// tag made through the API may come by this event alone.
func (h *hook) create(e *github.CreateEvent) error {
	if e.GetRefType() != "tag" {
		return nil
	}
	if err := h.in(e.GetRepo().GetFullName()); err != nil {
		return err
	}
	tag := e.GetRef()
	if tag == "" {
		return fmt.Errorf("%w: created tag has no name", ErrPayload)
	}
	base := h.tagged(tag, false, schemas.ByTag)
	base.Actor = e.GetSender().GetLogin()
	at := first(e.GetRepo().PushedAt, e.GetRepo().UpdatedAt)
	return h.emit("create/tag/"+tag, schemas.TypeDeployment, at, h.services(), base.of)
}

// tagPush gives the tag its commit.
func (h *hook) tagPush(e *github.PushEvent, tag string, at time.Time) error {
	base := h.tagged(tag, false, schemas.ByTag)
	// after is the tag's own object where the tag is annotated; the head commit
	// is what it points to.
	base.SHA = or(e.GetHeadCommit().GetID(), e.GetAfter())
	base.Actor = or(e.GetSender().GetLogin(), e.GetPusher().GetName())
	return h.emit("push/tag/"+tag+"/"+base.SHA, schemas.TypeDeployment, at, h.services(), base.of)
}
