package pagerduty_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fivekeys/fivekeys/ingest/pagerduty"
	"github.com/fivekeys/fivekeys/internal/testkit/golden"
	"github.com/fivekeys/fivekeys/schemas"
)

func decode(t *testing.T, body string, c *schemas.Catalog) []schemas.Event {
	t.Helper()
	events, err := pagerduty.New(nil).Decode(schemas.Delivery{Body: []byte(body)}, c)
	if err != nil {
		t.Fatalf("Decode: %v", err)
	}
	return events
}

// summary is one line per event: what matters in the tables below.
func summary(t *testing.T, events []schemas.Event) []string {
	t.Helper()
	lines := []string{}
	for _, e := range events {
		p, err := e.Payload()
		if err != nil {
			t.Fatal(err)
		}
		i := p.(*schemas.IncidentEvent)
		line := fmt.Sprintf("%s %s %s %s %s", e.Time.Format("15:04:05"), e.Subject, i.IncidentID, i.Status, i.Severity)
		if i.Environment != "" {
			line += " in " + i.Environment
		}
		if i.CausedBy != nil {
			line += fmt.Sprintf(" by %s%s", i.CausedBy.DeploymentID, i.CausedBy.SHA)
		}
		lines = append(lines, strings.TrimSpace(line))
	}
	return lines
}

const service = `"service":{"id":"PSVC","summary":"Checkout"}`

// webhook is a payload of an incident Q1 that was created at ten.
func webhook(eventType, rest string) string {
	return `{"event":{"id":"e","event_type":"` + eventType + `","occurred_at":"2026-01-01T10:30:00.5Z",
		"data":{"id":"Q1","created_at":"2026-01-01T10:00:00Z","urgency":"high",` + rest + `}}}`
}

func TestIncidents(t *testing.T) {
	empty := &schemas.Catalog{}
	const opened = "10:00:00 Checkout Q1 opened"
	for name, tt := range map[string]struct {
		body    string
		catalog *schemas.Catalog
		want    []string
	}{
		"a triggered incident is open since it was created": {webhook("incident.triggered", service), empty,
			[]string{opened, "10:30:00 Checkout Q1 opened high"}},
		"whoever hears of the end only learns of the beginning": {webhook("incident.resolved", service), empty,
			[]string{opened, "10:30:00 Checkout Q1 resolved high"}},
		"an acknowledgement": {webhook("incident.acknowledged", service), empty,
			[]string{opened, "10:30:00 Checkout Q1 acknowledged high"}},
		"an incident that nobody is at any more was never over": {webhook("incident.unacknowledged", service), empty, []string{}},
		"a reopening is one": {webhook("incident.reopened", service), empty,
			[]string{opened, "10:30:00 Checkout Q1 reopened high"}},
		"a new priority is a severity and no status": {webhook("incident.priority_updated", service+`,"priority":{"summary":"SEV-1"}`), empty,
			[]string{opened, "10:30:00 Checkout Q1 opened sev-1"}},
		"a priority goes before the urgency, and none does not": {webhook("incident.triggered", service+`,"priority":null`), empty,
			[]string{opened, "10:30:00 Checkout Q1 opened high"}},
		"an event type of tomorrow is nothing": {webhook("incident.forgotten", service), empty, []string{}},
		"a creation after the event is left out": {webhook("incident.resolved", service+`,"created_at":"2026-01-01T11:00:00Z"`), empty,
			[]string{"10:30:00 Checkout Q1 resolved high"}},
		"a service is known by its id": {webhook("incident.triggered", service), &schemas.Catalog{Services: []schemas.Service{
			{Name: "Checkout"}, {Name: "pay", Aliases: []string{"pagerduty:psvc"}}}},
			[]string{"10:00:00 pay Q1 opened", "10:30:00 pay Q1 opened high"}},
		"and else by its name": {webhook("incident.triggered", service), &schemas.Catalog{Services: []schemas.Service{{Name: "checkout"}}},
			[]string{"10:00:00 checkout Q1 opened", "10:30:00 checkout Q1 opened high"}},
		"a service without a name is its id": {webhook("incident.triggered", `"service":{"id":"PSVC"}`), empty,
			[]string{"10:00:00 PSVC Q1 opened", "10:30:00 PSVC Q1 opened high"}},
		"fields of an unforeseen type are left out": {webhook("incident.triggered", service+`,"custom_fields":{"environment":"x"},"priority":3`), empty,
			[]string{opened, "10:30:00 Checkout Q1 opened high"}},
		"a custom field names the environment": {webhook("incident.triggered", service+`,"custom_fields":[{"name":"Environment","value":["prod-eu"]}]`), empty,
			[]string{opened, "10:30:00 Checkout Q1 opened high in prod-eu"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, summary(t, decode(t, tt.body, tt.catalog))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhatAnIncidentBlames(t *testing.T) {
	field := func(name, value string) string {
		return service + `,"custom_fields":[{"name":"` + name + `","value":` + value + `}]`
	}
	title := func(s string) string { return service + `,"title":"` + s + `"` }
	for name, tt := range map[string]struct{ rest, want string }{
		"a SHA in a custom field":           {field("caused_by_sha", `"8C2F0E1"`), "8c2f0e1"},
		"a commit's address in one":         {field("caused_by_sha", `"https://github.com/acme/shop/commit/8c2f0e1"`), "8c2f0e1"},
		"a version is no SHA":               {field("caused_by_sha", `"v1.2.0"`), ""},
		"a deployment in a custom field":    {field("deployment_id", `"run/5"`), "run/5"},
		"a deployment as a number":          {field("deployment_id", `4711000111`), "4711000111"},
		"an empty field":                    {field("deployment_id", `null`), ""},
		"two values name nobody":            {field("deployment_id", `["1","2"]`), ""},
		"a deployment in the details":       {service + `,"body":{"details":{"deployment_id":"4711"}}`, "4711"},
		"words in the details":              {service + `,"body":{"details":"Broken.\nCaused by: commit 8c2f0e1."}`, "8c2f0e1"},
		"a SHA in the title":                {title("Orders fail (caused by 8c2f0e1)"), "8c2f0e1"},
		"a deployment in the title":         {title("Orders fail. Caused by: deployment #4711!"), "4711"},
		"a version's deployment":            {title("caused by deployment v1.2.0"), "v1.2.0"},
		"failures of deployments in words":  {title("Errors caused by deployment failures"), ""},
		"a cause that is a number":          {title("Outage caused by 5000000 requests"), ""},
		"a commit that is only digits":      {title("caused by commit 5000000"), "5000000"},
		"a cause that is a word of letters": {title("caused by defaced pages"), ""},
		"the field goes before the title":   {field("deployment_id", `"1"`) + `,"title":"caused by deployment 2"`, "1"},
	} {
		t.Run(name, func(t *testing.T) {
			events := decode(t, webhook("incident.triggered", tt.rest), &schemas.Catalog{})
			p, err := events[len(events)-1].Payload()
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			if c := p.(*schemas.IncidentEvent).CausedBy; c != nil {
				got = c.DeploymentID + c.SHA
			}
			if got != tt.want {
				t.Errorf("blames %q, want %q", got, tt.want)
			}
		})
	}
}

func TestWhatIsNoPayload(t *testing.T) {
	for name, tt := range map[string]struct{ body, want string }{
		"not JSON":               {`{"event":`, "unexpected end of JSON"},
		"no event":               {`{"messages":[]}`, "hint: V3 webhooks only"},
		"no data":                {`{"event":{"event_type":"incident.resolved","occurred_at":"2026-01-01T10:00:00Z"}}`, "decode incident.resolved"},
		"no incident":            {`{"event":{"event_type":"incident.resolved","occurred_at":"2026-01-01T10:00:00Z","data":{}}}`, "incident has no id"},
		"no service":             {webhook("incident.resolved", `"title":"x"`), "incident Q1 has no service"},
		"no time":                {`{"event":{"event_type":"incident.resolved","data":{"id":"Q1",` + service + `}}}`, "incident Q1 has no time"},
		"a time of another age":  {strings.Replace(webhook("incident.resolved", service), "2026-01-01T10:30", "2500-01-01T10:30", 1), "outside the accepted times"},
		"a time that is a story": {strings.Replace(webhook("incident.resolved", service), "2026-01-01T10:30:00.5Z", "noon", 1), "event.occurred_at: must be a time"},
	} {
		t.Run(name, func(t *testing.T) {
			events, err := pagerduty.New(nil).Decode(schemas.Delivery{Body: []byte(tt.body)}, &schemas.Catalog{})
			if !errors.Is(err, pagerduty.ErrPayload) || !strings.Contains(err.Error(), tt.want) || len(events) > 0 {
				t.Errorf("gives %d events and %v, want %q", len(events), err, tt.want)
			}
		})
	}
}

// Events of one id say the same, whichever delivery they come from: only then
// does it not matter which of them arrives.
func TestEventsOfOneIDAreEqual(t *testing.T) {
	byID := map[string]string{}
	for name, body := range golden.Payloads(t) {
		if strings.Contains(name, "with_") {
			continue // other stories of the same incident
		}
		for _, e := range decode(t, string(body), acme) {
			said := e.Time.String() + string(e.Data)
			if before, known := byID[e.ID]; known && before != said {
				t.Errorf("%s says %s, and in %s %s", e.ID, before, name, said)
			}
			byID[e.ID] = said
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, body := range golden.Payloads(f) {
		f.Add(body)
	}
	f.Add([]byte(webhook("incident.triggered", service+`,"custom_fields":[null,{"value":1e400}]`)))
	f.Fuzz(func(t *testing.T, body []byte) {
		source := pagerduty.New(nil)
		id, kind := source.Identify(nil, body)
		if again, _ := source.Identify(nil, body); again != id {
			t.Errorf("is identified as %q and then as %q", id, again)
		}
		d := schemas.Delivery{ID: id, Kind: kind, Body: body}
		events, err := source.Decode(d, acme)
		if err != nil && len(events) > 0 {
			t.Error("gives both events and an error")
		}
		seen := map[string]bool{}
		for _, e := range events {
			if err := e.Validate(); err != nil {
				t.Errorf("event %s: %v", e.ID, err)
			}
			if seen[e.ID] {
				t.Errorf("gives event %s twice", e.ID)
			}
			seen[e.ID] = true
		}
		if again, _ := source.Decode(d, acme); len(again) != len(events) {
			t.Errorf("gives %d events and then %d", len(events), len(again))
		}
	})
}
