package gateway_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/fivekeys/fivekeys/ingest/gateway"
	"github.com/fivekeys/fivekeys/internal/envelope"
	"github.com/fivekeys/fivekeys/internal/jetstream"
	"github.com/fivekeys/fivekeys/schemas"
)

// event is one valid event.
func event(id string) string {
	return fmt.Sprintf(`{"id":%q,"source":"api","type":"fivekeys.deployment.v1","time":"2026-01-01T10:00:00Z",
		"data":{"deployment_id":"d","service":"shop","environment":"prod","status":"succeeded"}}`, id)
}

func (s *stack) events(body string, h map[string]string) answer {
	s.t.Helper()
	all := map[string]string{"Authorization": "Bearer " + token, "Content-Type": "application/json"}
	for name, value := range h {
		all[name] = value
	}
	return s.do(http.MethodPost, "/v1/events", all, strings.NewReader(body))
}

func zipped(body string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = io.WriteString(z, body)
	_ = z.Close()
	return b.String()
}

func TestEventsAreCounted(t *testing.T) {
	s := serve(t, func(c *gateway.Config) {
		c.Catalog = func() *schemas.Catalog {
			repo := func(path string) []schemas.Repository {
				return []schemas.Repository{{Name: "acme/mono", Paths: []string{path}}}
			}
			return &schemas.Catalog{Services: []schemas.Service{
				{Name: "shop", Repositories: repo("shop/**")}, {Name: "cart", Repositories: repo("cart/**")},
			}}
		}
	})
	change := func(id, files string) string {
		return `{"id":"` + id + `","source":"api","type":"fivekeys.change.v1","time":"2026-01-01T10:00:00Z","data":{"repository":"acme/mono","sha":"8c2f0e1","files":[` + files + `]}}`
	}
	for _, tt := range []struct {
		name, body, want string
		header           map[string]string
	}{
		{"one event", event("1"), `{"accepted":1,"duplicates":0}`, nil},
		{"the same event once more", event("1"), `{"accepted":0,"duplicates":1}`, nil},
		{"a batch of an old one and a new one", "[" + event("1") + "," + event("2") + "]", `{"accepted":1,"duplicates":1}`, nil},
		{"the same event twice in one batch", "[" + event("3") + "," + event("3") + "]", `{"accepted":1,"duplicates":1}`, nil},
		{"an event of two services", change("4", `"shop/a","cart/b"`), `{"accepted":1,"duplicates":0}`, nil},
		{"an event of no service", change("5", `"README.md"`), `{"accepted":0,"duplicates":0,"ignored":1}`, nil},
		{"a CDEvent that says nothing here", `{"context":{"type":"dev.cdevents.pipelinerun.finished.0.2.0"}}`,
			`{"accepted":0,"duplicates":0,"ignored":1,"warnings":[{"index":0,"reason":"is ignored: \"dev.cdevents.pipelinerun.finished.0.2.0\" says nothing that is measured here"}]}`, nil},
		{"one beside an event", `[` + event("7") + `,{"context":{"type":"dev.cdevents.build.started.0.2.0"}}]`,
			`{"accepted":1,"duplicates":0,"ignored":1,"warnings":[{"index":1,"reason":"is ignored: \"dev.cdevents.build.started.0.2.0\" says nothing that is measured here"}]}`, nil},
		{"a service known in other letters, and a slip", strings.NewReplacer(`"shop"`, `"Shop"`, `"status"`, `"comit":"8c2f0e1","status"`).Replace(event("8")),
			`{"accepted":1,"duplicates":0,"warnings":[{"index":0,"field":"data.comit","reason":"is unknown and used for nothing; is data.sha meant?"},{"index":0,"field":"data.service","reason":"\"Shop\" is another service than \"shop\", which is known: names are compared letter by letter"}]}`, nil},
		{"nothing", "[]", `{"accepted":0,"duplicates":0}`, nil},
		{"compressed", zipped(event("6")), `{"accepted":1,"duplicates":0}`, map[string]string{"Content-Encoding": "gzip"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := s.events(tt.body, tt.header)
			if a.status != http.StatusAccepted || strings.TrimSpace(a.text) != tt.want {
				t.Errorf("the answer is %d %s, want %s", a.status, a.text, tt.want)
			}
		})
	}
	t.Run("they are stored by the partition of their service", func(t *testing.T) {
		messages := s.stored(jetstream.StreamEvents, s.client.Topology().Consumers(jetstream.StageDora)...)
		got := map[string]string{}
		for range 8 {
			m := next(t, messages)
			e, err := envelope.ParseEvent(m.Message)
			if err != nil || e.KnownAt.IsZero() {
				t.Fatalf("event %+v, %v", e, err)
			}
			if want := schemas.EventSubject(e.Type, schemas.Partition(e.Subject, partitions)); m.Subject != want {
				t.Errorf("event %s lies in %s, want %s", e.ID, m.Subject, want)
			}
			got[e.ID] = e.Subject
		}
		for id, service := range map[string]string{"1": "shop", "2": "shop", "3": "shop", "6": "shop", "7": "shop", "8": "Shop", "4@shop": "shop", "4@cart": "cart"} {
			if got[id] != service {
				t.Errorf("event %s is of service %q, want %q", id, got[id], service)
			}
		}
	})
}

func TestEventsAnswers(t *testing.T) {
	s := serve(t, func(c *gateway.Config) { c.Tokens = []string{token, "next"} })
	bomb := zipped(strings.Repeat(" ", 26<<20))
	for _, tt := range []struct {
		name, body string
		header     map[string]string
		status     int
		index      any
		field      string
	}{
		{"with the next token", event("1"), map[string]string{"Authorization": "Bearer next"}, 202, nil, ""},
		{"with another token", event("1"), map[string]string{"Authorization": "Bearer x"}, 401, nil, ""},
		{"without a token", event("1"), map[string]string{"Authorization": ""}, 401, nil, ""},
		{"with one bad event of three", "[" + event("a") + `,{"id":"b"},` + event("c") + "]", nil, 400, 1.0, "source"},
		{"with a bad field", strings.Replace(event("a"), "succeeded", "ok", 1), nil, 400, 0.0, "data.status"},
		{"with an unknown type", strings.Replace(event("a"), "deployment.v1", "x", 1), nil, 400, 0.0, "type"},
		{"with broken JSON", `[{"id":`, nil, 400, nil, ""},
		{"with another media type", event("a"), map[string]string{"Content-Type": "text/xml"}, 415, nil, ""},
		{"with another encoding", event("a"), map[string]string{"Content-Encoding": "br"}, 415, nil, ""},
		{"with gzip that is none", event("a"), map[string]string{"Content-Encoding": "gzip"}, 400, nil, ""},
		{"with gzip that is cut", zipped(event("a"))[:60], map[string]string{"Content-Encoding": "gzip"}, 400, nil, ""},
		{"with gzip that blows up", bomb, map[string]string{"Content-Encoding": "gzip"}, 413, nil, ""},
		{"with 26 MiB", strings.Repeat(" ", 26<<20), nil, 413, nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := s.events(tt.body, tt.header)
			if a.status != tt.status || a.body["index"] != tt.index {
				t.Fatalf("the answer is %d %s, want %d and index %v", a.status, a.text, tt.status, tt.index)
			}
			if field, _ := a.body["field"].(string); field != tt.field {
				t.Errorf("the field is %q, want %q", field, tt.field)
			}
			if a.status == http.StatusUnauthorized && (a.header.Get("WWW-Authenticate") != "Bearer" || a.body["hint"] == nil) {
				t.Errorf("the 401 does not say what to do: %s %s", a.header, a.text)
			}
		})
	}
	t.Run("of a bad batch nothing is stored", func(t *testing.T) {
		if a := s.events("["+event("a")+","+event("c")+"]", nil); a.body["accepted"] != 2.0 {
			t.Errorf("the answer is %s", a.text)
		}
	})
	t.Run("without any token configured nobody gets in", func(t *testing.T) {
		s := serve(t, func(c *gateway.Config) { c.Tokens = []string{""} })
		a := s.events(event("1"), map[string]string{"Authorization": "Bearer "})
		if hint, _ := a.body["hint"].(string); a.status != http.StatusUnauthorized || !strings.Contains(hint, "FIVEKEYS_API_TOKEN") {
			t.Errorf("the answer is %d %s", a.status, a.text)
		}
	})
}

func TestMoreThanOneAtomicBatch(t *testing.T) {
	s := serve(t, nil)
	all := make([]string, 2500)
	for i := range all {
		all[i] = event(fmt.Sprint(i))
	}
	body := "[" + strings.Join(all, ",") + "]"
	if a := s.events(body, nil); a.body["accepted"] != 2500.0 {
		t.Errorf("the answer is %d %s", a.status, a.text)
	}
	if a := s.events(body, nil); a.body["duplicates"] != 2500.0 {
		t.Errorf("the second answer is %d %s", a.status, a.text)
	}
}
