package native_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fivekeys/fivekeys/ingest/native"
	"github.com/fivekeys/fivekeys/schemas"
)

var acme = &schemas.Catalog{Services: []schemas.Service{
	{Name: "shop", Repositories: []schemas.Repository{{Name: "acme/mono", Paths: []string{"shop/**"}}}},
	{Name: "cart", Repositories: []schemas.Repository{{Name: "acme/mono", Paths: []string{"cart/**"}}}},
	{Name: "pay", Repositories: []schemas.Repository{{Name: "acme/pay"}}},
}}

func header(pairs ...string) http.Header {
	h := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		h.Set(pairs[i], pairs[i+1])
	}
	return h
}

var (
	plain      = header("Content-Type", "application/json")
	structured = header("Content-Type", "application/cloudevents+json; charset=utf-8")
	batched    = header("Content-Type", "application/cloudevents-batch+json")
)

func parse(h http.Header, body string) (native.Batch, error) {
	batch, _, err := parser().Parse(h, []byte(body))
	return batch, err
}

func parser() *native.Parser {
	return &native.Parser{Catalog: acme, PersonKey: []byte("key"), Now: now, Names: &native.Names{}}
}

var now = time.Date(2026, 2, 1, 12, 0, 0, 0, time.UTC)

// event is one valid event as JSON, with its data.
func event(id, typ, data string) string {
	return fmt.Sprintf(`{"id":%q,"source":"api","type":"fivekeys.%s.v1","time":"2026-01-01T10:00:00+01:00","data":%s}`, id, typ, data)
}

const deployment = `{"deployment_id":"d","service":"shop","environment":"prod","status":"succeeded","sha":"8c2f0e1"}`

const cdevent = `{"context":{"specversion":"0.5.1","id":"ev-1","source":"/ci","type":"dev.cdevents.service.deployed.0.3.0","timestamp":"2026-01-01T10:00:00Z"},
	"subject":{"id":"shop","content":{"environment":{"id":"prod"}}}}`

// lines is one line per event sent: what it became.
func lines(b native.Batch) []string {
	out := make([]string, 0, len(b))
	for _, events := range b {
		own := make([]string, 0, len(events))
		for _, e := range events {
			own = append(own, fmt.Sprintf("%s %s %s", e.ID, e.Subject, e.Data))
		}
		out = append(out, strings.Join(own, " | "))
	}
	return out
}

func TestParse(t *testing.T) {
	binary := header("Content-Type", "application/json", "Ce-Specversion", "1.0", "Ce-Id", "1", "Ce-Source", "api",
		"Ce-Type", "fivekeys.deployment.v1", "Ce-Time", "2026-01-01T10:00:00Z")
	versioned := strings.Replace(event("1", "deployment", deployment), "{", `{"specversion":"1.0",`, 1)
	for name, tt := range map[string]struct {
		header http.Header
		body   string
		want   []string
	}{
		"one plain object":                {plain, event("1", "deployment", deployment), []string{"1 shop " + deployment}},
		"a plain array":                   {plain, "[" + event("1", "deployment", deployment) + "," + event("2", "deployment", deployment) + "]", []string{"1 shop " + deployment, "2 shop " + deployment}},
		"a structured CloudEvent":         {structured, versioned, []string{"1 shop " + deployment}},
		"a batch of CloudEvents":          {batched, "[" + versioned + "]", []string{"1 shop " + deployment}},
		"an empty batch":                  {batched, "[]", []string{}},
		"a CloudEvent in binary mode":     {binary, deployment, []string{"1 shop " + deployment}},
		"data in base64":                  {plain, strings.Replace(event("1", "deployment", "0"), `"data":0`, `"data_base64":"`+base64.StdEncoding.EncodeToString([]byte(deployment))+`"`, 1), []string{"1 shop " + deployment}},
		"unknown fields of data are kept": {plain, event("1", "deployment", deployment[:len(deployment)-1]+`,"mine":[1]}`), []string{"1 shop " + deployment[:len(deployment)-1] + `,"mine":[1]}`}},
		"the service in data is the subject, whatever the subject says": {plain, strings.Replace(event("1", "deployment", deployment), "{", `{"subject":"other",`, 1), []string{"1 shop " + deployment}},
		"changes without a position get their place in the batch": {plain,
			"[" + event("1", "change", `{"service":"pay","sha":"aaaaaaa"}`) + "," + event("2", "change", `{"service":"pay","sha":"bbbbbbb"}`) + "," + event("3", "change", `{"service":"pay","sha":"ccccccc","position":0}`) + "]",
			[]string{`1 pay {"service":"pay","sha":"aaaaaaa"}`, `2 pay {"position":1,"service":"pay","sha":"bbbbbbb"}`, `3 pay {"service":"pay","sha":"ccccccc","position":0}`}},
		"a change of a repository goes to its service under its own id": {plain, event("1", "change", `{"repository":"acme/pay","sha":"aaaaaaa"}`),
			[]string{`1 pay {"repository":"acme/pay","service":"pay","sha":"aaaaaaa"}`}},
		"a change of several services is one event of each": {plain, event("1", "change", `{"repository":"acme/mono","sha":"aaaaaaa","files":["shop/x","cart/y"]}`),
			[]string{`1@shop shop {"files":["shop/x","cart/y"],"repository":"acme/mono","service":"shop","sha":"aaaaaaa"} | 1@cart cart {"files":["shop/x","cart/y"],"repository":"acme/mono","service":"cart","sha":"aaaaaaa"}`}},
		"a change of files that belong to no service is none": {plain, event("1", "change", `{"repository":"acme/mono","sha":"aaaaaaa","files":["README.md"]}`), []string{""}},
		"a repository nobody knows is a service": {plain, event("1", "change", `{"repository":"acme/new","sha":"aaaaaaa"}`),
			[]string{`1 acme/new {"repository":"acme/new","service":"acme/new","sha":"aaaaaaa"}`}},
		"an empty service gives way to the repository's": {plain, event("1", "change", `{"Service":"","repository":"acme/pay","sha":"aaaaaaa"}`),
			[]string{`1 pay {"repository":"acme/pay","service":"pay","sha":"aaaaaaa"}`}},
		"a pull request of a repository": {plain, event("1", "pull_request", `{"repository":"acme/pay","number":4}`),
			[]string{`1 pay {"number":4,"repository":"acme/pay","service":"pay"}`}},
		"a CDEvent in a CloudEvent": {structured, `{"specversion":"1.0","id":"ev-1","source":"/ci","type":"dev.cdevents.service.deployed.0.3.0","data":` + cdevent + `}`,
			[]string{`ev-1 shop {"deployment_id":"ev-1","service":"shop","environment":"prod","status":"succeeded"}`}},
		"a CDEvent by itself":          {plain, cdevent, []string{`ev-1 shop {"deployment_id":"ev-1","service":"shop","environment":"prod","status":"succeeded"}`}},
		"a team's toil has no subject": {plain, event("1", "toil", `{"team":"x","category":"y","minutes":5}`), []string{`1  {"team":"x","category":"y","minutes":5}`}},
	} {
		t.Run(name, func(t *testing.T) {
			batch, err := parse(tt.header, tt.body)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, lines(batch)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			for _, e := range batch {
				for _, one := range e {
					if err := one.Validate(); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
}

func TestPersonIsHashed(t *testing.T) {
	body := event("1", "toil", `{"team":"x","category":"y","minutes":5,"person":"ann@acme.example"}`)
	first, err := parse(plain, body)
	if err != nil {
		t.Fatal(err)
	}
	data := string(first[0][0].Data)
	if strings.Contains(data, "ann") || !strings.Contains(data, `"person":"hmac:`) {
		t.Errorf("data is %s", data)
	}
	again, err := parse(plain, event("1", "toil", data))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(data, string(again[0][0].Data)); diff != "" {
		t.Errorf("a hashed person is hashed again (-want +got):\n%s", diff)
	}
}

func TestInvalid(t *testing.T) {
	good := event("1", "deployment", deployment)
	without := func(field, from string) string {
		var o map[string]json.RawMessage
		if err := json.Unmarshal([]byte(from), &o); err != nil {
			t.Fatal(err)
		}
		delete(o, field)
		b, _ := json.Marshal(o)
		return string(b)
	}
	for name, tt := range map[string]struct {
		header http.Header
		body   string
		want   native.Problem // the first, and part of its reason
	}{
		"nothing":                   {plain, " ", native.Problem{Index: native.WholeBody, Reason: "is empty"}},
		"no UTF-8":                  {plain, "{\"id\":\"\xff\"}", native.Problem{Index: native.WholeBody, Reason: "is not UTF-8"}},
		"broken JSON":               {plain, `{"id":`, native.Problem{Reason: "is not JSON"}},
		"a broken array":            {plain, `[{"id":1},`, native.Problem{Index: native.WholeBody, Reason: "is not a JSON list"}},
		"no object":                 {plain, `"hello"`, native.Problem{Reason: "is not a JSON object"}},
		"no object in an array":     {plain, "[" + good + ",null]", native.Problem{Index: 1, Reason: "is not a JSON object"}},
		"a batch that is none":      {batched, good, native.Problem{Index: native.WholeBody, Reason: "is not a JSON list"}},
		"an id that is a number":    {plain, strings.Replace(good, `"1"`, "1", 1), native.Problem{Field: "id", Reason: "must be a text"}},
		"no id":                     {plain, without("id", good), native.Problem{Field: "id", Reason: "is missing"}},
		"a subject that is a list":  {plain, strings.Replace(good, "{", `{"subject":[],`, 1), native.Problem{Field: "subject", Reason: "must be a text"}},
		"no source":                 {plain, without("source", good), native.Problem{Field: "source", Reason: "is missing"}},
		"no type":                   {plain, without("type", good), native.Problem{Field: "type", Reason: "is missing"}},
		"no time":                   {plain, without("time", good), native.Problem{Field: "time", Reason: "is missing"}},
		"no data":                   {plain, without("data", good), native.Problem{Field: "data", Reason: "is missing"}},
		"a time that is none":       {plain, strings.Replace(good, "2026-01-01T10", "yesterday", 1), native.Problem{Field: "time", Reason: "is not RFC 3339"}},
		"a time long ago":           {plain, strings.Replace(good, "2026", "1026", 1), native.Problem{Field: "time", Reason: "outside"}},
		"an unknown type":           {plain, strings.Replace(good, "deployment.v1", "deploy.v9", 1), native.Problem{Field: "type", Reason: "known are fivekeys.deployment.v1"}},
		"another specversion":       {plain, strings.Replace(good, "{", `{"specversion":"0.3",`, 1), native.Problem{Field: "specversion", Reason: "is not 1.0"}},
		"a CloudEvent without one":  {structured, good, native.Problem{Field: "specversion", Reason: "is missing"}},
		"data that is text":         {plain, strings.Replace(good, "{", `{"datacontenttype":"text/plain",`, 1), native.Problem{Field: "datacontenttype", Reason: "is not JSON"}},
		"data that is no base64":    {plain, strings.Replace(good, "{", `{"data_base64":"%",`, 1), native.Problem{Field: "data_base64", Reason: "is not base64"}},
		"the second event's field":  {plain, "[" + good + "," + event("2", "deployment", `{"service":"shop"}`) + "]", native.Problem{Index: 1, Field: "data.deployment_id", Reason: "is missing"}},
		"a field of the wrong type": {plain, event("1", "deployment", `{"deployment_id":5}`), native.Problem{Field: "data.deployment_id", Reason: "must be a text"}},
		"a status that is none":     {plain, event("1", "deployment", strings.Replace(deployment, "succeeded", "ok", 1)), native.Problem{Field: "data.status", Reason: `"ok" is none of`}},
		"a change of nothing":       {plain, event("1", "change", `{"sha":"aaaaaaa"}`), native.Problem{Field: "data.service", Reason: "or give repository"}},
		"a CDEvent's field within a CloudEvent": {structured, `{"specversion":"1.0","type":"dev.cdevents.service.deployed.0.3.0","data":` + strings.Replace(cdevent, `{"id":"prod"}`, `{"id":["prod"]}`, 1) + `}`,
			native.Problem{Field: "data.subject.content.environment.id", Reason: "must be a text, is a list"}},
		"a CDEvent's SHA that is none": {plain, cdevent[:len(cdevent)-1] + `,"customData":{"sha":"main"}}`, native.Problem{Field: "customData.sha", Reason: "is no commit's SHA"}},
		"a CDEvent of the future":      {plain, strings.Replace(cdevent, "2026-01-01", "2150-01-01", 1), native.Problem{Field: "context.timestamp", Reason: "outside the accepted times"}},
		"a time more than a day ahead": {plain, strings.Replace(good, "2026-01-01", "2026-02-03", 1), native.Problem{Field: "time", Reason: "more than a day ahead"}},
		"a SHA that is a tag":          {plain, strings.Replace(good, "8c2f0e1", "v1.2.0", 1), native.Problem{Field: "data.sha", Reason: "7 to 64 hex digits"}},
		"a SHA that is too short":      {plain, strings.Replace(good, "8c2f0e1", "8c2f0e", 1), native.Problem{Field: "data.sha", Reason: "7 to 64 hex digits"}},
		"a cause that is no SHA":       {plain, event("1", "incident", `{"incident_id":"1","service":"shop","status":"opened","caused_by":{"sha":"HEAD"}}`), native.Problem{Field: "data.caused_by.sha", Reason: `"HEAD" is no commit's SHA`}},
		"a name that can't be seen":    {plain, strings.Replace(good, `"shop"`, `"sh\u202eop"`, 1), native.Problem{Field: "data.service", Reason: "U+202E"}},
		"one field twice":              {plain, strings.Replace(good, `"service"`, `"Service":"cart","service"`, 1), native.Problem{Field: "data.Service", Reason: "are one field"}},
		"a CDEvent without a service":  {plain, strings.Replace(cdevent, `"id":"shop",`, "", 1), native.Problem{Field: "subject.id", Reason: "is missing"}},
		"data too large":               {plain, event("1", "deployment", `{"x":"`+strings.Repeat("x", 1<<20)+`"}`), native.Problem{Field: "data", Reason: "are the limit"}},
		"an id too long":               {plain, event(strings.Repeat("x", 2000), "deployment", deployment), native.Problem{Field: "id", Reason: "are the limit"}},
		"too many events":              {plain, "[" + strings.Repeat("{},", native.MaxEvents) + "{}]", native.Problem{Index: native.WholeBody, Reason: "at most 10000"}},
	} {
		t.Run(name, func(t *testing.T) {
			batch, err := parse(tt.header, tt.body)
			var invalid *native.InvalidError
			if !errors.As(err, &invalid) {
				t.Fatalf("Parse gives %v and %v, want *InvalidError", batch, err)
			}
			got := invalid.Problems[0]
			if got.Index != tt.want.Index || got.Field != tt.want.Field || !strings.Contains(got.Reason, tt.want.Reason) {
				t.Errorf("the problem is %+v, want %+v", got, tt.want)
			}
		})
	}
	t.Run("all that is wrong is told, up to a bound", func(t *testing.T) {
		_, err := parse(plain, "["+strings.Repeat("{},", 29)+good+"]")
		var invalid *native.InvalidError
		if !errors.As(err, &invalid) || len(invalid.Problems) != 20 || invalid.More != 9 {
			t.Fatalf("Parse gives %v", err)
		}
		if want := "event 0: id is missing (and 28 more)"; err.Error() != want {
			t.Errorf("the error reads %q, want %q", err, want)
		}
	})
}

func TestMediaTypes(t *testing.T) {
	for _, media := range []string{"text/xml", "application/x-www-form-urlencoded", "application/", "application/cloudevents+avro"} {
		if _, err := parse(header("Content-Type", media), "{}"); !errors.Is(err, native.ErrMediaType) {
			t.Errorf("%q gives %v", media, err)
		}
	}
}

func TestACorrectionIsTakenAndABurnIsNot(t *testing.T) {
	var p native.Parser
	body := `{"id":"1","source":"cli","type":"fivekeys.slo_correction.v1","time":"2026-01-01T00:00:00Z","data":{"correction_id":"c","slo":"checkout","from":"2026-01-01T00:00:00Z","to":"2026-01-01T01:00:00Z","author":"ann","reason":"drill"}}`
	events, _, err := p.Parse(http.Header{"Content-Type": {"application/json"}}, []byte(body))
	if err != nil || len(events) != 1 {
		t.Errorf("a correction: %d events, %v", len(events), err)
	}
	body = `{"id":"1","source":"cli","type":"fivekeys.burn.v1","time":"2026-01-01T00:00:00Z","data":{"alert_id":"a","service":"s","objective":"o","rule":"fast","state":"firing"}}`
	if _, _, err := p.Parse(http.Header{"Content-Type": {"application/json"}}, []byte(body)); err == nil {
		t.Error("a burn of somebody else's is taken")
	}
}
