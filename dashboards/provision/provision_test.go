package provision_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/fivekeys/fivekeys/dashboards"
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

func plan(t *testing.T, g *grafana, o provision.Options) []provision.Step {
	t.Helper()
	client, err := provision.NewClient(g.url, token)
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

func provisioned(t *testing.T, g *grafana, o provision.Options) []provision.Step {
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
	g := newGrafana(t)
	first := provisioned(t, g, options())
	if n := count(first, provision.Create); n != len(first) || len(g.dashboards) != len(dashboards.All()) || len(g.rules) != len(dashboards.Alerts()) {
		t.Fatalf("created %d of %d steps, %d dashboards, %d rule groups", n, len(first), len(g.dashboards), len(g.rules))
	}
	if g.secrets["fivekeys"] != "secret" {
		t.Error("the data source has no password")
	}
	before := g.writes
	second := provisioned(t, g, options())
	if n := count(second, provision.Unchanged); n != len(second) || g.writes != before {
		t.Errorf("%d of %d steps unchanged, %d writes", n, len(second), g.writes-before)
	}
}

func TestAPlanAloneWritesNothing(t *testing.T) {
	g := newGrafana(t)
	plan(t, g, options())
	if g.writes != 0 {
		t.Errorf("%d writes", g.writes)
	}
}

func TestADashboardThatPeopleEditedStaysUnlessForced(t *testing.T) {
	g := newGrafana(t)
	provisioned(t, g, options())
	edited := g.dashboards["fivekeys-service"]
	edited["title"], edited["version"] = "Our services", edited["version"].(float64)+1

	steps := provisioned(t, g, options())
	skipped := find(t, steps, "dashboard", "Service")
	if skipped.Action != provision.Skip || g.dashboards["fivekeys-service"]["title"] != "Our services" {
		t.Errorf("%s; the title is %v", skipped.Action, g.dashboards["fivekeys-service"]["title"])
	}
	if !strings.Contains(skipped.Diff, `-  "title": "Our services"`) || !strings.Contains(skipped.Diff, `+  "title": "Service"`) {
		t.Errorf("the difference does not show the edit:\n%.600s", skipped.Diff)
	}
	forced := options()
	forced.Force = true
	steps = provisioned(t, g, forced)
	if s := find(t, steps, "dashboard", "Service"); s.Action != provision.Overwrite || g.dashboards["fivekeys-service"]["title"] != "Service" {
		t.Errorf("%s; the title is %v", s.Action, g.dashboards["fivekeys-service"]["title"])
	}
	if again := plan(t, g, options()); count(again, provision.Unchanged) != len(again) {
		t.Error("after the force something still differs")
	}
}

func TestAnOlderDashboardOfOursIsUpdated(t *testing.T) {
	g := newGrafana(t)
	provisioned(t, g, options())
	// What an older fivekeys saved: another hash, the version it said.
	for _, v := range g.dashboards["fivekeys-incidents"]["templating"].(map[string]any)["list"].([]any) {
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
	g := newGrafana(t)
	provisioned(t, g, options())
	rules := g.rules["fivekeys/Pipeline"]["rules"].([]any)
	rules[0].(map[string]any)["isPaused"] = true
	rules[1].(map[string]any)["title"] = "Something else"
	steps := provisioned(t, g, options())
	if s := find(t, steps, "alert rules", "Pipeline"); s.Action != provision.Update {
		t.Fatalf("%s", s.Action)
	}
	first := g.rules["fivekeys/Pipeline"]["rules"].([]any)[0].(map[string]any)
	if first["isPaused"] != true {
		t.Error("the rule runs again")
	}
}

func TestEachTeamGetsAFolderItMayView(t *testing.T) {
	g := newGrafana(t)
	g.teams = map[string]int64{"payments": 3, "payments-eu": 4}
	o := options()
	o.Teams = []string{"Payments"}
	provisioned(t, g, o)
	if g.folders["fivekeys-team-payments"] == "" || len(g.permissions) != 1 || g.permissions[0] != "fivekeys-team-payments 3 View" {
		t.Errorf("folders %v, permissions %v", g.folders, g.permissions)
	}
	if _, ok := g.dashboards["fivekeys-five-keys-payments"]; !ok || g.homes["fivekeys-five-keys-payments"] != "fivekeys-team-payments" {
		t.Fatalf("no dashboard of the team: %v", g.homes)
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
			g := newGrafana(t)
			g.fail = c.fail
			secret := token
			if c.token != "" {
				secret = c.token
			}
			client, err := provision.NewClient(g.url, secret)
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

func TestAddressesThatAreNone(t *testing.T) {
	for address, want := range map[string]string{
		"grafana.example.com": "https://grafana", "https://admin:admin@grafana": "token", "": "https://grafana",
	} {
		if _, err := provision.NewClient(address, token); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", address, err)
		}
	}
	if _, err := provision.NewClient("https://grafana", ""); err == nil || !strings.Contains(err.Error(), "FIVEKEYS_GRAFANA_TOKEN") {
		t.Errorf("no token: %v", err)
	}
}
