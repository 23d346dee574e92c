package github_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fivekeys/fivekeys/schemas"
)

func TestIncidents(t *testing.T) {
	issue := func(action, labels, rest string) string {
		return `{"action":"` + action + `","issue":{"number":6,"state":"open","labels":` + labels + `,
			"created_at":"2026-01-01T10:00:00Z","updated_at":"2026-01-01T11:00:00Z"` + rest + `},` + repo + `}`
	}
	labeled := func(action, label, labels, rest string) string {
		return `{"label":{"name":"` + label + `"},` + issue(action, labels, rest)[1:]
	}
	const (
		incident = `[{"name":"Incident"},{"name":"severity/high"}]`
		closed   = `,"state":"closed","closed_at":"2026-01-01T10:45:00Z"`
	)
	empty := &schemas.Catalog{}
	for name, tt := range map[string]struct {
		body    string
		catalog *schemas.Catalog
		want    []string
	}{
		"an issue opened with the label is an incident from then on": {issue("opened", incident, ""), empty,
			[]string{"10:00:00 issues/6/opened/2026-01-01T11:00:00Z acme/shop: acme/shop#6 opened high <nil>"}},
		"an issue without the label is none": {issue("opened", `[{"name":"bug"}]`, ""), empty, []string{}},
		"an issue labelled later is one from its labelling on": {labeled("labeled", "incident", `[]`, ""), empty,
			[]string{"11:00:00 issues/6/labeled/2026-01-01T11:00:00Z/incident acme/shop: acme/shop#6 opened  <nil>"}},
		"another label does not open it again": {labeled("labeled", "docs", incident, ""), empty, []string{}},
		"labelled after it was closed it was one all along": {labeled("labeled", "incident", incident, closed), empty, []string{
			"10:00:00 issues/6/labeled/2026-01-01T11:00:00Z/incident acme/shop: acme/shop#6 opened high <nil>",
			"10:45:00 issues/6/labeled/2026-01-01T11:00:00Z/incident/resolved acme/shop: acme/shop#6 resolved high <nil>"}},
		"assigning it acknowledges it": {issue("assigned", incident, ""), empty,
			[]string{"11:00:00 issues/6/assigned/2026-01-01T11:00:00Z acme/shop: acme/shop#6 acknowledged high <nil>"}},
		"closing it resolves it when it was closed": {issue("closed", incident, closed), empty,
			[]string{"10:45:00 issues/6/closed/2026-01-01T11:00:00Z acme/shop: acme/shop#6 resolved high <nil>"}},
		"closing it as not planned resolves it too": {issue("closed", incident, closed+`,"state_reason":"not_planned"`), empty,
			[]string{"10:45:00 issues/6/closed/2026-01-01T11:00:00Z acme/shop: acme/shop#6 resolved high <nil>"}},
		"reopening it opens it again": {issue("reopened", incident, ""), empty,
			[]string{"11:00:00 issues/6/reopened/2026-01-01T11:00:00Z acme/shop: acme/shop#6 reopened high <nil>"}},
		"an edit is nothing": {issue("edited", incident, ""), empty, []string{}},
		"without its label it is over, though the payload still lists it": {labeled("unlabeled", "incident", `[{"name":"incident"}]`, ""), empty,
			[]string{"11:00:00 issues/6/unlabeled/2026-01-01T11:00:00Z/incident acme/shop: acme/shop#6 resolved  <nil>"}},
		"losing another label is nothing": {labeled("unlabeled", "docs", incident, ""), empty, []string{}},
		"deleting it ends it": {issue("deleted", incident, ""), empty,
			[]string{"11:00:00 issues/6/deleted/2026-01-01T11:00:00Z acme/shop: acme/shop#6 resolved high <nil>"}},
		"deleting it after it was closed is nothing": {issue("deleted", incident, closed), empty, []string{}},
		"moving it to another repository ends it here": {issue("transferred", incident, ""), empty,
			[]string{"11:00:00 issues/6/transferred/2026-01-01T11:00:00Z acme/shop: acme/shop#6 resolved high <nil>"}},
		"in a monorepo it is an incident of every service": {issue("opened", `[{"name":"incident"}]`, ""), acme, []string{
			"10:00:00 issues/6/opened/2026-01-01T11:00:00Z@shop shop: acme/shop#6 opened  <nil>",
			"10:00:00 issues/6/opened/2026-01-01T11:00:00Z@cart cart: acme/shop#6 opened  <nil>"}},
		"a label picks the service": {issue("opened", `[{"name":"incident"},{"name":"service/cart"}]`, ""), acme,
			[]string{"10:00:00 issues/6/opened/2026-01-01T11:00:00Z cart: acme/shop#6 opened  <nil>"}},
		"a label picks a service of another repository": {issue("opened", `[{"name":"incident"},{"name":"Service: pay"}]`, ""), acme,
			[]string{"10:00:00 issues/6/opened/2026-01-01T11:00:00Z pay: acme/shop#6 opened  <nil>"}},
		"a label of no known service picks nothing": {issue("opened", `[{"name":"incident"},{"name":"service/x"}]`, ""), empty,
			[]string{"10:00:00 issues/6/opened/2026-01-01T11:00:00Z acme/shop: acme/shop#6 opened  <nil>"}},
		"its text names the cause": {issue("closed", `[{"name":"incident"},{"name":"SEV-1"}]`, closed+`,"body":"It broke.\r\n\r\n**Caused by:** `+"`0a1b2c3`"+`."`), empty,
			[]string{"10:45:00 issues/6/closed/2026-01-01T11:00:00Z acme/shop: acme/shop#6 resolved sev1 &{ 0a1b2c3}"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, summary(t, decode(t, "issues", tt.body, tt.catalog))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
