package native_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/fivekeys/fivekeys/ingest/native"
)

// whole is one event of each kind with every documented field.
var whole = map[string]string{
	"deployment":     `{"deployment_id":"d","service":"shop","environment":"prod","status":"succeeded","sha":"8c2f0e1","version":"1","url":"u","actor":"a","labels":["l"],"rollback":true,"via":"push","workflow":"w"}`,
	"change":         `{"service":"shop","repository":"acme/pay","sha":"8c2f0e1","committed_at":"2026-01-01T00:00:00Z","branch":"main","message":"m","files":["f"],"labels":["l"],"author":"a","position":1,"push":"8c2f0e1","parents":["8c2f0e1"],"side_branch":true,"pull_request":{"number":1,"title":"t","branch":"b","author":"a","first_commit_at":"2026-01-01T00:00:00Z","opened_at":"2026-01-01T00:00:00Z","first_review_at":"2026-01-01T00:00:00Z","approved_at":"2026-01-01T00:00:00Z","merged_at":"2026-01-01T00:00:00Z","commits":["8c2f0e1"]}}`,
	"pull_request":   `{"service":"shop","repository":"acme/pay","number":1,"title":"t","body":"b","branch":"b","head_sha":"8c2f0e1","author":"a","labels":["l"],"commit_count":1,"opened_at":"2026-01-01T00:00:00Z","merged_at":"2026-01-01T00:00:00Z","merge_sha":"8c2f0e1","reviewed_at":"2026-01-01T00:00:00Z","approved":true}`,
	"branch":         `{"service":"shop","repository":"acme/pay","branch":"b","before":"8c2f0e1","after":"8c2f0e1","default":true,"commits":[{"sha":"8c2f0e1","committed_at":"2026-01-01T00:00:00Z"}]}`,
	"incident":       `{"incident_id":"i","service":"shop","status":"opened","severity":"s","title":"t","url":"u","environment":"prod","caused_by":{"deployment_id":"d","sha":"8c2f0e1"}}`,
	"toil":           `{"team":"x","category":"c","minutes":5,"started_at":"2026-01-01T00:00:00Z","ended_at":"2026-01-01T00:00:00Z","service":"shop","trigger":"t","automatable":true,"automated":true,"person":"p","entry_id":"e","title":"t","url":"u","inferred":"manual_rollback","withdrawn":true}`,
	"sli":            `{"slo":"s","good":1,"total":1,"service":"shop"}`,
	"slo_correction": `{"correction_id":"c","slo":"s","from":"2026-01-01T00:00:00Z","to":"2026-01-02T00:00:00Z","rrule":"FREQ=DAILY","author":"a","reason":"r","withdrawn":true}`,
}

// ours are words of our source that no answer may hold.
var ours = regexp.MustCompile(`(?i:unmarshal|struct)|schemas\.|native\.|cdevents\.[A-Z]|time\.Time|float64|u?int(8|16|32|64)\b|2006-01-02|Go value|json:|interface|\bnil\b|length mismatch|RawMessage`)

// Every field of every kind with a value of every wrong type: the answer names
// the field as it was written and says what should be there, in no words of ours.
func TestErrorsAreInTheSendersWords(t *testing.T) {
	odd := []string{`5`, `-1.5`, `1e400`, `"words"`, `true`, `[]`, `[5]`, `{}`, `{"a":1}`, `[[]]`, `"2026-13-45T99:00:00Z"`, `99999999999999999999999999`, `[{"sha":5}]`, `"\u0000"`}
	for kind, data := range whole {
		if _, _, err := parser().Parse(plain, []byte(event("1", kind, data))); err != nil {
			t.Errorf("the whole %s: %v", kind, err)
		}
		for _, path := range paths(t, data, "") {
			for _, value := range odd {
				inWords(t, "data."+path, event("1", kind, replaced(t, data, path, value)))
			}
		}
		for _, value := range odd {
			inWords(t, "data", event("1", kind, value))
			for _, field := range []string{"specversion", "id", "source", "type", "time", "subject", "datacontenttype", "data_base64"} {
				inWords(t, field, replaced(t, event("1", kind, data), field, value))
			}
		}
	}
	for _, path := range append(paths(t, cdevent, ""), "customData", "context.links", "subject.content.service", "subject.content.artifactId", "customData.sha", "customData.labels") {
		for _, value := range odd {
			inWords(t, path, replaced(t, cdevent, path, value))
		}
	}
	for _, body := range []string{"{", "[", "[{]", "[1,2]", "nul", `{"id":}`, "[{},]", "\"\\u12\"", strings.Repeat("[", 20_000)} {
		inWords(t, "", body)
	}
}

// inWords posts a body; an error must be of the field or of something below it.
func inWords(t *testing.T, path, body string) {
	t.Helper()
	_, _, err := parser().Parse(plain, []byte(body))
	var invalid *native.InvalidError
	if err == nil {
		return
	}
	if !asInvalid(err, &invalid) {
		t.Fatalf("%.200s gives %v", body, err)
	}
	for _, p := range invalid.Problems {
		if ours.MatchString(p.Reason) || p.Reason == "" {
			t.Errorf("%.200s is refused with %q", body, p.Reason)
		}
		// What one field says may make another one wrong: a status, an end before a begin.
		typed := strings.HasPrefix(p.Reason, "must be a") || strings.HasPrefix(p.Reason, "must be true")
		if typed && !strings.HasPrefix(p.Field, path) && !strings.HasPrefix(path, p.Field) {
			t.Errorf("%.200s: the error is of %q, not of %q: %s", body, p.Field, path, p.Reason)
		}
	}
}

func asInvalid(err error, into **native.InvalidError) bool {
	found, ok := err.(*native.InvalidError) //nolint:errorlint // Parse promises this very type
	*into = found
	return ok
}

// paths lists the fields of an object, those of objects within it too.
func paths(t *testing.T, object, prefix string) (all []string) {
	t.Helper()
	var fields map[string]json.RawMessage
	if err := json.Unmarshal([]byte(object), &fields); err != nil {
		t.Fatal(err)
	}
	for name, value := range fields {
		all = append(all, prefix+name)
		if value[0] == '{' {
			all = append(all, paths(t, string(value), prefix+name+".")...)
		}
	}
	slices.Sort(all)
	return all
}

// replaced gives an object another value for a field.
func replaced(t *testing.T, object, path, value string) string {
	t.Helper()
	var fields map[string]json.RawMessage
	if err := json.Unmarshal([]byte(object), &fields); err != nil {
		return object
	}
	name, rest, nested := strings.Cut(path, ".")
	if nested {
		inner := string(fields[name])
		if inner == "" {
			inner = "{}"
		}
		value = replaced(t, inner, rest, value)
	}
	fields[name] = json.RawMessage(value)
	parts := make([]string, 0, len(fields))
	for name, value := range fields {
		parts = append(parts, fmt.Sprintf("%q:%s", name, value))
	}
	return "{" + strings.Join(parts, ",") + "}"
}
