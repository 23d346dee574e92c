package provision_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/fivekeys/fivekeys/dashboards"
	"github.com/fivekeys/fivekeys/dashboards/grafanatest"
	"github.com/fivekeys/fivekeys/dashboards/provision"
)

func options() provision.Options {
	return provision.Options{
		DataSourceUID: "fivekeys",
		DataSource: &provision.DataSource{
			Name: "fivekeys", JSONData: map[string]any{"host": "clickhouse", "port": 9000, "protocol": "native", "username": "fivekeys_reader"}, Password: "secret",
		},
	}
}

func plan(t *testing.T, g *grafanatest.Server, o provision.Options) []provision.Step {
	t.Helper()
	client, err := provision.NewClient(g.URL, grafanatest.Token)
	if err != nil {
		t.Fatal(err)
	}
	wanted, err := provision.Everything(o)
	if err != nil {
		t.Fatal(err)
	}
	steps, err := provision.NewPlan(client, wanted)
	if err != nil {
		t.Fatal(err)
	}
	return steps
}

func provisioned(t *testing.T, g *grafanatest.Server, o provision.Options) []provision.Step {
	t.Helper()
	steps := plan(t, g, o)
	if err := provision.Apply(steps); err != nil {
		t.Fatal(err)
	}
	return steps
}

func count(steps []provision.Step, action provision.Action) int {
	n := 0
	for _, s := range steps {
		if s.Action == action {
			n++
		}
	}
	return n
}

func find(t *testing.T, steps []provision.Step, kind, name string) provision.Step {
	t.Helper()
	for _, s := range steps {
		if s.Kind == kind && s.Name == name {
			return s
		}
	}
	t.Fatalf("no step for %s %s", kind, name)
	return provision.Step{}
}

func TestASecondRunChangesNothing(t *testing.T) {
	g := grafanatest.New(t)
	first := provisioned(t, g, options())
	if n := count(first, provision.Create); n != len(first) || len(g.Dashboards) != len(dashboards.All()) || len(g.Rules) != len(dashboards.Alerts()) {
		t.Fatalf("created %d of %d steps, %d dashboards, %d rule groups", n, len(first), len(g.Dashboards), len(g.Rules))
	}
	if g.Secrets["fivekeys"] != "secret" {
		t.Error("the data source has no password")
	}
	before := g.Writes
	second := provisioned(t, g, options())
	if n := count(second, provision.Unchanged); n != len(second) || g.Writes != before {
		t.Errorf("%d of %d steps unchanged, %d writes", n, len(second), g.Writes-before)
	}
}

func TestAPlanAloneWritesNothing(t *testing.T) {
	g := grafanatest.New(t)
	plan(t, g, options())
	if g.Writes != 0 {
		t.Errorf("%d writes", g.Writes)
	}
}

func TestADashboardThatPeopleEditedStaysUnlessForced(t *testing.T) {
	g := grafanatest.New(t)
	provisioned(t, g, options())
	edited := g.Dashboards["fivekeys-service"]
	edited["title"], edited["version"] = "Our services", edited["version"].(float64)+1

	steps := provisioned(t, g, options())
	skipped := find(t, steps, "dashboard", "Service")
	if skipped.Action != provision.Skip || g.Dashboards["fivekeys-service"]["title"] != "Our services" {
		t.Errorf("%s; the title is %v", skipped.Action, g.Dashboards["fivekeys-service"]["title"])
	}
	if !strings.Contains(skipped.Diff, `-  "title": "Our services"`) || !strings.Contains(skipped.Diff, `+  "title": "Service"`) {
		t.Errorf("the difference does not show the edit:\n%.600s", skipped.Diff)
	}
	forced := options()
	forced.Force = true
	steps = provisioned(t, g, forced)
	if s := find(t, steps, "dashboard", "Service"); s.Action != provision.Overwrite || g.Dashboards["fivekeys-service"]["title"] != "Service" {
		t.Errorf("%s; the title is %v", s.Action, g.Dashboards["fivekeys-service"]["title"])
	}
	if again := plan(t, g, options()); count(again, provision.Unchanged) != len(again) {
		t.Error("after the force something still differs")
	}
}

func TestAnOlderDashboardOfOursIsUpdated(t *testing.T) {
	g := grafanatest.New(t)
	provisioned(t, g, options())
	// What an older fivekeys saved: another hash, the version it said.
	for _, v := range g.Dashboards["fivekeys-incidents"]["templating"].(map[string]any)["list"].([]any) {
		if variable := v.(map[string]any); variable["name"] == "fivekeys_provisioned" {
			variable["query"] = "0123456789abcdef@1"
		}
	}
	steps := provisioned(t, g, options())
	if s := find(t, steps, "dashboard", "Incidents"); s.Action != provision.Update {
		t.Errorf("%s", s.Action)
	}
	if again := plan(t, g, options()); count(again, provision.Unchanged) != len(again) {
		t.Error("after the update something still differs")
	}
}

func TestAPausedRuleStaysPaused(t *testing.T) {
	g := grafanatest.New(t)
	provisioned(t, g, options())
	rules := g.Rules["fivekeys/Pipeline"]["rules"].([]any)
	rules[0].(map[string]any)["isPaused"] = true
	rules[1].(map[string]any)["title"] = "Something else"
	steps := provisioned(t, g, options())
	if s := find(t, steps, "alert rules", "Pipeline"); s.Action != provision.Update {
		t.Fatalf("%s", s.Action)
	}
	first := g.Rules["fivekeys/Pipeline"]["rules"].([]any)[0].(map[string]any)
	if first["isPaused"] != true {
		t.Error("the rule runs again")
	}
}

func TestEachTeamGetsAFolderItMayView(t *testing.T) {
	g := grafanatest.New(t)
	g.Teams = map[string]int64{"payments": 3, "payments-eu": 4}
	o := options()
	o.Teams = []string{"Payments"}
	provisioned(t, g, o)
	if g.Folders["fivekeys-team-payments"] == "" || len(g.Permissions) != 1 || g.Permissions[0] != "fivekeys-team-payments 3 View" {
		t.Errorf("folders %v, permissions %v", g.Folders, g.Permissions)
	}
	if _, ok := g.Dashboards["fivekeys-five-keys-payments"]; !ok || g.Homes["fivekeys-five-keys-payments"] != "fivekeys-team-payments" {
		t.Fatalf("no dashboard of the team: %v", g.Homes)
	}
	if again := plan(t, g, o); count(again, provision.Unchanged) != len(again)-1 { // a permission is set each time
		t.Errorf("the second run changes %d", len(again)-count(again, provision.Unchanged))
	}
}

func TestErrorsSayWhatToDo(t *testing.T) {
	for name, c := range map[string]struct {
		token string
		fail  func(*http.Request) (int, string)
		want  []string
	}{
		"a wrong token": {token: "wrong", want: []string{"401", "FIVEKEYS_GRAFANA_TOKEN"}},
		"no right to write": {fail: func(r *http.Request) (int, string) {
			if r.Method == http.MethodPost {
				return http.StatusForbidden, "Permissions needed: folders:create"
			}
			return 0, ""
		}, want: []string{"403", "folders:create", "Editor"}},
		"a folder of that name": {fail: func(r *http.Request) (int, string) {
			if r.Method == http.MethodPost {
				return http.StatusConflict, "a folder with the same name already exists"
			}
			return 0, ""
		}, want: []string{`create folder "fivekeys"`, "409", "another uid"}},
		"somebody saves meanwhile": {fail: func(r *http.Request) (int, string) {
			if strings.HasSuffix(r.URL.Path, "/dashboards/db") {
				return http.StatusPreconditionFailed, "The dashboard has been changed by someone else"
			}
			return 0, ""
		}, want: []string{`create dashboard "Five keys"`, "412", "run again"}},
		"a Grafana that is unwell": {fail: func(*http.Request) (int, string) { return http.StatusBadGateway, "" }, want: []string{"502", "run again later"}},
	} {
		t.Run(name, func(t *testing.T) {
			g := grafanatest.New(t)
			g.Fail = c.fail
			secret := grafanatest.Token
			if c.token != "" {
				secret = c.token
			}
			client, err := provision.NewClient(g.URL, secret)
			if err != nil {
				t.Fatal(err)
			}
			wanted, err := provision.Everything(options())
			if err != nil {
				t.Fatal(err)
			}
			steps, err := provision.NewPlan(client, wanted)
			if err == nil {
				err = provision.Apply(steps)
			}
			if err == nil {
				t.Fatal("no error")
			}
			for _, part := range c.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q does not say %q", err, part)
				}
			}
		})
	}
}

// The rules as they were: each named a dashboard and no panel of it.
func TestARuleThatGrafanaRefusesIsAnError(t *testing.T) {
	g := grafanatest.New(t)
	client, err := provision.NewClient(g.URL, grafanatest.Token)
	if err != nil {
		t.Fatal(err)
	}
	wanted, err := provision.Everything(options())
	if err != nil {
		t.Fatal(err)
	}
	for _, group := range wanted.Rules {
		for _, rule := range group.Rules {
			delete(rule.Annotations, "__panelId__")
		}
	}
	steps, err := provision.NewPlan(client, wanted)
	if err != nil {
		t.Fatal(err)
	}
	if err := provision.Apply(steps); err == nil || !strings.Contains(err.Error(), "both annotations") || len(g.Rules) > 0 {
		t.Errorf("%v; Grafana has the groups %v", err, g.Rules)
	}
}

func TestAnAddressThatAnswersNotFoundIsNoEmptyGrafana(t *testing.T) {
	g := grafanatest.New(t)
	g.Fail = func(*http.Request) (int, string) { return http.StatusNotFound, "no such page" }
	client, err := provision.NewClient(g.URL, grafanatest.Token)
	if err != nil {
		t.Fatal(err)
	}
	steps, err := provision.NewPlan(client, provision.Wanted{Folders: []provision.Folder{{UID: "fivekeys", Title: "fivekeys"}}})
	if err == nil || !strings.Contains(err.Error(), "is --grafana-url a Grafana") || len(steps) > 0 {
		t.Errorf("%v; it plans %v", err, steps)
	}
}

func TestAddressesThatAreNone(t *testing.T) {
	for address, want := range map[string]string{
		"grafana.example.com": "https://grafana", "https://admin:admin@grafana": "token", "": "https://grafana",
	} {
		if _, err := provision.NewClient(address, grafanatest.Token); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", address, err)
		}
	}
	if _, err := provision.NewClient("https://grafana", ""); err == nil || !strings.Contains(err.Error(), "FIVEKEYS_GRAFANA_TOKEN") {
		t.Errorf("no token: %v", err)
	}
}
