package config

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fivekeys/fivekeys/schemas"
)

func TestWhatIsWrittenIsReadBack(t *testing.T) {
	catalog := schemas.Catalog{Services: []schemas.Service{
		{Name: "plain"},
		{
			Name: "full", Team: "web", Production: []string{"live*", "*"}, IncidentLabels: []string{"incident"},
			HotfixLabels: []string{"hotfix"}, HotfixBranches: []string{"hotfix/*"}, AttributionWindow: 36 * time.Hour, BurnAttribution: new(true),
			Repositories: []schemas.Repository{{Name: "acme/mono", Paths: []string{"full/**"}}, {Name: "acme/full"}},
			Aliases:      []string{"pagerduty:PXYZ12", "Full: the service"},
			Deployed:     schemas.Deployed{By: schemas.ByWorkflowRun, Workflow: "Deploy: *", Environment: "live-eu"},
		},
	}}
	text, err := Write(&catalog)
	if err != nil {
		t.Fatal(err)
	}
	back, err := parse("fivekeys.yaml", text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if diff := cmp.Diff(catalog, back.Catalog); diff != "" {
		t.Errorf("read back (-want +got):\n%s\n%s", diff, text)
	}
}
