package config

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fivekeys/fivekeys/schemas"
)

const examplePath = "../../deploy/fivekeys.example.yaml"

// parse reads a text that lies in no folder.
func parse(name string, text []byte) (Config, error) { return (&decoder{file: name}).parse(text) }

func TestTheExampleFileSaysWhatItsCommentsSay(t *testing.T) {
	text, err := os.ReadFile(examplePath)
	if err != nil {
		t.Fatal(err)
	}
	got, err := parse(examplePath, text)
	if err != nil {
		t.Fatal(err)
	}
	want := Config{
		Catalog: schemas.Catalog{
			Services: []schemas.Service{
				{Name: "checkout", Team: "payments", Repositories: []schemas.Repository{{Name: "acme/checkout"}}, Production: []string{"production", "prod-*"}},
				{Name: "storefront", Team: "web", Repositories: []schemas.Repository{{Name: "acme/shop", Paths: []string{"web/**", "libs/ui/**"}}},
					Deployed: schemas.Deployed{By: schemas.ByWorkflowRun, Workflow: "deploy storefront*", Environment: "production"}},
				{Name: "search", Team: "discovery", Repositories: []schemas.Repository{{Name: "acme/shop", Paths: []string{"search/**"}}},
					Deployed: schemas.Deployed{By: schemas.ByTag, Tags: "search-v*"}, IncidentLabels: []string{"incident", "sev-*"},
					HotfixBranches: []string{"hotfix/*"}, AttributionWindow: 48 * time.Hour},
				{Name: "cli", Team: "discovery", Repositories: []schemas.Repository{{Name: "acme/cli"}}, Deployed: schemas.Deployed{By: schemas.ByRelease}},
				{Name: "mainframe", Team: "payments", Aliases: []string{"pagerduty:PXYZ12", "zos-batch"}},
			},
			Defaults: schemas.Service{Production: []string{"production", "prod", "live*"}, Deployed: schemas.Deployed{By: schemas.ByDeployment},
				IncidentLabels: []string{"incident"}, HotfixLabels: []string{"hotfix"}, AttributionWindow: 24 * time.Hour, BurnAttribution: new(false)},
		},
		Bands: "2023", MinimumSample: 5, Listen: "127.0.0.1:8080", Data: "./fivekeys-data",
		SLOFiles: []string{"slos/*.yaml"},
		Spans:    schemas.SpanRules{Retention: 7 * 24 * time.Hour, Keep: 1, Slow: time.Second},
		Receivers: []schemas.Receiver{
			{Name: "oncall", Alertmanager: "http://alertmanager.example.com:9093", Severities: []schemas.Severity{schemas.SeverityPage}},
			{Name: "chat", Webhook: "https://chat.example.com/hooks/fivekeys", SecretFile: "/run/secrets/chat",
				Services: []string{"checkout", "store*"}, Signals: []schemas.SignalKind{schemas.SignalAlert, schemas.SignalBudget}},
		},
		Policy: schemas.Policy{Freeze: true, FailOpen: true, MaxAge: 15 * time.Minute, Objectives: []string{"checkout-availability"},
			Exceptions: []schemas.FreezeException{{Service: "checkout", Author: "ann@example.com", Reason: "hotfix of the outage",
				Until: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)}}},
		Toil: Toil{Default: schemas.ToilRules{Cap: 0.5}, Labels: []string{"toil", "toil/*"}, Teams: []schemas.ToilRules{
			{Team: "payments", Capacity: 160 * time.Hour, Cap: 0.4}, {Team: "web", Capacity: 120 * time.Hour, Cap: 0.5}}},
	}
	want.GitHubApp.API = "https://api.github.com"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestTheExamplesCommentedServersAreValidToo(t *testing.T) {
	text, err := os.ReadFile(examplePath)
	if err != nil {
		t.Fatal(err)
	}
	_, commented, ok := strings.Cut(string(text), "# Servers instead of the embedded ones:\n#\n")
	if !ok {
		t.Fatal("the example has no servers")
	}
	got, err := parse("example", []byte(regexp.MustCompile("(?m)^# ?(The .*)?").ReplaceAllString(commented, "")))
	if err != nil {
		t.Fatal(err)
	}
	want := Config{
		NATS: NATS{URL: "tls://nats-1.example.com:4222,tls://nats-2.example.com:4222", User: "fivekeys", PasswordFile: "/run/secrets/nats",
			TLS: TLS{CA: "/etc/fivekeys/ca.pem", Cert: "/etc/fivekeys/client.pem", Key: "/etc/fivekeys/client.key"}},
		ClickHouse: ClickHouse{URL: "clickhouse://clickhouse.example.com:9000/fivekeys", Cluster: "metrics"},
		Partitions: 16, Replicas: 3,
		GitHubApp: GitHubApp{ID: 1234, Installation: 5678, PrivateKeyFile: "/run/secrets/app.pem", API: "https://api.github.com"},
	}
	if diff := cmp.Diff(withDefaults(want), got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestWhatIsAllowed(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want Config
	}{
		"nothing at all":                       {"", Config{}},
		"comments only":                        {"# nothing\n", Config{}},
		"keys without values":                  {"services:\nbands:\nnats:\nlisten:\n", Config{}},
		"a version of the bands as a number":   {"bands: 2021", Config{Bands: "2021"}},
		"a single text where a list is known":  {"defaults: {production: live}", Config{Catalog: schemas.Catalog{Defaults: schemas.Service{Production: []string{"live"}}}}},
		"a window in days":                     {"defaults: {attribution_window: 7d}", Config{Catalog: schemas.Catalog{Defaults: schemas.Service{AttributionWindow: 7 * 24 * time.Hour}}}},
		"an anchor and its alias":              {"defaults: {hotfix_labels: &l [fix], incident_labels: *l}", Config{Catalog: schemas.Catalog{Defaults: schemas.Service{HotfixLabels: []string{"fix"}, IncidentLabels: []string{"fix"}}}}},
		"a repository in a group of groups":    {"services: [{name: a, repositories: [g/h/r]}]", Config{Catalog: schemas.Catalog{Services: []schemas.Service{{Name: "a", Repositories: []schemas.Repository{{Name: "g/h/r"}}}}}}},
		"one repository without list brackets": {"services: [{name: a, repositories: g/r}]", Config{Catalog: schemas.Catalog{Services: []schemas.Service{{Name: "a", Repositories: []schemas.Repository{{Name: "g/r"}}}}}}},
		"several ClickHouse hosts":             {"clickhouse: {url: 'clickhouse://a:9000,b:9000/fivekeys'}", Config{ClickHouse: ClickHouse{URL: "clickhouse://a:9000,b:9000/fivekeys"}}},
		"any port":                             {"listen: ':0'", Config{Listen: ":0"}},
		"a byte order mark":                    {"\ufeffbands: 2021", Config{Bands: "2021"}},
		"lines of another system":              {"bands: 2021\r\nlisten: ':1'\r\n", Config{Bands: "2021", Listen: ":1"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parse("f", []byte(c.text))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(withDefaults(c.want), got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// withDefaults completes what a file that says less means.
func withDefaults(c Config) Config {
	d := Default()
	if cmp.Equal(c.Policy, schemas.Policy{}) {
		c.Policy = d.Policy
	}
	if c.GitHubApp == (GitHubApp{}) {
		c.GitHubApp = d.GitHubApp
	}
	if cmp.Equal(c.Toil, Toil{}) {
		c.Toil = d.Toil
	}
	if c.Spans == (schemas.SpanRules{}) {
		c.Spans = d.Spans
	}
	return c
}

func TestProblemsNameTheirPlaceAndSayWhatToDo(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"an unknown key":                     {"servces: []", `f:1:1: unknown key "servces" in the file; did you mean services?`},
		"an unknown key like no other":       {"nats: {shenanigans: 1}", `f:1:8: unknown key "shenanigans" in nats; known here: creds_file, nkey_file, password_file, tls, token_file, url, user`},
		"an unknown key of a service":        {"services:\n- name: a\n  repos: [a/b]", `f:3:3: unknown key "repos" in a service; did you mean repositories?`},
		"a dash for an underscore":           {"minimum-sample: 3", `f:1:1: unknown key "minimum-sample" in the file; did you mean minimum_sample?`},
		"a key twice":                        {"data: a\ndata: b", `f:2:1: key "data" stands twice in the file; keep one of them`},
		"a secret":                           {"github_secret: s3cret", `f:1:1: "github_secret": secrets never stand in this file; set the environment variable FIVEKEYS_GITHUB_SECRET or FIVEKEYS_GITHUB_SECRET_FILE`},
		"a password where a file is known":   {"nats: {password: s3cret}", `f:1:8: "password": secrets never stand in this file; put it into a file and name that as password_file`},
		"a password in an address":           {"clickhouse: {url: 'clickhouse://u:s3cret@h/d'}", `f:1:19: clickhouse.url holds a password: secrets never stand in this file; set the environment variable FIVEKEYS_CLICKHOUSE_URL instead`},
		"a password in a parameter":          {"clickhouse: {url: 'clickhouse://h/d?password=s3cret'}", `f:1:19: clickhouse.url holds a password: secrets never stand in this file; set the environment variable FIVEKEYS_CLICKHOUSE_URL instead`},
		"a password in the second address":   {"nats: {url: 'nats://a,nats://u:s3cret@b'}", `f:1:13: nats.url holds a password: secrets never stand in this file; set the environment variable FIVEKEYS_NATS_URL instead`},
		"a number for a text":                {"services: [{name: 1.10}]", `f:1:19: name must be text, is the number 1.10; put it into quotes`},
		"a list for a text":                  {"data: [a]", `f:1:7: data must be text, is a list; write a single value`},
		"a text for a list":                  {"services: all", `f:1:11: services must be a list, is "all"; begin each entry with a dash`},
		"a text for keys":                    {"nats: here", `f:1:7: nats must have keys, is "here"; known here: creds_file, nkey_file, password_file, tls, token_file, url, user`},
		"a list for the file":                {"- a", `f:1:1: the file must have keys, is a list; known here: alerts, bands, clickhouse, data, defaults, gate, github_app, listen, minimum_sample, nats, partitions, replicas, services, slos, spans, toil`},
		"a sample of nothing":                {"minimum_sample: 0", `f:1:17: minimum_sample must be a whole number from 1 to 1000, is the number 0`},
		"a fraction of partitions":           {"partitions: 1.5", `f:1:13: partitions must be a whole number from 1 to 1024, is the number 1.5`},
		"unknown bands":                      {"bands: 2024", `f:1:8: find bands 2024: its fail rates are not monotonic (High 20 %, Medium 10 %) and can't be cut-offs; use one of 2021, 2022, 2023`},
		"a service without a name":           {"services:\n- team: a", `f:2:3: a service has no name; add name: to it`},
		"an empty name":                      {"services: [{name: ''}]", `f:1:19: name is empty; leave it out or fill it in`},
		"an empty entry":                     {"services:\n-\n- name: a", `f:2:2: entry 1 of services is empty; remove the dash`},
		"a service twice":                    {"services:\n- name: a\n- name: a", `f:3:9: the service "a" stands twice; the first is in line 2; join them`},
		"an address for a repository":        {"services: [{name: a, repositories: ['https://github.com/acme/shop.git']}]", `f:1:37: "https://github.com/acme/shop.git" isn't a repository; write acme/shop`},
		"a repository without an owner":      {"services: [{name: a, repositories: [shop]}]", `f:1:37: "shop" isn't a repository; write owner/name`},
		"a repository without a name":        {"services: [{name: a, repositories: [{paths: ['a/**']}]}]", `f:1:37: a repository has no name; add name: "owner/name" to it`},
		"a repository of two whole services": {"services:\n- {name: a, repositories: [x/y]}\n- {name: b, repositories: [X/Y]}", `f:3:28: "a" and "b" both claim all of X/Y: each change would count twice; give both of them paths`},
		"a repository of a whole and a part": {"services:\n- {name: a, repositories: [{name: x/y, paths: ['a/**']}]}\n- {name: b, repositories: [x/y]}", `f:3:28: "a" and "b" both claim all of x/y: each change would count twice; give both of them paths`},
		"a repository twice in a service":    {"services:\n- {name: a, repositories: [x/y, x/y]}", `f:2:33: "a" names the repository x/y twice; add the paths to line 2`},
		"an alias of two services":           {"services:\n- {name: a, aliases: [X]}\n- {name: b, aliases: [y, x]}", `f:3:26: "a" and "b" are both called x; keep the alias with one of them; for one source only, write it as pagerduty:x`},
		"an alias that is another's name":    {"services:\n- {name: a, aliases: B}\n- {name: b}", `f:2:22: "b" and "a" are both called B; keep the alias with one of them; for one source only, write it as pagerduty:B`},
		"an alias that isn't text":           {"services: [{name: a, aliases: [12]}]", `f:1:32: aliases must be text, is the number 12; put it into quotes`},
		"aliases of all services":            {"defaults: {aliases: [x]}", `f:1:12: unknown key "aliases" in defaults; known here: attribution_window, burn_attribution, deployed, hotfix_branches, hotfix_labels, incident_labels, production, team`},
		"braces in a glob":                   {"defaults: {production: ['{eu,us}']}", `f:1:25: the glob "{eu,us}" holds braces or brackets; only ?, * and ** are known; write several entries`},
		"a negated glob":                     {"defaults: {hotfix_branches: ['!a']}", `f:1:30: the glob "!a" begins with !; nothing can be excluded; list what is meant`},
		"a folder for a path":                {"services: [{name: a, repositories: [{name: x/y, paths: [web/]}]}]", `f:1:57: the path "web/" matches no file; write web/** for all in the folder`},
		"a path from the file system's root": {"services: [{name: a, repositories: [{name: x/y, paths: [/web]}]}]", `f:1:57: the path "/web" matches no file; paths begin in the repository's root, without / or ./`},
		"a star without quotes":              {"defaults: {production: [*-prod]}", `f:1:25: *-prod refers to no anchor; quote a value that begins with *: "*-prod"`},
		"a star alone without quotes":        {"defaults:\n  production:\n  - *\n", `f:3:5: isn't YAML: undefined alias name; quote a value that begins with *: "*-prod"`},
		"an empty list":                      {"defaults: {production: []}", `f:1:24: production is an empty list; leave it out to have the default`},
		"a window without a unit":            {"defaults: {attribution_window: '24'}", `f:1:32: attribution_window "24" isn't a duration; write 24h, 90m or 7d`},
		"a window of nothing":                {"defaults: {attribution_window: 0d}", `f:1:32: attribution_window "0d" isn't between 0 and 90d; write 24h, 90m or 7d`},
		"a window of a year":                 {"defaults: {attribution_window: 52w}", `f:1:32: attribution_window "52w" isn't between 0 and 90d; write 24h, 90m or 7d`},
		"an unknown signal":                  {"defaults: {deployed: releases}", `f:1:22: "releases" isn't a signal that can mean deployed; did you mean release?`},
		"a workflow without effect":          {"defaults: {deployed: {by: tag, workflow: x}}", `f:1:42: workflow means nothing where deployed is by tag; write by: workflow_run, or leave it out`},
		"tags without effect":                {"defaults: {deployed: {by: push, tags: x}}", `f:1:39: tags means nothing where deployed is by push; write by: tag or by: release, or leave it out`},
		"an address without a host":          {"nats: {url: nats}", `f:1:13: nats.url isn't an address; write it as nats://host:port`},
		"an address of another kind":         {"nats: {url: 'http://h'}", `f:1:13: nats.url has the unknown scheme "http"; known here: nats, tls, ws, wss`},
		"two ways to log in":                 {"nats: {url: 'nats://h', token_file: a, creds_file: b}", `f:1:7: nats logs in in several ways: creds_file, token_file; keep one of them`},
		"a user without a password":          {"nats: {url: 'nats://h', user: a}", `f:1:7: nats needs user and password_file together`},
		"a certificate without a key":        {"nats: {url: 'nats://h', tls: {cert: a}}", `f:1:30: nats.tls needs cert and key together`},
		"a port that is none":                {"listen: 127.0.0.1", `f:1:9: listen "127.0.0.1" isn't an address; write host:port, such as 127.0.0.1:8080`},
		"a merge key":                        {"defaults: &d {team: a}\nservices:\n- name: b\n  <<: *d", `f:4:3: merge keys (<<) aren't known here; what all services share goes under defaults:`},
		"an anchor within itself":            {"nats: &a {tls: *a}", `f:1:11: unknown key "tls" in nats.tls; known here: ca, cert, key, server_name`},
		"two documents":                      {"data: a\n---\ndata: b", `f:3:1: a second YAML document; keep everything in the first, without ---`},
		"control characters in a name":       {"services: [{name: \"a\\e[31m\"}]", `f:1:19: name holds control characters; write it on one line`},
		"bytes that aren't text":             {"data: \xff", `f: isn't UTF-8 text; is it the right file?`},
		"a bracket that is never closed":     {"services: [", `f:1:11: isn't YAML: sequence end token ']' not found`},
		"a tab for indentation":              {"nats:\n\turl: a", `f:2:1: isn't YAML: found character '	' that cannot start any token`},
		"all problems at once, in their order": {"listen: x\nbnads: 2023\nservices:\n- name: a\n  deployed: tga\n- name: a\n", "f:1:9: listen \"x\" isn't an address; write host:port, such as 127.0.0.1:8080\n" +
			"f:2:1: unknown key \"bnads\" in the file; did you mean bands?\n" +
			"f:5:13: \"tga\" isn't a signal that can mean deployed; did you mean tag?\n" +
			"f:6:9: the service \"a\" stands twice; the first is in line 4; join them"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parse("f", []byte(c.text))
			if err == nil {
				t.Fatal("no problem was found")
			}
			if diff := cmp.Diff(strings.Split(c.want, "\n"), strings.Split(err.Error(), "\n")); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if strings.Contains(err.Error(), "s3cret") {
				t.Errorf("a secret is repeated: %v", err)
			}
		})
	}
}

func TestWarningsDontStopAnybody(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"a folder that two services ship": {"services:\n- {name: a, repositories: [{name: x/y, paths: ['a/**', 'libs/**']}]}\n- {name: b, repositories: [{name: x/y, paths: ['b/**', 'libs/ui/*']}]}",
			`f:3:35: paths of "a" and "b" meet in x/y: what matches libs/** and libs/ui/* counts for both; fine for what both of them ship`},
		"an alias that is the service's name": {"services: [{name: a, aliases: [A]}]", `f:1:32: "a" is called A already; leave the alias out`},
		"settings of a server that isn't named": {"nats: {token_file: x}",
			`f:1:7: nats has settings and no url; without one, the embedded server is used and they mean nothing, unless FIVEKEYS_NATS_URL is set`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parse("f", []byte(c.text))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got.Warnings.Error()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestLoadSaysThatThereIsNoFile(t *testing.T) {
	if _, err := Load(filepath.Join(t.TempDir(), "none.yaml")); err == nil || !strings.HasPrefix(err.Error(), "read configuration: ") {
		t.Errorf("got %v", err)
	}
}
