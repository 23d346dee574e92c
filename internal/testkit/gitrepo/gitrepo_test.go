package gitrepo_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fivekeys/fivekeys/internal/testkit/gitrepo"
)

func TestARepositoryIsWhatItsScriptSays(t *testing.T) {
	r := gitrepo.New(t)
	r.Commit("main", "A")
	r.Branch("feature", "main")
	f1 := r.Commit("feature", "f1")
	r.Authored = gitrepo.Epoch.Add(-time.Hour)
	m := r.Merge("main", "M", f1)
	r.Path() // written out; the script goes on afterwards
	r.Tag("light", "main")
	r.AnnotatedTag("annotated", f1)

	want := "M 1709283600 1709294400,f1 1709290800 1709290800,A 1709287200 1709287200"
	if got := r.Git("log", "--format=%s %at %ct", "main"); strings.ReplaceAll(got, "\n", ",") != want {
		t.Errorf("log = %s, want %s", got, want)
	}
	if got := r.Git("rev-parse", "light", "annotated^{}", "main^2"); got != m+"\n"+f1+"\n"+f1 {
		t.Errorf("tags = %s", got)
	}
	if got := r.Git("for-each-ref", "--format=%(taggerdate:unix)", "refs/tags/annotated"); got != "1709298000" {
		t.Errorf("tagged at %s", got)
	}
	r.Git("fsck", "--strict")
}

func TestPlumbingFigures(t *testing.T) {
	r := gitrepo.New(t)
	r.Commit("main", "A") // 10:00
	r.Tag("v1.0.0-rc.1", "main")
	r.Tag("v1.0.0", "main")
	r.Branch("feature", "main")
	r.Commit("feature", "f1")              // 11:00
	r.Commit("main", "B")                  // 12:00
	r.Merge("main", "M", "feature")        // 13:00
	r.AnnotatedTag("v1.1.0", "main")       // 14:00
	r.Authored = r.Now.Add(48 * time.Hour) // in two days
	r.Commit("main", "C")                  // 15:00
	r.Tag("v1.2.0", "main")
	r.Tag("other", "main")

	f := gitrepo.PlumbingFigures(t, r.Path(), "v*")
	var names []string
	for _, d := range f.Of("production") {
		names = append(names, d.Name)
	}
	if !slices.Equal(names, []string{"v1.0.0", "v1.1.0", "v1.2.0"}) || len(f.Of("prerelease")) != 1 {
		t.Errorf("deployments = %+v", f.Deployments)
	}
	if got := f.LeadTimes("production"); !slices.Equal(got, []float64{2 * 3600, 3 * 3600}) {
		t.Errorf("lead times = %v, want B's 2 h and M's 3 h", got)
	}
}
