package cdevents_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cdevents/sdk-go/pkg/api"
	v05 "github.com/cdevents/sdk-go/pkg/api/v05"
	"github.com/google/go-cmp/cmp"

	"github.com/fivekeys/fivekeys/ingest/cdevents"
	"github.com/fivekeys/fivekeys/schemas"
)

const (
	commit = "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567"
	image  = "pkg:oci/shop@1.2.3"
)

var at = time.Date(2026, 1, 1, 10, 0, 0, 0, time.UTC)

// must gives an event of the SDK its context.
func must[E api.CDEventWriter](t *testing.T, e E, err error) E {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	e.SetId("ev-1")
	e.SetSource("/ci/acme")
	e.SetTimestamp(at)
	return e
}

func TestMapWhatTheSDKMakes(t *testing.T) {
	ref := func(id string) *api.Reference { return &api.Reference{Id: id} }
	deployed, err := v05.NewServiceDeployedEvent()
	deployed = must(t, deployed, err)
	deployed.SetSubjectId("shop")
	deployed.SetSubjectEnvironment(ref("prod"))
	deployed.SetSubjectArtifactId("pkg:oci/shop@sha256%3A1234?tag=1.2.3&vcs_url=git%2Bhttps://github.com/acme/shop%40" + commit)

	upgraded, err := v05.NewServiceUpgradedEvent()
	upgraded = must(t, upgraded, err)
	upgraded.SetSubjectId("shop")
	upgraded.SetSubjectEnvironment(ref("prod"))
	upgraded.SetSubjectArtifactId("pkg:github/acme/shop@" + commit)

	rolledback, err := v05.NewServiceRolledbackEvent()
	rolledback = must(t, rolledback, err)
	rolledback.SetSubjectId("shop")
	rolledback.SetSubjectEnvironment(ref("prod"))
	rolledback.SetSubjectArtifactId("pkg:generic/shop@1.2.2")
	if err = rolledback.SetCustomData("application/json", map[string]string{"sha": "abc", "actor": "ann"}); err != nil {
		t.Fatal(err)
	}

	detected, err := v05.NewIncidentDetectedEvent()
	detected = must(t, detected, err)
	detected.SetSubjectId("inc-7")
	detected.SetSubjectEnvironment(ref("prod"))
	detected.SetSubjectService(ref("shop"))
	detected.SetSubjectArtifactId(image) // optional, but the SDK finds an event without it invalid
	detected.SetSubjectDescription("it is slow")
	cause := api.NewEmbeddedLinkRelation()
	cause.SetTags(api.Tags{})
	cause.SetLinkKind("CAUSED_BY")
	cause.SetTarget(api.EventReference{ContextId: "ev-0"})
	detected.SetLinks(api.EmbeddedLinksArray{cause})

	reported, err := v05.NewIncidentReportedEvent()
	reported = must(t, reported, err)
	reported.SetSubjectId("inc-7")
	reported.SetSubjectEnvironment(ref("prod"))
	reported.SetSubjectService(ref("shop"))
	reported.SetSubjectArtifactId(image)
	reported.SetSubjectTicketURI("https://tickets.example/7")

	resolved, err := v05.NewIncidentResolvedEvent()
	resolved = must(t, resolved, err)
	resolved.SetSubjectId("inc-7")
	resolved.SetSubjectEnvironment(ref("prod"))
	resolved.SetSubjectService(ref("shop"))
	resolved.SetSubjectArtifactId(image)

	merged, err := v05.NewChangeMergedEvent()
	merged = must(t, merged, err)
	merged.SetSubjectId("4711")
	merged.SetSubjectRepository(ref("acme/shop"))
	if err := merged.SetCustomData("application/json", map[string]any{"sha": commit, "files": []string{"a.go"}}); err != nil {
		t.Fatal(err)
	}

	for name, tt := range map[string]struct {
		event api.CDEventReader
		want  schemas.Payload
	}{
		"a deployed service": {deployed, &schemas.DeploymentEvent{
			DeploymentID: "ev-1", Service: "shop", Environment: "prod", Status: schemas.DeploymentSucceeded, SHA: commit, Version: "1.2.3"}},
		"an upgraded service": {upgraded, &schemas.DeploymentEvent{
			DeploymentID: "ev-1", Service: "shop", Environment: "prod", Status: schemas.DeploymentSucceeded, SHA: commit}},
		"a rolled back service, with custom data": {rolledback, &schemas.DeploymentEvent{
			DeploymentID: "ev-1", Service: "shop", Environment: "prod", Status: schemas.DeploymentSucceeded, SHA: "abc", Version: "1.2.2", Actor: "ann", Rollback: true}},
		"a detected incident, with its cause": {detected, &schemas.IncidentEvent{
			IncidentID: "inc-7", Service: "shop", Environment: "prod", Status: schemas.IncidentOpened, Title: "it is slow", CausedBy: &schemas.Cause{DeploymentID: "ev-0"}}},
		"a reported incident, with its ticket": {reported, &schemas.IncidentEvent{
			IncidentID: "inc-7", Service: "shop", Environment: "prod", Status: schemas.IncidentOpened, URL: "https://tickets.example/7"}},
		"a resolved incident": {resolved, &schemas.IncidentEvent{
			IncidentID: "inc-7", Service: "shop", Environment: "prod", Status: schemas.IncidentResolved}},
		"a merged change": {merged, &schemas.ChangeEvent{Repository: "acme/shop", SHA: commit, Files: []string{"a.go"}}},
	} {
		t.Run(name, func(t *testing.T) {
			if err := api.Validate(tt.event); err != nil {
				t.Fatalf("the SDK finds its own event invalid: %v", err)
			}
			raw, err := api.AsJsonBytes(tt.event)
			if err != nil {
				t.Fatal(err)
			}
			e, err := cdevents.Map(raw)
			if err != nil {
				t.Fatal(err)
			}
			if e.ID != "ev-1" || e.Source != "/ci/acme" || !e.Time.Equal(at) {
				t.Errorf("the event is %s of %s at %v", e.ID, e.Source, e.Time)
			}
			if err = e.Validate(); err != nil {
				t.Error(err)
			}
			got, err := e.Payload()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Every type of CDEvents is either mapped or foreign, whatever it holds.
func TestEveryTypeOfTheSDK(t *testing.T) {
	for _, known := range v05.CDEventsTypes {
		name := known.GetType().String()
		raw, err := json.Marshal(map[string]any{
			"context": map[string]any{"id": "1", "source": "/s", "type": name, "timestamp": at, "specversion": "0.5.1"},
			"subject": map[string]any{"id": commit, "content": map[string]any{
				"environment": map[string]string{"id": "prod"}, "service": map[string]string{"id": "shop"}, "repository": map[string]string{"id": "acme/shop"}}},
		})
		if err != nil {
			t.Fatal(err)
		}
		mapped := false
		for _, ours := range cdevents.Types() {
			mapped = mapped || strings.HasPrefix(name, ours+".")
		}
		e, err := cdevents.Map(raw)
		if mapped != (err == nil) {
			t.Errorf("%s gives %s and %v", name, e.Type, err)
		}
		if err != nil && !errors.Is(err, cdevents.ErrForeign) {
			t.Errorf("%s is refused with %v", name, err)
		}
	}
}

func TestInvalid(t *testing.T) {
	event := func(context, rest string) string {
		return `{"context":{"id":"1","source":"/s","timestamp":"2026-01-01T10:00:00Z",` + context + `},` + rest + `}`
	}
	const (
		deployed = `"type":"dev.cdevents.service.deployed.0.3.0"`
		finished = `"type":"dev.cdevents.deployment.finished.0.1.0-draft"`
		shop     = `"subject":{"id":"shop","content":{"environment":{"id":"prod"}}}`
	)
	for name, tt := range map[string]struct{ body, field string }{
		"no JSON":                          {`{`, ""},
		"no type":                          {event(`"x":1`, shop), "context.type"},
		"a type that is none":              {event(`"type":"dev.cdevents.service"`, shop), "context.type"},
		"a type of the future":             {event(`"type":"dev.cdevents.service.deployed.2.0.0"`, shop), "context.type"},
		"no id":                            {event(deployed+`,"id":""`, shop), "context.id"},
		"no source":                        {event(deployed+`,"source":""`, shop), "context.source"},
		"an id that is a number":           {event(deployed+`,"id":5`, shop), "context.id"},
		"no subject":                       {event(deployed, `"subject":{}`), "subject.id"},
		"no environment":                   {event(deployed, `"subject":{"id":"shop"}`), "subject.content.environment.id"},
		"an environment that is a number":  {event(deployed, `"subject":{"id":"shop","content":{"environment":5}}`), "subject.content.environment"},
		"a time that is none":              {event(deployed+`,"timestamp":"now"`, shop), "context.timestamp"},
		"a finished one without outcome":   {event(finished, `"subject":{"id":"d","content":{"environment":{"id":"prod"},"service":{"id":"shop"}}}`), "subject.content.outcome"},
		"an outcome nobody knows":          {event(finished, `"subject":{"id":"d","content":{"environment":{"id":"prod"},"service":{"id":"shop"},"outcome":"meh"}}`), "subject.content.outcome"},
		"a deployment of no service":       {event(finished, `"subject":{"id":"d","content":{"environment":{"id":"prod"},"outcome":"success"}}`), "subject.content.service.id"},
		"a merged change of no repository": {event(`"type":"dev.cdevents.change.merged.0.3.0"`, `"subject":{"id":"`+commit+`"}`), "subject.content.repository.id"},
		"custom data of a wrong type":      {event(deployed, shop+`,"customData":{"sha":5}`), "customData.sha"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := cdevents.Map([]byte(tt.body))
			var fe *schemas.FieldError
			if !errors.As(err, &fe) || fe.Field != tt.field {
				t.Errorf("Map gives %v, want field %q", err, tt.field)
			}
		})
	}
}

// The shapes that differ between versions of the specification, as their own
// examples have them.
func TestMapOfOtherVersions(t *testing.T) {
	const digest = "sha256:0b31b1c02ff458ad9b7b81cbdf8f028bd54699fa151f221d1e8de6817db93427"
	image := "pkg:oci/myapp@" + strings.Replace(digest, ":", "%3A", 1)
	body := func(context, eventType, subject, content string) string {
		return fmt.Sprintf(`{"context":{%s,"id":"ev-1","source":"/ci","type":"dev.cdevents.%s","timestamp":"2026-01-01T10:00:00.315384Z"},
			"subject":{"id":"d-1","source":"/ci"%s,"content":{%s}}}`, context, eventType, subject, content)
	}
	prod := `"environment":{"id":"prod","source":"/iaas"}`
	deployment := schemas.DeploymentEvent{DeploymentID: "d-1", Service: "shop", Environment: "prod", Status: schemas.DeploymentSucceeded, Version: "1.2.3"}
	with := func(change func(*schemas.DeploymentEvent)) *schemas.DeploymentEvent {
		d := deployment
		change(&d)
		return &d
	}
	ended := func(outcome string) string {
		return body(`"specversion":"0.6.0-draft"`, "deployment.finished.0.1.0-draft", "", prod+`,"service":{"id":"shop"},"artifactId":"pkg:oci/shop@1.2.3","outcome":"`+outcome+`"`)
	}
	for name, tt := range map[string]struct {
		body string
		want schemas.Payload
	}{
		"0.3": {body(`"version":"0.3.0"`, "service.deployed.0.1.1", `,"type":"service"`, prod+`,"artifactId":"`+image+`"`),
			&schemas.DeploymentEvent{DeploymentID: "ev-1", Service: "d-1", Environment: "prod", Status: schemas.DeploymentSucceeded, Version: digest}},
		"0.4": {body(`"version":"0.4.1","chainId":"c","links":[{"linkType":"PATH","from":{"contextId":"x"}}]`, "service.upgraded.0.2.0", `,"type":"service"`, prod+`,"artifactId":"`+image+`?tag=1"`),
			&schemas.DeploymentEvent{DeploymentID: "ev-1", Service: "d-1", Environment: "prod", Status: schemas.DeploymentSucceeded, Version: "1"}},
		"a rollback that names no artifact": {body(`"specversion":"0.5.1"`, "service.rolledback.0.3.0", "", prod),
			&schemas.DeploymentEvent{DeploymentID: "ev-1", Service: "d-1", Environment: "prod", Status: schemas.DeploymentSucceeded, Rollback: true}},
		"an environment that is only named": {body(`"version":"0.1.2"`, "service.deployed.0.1.0", "", `"environment":"prod"`),
			&schemas.DeploymentEvent{DeploymentID: "ev-1", Service: "d-1", Environment: "prod", Status: schemas.DeploymentSucceeded}},
		"a deployment that started": {body(`"specversion":"0.6.0-draft"`, "deployment.started.0.1.0-draft", "", prod+`,"service":{"id":"shop"},"artifactId":"pkg:oci/shop@1.2.3"`),
			with(func(d *schemas.DeploymentEvent) { d.Status = schemas.DeploymentStarted })},
		"a deployment that succeeded":           {ended("success"), &deployment},
		"a deployment that failed":              {ended("failure"), with(func(d *schemas.DeploymentEvent) { d.Status = schemas.DeploymentFailed })},
		"a deployment that broke":               {ended("error"), with(func(d *schemas.DeploymentEvent) { d.Status = schemas.DeploymentFailed })},
		"a deployment that was stopped":         {ended("Cancelled"), with(func(d *schemas.DeploymentEvent) { d.Status = schemas.DeploymentCancelled })},
		"a deployment's service in custom data": {strings.Replace(strings.Replace(ended("success"), `"service":{"id":"shop"},`, "", 1), `{"context"`, `{"customData":{"service":"shop"},"context"`, 1), &deployment},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := cdevents.Map([]byte(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			if err := e.Check(at); err != nil {
				t.Error(err)
			}
			got, err := e.Payload()
			if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestForeign(t *testing.T) {
	for _, body := range []string{
		`{"context":{"type":"dev.cdevents.pipelinerun.finished.0.2.0","id":5},"subject":"odd"}`,
		`{"context":{"type":"dev.cdevents.service.published.1.0.0"}}`,
		`{"context":{"type":"dev.cdevents.deployment.queued.0.1.0-draft"}}`,
		`{"context":{"type":"dev.cdeventsx.jenkins-service.deployed.0.1.0"}}`,
		`{"context":{"type":"dev.cdeventsx.odd"}}`,
		`{"context":{"id":"1","source":"/s","timestamp":"2026-01-01T10:00:00Z","type":"dev.cdevents.change.merged.0.3.0"},"subject":{"id":"4711"}}`,
		`{"context":{"id":"1","source":"/s","timestamp":"2026-01-01T10:00:00Z","type":"dev.cdevents.incident.detected.0.3.0"},"subject":{"id":"4711"}}`,
	} {
		if _, err := cdevents.Map([]byte(body)); !errors.Is(err, cdevents.ErrForeign) {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func FuzzMap(f *testing.F) {
	f.Add([]byte(fmt.Sprintf(`{"context":{"id":"1","source":"/s","timestamp":"2026-01-01T10:00:00Z","type":"dev.cdevents.change.merged.0.3.0"},"subject":{"id":%q,"content":{"artifactId":"pkg:a@b?c"}},"customData":{"sha":"x","service":"y"}}`, commit)))
	f.Add([]byte(`{"context":{"id":"1","source":"/s","timestamp":"2026-01-01T10:00:00Z","type":"dev.cdevents.service.deployed.0.3.0","links":[{}]},"subject":{"id":"s","content":{"artifactId":"pkg:a@%zz?tag=%zz","environment":{"id":"p"}}},"customData":"text"}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		_, err := cdevents.Map(raw)
		var fe *schemas.FieldError
		if err != nil && !errors.As(err, &fe) && !errors.Is(err, cdevents.ErrForeign) {
			t.Errorf("the error is %v", err)
		}
	})
}
