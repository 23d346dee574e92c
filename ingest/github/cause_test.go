package github

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fivekeys/fivekeys/schemas"
)

func TestCauseOf(t *testing.T) {
	const sha = "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567"
	for body, want := range map[string]*schemas.Cause{
		"caused by: " + sha:                                     {SHA: sha},
		"x\ncaused by " + sha + "\ny":                           {SHA: sha},
		"- Caused by: 0A1B2C3.":                                 {SHA: "0a1b2c3"},
		"> caused-by: " + sha:                                   {SHA: sha},
		"caused by commit " + sha:                               {SHA: sha},
		"Caused by deployment 4711":                             {DeploymentID: "4711"},
		"caused by: deployment run/5":                           {DeploymentID: "run/5"},
		"**Caused by deployment:** `v1.2.0`":                    {DeploymentID: "v1.2.0"},
		"caused by: https://github.com/acme/shop/commit/" + sha: {SHA: sha},
		"caused by: an expired certificate":                     nil,
		"caused by: defaced pages":                              nil, // hex, but a word
		"it was caused by " + sha:                               nil, // in a sentence somebody wonders
		"not caused by: " + sha:                                 nil,
		"caused by deployment":                                  nil,
		"":                                                      nil,
	} {
		if diff := cmp.Diff(want, causeOf(body)); diff != "" {
			t.Errorf("causeOf(%q) (-want +got):\n%s", body, diff)
		}
	}
}

func TestSeverityOf(t *testing.T) {
	for label, want := range map[string]string{
		"severity/critical": "critical", "Severity: 2": "2", "sev1": "sev1", "SEV-2": "sev2", "P1": "p1",
		"several": "", "p10": "", "severity": "", "severity/": "", "bug": "",
	} {
		if got := severityOf([]string{"x", label}); got != want {
			t.Errorf("severityOf(%q) = %q, want %q", label, got, want)
		}
	}
}

func TestVersions(t *testing.T) {
	for ref, want := range map[string]struct {
		version    string
		prerelease bool
	}{
		"v1.2.3": {"v1.2.3", false}, "1.2": {"1.2", false}, "v1": {"v1", false}, "refs/tags/any": {"any", false},
		"v1.2.0-rc.1": {"v1.2.0-rc.1", true}, "shop/v1.2.0-beta": {"shop/v1.2.0-beta", true}, "shop@1.2.0": {"shop@1.2.0", false},
		"v1.2.0+build.5": {"v1.2.0+build.5", false}, "v1.2.0-rc.1+5": {"v1.2.0-rc.1+5", true},
		"main": {"", false}, "refs/heads/v1": {"", false}, "feature/x": {"", false}, "release-candidate": {"", false},
		"0a1b2c3d4e5f60718293a4b5c6d7e8f901234567": {"", false},
	} {
		if got := versionOf(ref); got != want.version {
			t.Errorf("versionOf(%q) = %q, want %q", ref, got, want.version)
		}
		if got := schemas.IsPrerelease(ref); got != want.prerelease {
			t.Errorf("%q is a pre-release: %t, want %t", ref, got, want.prerelease)
		}
	}
}
