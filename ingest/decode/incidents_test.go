package decode_test

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fivekeys/fivekeys/ingest/signature"
	"github.com/fivekeys/fivekeys/schemas"
)

// deliver posts a body to a source and gives the answer.
func (s *stack) deliver(source, header, value string, body []byte) (int, string) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.url+"/webhooks/"+source, bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set(header, value)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	answer, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(answer)
}

func (s *stack) pagerduty(body []byte) (int, string) {
	s.t.Helper()
	return s.deliver("pagerduty", "X-PagerDuty-Signature", "v1="+strings.Repeat("0", 64)+","+signature.Sign("v1=", secret, body), body)
}

func (s *stack) alertmanager(body []byte) (int, string) {
	s.t.Helper()
	return s.deliver("alertmanager", "Authorization", "Bearer "+secret, body)
}

// payloads of a source's testdata, in the order of their names.
func payloads(t *testing.T, source string) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("../" + source + "/testdata/payloads/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no payloads of %s: %v", source, err)
	}
	found := map[string][]byte{}
	for _, f := range files {
		if found[strings.TrimSuffix(filepath.Base(f), ".json")], err = os.ReadFile(f); err != nil {
			t.Fatal(err)
		}
	}
	return found
}

// incidents gives the statuses of each incident that is stored, by service and id.
func (s *stack) incidents() map[string][]schemas.IncidentStatus {
	s.t.Helper()
	events, messages := s.events()
	if messages != len(events) {
		s.t.Errorf("%d messages hold %d events", messages, len(events))
	}
	byIncident := map[string][]schemas.IncidentStatus{}
	for _, e := range events {
		p, err := e.Payload()
		if err != nil {
			s.t.Fatal(err)
		}
		i, ok := p.(*schemas.IncidentEvent)
		if !ok {
			s.t.Fatalf("event %s is a %s", e.ID, e.Type)
		}
		if e.Subject != i.Service || !e.KnownAt.Equal(received) {
			s.t.Errorf("event %s of %s is about %s, known since %v", e.ID, i.Service, e.Subject, e.KnownAt)
		}
		key := i.Service + " " + i.IncidentID
		byIncident[key] = append(byIncident[key], i.Status)
		slices.Sort(byIncident[key])
	}
	return byIncident
}

func want(t *testing.T, got, want map[string][]schemas.IncidentStatus) {
	t.Helper()
	for key, statuses := range want {
		if !slices.Equal(got[key], statuses) {
			t.Errorf("%s has %v, want %v", key, got[key], statuses)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d incidents are stored, want %d: %v", len(got), len(want), got)
	}
}

func (s *stack) accepted(status int, answer string) string {
	s.t.Helper()
	if status != http.StatusAccepted {
		s.t.Fatalf("answered with %d %s", status, answer)
	}
	return answer
}

func TestPagerDutyIncidentsArrive(t *testing.T) {
	s := serve(t)
	s.cfg.Catalog = func() *schemas.Catalog {
		return &schemas.Catalog{Services: []schemas.Service{{Name: "checkout", Aliases: []string{"pagerduty:PCHK4T2"}}}}
	}
	s.run()
	bodies := payloads(t, "pagerduty")
	story := []string{"resolved", "triggered", "reopened", "unacknowledged", "acknowledged", "priority_updated", "reassigned", "annotated", "ping", "triggered.unknown_service"}
	for _, name := range story {
		s.accepted(s.pagerduty(bodies[name]))
	}
	// PagerDuty tries again where it did not hear our answer.
	if answer := s.accepted(s.pagerduty(bodies["resolved"])); !strings.Contains(answer, `"duplicate":true`) ||
		!strings.Contains(answer, "01GQ7ZJ1M5T0A0000000000006") {
		t.Errorf("a second attempt is answered with %s", answer)
	}
	s.drained()
	want(t, s.incidents(), map[string][]schemas.IncidentStatus{
		"checkout Q1KFP0V5MZ3N8D": {
			schemas.IncidentAcknowledged, schemas.IncidentOpened, schemas.IncidentOpened, schemas.IncidentOpened,
			schemas.IncidentReopened, schemas.IncidentResolved,
		},
		"Büro-Drucker Q3WW90ALM2T6XC": {schemas.IncidentOpened, schemas.IncidentOpened},
	})
	s.metric(`fivekeys_ingest_requests_total{outcome="duplicate",source="pagerduty"} 1`)
	s.metric(`fivekeys_decode_deliveries_total{outcome="ignored",source="pagerduty"} 4`)
	s.metric(`fivekeys_decode_deliveries_total{outcome="decoded",source="pagerduty"} 6`)
}

func TestAlertsArrive(t *testing.T) {
	s := serve(t)
	s.cfg.Catalog = func() *schemas.Catalog {
		return &schemas.Catalog{Services: []schemas.Service{{Name: "checkout", Aliases: []string{"checkout-api"}}}}
	}
	s.run()
	bodies := payloads(t, "alertmanager")
	for _, name := range []string{"firing", "resolved", "firing.again", "mixed"} {
		s.accepted(s.alertmanager(bodies[name]))
	}
	if answer := s.accepted(s.alertmanager(bodies["firing"])); !strings.Contains(answer, `"duplicate":true`) || !strings.Contains(answer, "sha256:") {
		t.Errorf("the same notification again is answered with %s", answer)
	}
	s.drained()
	want(t, s.incidents(), map[string][]schemas.IncidentStatus{
		"checkout 1f0c9a4be7d25381@2026-03-02T10:20:05.828Z":      {schemas.IncidentOpened, schemas.IncidentResolved},
		"checkout 1f0c9a4be7d25381@2026-03-02T15:00:35.828Z":      {schemas.IncidentOpened},
		"orders-worker 77aa01c2d3e4f506@2026-03-02T09:00:00.000Z": {schemas.IncidentOpened, schemas.IncidentResolved},
		"storefront a1b2c3d4e5f60718@2026-03-02T08:30:00.000Z":    {schemas.IncidentOpened},
	})
}

// PagerDuty drops a delivery for good on a 4xx, and then the endpoint: only what
// it did wrong may be one.
func TestWhatIncidentSourcesAreAnswered(t *testing.T) {
	s := serve(t)
	s.run()
	good := payloads(t, "pagerduty")["triggered"]
	broken := []byte(`{"event":{"id":"e1","event_type":"incident.triggered","data":{}}}`)
	if status, answer := s.deliver("pagerduty", "X-PagerDuty-Signature", signature.Sign("v1=", "another", good), good); status != http.StatusUnauthorized {
		t.Errorf("a false signature is answered with %d %s", status, answer)
	}
	if status, answer := s.deliver("alertmanager", "Authorization", "Bearer another", good); status != http.StatusUnauthorized {
		t.Errorf("a false token is answered with %d %s", status, answer)
	}
	s.accepted(s.pagerduty(broken))
	s.accepted(s.pagerduty([]byte(`{"event":`)))
	s.accepted(s.alertmanager(good))
	s.drained()
	letters := s.deadLetters()
	if len(letters) != 3 {
		t.Errorf("%d deliveries are set aside, want what can't be decoded: %v", len(letters), letters)
	}
	for _, l := range letters {
		if l.Reason != "payload" {
			t.Errorf("a delivery is set aside for %s: %s", l.Reason, l.Error)
		}
	}
}
