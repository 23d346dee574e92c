package native_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fivekeys/fivekeys/schemas"
)

// told is what is warned of, one line each.
func told(t *testing.T, bodies ...string) []string {
	t.Helper()
	p := parser()
	var lines []string
	for _, body := range bodies {
		_, warnings, err := p.Parse(plain, []byte(body))
		if err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		for _, w := range warnings {
			lines = append(lines, fmt.Sprintf("%d %s %s", w.Index, w.Field, w.Reason))
		}
	}
	return lines
}

func TestUnknownFieldsThatLookLikeKnownOnesAreTold(t *testing.T) {
	without := strings.Replace(deployment, `,"sha":"8c2f0e1"`, "", 1)
	plus := func(data, field string) string { return event("1", "deployment", data[:len(data)-1]+","+field+"}") }
	for field, want := range map[string]string{
		`"comit":"8c2f0e1"`:      "0 data.comit is unknown and used for nothing; is data.sha meant?",
		`"commit_sha":"8c2f0e1"`: "0 data.commit_sha is unknown and used for nothing; is data.sha meant?",
		`"verison":"1"`:          "0 data.verison is unknown and used for nothing; is data.version meant?", //nolint:misspell // the mistake is the point
		`"Version":"1"`:          "0 data.Version is read as data.version, which is how it is documented",
		`"lables":["x"]`:         "0 data.lables is unknown and used for nothing; is data.labels meant?",
		`"mine":1`:               "",
		`"cluster":"eu"`:         "",
		`"version":"1"`:          "",
	} {
		var wanted []string
		if want != "" {
			wanted = []string{want}
		}
		if diff := cmp.Diff(wanted, told(t, plus(without, field))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", field, diff)
		}
	}
	if got := told(t, plus(deployment, `"commit":"8c2f0e1"`)); got != nil {
		t.Errorf("beside the field that is meant: %q", got)
	}
	envelope := strings.Replace(event("1", "deployment", deployment), "{", `{"subjct":"x","traceparent":"y",`, 1)
	if diff := cmp.Diff([]string{"0 subjct is unknown and used for nothing; is subject meant?"}, told(t, envelope)); diff != "" {
		t.Error(diff)
	}
}

// The store's queries read a field under its documented name only.
func TestAFieldInOtherLettersIsStoredAsDocumented(t *testing.T) {
	batch, err := parse(plain, event("1", "toil", `{"Team":"x","CATEGORY":"y","minutes":5,"mine":"<1>"}`))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(batch[0][0].Data); got != `{"category":"y","mine":"\u003c1\u003e","minutes":5,"team":"x"}` {
		t.Errorf("data is %s", got)
	}
}

func TestANameKnownInOtherLettersIsTold(t *testing.T) {
	named := func(name string) string {
		return event("1", "deployment", strings.Replace(deployment, `"shop"`, `"`+name+`"`, 1))
	}
	got := told(t, named("shop"), named("Shop"), named("new"), named("NEW"), named("New"), named("news"), named("newer"),
		event("1", "toil", `{"team":"Core","category":"y","minutes":5}`), event("1", "toil", `{"team":"core","category":"y","minutes":5}`),
		event("1", "sli", `{"slo":"Checkout","good":1,"total":1}`), event("1", "sli", `{"slo":"checkout","good":1,"total":1}`))
	want := []string{
		`0 data.service "Shop" is another service than "shop", which is known: names are compared letter by letter`,
		`0 data.service "NEW" is another service than "new", which is known: names are compared letter by letter`,
		`0 data.service "New" is another service than "new", which is known: names are compared letter by letter`,
		`0 data.team "core" is another team than "Core", which is known: names are compared letter by letter`,
		`0 data.slo "checkout" is another slo than "Checkout", which is known: names are compared letter by letter`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	p := parser()
	p.Catalog = &schemas.Catalog{Services: []schemas.Service{{Name: "shop"}, {Name: "Shop"}}}
	for _, name := range []string{"shop", "Shop"} {
		if _, warnings, err := p.Parse(plain, []byte(named(name))); err != nil || warnings != nil {
			t.Errorf("%s, which the catalogue has: %v, %v", name, warnings, err)
		}
	}
}

// A broker sends every CDEvent to every subscriber.
func TestAForeignCDEventTakesNoOtherWithIt(t *testing.T) {
	foreign := strings.Replace(cdevent, "service.deployed", "pipelinerun.finished", 1)
	custom := strings.Replace(cdevent, "dev.cdevents.", "dev.cdeventsx.acme-", 1)
	enveloped := `{"specversion":"1.0","id":"e","source":"/ci","type":"dev.cdevents.build.started.0.3.0","data":{"context":{"type":"dev.cdevents.build.started.0.3.0"}}}`
	batch, warnings, err := parser().Parse(plain, []byte("["+foreign+","+cdevent+","+enveloped+"]"))
	if err != nil {
		t.Fatal(err)
	}
	if got := lines(batch); len(got) != 3 || got[0] != "" || !strings.HasPrefix(got[1], "ev-1 shop") || got[2] != "" {
		t.Errorf("the batch is %q", got)
	}
	if len(warnings) != 2 || warnings[0].Index != 0 || warnings[1].Index != 2 || !strings.Contains(warnings[0].Reason, `is ignored: "dev.cdevents.pipelinerun.finished.0.3.0" says nothing`) {
		t.Errorf("warnings are %+v", warnings)
	}
	for _, alone := range []string{foreign, enveloped, custom} {
		if batch, _, err := parser().Parse(plain, []byte(alone)); err != nil || len(batch) != 1 || len(batch[0]) != 0 {
			t.Errorf("%s gives %v, %v", alone, batch, err)
		}
	}
}

// CloudEvents' HTTP binding writes attributes into headers in percent-encoding,
// and takes them out of quotes before.
func TestAttributesInHeadersAreDecoded(t *testing.T) {
	for written, want := range map[string]string{
		`plain`:               "plain",
		`Euro%20%E2%82%AC%25`: "Euro €%",
		`"quoted"`:            "quoted",
		`"a \"b\" \\ c"`:      `a "b" \ c`,
		`"%22in%22"`:          `"in"`,
		`100%`:                "100%",
		`%zz%2`:               "%zz%2",
		`%2541`:               "%41",
		`"`:                   `"`,
	} {
		h := header("Content-Type", "application/json", "Ce-Specversion", "1.0", "Ce-Id", written, "Ce-Source", "api", "Ce-Type", "fivekeys.deployment.v1", "Ce-Time", `"2026-01-01T10%3A00%3A00Z"`)
		batch, _, err := parser().Parse(h, []byte(deployment))
		if err != nil || batch[0][0].ID != want {
			t.Errorf("%s gives %v, %v, want %q", written, batch, err, want)
		}
	}
	h := header("Content-Type", "application/vnd.acme+json", "Ce-Specversion", "1.0", "Ce-Id", "a%0Ab", "Ce-Source", "api", "Ce-Type", "fivekeys.deployment.v1", "Ce-Time", "2026-01-01T10:00:00Z")
	if _, _, err := parser().Parse(h, []byte(deployment)); err == nil || !strings.Contains(err.Error(), "id holds the character U+000A") {
		t.Errorf("a line's end in an id: %v", err)
	}
	h.Set("Ce-Id", "%ff")
	if batch, _, err := parser().Parse(h, []byte(deployment)); err != nil || batch[0][0].ID != "�" {
		t.Errorf("bytes that are no text: %v, %v", batch, err)
	}
}
