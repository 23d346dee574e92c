package dora

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fivekeys/fivekeys/schemas"
)

// Events as the tests tell them. Times are hours after a Monday's midnight.

const shop = "acme/shop"

var monday = time.Date(2026, time.March, 2, 0, 0, 0, 0, time.UTC)

func hour(h float64) time.Time { return monday.Add(time.Duration(h * float64(time.Hour))) }

func hourp(h float64) *time.Time { t := hour(h); return &t }

// sha gives the SHA of a commit that the tests call by a short name.
func sha(name string) string {
	if name == "" {
		return ""
	}
	sum := sha1.Sum([]byte(name))
	return hex.EncodeToString(sum[:])
}

func shas40(names ...string) []string {
	var out []string
	for _, n := range names {
		out = append(out, sha(n))
	}
	return out
}

func newEvent(kind schemas.EventType, id string, h float64, p schemas.Payload) schemas.Event {
	e, err := schemas.NewEvent(fmt.Sprintf("%s@%g", id, h), "test", kind, hour(h), shop, p)
	if err != nil {
		panic(err)
	}
	e.KnownAt = e.Time.Add(time.Second)
	return e
}

func deploymentEvent(id, environment string, status schemas.DeploymentStatus, commit string, h float64, also ...func(*schemas.DeploymentEvent)) schemas.Event {
	d := &schemas.DeploymentEvent{DeploymentID: id, Service: shop, Environment: environment, Status: status, SHA: sha(commit)}
	for _, f := range also {
		f(d)
	}
	return newEvent(schemas.TypeDeployment, id+" "+string(status), h, d)
}

// deploy is a successful production deployment of a commit.
func deploy(id, commit string, h float64) schemas.Event {
	return deploymentEvent(id, "production", schemas.DeploymentSucceeded, commit, h)
}

func deployTo(environment, id, commit string, h float64) schemas.Event {
	return deploymentEvent(id, environment, schemas.DeploymentSucceeded, commit, h)
}

func deployVersion(id, version string, h float64) schemas.Event {
	return deploymentEvent(id, "production", schemas.DeploymentSucceeded, "", h, func(d *schemas.DeploymentEvent) { d.Version = version })
}

// wentBack is a deployment that is said to be a rollback, to a version or to
// nothing in particular.
func wentBack(id, version string, h float64) schemas.Event {
	return deploymentEvent(id, "production", schemas.DeploymentSucceeded, "", h, func(d *schemas.DeploymentEvent) { d.Version, d.Rollback = version, true })
}

// land is a commit that reached the default branch, an hour after it was made.
func land(commit string, h float64, also ...func(*schemas.ChangeEvent)) schemas.Event {
	c := &schemas.ChangeEvent{Service: shop, SHA: sha(commit), CommittedAt: hourp(h - 1), Message: commit}
	for _, f := range also {
		f(c)
	}
	return newEvent(schemas.TypeChange, commit, h, c)
}

func parents(names ...string) func(*schemas.ChangeEvent) {
	return func(c *schemas.ChangeEvent) { c.Parents = shas40(names...) }
}

func side(c *schemas.ChangeEvent) { c.SideBranch = true }

func message(format string, args ...any) func(*schemas.ChangeEvent) {
	return func(c *schemas.ChangeEvent) { c.Message = fmt.Sprintf(format, args...) }
}

func labels(l ...string) func(*schemas.ChangeEvent) {
	return func(c *schemas.ChangeEvent) { c.Labels = l }
}

// pushed puts a commit into a push, at a position.
func pushed(head string, position int) func(*schemas.ChangeEvent) {
	return func(c *schemas.ChangeEvent) { c.Push, c.Position = sha(head), position }
}

func pull(f func(*schemas.PullRequest)) func(*schemas.ChangeEvent) {
	return func(c *schemas.ChangeEvent) {
		if c.PullRequest == nil {
			c.PullRequest = &schemas.PullRequest{}
		}
		f(c.PullRequest)
	}
}

func pullRequestEvent(number int, h float64, f func(*schemas.PullRequestEvent)) schemas.Event {
	p := &schemas.PullRequestEvent{Service: shop, Number: number}
	f(p)
	return newEvent(schemas.TypePullRequest, fmt.Sprintf("pr %d", number), h, p)
}

func branchPushed(before, after string, h float64, commits ...schemas.BranchCommit) schemas.Event {
	return newEvent(schemas.TypeBranch, "push "+after, h, &schemas.BranchEvent{
		Service: shop, Branch: "feature", Before: sha(before), After: sha(after), Commits: commits,
	})
}

func made(commit string, h float64) schemas.BranchCommit {
	return schemas.BranchCommit{SHA: sha(commit), CommittedAt: hour(h)}
}

func incidentEvent(id string, status schemas.IncidentStatus, h float64, also ...func(*schemas.IncidentEvent)) schemas.Event {
	i := &schemas.IncidentEvent{IncidentID: id, Service: shop, Status: status}
	for _, f := range also {
		f(i)
	}
	return newEvent(schemas.TypeIncident, id+" "+string(status), h, i)
}

func opened(id string, h float64, also ...func(*schemas.IncidentEvent)) schemas.Event {
	return incidentEvent(id, schemas.IncidentOpened, h, also...)
}

func acknowledged(id string, h float64) schemas.Event {
	return incidentEvent(id, schemas.IncidentAcknowledged, h)
}

func resolved(id string, h float64) schemas.Event {
	return incidentEvent(id, schemas.IncidentResolved, h)
}

func reopened(id string, h float64) schemas.Event {
	return incidentEvent(id, schemas.IncidentReopened, h)
}

func in(environment string) func(*schemas.IncidentEvent) {
	return func(i *schemas.IncidentEvent) { i.Environment = environment }
}

func causedBy(id, commit string) func(*schemas.IncidentEvent) {
	return func(i *schemas.IncidentEvent) { i.CausedBy = &schemas.Cause{DeploymentID: id, SHA: sha(commit)} }
}

// story joins events and lists of events.
func story(parts ...any) []schemas.Event {
	var events []schemas.Event
	for _, p := range parts {
		switch p := p.(type) {
		case schemas.Event:
			events = append(events, p)
		case []schemas.Event:
			events = append(events, p...)
		default:
			panic(fmt.Sprintf("%T is no event", p))
		}
	}
	return events
}

// releases lands and deploys commits one after the other: v1 is deployed as d1
// at the tenth hour, v2 as d2 at the twentieth …
func releases(n int) []schemas.Event {
	var events []schemas.Event
	for i := 1; i <= n; i++ {
		v := fmt.Sprintf("v%d", i)
		events = append(events, land(v, float64(10*i-2)), deploy(fmt.Sprintf("d%d", i), v, float64(10*i)))
	}
	return events
}

func rulesOf(service string) schemas.Service {
	return (&schemas.Catalog{}).Service(service)
}

func timelineOf(t testing.TB, events []schemas.Event) *Timeline {
	t.Helper()
	timeline := NewTimeline(shop)
	for _, e := range events {
		if _, err := timeline.Add(e); err != nil {
			t.Fatal(err)
		}
	}
	return timeline
}

func foldOf(t testing.TB, events []schemas.Event) schemas.Facts {
	t.Helper()
	return timelineOf(t, events).Fold(rulesOf(shop))
}

// The facts as sentences, in order of time, so that a table can be read.

func hoursOf(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return fmt.Sprintf("%g", t.Sub(monday).Hours())
}

func tellDeployments(f schemas.Facts) string {
	return tell(f.Deployments, func(d schemas.Deployment) (time.Time, string) {
		said := []string{fmt.Sprintf("%d changes", d.Changes)}
		flag := func(is bool, word string) {
			if is {
				said = append(said, word)
			}
		}
		flag(d.Status != schemas.DeploymentSucceeded, string(d.Status))
		flag(!d.Production, "in "+d.Environment)
		flag(d.Baseline, "baseline")
		flag(d.Unresolved, "unresolved")
		flag(d.Redeploy && !d.Rollback, "redeploy")
		flag(d.Rollback, "rollback")
		flag(d.Rework, "rework by "+string(d.ReworkReason))
		flag(d.Failed, "failed by "+string(d.FailureMethod))
		flag(!d.RecoveredAt.IsZero(), "recovered "+hoursOf(d.RecoveredAt))
		return d.FinishedAt, d.DeploymentID + ": " + strings.Join(said, ", ")
	})
}

// tellShipped tells which deployment each change went live with.
func tellShipped(names []string, f schemas.Facts) string {
	byName := map[string]string{}
	for _, n := range names {
		byName[sha(n)] = n
	}
	return tell(f.Changes, func(c schemas.Change) (time.Time, string) {
		name := byName[c.SHA]
		s := name + ": "
		if c.DeploymentID == "" {
			s += "open"
		} else {
			s += c.DeploymentID
		}
		if c.Excluded != "" && c.Excluded != schemas.ExcludedOpen {
			s += " " + string(c.Excluded)
		}
		return c.MergedAt, s
	})
}

func tellIncidents(f schemas.Facts) string {
	return tell(f.Incidents, func(i schemas.Incident) (time.Time, string) {
		s := i.IncidentID + ": " + string(i.Method)
		if i.DeploymentID != "" {
			s += " " + i.DeploymentID
		}
		return i.OpenedAt, s
	})
}

func tellFailures(f schemas.Facts) string {
	return tell(f.Failures, func(x schemas.Failure) (time.Time, string) {
		s := fmt.Sprintf("%s by %s", x.DeploymentID, x.Method)
		if x.IncidentID != "" {
			s += " incident " + x.IncidentID
		}
		if x.FixID != "" {
			s += " fix " + x.FixID
		}
		return x.FailedAt, s + " recovered " + hoursOf(x.RecoveredAt)
	})
}

func tell[T any](list []T, line func(T) (time.Time, string)) string {
	type at struct {
		time time.Time
		line string
	}
	var lines []at
	for _, x := range list {
		t, l := line(x)
		lines = append(lines, at{t, l})
	}
	slices.SortFunc(lines, func(a, b at) int { return a.time.Compare(b.time)*2 + strings.Compare(a.line, b.line) })
	var out []string
	for _, l := range lines {
		out = append(out, l.line)
	}
	return strings.Join(out, "\n")
}

// lines writes an expectation over several arguments.
func lines(l ...string) string { return strings.Join(l, "\n") }

func equal(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", indent(got), indent(want))
	}
}

func indent(s string) string { return "\t" + strings.ReplaceAll(s, "\n", "\n\t") }

func deploymentOf(t *testing.T, f schemas.Facts, id string) schemas.Deployment {
	t.Helper()
	for _, d := range f.Deployments {
		if d.DeploymentID == id {
			return d
		}
	}
	t.Fatalf("no deployment %s", id)
	return schemas.Deployment{}
}

func changeOf(t *testing.T, f schemas.Facts, name string) schemas.Change {
	t.Helper()
	for _, c := range f.Changes {
		if c.SHA == sha(name) {
			return c
		}
	}
	t.Fatalf("no change %s", name)
	return schemas.Change{}
}

func incidentOf(t *testing.T, f schemas.Facts, id string) schemas.Incident {
	t.Helper()
	for _, i := range f.Incidents {
		if i.IncidentID == id {
			return i
		}
	}
	t.Fatalf("no incident %s", id)
	return schemas.Incident{}
}
