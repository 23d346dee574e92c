package gate_test

import (
	"encoding/json"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/fivekeys/fivekeys/ingest/gate"
	budget "github.com/fivekeys/fivekeys/internal/gate"
	"github.com/fivekeys/fivekeys/schemas"
)

var update = flag.Bool("update", false, "write the golden files again")

var now = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

// known are budgets that stand still.
type known map[string]budget.Known

func (k known) Known(service string) budget.Known {
	if one, there := k[service]; there {
		return one
	}
	return budget.Known{EvaluatedAt: now.Add(-time.Minute)}
}

func status(service string, left float64) schemas.BudgetStatus {
	const minutes, window = 43.2, 30 * 24 * time.Hour
	remaining, sli, rate := left/minutes, 0.9991, 0.5
	at := now.Add(-time.Minute)
	f := schemas.BudgetFigures{Good: 9991, Total: 10000, SLI: &sli, Remaining: &remaining, RemainingMinutes: &left, BudgetMinutes: minutes}
	return schemas.BudgetStatus{
		Objective: service + "-availability", SLO: service + "-availability", Service: service, Team: "shop", At: at, From: at.Add(-window), To: at,
		Target: 0.999, Budgeting: schemas.Occurrences, BudgetFigures: f,
		Burn: []schemas.Burn{
			{Window: 5 * time.Minute, Rate: &rate},
			{Window: time.Hour, Rate: &rate},
			{Window: 6 * time.Hour, Rate: &rate},
			{Window: 3 * 24 * time.Hour, Rate: nil},
			{Window: window, Rate: &rate},
		},
		Methods: []schemas.MethodFigures{
			{Budgeting: schemas.Occurrences, BudgetFigures: f},
			{Budgeting: schemas.Timeslices, BudgetFigures: f},
			{Budgeting: schemas.RatioTimeslices, BudgetFigures: f},
		},
	}
}

func budgets() known {
	return known{
		"checkout": {Statuses: []schemas.BudgetStatus{status("checkout", -8.8)}, EvaluatedAt: now.Add(-time.Minute)},
		"search":   {Statuses: []schemas.BudgetStatus{status("search", 12)}, EvaluatedAt: now.Add(-time.Minute)},
		"payment":  {Statuses: []schemas.BudgetStatus{status("payment", -1)}, EvaluatedAt: now.Add(-time.Minute)},
	}
}

func newGate(t testing.TB, change func(*gate.Config)) http.Handler {
	t.Helper()
	cfg := gate.Config{
		Budgets: budgets(), Now: func() time.Time { return now },
		Policy: func() schemas.Policy {
			p := schemas.DefaultPolicy()
			p.Exceptions = []schemas.FreezeException{{Service: "pay*", Author: "Ada", Reason: "the bank's deadline", Until: now.Add(72 * time.Hour)}}
			return p
		},
		Catalog: func() *schemas.Catalog {
			repository := func(name string) []schemas.Repository { return []schemas.Repository{{Name: name}} }
			return &schemas.Catalog{Services: []schemas.Service{
				{Name: "checkout", Production: []string{"prod-*"}, Repositories: repository("acme/shop")},
				{Name: "mono-a", Repositories: repository("acme/mono")}, {Name: "mono-b", Repositories: repository("acme/mono")},
			}}
		},
	}
	if change != nil {
		change(&cfg)
	}
	g, err := gate.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return alone(g)
}

// alone serves nothing but the gate.
func alone(g *gate.Gate) http.Handler {
	mux := http.NewServeMux()
	g.Register(mux)
	return mux
}

func ask(h http.Handler, target string, change func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, target, nil)
	r.RemoteAddr = "127.0.0.1:54321"
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestAnswers(t *testing.T) {
	for name, tt := range map[string]struct {
		query  string
		status int
		golden string
	}{
		"a spent budget is refused in a document":                  {"service=checkout", http.StatusOK, "exhausted"},
		"a production environment is what the budget is for":       {"service=checkout&environment=prod-eu", http.StatusOK, "production"},
		"another environment is allowed":                           {"service=checkout&environment=staging", http.StatusOK, "staging"},
		"what is left allows":                                      {"service=search", http.StatusOK, "within"},
		"an exception allows and is told":                          {"service=payment", http.StatusOK, "excepted"},
		"a service without budgets is allowed":                     {"service=nobody", http.StatusOK, "no_budget"},
		"asked for the status, a refusal is 423":                   {"service=checkout&status=1", http.StatusLocked, "exhausted"},
		"asked for the status, an allowance is 200":                {"service=search&status=1", http.StatusOK, "within"},
		"a repository's name is that of the service it belongs to": {"service=acme/shop&environment=prod-eu", http.StatusOK, "production"},
		"in whatever case":                                         {"service=Acme/Shop&environment=prod-eu", http.StatusOK, "production"},
		"a repository that nobody names is a service":              {"service=acme/other", http.StatusOK, "other_repository"},
		"a repository of two services is 400":                      {"service=acme/mono", http.StatusBadRequest, "two_services"},
		"an unknown parameter is 400":                              {"service=checkout&enviroment=staging", http.StatusBadRequest, "unknown_parameter"}, //nolint:misspell // the mistake is the point
		"two environments are 400":                                 {"service=checkout&environment=a&environment=b", http.StatusBadRequest, "two_environments"},
		"no service is 400":                                        {"environment=production", http.StatusBadRequest, "missing"},
		"an empty service is 400":                                  {"service=", http.StatusBadRequest, "empty"},
		"two services are 400":                                     {"service=a&service=b", http.StatusBadRequest, "twice"},
		"a query that is none is 400":                              {"service=%zz", http.StatusBadRequest, "query"},
		"a status that is none is 400":                             {"service=search&status=yes", http.StatusBadRequest, "status"},
	} {
		t.Run(name, func(t *testing.T) {
			w := ask(newGate(t, nil), gate.Path+"?"+tt.query, nil)
			if w.Code != tt.status {
				t.Errorf("status %d, want %d", w.Code, tt.status)
			}
			media := "application/json"
			if tt.status == http.StatusBadRequest {
				media = "application/problem+json"
			}
			if got := w.Header().Get("Content-Type"); got != media {
				t.Errorf("it is %s", got)
			}
			if got := w.Header().Get("Cache-Control"); got != "no-store" {
				t.Errorf("Cache-Control: %s", got)
			}
			checkGolden(t, tt.golden, w.Body.Bytes())
		})
	}
}

func checkGolden(t *testing.T, name string, got []byte) {
	t.Helper()
	var v any
	if err := json.Unmarshal(got, &v); err != nil {
		t.Fatalf("%v: %s", err, got)
	}
	pretty, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	pretty = append(pretty, '\n')
	path := filepath.Join("testdata", "golden", name+".json")
	if *update {
		if err := os.WriteFile(path, pretty, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(pretty)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWhoMayAsk(t *testing.T) {
	bearer := func(token string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
	}
	from := func(address string) func(*http.Request) { return func(r *http.Request) { r.RemoteAddr = address } }
	for name, tt := range map[string]struct {
		tokens  []string
		request func(*http.Request)
		status  int
		hint    string
	}{
		"this machine, where no token is configured":            {nil, nil, http.StatusOK, ""},
		"this machine by IPv6":                                  {nil, from("[::1]:1"), http.StatusOK, ""},
		"this machine by IPv4 in IPv6":                          {nil, from("[::ffff:127.0.0.1]:1"), http.StatusOK, ""},
		"not another one":                                       {nil, from("192.0.2.1:1"), http.StatusUnauthorized, "FIVEKEYS_API_TOKEN"},
		"not another one through a proxy on this machine":       {nil, func(r *http.Request) { r.Header.Set("X-Forwarded-For", "192.0.2.1") }, http.StatusUnauthorized, "FIVEKEYS_API_TOKEN"},
		"not an address that is none":                           {nil, from("@"), http.StatusUnauthorized, "FIVEKEYS_API_TOKEN"},
		"whoever has the machine's own token":                   {nil, func(r *http.Request) { bearer("own")(r); from("192.0.2.1:1")(r) }, http.StatusOK, ""},
		"whoever has a configured token":                        {[]string{"one", "two"}, func(r *http.Request) { bearer("two")(r); from("192.0.2.1:1")(r) }, http.StatusOK, ""},
		"not this machine without one, where one is configured": {[]string{"one"}, nil, http.StatusUnauthorized, "configured tokens"},
		"not with another one":                                  {[]string{"one"}, bearer("three"), http.StatusUnauthorized, "configured tokens"},
		"an empty token is none that is configured":             {[]string{" "}, nil, http.StatusOK, ""},
	} {
		t.Run(name, func(t *testing.T) {
			h := newGate(t, func(c *gate.Config) { c.Tokens, c.OwnToken = tt.tokens, "own" })
			w := ask(h, gate.Path+"?service=search", tt.request)
			if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.hint) {
				t.Errorf("status %d, want %d: %s", w.Code, tt.status, w.Body)
			}
			if challenge := w.Header().Get("WWW-Authenticate"); (challenge != "") != (w.Code == http.StatusUnauthorized) {
				t.Errorf("WWW-Authenticate: %s", challenge)
			}
		})
	}
}

func TestAnswersAreCounted(t *testing.T) {
	registry := prometheus.NewRegistry()
	h := newGate(t, func(c *gate.Config) { c.Registerer = registry })
	for _, service := range []string{"checkout", "search", "search"} {
		ask(h, gate.Path+"?service="+service, nil)
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, m := range families[0].GetMetric() {
		got[m.GetLabel()[0].GetValue()+" "+m.GetLabel()[1].GetValue()] = m.GetCounter().GetValue()
	}
	if diff := cmp.Diff(map[string]float64{"false exhausted": 1, "true within_budget": 2}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := gate.New(gate.Config{Budgets: known{}, Registerer: registry}); err == nil {
		t.Error("two gates share a registry")
	}
}

func TestWithoutConfigurationTheDefaultPolicyHolds(t *testing.T) {
	if _, err := gate.New(gate.Config{}); err == nil {
		t.Error("a gate without budgets was made")
	}
	g, err := gate.New(gate.Config{Budgets: known{}})
	if err != nil {
		t.Fatal(err)
	}
	w := ask(alone(g), gate.Path+"?service=anything&environment=staging", nil)
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"fail":"open"`) || !strings.Contains(w.Body.String(), `"freeze":true`) {
		t.Errorf("%d: %s", w.Code, w.Body)
	}
}
