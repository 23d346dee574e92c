package simulation

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-github/v60/github"

	"github.com/fivekeys/fivekeys/schemas"
)

func TestLoadEventsAreValidInOrderAndAddUp(t *testing.T) {
	l := Load{Seed: 4, Services: 30, Size: 30_000}
	var got Totals
	var last time.Time
	ids := map[string]bool{}
	rollbacks := map[string]map[string]int{} // by service: SHAs and how often deployed
	for e := range l.Events() {
		if err := e.Validate(); err != nil {
			t.Fatalf("%s: %v\n%s", e.ID, err, e.Data)
		}
		if e.Time.Before(last) {
			t.Fatalf("%s is earlier than the event before it", e.ID)
		}
		last = e.Time
		if ids[e.ID] {
			t.Fatalf("%s twice", e.ID)
		}
		ids[e.ID] = true
		p, err := e.Payload()
		if err != nil {
			t.Fatal(err)
		}
		got.Events++
		switch p := p.(type) {
		case *schemas.ChangeEvent:
			got.Changes++
		case *schemas.DeploymentEvent:
			if p.Status != schemas.DeploymentSucceeded {
				continue
			}
			got.Deployments++
			if rollbacks[e.Subject] == nil {
				rollbacks[e.Subject] = map[string]int{}
			}
			rollbacks[e.Subject][p.SHA]++
			if rollbacks[e.Subject][p.SHA] > 1 {
				got.Rollbacks++
			}
		case *schemas.IncidentEvent:
			switch p.Status {
			case schemas.IncidentOpened:
				got.Incidents++
				got.Failed++
			case schemas.IncidentResolved:
				got.Resolved++
			case schemas.IncidentAcknowledged, schemas.IncidentReopened:
			}
		}
	}
	if want := l.Totals(); got != want || got.Events != l.Size || got.Rollbacks == 0 || got.Resolved == 0 {
		t.Errorf("events add up to %+v\nwant %+v", got, want)
	}
}

func TestLoadIsDeterministicAndMayBeLeftEarly(t *testing.T) {
	take := func(l Load, n int) string {
		var b strings.Builder
		for e := range l.Events() {
			b.WriteString(e.ID)
			b.Write(e.Data)
			if n--; n == 0 {
				break
			}
		}
		return b.String()
	}
	if again := take(Load{Seed: 1}, 5000); again != take(Load{Seed: 1}, 5000) {
		t.Error("the same seed gave different events")
	}
	if take(Load{Seed: 1}, 5000) == take(Load{Seed: 2}, 5000) {
		t.Error("another seed gave the same events")
	}
}

func TestLoadDeliveriesTellWhatItsEventsTell(t *testing.T) {
	l := Load{Seed: 9, Services: 20, Size: 1_600}
	var events []schemas.Event
	for e := range l.Events() {
		events = append(events, e)
	}
	guids, statuses := map[string]bool{}, map[int64]bool{}
	i := 0
	for d := range l.Deliveries() {
		e := events[i]
		i++
		if !json.Valid(d.Body) {
			t.Fatalf("delivery %d is not JSON", i)
		}
		for _, m := range markTexts {
			if strings.Contains(string(d.Body), m) {
				t.Fatalf("delivery %d (%s) still holds the mark %q", i, d.Event, m)
			}
		}
		if guids[d.GUID] {
			t.Fatalf("GUID %s twice", d.GUID)
		}
		guids[d.GUID] = true
		parsed, err := github.ParseWebHook(d.Event, d.Body)
		if err != nil {
			t.Fatal(err)
		}
		p, err := e.Payload()
		if err != nil {
			t.Fatal(err)
		}
		switch p := p.(type) {
		case *schemas.ChangeEvent:
			push := parsed.(*github.PushEvent)
			if push.GetAfter() != p.SHA || !push.GetRepo().GetPushedAt().Time.Equal(e.Time) || push.GetRepo().GetName() != p.Service ||
				push.HeadCommit.GetID() != p.SHA || !push.HeadCommit.GetTimestamp().Time.Equal(*p.CommittedAt) {
				t.Fatalf("push %s tells another story than %s", d.GUID, e.Data)
			}
		case *schemas.DeploymentEvent:
			s := parsed.(*github.DeploymentStatusEvent)
			state := map[string]schemas.DeploymentStatus{"success": schemas.DeploymentSucceeded, "in_progress": schemas.DeploymentStarted}[s.GetDeploymentStatus().GetState()]
			if s.GetDeployment().GetSHA() != p.SHA || state != p.Status || !s.GetDeploymentStatus().GetCreatedAt().Time.Equal(e.Time) ||
				s.GetRepo().GetName() != p.Service {
				t.Fatalf("deployment_status %s tells another story than %s", d.GUID, e.Data)
			}
			if id := s.GetDeploymentStatus().GetID(); statuses[id] {
				t.Fatalf("deployment status %d twice", id)
			} else {
				statuses[id] = true
			}
		case *schemas.IncidentEvent:
			is := parsed.(*github.IssuesEvent)
			action := map[string]schemas.IncidentStatus{
				"opened": schemas.IncidentOpened, "assigned": schemas.IncidentAcknowledged, "closed": schemas.IncidentResolved,
			}[is.GetAction()]
			if action != p.Status || !is.GetIssue().GetUpdatedAt().Time.Equal(e.Time) || is.GetIssue().GetCreatedAt().After(e.Time) {
				t.Fatalf("issues %s tells another story than %s at %s", d.GUID, e.Data, e.Time)
			}
		}
	}
	if i != l.Size {
		t.Errorf("%d deliveries, want %d", i, l.Size)
	}
}

func BenchmarkLoadEvents(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		for e := range (Load{Size: 100_000}).Events() {
			n += len(e.Data)
		}
		b.SetBytes(int64(n))
	}
}

func BenchmarkLoadDeliveries(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		for d := range (Load{Size: 100_000}).Deliveries() {
			n += len(d.Body)
		}
		b.SetBytes(int64(n))
	}
}

func BenchmarkGenerate(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		bytes := 0
		s := Generate(Config{Seed: 1})
		for _, d := range s.Deliveries {
			bytes += len(d.Body)
		}
		b.ReportMetric(float64(len(s.Deliveries)), "deliveries")
		b.ReportMetric(float64(bytes)/(1<<20), "MiB")
	}
}
