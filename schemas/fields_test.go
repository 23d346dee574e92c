package schemas

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)

// One of each type with every kind of field, for the tests below.
var samples = map[EventType]string{
	TypeDeployment:  `{"deployment_id":"1","service":"s","environment":"production","status":"succeeded","labels":["NAME"]}`,
	TypeChange:      `{"service":"s","sha":"8c2f0e1","message":"TEXT","committed_at":"TIME","pull_request":{"title":"TEXT","branch":"NAME","merged_at":"TIME"}}`,
	TypePullRequest: `{"service":"s","number":1,"title":"TEXT","body":"TEXT","merged_at":"TIME","branch":"NAME"}`,
	TypeBranch:      `{"service":"s","branch":"NAME","after":"8c2f0e1","commits":[{"sha":"8c2f0e1","committed_at":"TIME"}]}`,
	TypeIncident:    `{"incident_id":"1","service":"NAME","status":"opened","title":"TEXT","caused_by":{"deployment_id":"NAME"}}`,
	TypeToil:        `{"team":"NAME","category":"patching","minutes":5,"title":"TEXT","started_at":"TIME"}`,
	TypeSLI:         `{"slo":"NAME","good":1,"total":1}`,
	TypeCorrection:  `{"correction_id":"1","slo":"NAME","from":"2026-02-01T00:00:00Z","to":"2026-05-01T00:00:00Z","author":"ann","reason":"TEXT"}`,
	TypeBurn:        `{"alert_id":"1","service":"NAME","objective":"o","state":"firing"}`,
}

// sample is an event of a type; every one of what stands first in a pair is the second.
func sample(t EventType, pairs ...string) Event {
	all := slices.Concat(pairs, []string{"NAME", "shop", "TEXT", "a title", "TIME", "2026-01-31T11:00:00Z"})
	return Event{ID: "1", Source: "api", Type: t, Time: noon, Data: json.RawMessage(strings.NewReplacer(all...).Replace(samples[t]))}
}

func TestEverySampleIsValid(t *testing.T) {
	for _, kind := range EventTypes {
		e := sample(kind)
		if err := e.Check(noon); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

func TestTimesOutsideTheAcceptedOnesAreRefusedWhereverTheyStand(t *testing.T) {
	for at, want := range map[string]string{
		"0001-01-01T00:00:00Z": "outside the accepted times",
		"1970-01-01T00:00:00Z": "outside the accepted times",
		"1979-12-31T23:59:59Z": "outside the accepted times",
		"2100-01-01T00:00:00Z": "outside the accepted times",
		"2150-01-01T00:00:00Z": "outside the accepted times",
		"2262-05-01T00:00:00Z": "outside the accepted times",
		"9999-12-31T23:59:59Z": "outside the accepted times",
		"2026-02-01T12:00:01Z": "more than a day ahead",
		"2026-02-01T12:00:00Z": "",
		"1980-01-01T00:00:00Z": "",
	} {
		for _, kind := range EventTypes {
			e := sample(kind, "TIME", at)
			noTime := kind == TypeBranch && strings.HasPrefix(at, "0001") // what Go writes for none
			if strings.Contains(samples[kind], "TIME") && !noTime {
				told(t, string(kind)+" with "+at, e.Check(noon), "data.", want)
			}
			e = sample(kind)
			e.Time, _ = time.Parse(time.RFC3339, at)
			if !e.Time.IsZero() {
				told(t, string(kind)+" at "+at, e.Check(noon), "time", want)
			}
		}
	}
}

func told(t *testing.T, what string, err error, field, reason string) {
	t.Helper()
	var fe *FieldError
	switch {
	case reason == "" && err != nil:
		t.Errorf("%s: %v", what, err)
	case reason != "" && (!errors.As(err, &fe) || !strings.HasPrefix(fe.Field, field) || !strings.Contains(fe.Reason, reason)):
		t.Errorf("%s: got %v, want an error of %s with %q", what, err, field, reason)
	}
}

func TestWhatIsPlannedMayLieAheadButNotOutside(t *testing.T) {
	e := sample(TypeCorrection)
	for at, want := range map[string]string{"2099-12-31T00:00:00Z": "", "2150-01-01T00:00:00Z": "outside the accepted times"} {
		e.Data = json.RawMessage(`{"correction_id":"1","slo":"s","from":"2026-02-01T00:00:00Z","to":"` + at + `","author":"ann","reason":"moving"}`)
		told(t, "a correction until "+at, e.Check(noon), "data.to", want)
	}
}

func TestNamesThatCannotBeSeenAreRefusedWhereverTheyStand(t *testing.T) {
	for _, name := range []string{"a\u0000b", "a\u001bb", "a\nb", "a\tb", "a\u007fb", "a\u009bb", "a\u202eb", "a\u2066b", "a\u2028b", "\ufeffa", "a\u200bb", "a\u200fb"} {
		quoted, _ := json.Marshal(name)
		for _, kind := range EventTypes {
			e := sample(kind, `"NAME"`, string(quoted))
			told(t, string(kind)+" named "+string(quoted), e.Validate(), "data.", "can't be seen")
		}
		for field, e := range map[string]Event{"id": {ID: name, Source: "api"}, "source": {ID: "1", Source: name}} {
			e.Type, e.Time, e.Data = TypeSLI, noon, sample(TypeSLI).Data
			told(t, field+" "+string(quoted), e.Validate(), field, "can't be seen")
		}
		if got := CleanName(name); CheckName(got) != nil || got == "ab" || got == "a" {
			t.Errorf("%q is cleaned to %q", name, got)
		}
	}
	for _, name := range []string{"shop", "größe 日本", "🧑‍💻 deploy", "می\u200cخواهم", "a b", "a/b:c@d", "�", `a"b'c`, "=1+1"} {
		if err := CheckName(name); err != nil || CleanName(name) != name {
			t.Errorf("%q: %v, cleaned %q", name, err, CleanName(name))
		}
	}
	if err := CheckName("a\xffb"); err == nil || CleanName("a\xffb") != "a�b" {
		t.Errorf("bytes that are not UTF-8: %v, %q", err, CleanName("a\xffb"))
	}
}

func TestFreeTextMayHoldWhatANameMayNot(t *testing.T) {
	for _, kind := range EventTypes {
		e := sample(kind, `"TEXT"`, `"two\nlines\u202e and \u001b[31m"`)
		if err := e.Validate(); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

func TestTextThatAStoreCannotKeepIsReplaced(t *testing.T) {
	for given, want := range map[string]string{
		`"a\u0000b"`:        `"a\ufffdb"`,
		`"\ud83d half"`:     `"\ufffd half"`,
		`"\ude00 half"`:     `"\ufffd half"`,
		`"\ud83d\ude00"`:    `"\ud83d\ude00"`,
		`"\uD83D\uDE00"`:    `"\uD83D\uDE00"`,
		`"\ud83d\ud83d\u`:   `"\ufffd\ufffd\u`,
		`"\\u0000 \\\u0000`: `"\\u0000 \\\ufffd`,
		`"\u00e9\n\"\u`:     `"\u00e9\n\"\u`,
		`"\`:                `"\`,
	} {
		if got := string(CleanJSON([]byte(given))); got != want {
			t.Errorf("%s becomes %s, want %s", given, got, want)
		}
	}
}

func TestANewEventIsOfCleanText(t *testing.T) {
	p := &DeploymentEvent{DeploymentID: "1", Service: "shop", Environment: "pro\u202educt", Status: DeploymentSucceeded, Labels: []string{"a\nb"}}
	e, err := NewEvent("id\x1b", "api", TypeDeployment, noon, "sh\x00op", p)
	if err == nil {
		err = e.Validate()
	}
	if err != nil || e.ID != "id�" || e.Subject != "sh�op" || p.Environment != "pro�duct" || p.Labels[0] != "a�b" {
		t.Errorf("%v: %+v, %+v", err, e, p)
	}
	e, err = NewEvent("1", "api", TypeIncident, noon, "", &IncidentEvent{IncidentID: "1", Service: "s", Status: IncidentOpened, Title: "nul \x00 in\n🔥"})
	if err != nil || strings.Contains(string(e.Data), `\u0000`) || !strings.Contains(string(e.Data), `in\n🔥`) {
		t.Errorf("%v: %s", err, e.Data)
	}
}
