package alertmanager_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fivekeys/fivekeys/ingest/alertmanager"
	"github.com/fivekeys/fivekeys/internal/testkit/golden"
	"github.com/fivekeys/fivekeys/schemas"
)

func decode(t *testing.T, body string) []schemas.Event {
	t.Helper()
	events, err := alertmanager.New(nil).Decode(schemas.Delivery{Body: []byte(body)}, acme)
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
		line := fmt.Sprintf("%s %s %s %s", e.Time.Format("15:04:05"), e.Subject, i.IncidentID, i.Status)
		if i.Environment != "" {
			line += " in " + i.Environment
		}
		if i.CausedBy != nil {
			line += fmt.Sprintf(" by %s%s", i.CausedBy.DeploymentID, i.CausedBy.SHA)
		}
		lines = append(lines, line)
	}
	return lines
}

// alert is one alert that fires since ten.
func alert(labels string) string {
	return `{"status":"firing","fingerprint":"f1","startsAt":"2026-01-01T10:00:00Z","endsAt":"0001-01-01T00:00:00Z","labels":{` + labels + `}}`
}

func ended(at string) string {
	return strings.Replace(strings.Replace(alert(`"service":"cart","severity":"page"`), "firing", "resolved", 1), "0001-01-01T00:00:00Z", at, 1)
}

func notification(alerts ...string) string {
	return `{"version":"4","status":"firing","alerts":[` + strings.Join(alerts, ",") + `]}`
}

func TestWhichAlertsAreIncidents(t *testing.T) {
	for labels, want := range map[string]bool{
		`"severity":"critical"`:                    true,
		`"severity":"page"`:                        true,
		`"severity":"Critical"`:                    true,
		`"severity":"error"`:                       false,
		`"severity":"warning"`:                     false,
		`"severity":"none"`:                        false,
		`"alertname":"Watchdog"`:                   false,
		`"incident":"true"`:                        true,
		`"severity":"warning","incident":"true"`:   true,
		`"severity":"critical","incident":"false"`: false,
		`"severity":"critical","incident":"?"`:     true,
	} {
		if got := len(decode(t, notification(alert(`"service":"cart",`+labels)))) > 0; got != want {
			t.Errorf("an alert with %s is an incident: %t, want %t", labels, got, want)
		}
	}
}

func TestIncidents(t *testing.T) {
	const page = `,"severity":"page"`
	const id = "f1@2026-01-01T10:00:00.000Z"
	for name, tt := range map[string]struct {
		body string
		want []string
	}{
		"an alert that fires is open, its end of the year 1 is none": {notification(alert(`"service":"cart"` + page)),
			[]string{"10:00:00 cart " + id + " opened"}},
		"one that is resolved was open": {notification(ended("2026-01-01T10:30:00Z")),
			[]string{"10:00:00 cart " + id + " opened", "10:30:00 cart " + id + " resolved"}},
		"another start is another incident": {notification(alert(`"service":"cart"`+page), strings.Replace(alert(`"service":"cart"`+page), "T10:", "T12:", 1)),
			[]string{"10:00:00 cart " + id + " opened", "12:00:00 cart f1@2026-01-01T12:00:00.000Z opened"}},
		"the same start in another zone is the same": {notification(alert(`"service":"cart"`+page), strings.Replace(alert(`"service":"cart"`+page), "T10:00:00Z", "T11:00:00+01:00", 1)),
			[]string{"10:00:00 cart " + id + " opened"}},
		"a service is known by an alias": {notification(alert(`"service":"Checkout-API"` + page)),
			[]string{"10:00:00 checkout " + id + " opened"}},
		"a job is its service where the label is missing": {notification(alert(`"job":"orders-worker"` + page)),
			[]string{"10:00:00 orders " + id + " opened"}},
		"a job that is catalogued goes before a service that isn't": {notification(alert(`"service":"x","job":"orders-worker"` + page)),
			[]string{"10:00:00 orders " + id + " opened"}},
		"a service that is catalogued goes before a job that is": {notification(alert(`"service":"checkout","job":"orders-worker"` + page)),
			[]string{"10:00:00 checkout " + id + " opened"}},
		"what nobody catalogued is a service": {notification(alert(`"service":"x","job":"y","alertname":"z"` + page)),
			[]string{"10:00:00 x " + id + " opened"}},
		"an alert about nobody is the service it names, to be given an alias": {notification(alert(`"alertname":"NoBackups"` + page)),
			[]string{"10:00:00 NoBackups " + id + " opened"}},
		"environment or env": {notification(alert(`"service":"cart","env":"eu","environment":"prod"` + page)),
			[]string{"10:00:00 cart " + id + " opened in prod"}},
		"a namespace is no environment": {notification(alert(`"service":"cart","namespace":"staging"` + page)),
			[]string{"10:00:00 cart " + id + " opened"}},
		"a SHA and a deployment are causes": {notification(alert(`"service":"cart","deployment_id":"run/5 ","sha":"8C2F0E1"` + page)),
			[]string{"10:00:00 cart " + id + " opened by run/58c2f0e1"}},
		"a SHA that isn't one is no cause": {notification(alert(`"service":"cart","sha":"v1.2.0"` + page)),
			[]string{"10:00:00 cart " + id + " opened"}},
		"no alerts are no incidents": {`{"alerts":[]}`, []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, summary(t, decode(t, tt.body))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// A notification is repeated for as long as its alerts fire.
func TestARepetitionTellsTheSameEvents(t *testing.T) {
	ids := map[string]bool{}
	for _, body := range []string{
		notification(alert(`"service":"cart","severity":"page"`)),
		notification(alert(`"service":"cart","severity":"page"`)),
		notification(ended("2026-01-01T10:30:00Z")),
		notification(ended("2026-01-01T10:30:00Z")),
	} {
		for _, e := range decode(t, body) {
			ids[e.ID] = true
		}
	}
	if len(ids) != 2 {
		t.Errorf("four notifications of one firing tell %d events: %v", len(ids), ids)
	}
	// Prometheus was away, Alertmanager took the alert for resolved, and it went on.
	if again := decode(t, notification(ended("2026-01-01T11:30:00Z"))); ids[again[1].ID] {
		t.Error("the true end of a firing is not told")
	}
}

func TestWhatIsNoNotification(t *testing.T) {
	good := alert(`"service":"cart","severity":"page"`)
	for name, tt := range map[string]struct{ body, want string }{
		"not JSON":            {`{"alerts":[`, "unexpected end of JSON"},
		"no alerts":           {`{"event":{}}`, "holds no alerts"},
		"labels that are odd": {notification(alert(`"severity":5`)), "alerts.0.labels.severity: must be a text, is 5"},
		"no fingerprint":      {notification(strings.Replace(good, `"f1"`, `""`, 1)), "decode alert 0: unexpected payload: alert has no fingerprint"},
		"no start":            {notification(strings.Replace(good, "2026-01-01T10:00:00Z", "0001-01-01T00:00:00Z", 1)), "no startsAt"},
		"another status":      {notification(strings.Replace(good, "firing", "pending", 1)), `"pending", neither firing nor resolved`},
		"no end":              {notification(strings.Replace(good, "firing", "resolved", 1)), "resolved and has no endsAt"},
		"about nobody":        {notification(alert(`"severity":"page"`)), "none of the labels service, job and alertname"},
		"of another age":      {notification(strings.Replace(good, "2026", "2500", 1)), "outside the accepted times"},
	} {
		t.Run(name, func(t *testing.T) {
			events, err := alertmanager.New(nil).Decode(schemas.Delivery{Body: []byte(tt.body)}, acme)
			if !errors.Is(err, alertmanager.ErrPayload) || !strings.Contains(err.Error(), tt.want) || len(events) > 0 {
				t.Errorf("gives %d events and %v, want %q", len(events), err, tt.want)
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	for _, body := range golden.Payloads(f) {
		f.Add(body)
	}
	f.Add([]byte(notification("null", ended("2026-01-01T09:00:00Z"))))
	f.Fuzz(func(t *testing.T, body []byte) {
		source := alertmanager.New(nil)
		id, kind := source.Identify(nil, body)
		if id != "" {
			t.Errorf("is identified as %q", id)
		}
		d := schemas.Delivery{Kind: kind, Body: body}
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
