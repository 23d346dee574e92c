package schemas

import (
	"slices"
	"testing"
	"time"
)

func TestMatchGlob(t *testing.T) {
	for _, c := range []struct {
		glob, s string
		want    bool
	}{
		{"production", "Production", true},
		{"prod-*", "prod-eu", true},
		{"prod-*", "prod", false},
		{"live*", "live", true},
		{"live*", "alive", false},
		{"prod-*", "prod-eu/west", false},
		{"services/shop/**", "services/shop/api/main.go", true},
		{"services/shop/**", "services/shopping/main.go", false},
		{"**/*.sql", "schema.sql", true},
		{"**/*.sql", "a/b/schema.sql", true},
		{"a/**/b", "a/b", true},
		{"a/**/b", "a/x/y/b", true},
		{"v?.*", "v1.2", true},
		{"*", "release/1", false},
		{"**", "release/1", true},
		{"**", "", true},
		{"", "", true},
		{"", "x", false},
	} {
		if got := MatchGlob(c.glob, c.s); got != c.want {
			t.Errorf("MatchGlob(%q, %q) = %t, want %t", c.glob, c.s, got, c.want)
		}
	}
}

func FuzzMatchGlob(f *testing.F) {
	f.Add("a/**/b?*", "a/x/bcd")
	f.Fuzz(func(t *testing.T, glob, s string) {
		if len(glob) > 20 || len(s) > 50 {
			return // exponential in the number of stars; globs are the operator's own
		}
		if MatchGlob(glob, s) && !MatchGlob("**", s) {
			t.Errorf("** does not match %q", s)
		}
	})
}

func TestServicesOfARepository(t *testing.T) {
	catalog := Catalog{Services: []Service{
		{Name: "cart", Team: "shop", Repositories: []Repository{{Name: "acme/mono", Paths: []string{"cart/**"}}}},
		{Name: "pay", Team: "money", Repositories: []Repository{{Name: "acme/mono", Paths: []string{"pay/**", "lib/**"}}}},
		{Name: "docs", Team: "shop", Repositories: []Repository{{Name: "acme/docs"}}},
	}}
	for _, c := range []struct {
		name       string
		repository string
		files      []string
		want       []string
	}{
		{"a repository nobody catalogued is a service", "acme/other", nil, []string{"acme/other"}},
		{"a repository without paths owns every file", "Acme/Docs", []string{"x"}, []string{"docs"}},
		{"a change belongs to the service whose paths it touches", "acme/mono", []string{"cart/a.go"}, []string{"cart"}},
		{"a change across services belongs to both", "acme/mono", []string{"cart/a.go", "lib/b.go"}, []string{"cart", "pay"}},
		{"a change to files of no service belongs to none", "acme/mono", []string{"README.md"}, nil},
		{"without files every service of the repository is meant", "acme/mono", nil, []string{"cart", "pay"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, s := range catalog.ServicesOf(c.repository, c.files) {
				got = append(got, s.Name)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestAServiceTakesWhatItDoesNotSayFromTheDefaults(t *testing.T) {
	catalog := Catalog{
		Services: []Service{{Name: "cart", Production: []string{"live"}, Deployed: Deployed{By: ByTag}}},
		Defaults: Service{Team: "everybody", AttributionWindow: time.Hour},
	}
	s := catalog.Service("cart")
	if s.Team != "everybody" || s.AttributionWindow != time.Hour {
		t.Errorf("defaults are not taken: %+v", s)
	}
	if !s.IsProduction("LIVE") || s.IsProduction("production") {
		t.Errorf("the service's own environments do not win: %v", s.Production)
	}
	if s.Deployed != (Deployed{By: ByTag, Workflow: "**", Tags: "**", Environment: "production"}) {
		t.Errorf("deployed is %+v", s.Deployed)
	}
	if unknown := catalog.Service("acme/x"); unknown.Team != "acme" {
		t.Errorf("the team of an unknown repository is %q, want its owner", unknown.Team)
	}
	if a, b := s.Fingerprint("1"), catalog.Services[0]; a == b.Fingerprint("1") || a == s.Fingerprint("2") {
		t.Error("fingerprints of different rules are equal")
	}
}

func TestWhatCountsAsDeployed(t *testing.T) {
	workflow := (&Catalog{Services: []Service{{Name: "s", Deployed: Deployed{By: ByWorkflowRun, Workflow: "Deploy*"}}}}).Service("s")
	tag := (&Catalog{Services: []Service{{Name: "s", Deployed: Deployed{By: ByTag, Tags: "v*"}}}}).Service("s")
	for _, c := range []struct {
		name    string
		service Service
		event   DeploymentEvent
		want    bool
	}{
		{"an event that names no signal always counts", workflow, DeploymentEvent{}, true},
		{"another signal than the service's does not", workflow, DeploymentEvent{Via: ByDeployment}, false},
		{"the workflow of the right name does", workflow, DeploymentEvent{Via: ByWorkflowRun, Workflow: "deploy prod"}, true},
		{"a workflow of another name does not", workflow, DeploymentEvent{Via: ByWorkflowRun, Workflow: "tests"}, false},
		{"a tag that matches does", tag, DeploymentEvent{Via: ByTag, Version: "v1"}, true},
		{"a tag that does not match does not", tag, DeploymentEvent{Via: ByTag, Version: "nightly"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.service.Counts(&c.event); got != c.want {
				t.Errorf("got %t, want %t", got, c.want)
			}
		})
	}
}

func TestServiceByAlias(t *testing.T) {
	catalog := Catalog{
		Services: []Service{
			{Name: "checkout", Aliases: []string{"pagerduty:PXYZ12", "Checkout API"}},
			{Name: "cart", Aliases: []string{"alertmanager:api"}},
			{Name: "gateway", Aliases: []string{"API", "search"}},
			{Name: "search"},
		},
		Defaults: Service{Team: "everybody"},
	}
	for _, c := range []struct {
		name         string
		source, said string
		want         string
		known        bool
	}{
		{"an alias is a name of the service", "pagerduty", "checkout api", "checkout", true},
		{"an alias of a source is one to that source", "pagerduty", "pxyz12", "checkout", true},
		{"an alias of a source is nothing to another", "alertmanager", "PXYZ12", "PXYZ12", false},
		{"an alias of the source goes before one of all", "alertmanager", "api", "cart", true},
		{"the other sources have the one of all", "pagerduty", "api", "gateway", true},
		{"an alias goes before a name", "pagerduty", "search", "gateway", true},
		{"a service is known by its own name", "pagerduty", "Cart", "cart", true},
		{"a name that nobody claims is a service", "pagerduty", "acme/other", "acme/other", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, known := catalog.ServiceByAlias(c.source, c.said)
			if s.Name != c.want || known != c.known {
				t.Errorf("got %q, %t, want %q, %t", s.Name, known, c.want, c.known)
			}
			if s.Team != "everybody" && known {
				t.Errorf("defaults are not taken: %+v", s)
			}
		})
	}
}

func TestAliasesDontMakeFactsStale(t *testing.T) {
	a, b := Service{Name: "cart"}, Service{Name: "cart", Aliases: []string{"PXYZ12"}}
	if a.Fingerprint("1") != b.Fingerprint("1") {
		t.Error("an alias changes the fingerprint")
	}
}
