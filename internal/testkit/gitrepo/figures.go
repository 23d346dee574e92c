package gitrepo

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Figures are what METRICS says of a clone, computed by git commands alone and
// in the plainest way: one git rev-list a deployment, one a merge.
type Figures struct {
	// Deployments of all environments, by time, then name.
	Deployments []Deployment
}

// Deployment is a tag.
type Deployment struct {
	Environment string // production or prerelease
	Name        string
	SHA         string
	At          time.Time
	Baseline    bool // the first of its environment
	// Changes are the first-parent commits from the tag that no earlier
	// deployment of its environment reaches, newest first.
	Changes []Change
}

// Change is a first-parent commit.
type Change struct {
	SHA         string
	FirstCommit time.Time // earliest author date of it and of what it brought in
	LeadTime    time.Duration
}

// Of gives the deployments to one environment.
func (f Figures) Of(environment string) []Deployment {
	return slices.DeleteFunc(slices.Clone(f.Deployments), func(d Deployment) bool { return d.Environment != environment })
}

// LeadTimes gives the lead times to an environment in seconds, ascending: those
// of the baseline and negative ones are left out.
func (f Figures) LeadTimes(environment string) []float64 {
	var all []float64
	for _, d := range f.Of(environment) {
		for _, c := range d.Changes {
			if !d.Baseline && c.LeadTime >= 0 {
				all = append(all, c.LeadTime.Seconds())
			}
		}
	}
	slices.Sort(all)
	return all
}

var semverPrerelease = regexp.MustCompile(`^v?\d+\.\d+\.\d+-[0-9A-Za-z.-]+(\+.*)?$`)

// PlumbingFigures computes the figures of the clone at path. tagGlob is git's
// own (git tag --list); empty selects every tag.
func PlumbingFigures(t testing.TB, path, tagGlob string) Figures {
	t.Helper()
	list := []string{"tag", "--list"}
	if tagGlob != "" {
		list = append(list, tagGlob)
	}
	var f Figures
	for _, name := range strings.Fields(run(t, path, list...)) {
		ref := "refs/tags/" + name
		sha := run(t, path, "rev-parse", ref+"^{}")
		if kind := run(t, path, "cat-file", "-t", sha); kind != "commit" {
			continue
		}
		at := run(t, path, "for-each-ref", "--format=%(taggerdate:unix)", ref)
		if at == "" {
			at = run(t, path, "log", "-1", "--format=%ct", sha)
		}
		d := Deployment{Environment: "production", Name: name, SHA: sha, At: unix(t, at)}
		if semverPrerelease.MatchString(name) {
			d.Environment = "prerelease"
		}
		f.Deployments = append(f.Deployments, d)
	}
	slices.SortFunc(f.Deployments, func(a, b Deployment) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Name, b.Name))
	})
	earlier := map[string][]string{}
	for i := range f.Deployments {
		d := &f.Deployments[i]
		d.Baseline = len(earlier[d.Environment]) == 0
		args := append([]string{"rev-list", "--first-parent", d.SHA, "--not"}, earlier[d.Environment]...)
		for _, sha := range strings.Fields(run(t, path, args...)) {
			first := firstCommit(t, path, sha)
			d.Changes = append(d.Changes, Change{SHA: sha, FirstCommit: first, LeadTime: d.At.Sub(first)})
		}
		earlier[d.Environment] = append(earlier[d.Environment], d.SHA)
	}
	return f
}

// firstCommit is the earliest author date of a commit and of what it brought
// in: what its other parents reach and its first does not.
func firstCommit(t testing.TB, path, sha string) time.Time {
	t.Helper()
	at, merged, _ := strings.Cut(run(t, path, "log", "-1", "--format=%at %P", sha), " ")
	first, parents := unix(t, at), strings.Fields(merged)
	if len(parents) < 2 {
		return first
	}
	for _, at := range strings.Fields(run(t, path, append([]string{"log", "--format=%at", "^" + parents[0]}, parents[1:]...)...)) {
		if a := unix(t, at); a.Before(first) {
			first = a
		}
	}
	return first
}

func unix(t testing.TB, s string) time.Time {
	t.Helper()
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		t.Fatalf("git printed %q for a date", s)
	}
	return time.Unix(n, 0).UTC()
}
