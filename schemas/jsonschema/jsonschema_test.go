package jsonschema_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"io/fs"
	"os"
	"testing"

	"github.com/invopop/jsonschema"
	validator "github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/fivekeys/fivekeys/schemas"
	published "github.com/fivekeys/fivekeys/schemas/jsonschema"
)

var update = flag.Bool("update", false, "write the schema files")

func generate(t *testing.T, kind schemas.EventType) []byte {
	t.Helper()
	payload, err := schemas.NewPayload(kind)
	if err != nil {
		t.Fatal(err)
	}
	reflector := jsonschema.Reflector{
		AllowAdditionalProperties: true, // unknown extra fields are kept
		Anonymous:                 true,
		ExpandedStruct:            true,
	}
	if err := reflector.AddGoComments("github.com/fivekeys/fivekeys/schemas/jsonschema", ".."); err != nil {
		t.Fatal(err)
	}
	schema := reflector.Reflect(payload)
	schema.ID = jsonschema.ID("urn:fivekeys:" + string(kind))
	schema.Title = string(kind)
	out, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(out, '\n')
}

func TestFilesEqualTheTypes(t *testing.T) {
	for _, kind := range schemas.EventTypes {
		want := generate(t, kind)
		name := string(kind) + ".json"
		if *update {
			if err := os.WriteFile(name, want, 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		got, err := fs.ReadFile(published.Files(), name)
		if err != nil {
			t.Fatalf("%v; run make generate", err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s differs from the type; run make generate", name)
		}
	}
}

// What Validate says and what the published schema says must be the same word.
func TestSchemaAndValidateAgree(t *testing.T) {
	cases := []struct {
		name string
		kind schemas.EventType
		data string
		ok   bool
	}{
		{"a full deployment", schemas.TypeDeployment, `{"deployment_id":"1","service":"shop","environment":"prod","status":"succeeded","sha":"a"}`, true},
		{"a deployment with a field of tomorrow", schemas.TypeDeployment, `{"deployment_id":"1","service":"shop","environment":"prod","status":"succeeded","canary":true}`, true},
		{"a deployment without its id", schemas.TypeDeployment, `{"service":"shop","environment":"prod","status":"succeeded"}`, false},
		{"a deployment of an unknown status", schemas.TypeDeployment, `{"deployment_id":"1","service":"shop","environment":"prod","status":"done"}`, false},
		{"a change with its pull request", schemas.TypeChange, `{"service":"shop","sha":"a","committed_at":"2026-01-02T03:04:05Z","pull_request":{"number":4}}`, true},
		{"a change without its sha", schemas.TypeChange, `{"service":"shop"}`, false},
		{"a change whose date is a number", schemas.TypeChange, `{"service":"shop","sha":"a","committed_at":7}`, false},
		{"an opened incident", schemas.TypeIncident, `{"incident_id":"7","service":"shop","status":"opened"}`, true},
		{"an incident without its service", schemas.TypeIncident, `{"incident_id":"7","status":"opened"}`, false},
		{"toil in minutes", schemas.TypeToil, `{"team":"a","category":"restarts","minutes":30}`, true},
		{"toil without a category", schemas.TypeToil, `{"team":"a","minutes":30}`, false},
		{"counts of an SLO", schemas.TypeSLI, `{"slo":"checkout","good":9,"total":10}`, true},
		{"counts without a total", schemas.TypeSLI, `{"slo":"checkout","good":9}`, false},
		{"a branch", schemas.TypeBranch, `{"repository":"acme/shop","branch":"f","after":"a"}`, true},
		{"a pull request", schemas.TypePullRequest, `{"repository":"acme/shop","number":3}`, true},
		{"a pull request without its number", schemas.TypePullRequest, `{"repository":"acme/shop"}`, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			file, err := fs.ReadFile(published.Files(), string(c.kind)+".json")
			if err != nil {
				t.Fatal(err)
			}
			document, err := validator.UnmarshalJSON(bytes.NewReader(file))
			if err != nil {
				t.Fatal(err)
			}
			compiler := validator.NewCompiler()
			if err := compiler.AddResource("urn:test", document); err != nil {
				t.Fatal(err)
			}
			schema, err := compiler.Compile("urn:test")
			if err != nil {
				t.Fatal(err)
			}
			value, err := validator.UnmarshalJSON(bytes.NewReader([]byte(c.data)))
			if err != nil {
				t.Fatal(err)
			}
			if err := schema.Validate(value); (err == nil) != c.ok {
				t.Errorf("the schema says %v, want ok=%t", err, c.ok)
			}
			event := schemas.Event{ID: "1", Source: "test", Type: c.kind, Data: json.RawMessage(c.data)}
			payload, err := event.Payload()
			if err == nil {
				err = payload.Validate()
			}
			if (err == nil) != c.ok {
				t.Errorf("Validate says %v, want ok=%t", err, c.ok)
			}
		})
	}
}
