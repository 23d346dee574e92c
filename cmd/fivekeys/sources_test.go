package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fivekeys/fivekeys/ingest/signature"
	"github.com/fivekeys/fivekeys/internal/simulation"
	"github.com/fivekeys/fivekeys/schemas"
)

// webhook delivers a source's example payload, signed as the source does it.
func (s *site) webhook(t *testing.T, source, name string) {
	t.Helper()
	body, err := os.ReadFile("../../ingest/" + source + "/testdata/payloads/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/webhooks/"+source, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-PagerDuty-Signature", signature.Sign("v1=", webhookSecret, body))
	request.SetBasicAuth(source, webhookSecret)
	s.accepted(t, name+" of "+source, request)
}

// tell sends an event as anybody may.
func (s *site) tell(t *testing.T, event string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/v1/events", strings.NewReader(event))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+s.ownToken)
	s.accepted(t, "event", request)
}

// accepted sends a request and wants a 202.
func (s *site) accepted(t *testing.T, what string, request *http.Request) {
	t.Helper()
	response, err := s.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if text, _ := io.ReadAll(response.Body); response.StatusCode != http.StatusAccepted {
		t.Fatalf("%s is answered with %d %s", what, response.StatusCode, text)
	}
}

// deployed is GitHub's word that a commit has reached production.
func deployed(repository string, id int, sha, at string) simulation.Delivery {
	return simulation.Delivery{GUID: fmt.Sprintf("%s-%d", repository, id), Event: "deployment_status", Body: fmt.Appendf(nil,
		`{"deployment_status":{"id":%d,"state":"success","created_at":%q},"deployment":{"id":%d,"sha":%q,"environment":"prod-eu"},
		"repository":{"full_name":%q,"default_branch":"main"}}`, id, at, id, sha, repository)}
}

// pushed is GitHub's word that a commit has reached the default branch.
func pushed(repository, sha, message string, at time.Time) simulation.Delivery {
	return simulation.Delivery{GUID: sha, Event: "push", Body: fmt.Appendf(nil,
		`{"ref":"refs/heads/main","after":%q,"commits":[{"id":%q,"message":%q,"timestamp":%q,"modified":["a.go"]}],
		"repository":{"full_name":%q,"default_branch":"main","pushed_at":%d}}`,
		sha, sha, message, at.Format(time.RFC3339), repository, at.Unix())}
}

func TestIncidentsOfOtherSourcesAreAttributed(t *testing.T) {
	const (
		broken = "8c2f0e1d9b7a6f5e4d3c2b1a0f9e8d7c6b5a4938"
		fixing = "1b2c3d4e5f60718293a4b5c6d7e8f90123456789"
	)
	day := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	t.Parallel()
	s := startSite(t, schemas.Catalog{Services: []schemas.Service{
		{Name: "checkout", Repositories: []schemas.Repository{{Name: "acme/checkout"}}, Aliases: []string{"pagerduty:PCHK4T2"}},
		{Name: "orders", Repositories: []schemas.Repository{{Name: "acme/orders"}}, Aliases: []string{"orders-worker"}},
	}}, nil)
	failures := func() string {
		s.drain(t)
		return contents(t, s.store, []string{`SELECT service, deployment_id, incident_id, method, toString(recovered_at) AS recovered, recovery_seconds
			FROM failures WHERE service IN ('checkout', 'orders') ORDER BY service`})[0]
	}
	want := func(what, want, got string) {
		t.Helper()
		if diff := cmp.Diff("service,deployment_id,incident_id,method,recovered,recovery_seconds\n"+want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}

	// The incidents are opened twenty and ten minutes after the deployments. Their
	// ends come first: nothing depends on the order.
	s.webhook(t, "pagerduty", "resolved")
	s.webhook(t, "pagerduty", "unacknowledged")
	s.webhook(t, "pagerduty", "triggered")
	s.webhook(t, "alertmanager", "mixed")
	s.deliver(t, []simulation.Delivery{
		pushed("acme/checkout", broken, "Take orders faster", day.Add(9*time.Hour)),
		deployed("acme/checkout", 4711, broken, "2026-03-02T10:00:00Z"),
		deployed("acme/orders", 815, broken, "2026-03-02T08:50:00Z"),
	})
	const orders = "orders,815,77aa01c2d3e4f506@2026-03-02T09:00:00.000Z,window,2026-03-02 09:12:30.000,1350\n"
	want("an incident is the last deployment's, and its end the recovery",
		"checkout,4711,Q1KFP0V5MZ3N8D,window,2026-03-02 11:02:30.918,3750.918\n"+orders, failures())

	// A change that names the incident by its address is its fix, and is deployed
	// before somebody says that it is over.
	s.deliver(t, []simulation.Delivery{
		pushed("acme/checkout", fixing, "Take orders again\n\nFixes https://acme.pagerduty.com/incidents/Q1KFP0V5MZ3N8D", day.Add(10*time.Hour+40*time.Minute)),
		deployed("acme/checkout", 4712, fixing, "2026-03-02T10:45:00Z"),
	})
	want("the fix is the recovery",
		"checkout,4711,Q1KFP0V5MZ3N8D,window,2026-03-02 10:45:00.000,2700\n"+orders, failures())

	// A review finds the cause and tells it by PagerDuty's id.
	s.tell(t, `{"id":"review","source":"review","type":"fivekeys.incident.v1","time":"2026-03-02T11:30:00Z",
		"data":{"incident_id":"Q1KFP0V5MZ3N8D","service":"checkout","status":"opened","caused_by":{"sha":"8c2f0e1"}}}`)
	want("the cause that is told afterwards is explicit",
		"checkout,4711,Q1KFP0V5MZ3N8D,explicit,2026-03-02 10:45:00.000,2700\n"+orders, failures())
}
