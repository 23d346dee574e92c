package config

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fivekeys/fivekeys/schemas"
)

func TestWhatIsAllowedInTheReliabilitySections(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want func(*Config)
	}{
		"sections without values":       {"slos:\nspans:\nalerts:\ngate:\ntoil:\ngithub_app:\n", func(*Config) {}},
		"a single SLO file":             {"slos: slo.yaml", func(c *Config) { c.SLOFiles = []string{"slo.yaml"} }},
		"a share as a percentage":       {"spans: {keep: 12.5%}", func(c *Config) { c.Spans.Keep = 0.125 }},
		"a share as a fraction":         {"spans: {keep: 0.1}", func(c *Config) { c.Spans.Keep = 0.1 }},
		"a share in quotes":             {"spans: {keep: '10 %'}", func(c *Config) { c.Spans.Keep = 0.1 }},
		"no ordinary traces at all":     {"spans: {keep: 0}", func(c *Config) { c.Spans.Keep = 0 }},
		"retention in weeks":            {"spans: {retention: 4w}", func(c *Config) { c.Spans.Retention = 28 * 24 * time.Hour }},
		"gRPC switched off":             {"spans: {otlp_grpc: off}", func(*Config) {}},
		"gRPC switched off with quotes": {"spans: {otlp_grpc: ''}", func(*Config) {}},
		"gRPC switched off by false":    {"spans: {otlp_grpc: false}", func(*Config) {}},
		"gRPC on any interface":         {"spans: {otlp_grpc: ':4317'}", func(c *Config) { c.OTLPGRPC = ":4317" }},
		"the least age that is known":   {"gate: {max_age: 2m}", func(c *Config) { c.Policy.MaxAge = 2 * time.Minute }},
		"a gate that only tells":        {"gate: {freeze: false, fail: closed}", func(c *Config) { c.Policy.Freeze, c.Policy.FailOpen = false, false }},
		"an exception until a day": {"gate: {exceptions: [{service: 'pay*', author: a, reason: b, until: 2026-12-01}]}", func(c *Config) {
			c.Policy.Exceptions = []schemas.FreezeException{{Service: "pay*", Author: "a", Reason: "b", Until: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)}}
		}},
		"the cap of all teams, wherever it stands": {"toil: {teams: [{team: a, people: 2}], cap: 25%}", func(c *Config) {
			c.Toil.Default.Cap = 0.25
			c.Toil.Teams = []schemas.ToilRules{{Team: "a", Capacity: 80 * time.Hour, Cap: 0.25}}
		}},
		"other labels": {"toil: {labels: chore}", func(c *Config) { c.Toil.Labels = []string{"chore"} }},
		"a receiver with single values": {"alerts: [{name: a, webhook: 'https://h/x', severities: page, signals: alert, services: a*}]", func(c *Config) {
			c.Receivers = []schemas.Receiver{{Name: "a", Webhook: "https://h/x", Severities: []schemas.Severity{"page"}, Signals: []schemas.SignalKind{"alert"}, Services: []string{"a*"}}}
		}},
		"burns that may blame": {"services: [{name: a, burn_attribution: true}]", func(c *Config) {
			c.Catalog.Services = []schemas.Service{{Name: "a", BurnAttribution: new(true)}}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parse("f", []byte(c.text))
			if err != nil {
				t.Fatal(err)
			}
			want := Default()
			c.want(&want)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestProblemsOfTheReliabilitySections(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"a percentage without its sign":      {"spans: {keep: 40}", `f:1:15: spans.keep 40 isn't between 0% and 100%; write 40% or 0.4`},
		"a share below zero":                 {"spans: {keep: -1%}", `f:1:15: spans.keep -1% isn't between 0% and 100%; write 40% or 0.4`},
		"a share that is no number":          {"spans: {keep: most}", `f:1:15: spans.keep must be a share, is "most"; write 40% or 0.4`},
		"a share that is not a number":       {"spans: {keep: .nan}", `f:1:15: spans.keep must be a share, is the number .nan; write 40% or 0.4`},
		"a list for a share":                 {"spans: {keep: [1]}", `f:1:15: spans.keep must be a share, is a list; write 40% or 0.4`},
		"retention of a minute":              {"spans: {retention: 1m}", `f:1:20: spans.retention "1m" isn't between 1h and 3650d; write 24h, 90m or 7d`},
		"retention as a number":              {"spans: {retention: 7}", `f:1:20: spans.retention must be text, is the number 7; put it into quotes`},
		"gRPC switched on without a port":    {"spans: {otlp_grpc: true}", `f:1:20: spans.otlp_grpc must be text, is the boolean true; put it into quotes`},
		"a receiver without a name":          {"alerts: [{webhook: 'https://h'}]", `f:1:10: a receiver has no name; add name: to it`},
		"a receiver without an address":      {"alerts: [{name: a}]", `f:1:17: the receiver "a" must have one address; write alertmanager: or webhook:`},
		"a receiver with two addresses":      {"alerts: [{name: a, webhook: 'https://h', alertmanager: 'https://h'}]", `f:1:17: the receiver "a" must have one address; write alertmanager: or webhook:`},
		"a receiver with dots in its name":   {"alerts: [{name: a.b, webhook: 'https://h'}]", `f:1:17: the receiver "a.b" can't be called so; use letters, digits, _ and -, a letter first`},
		"two receivers that share a secret":  {"alerts:\n- {name: a-b, webhook: 'https://h'}\n- {name: A_b, webhook: 'https://i'}", `f:3:10: the receiver "A_b" stands twice; the first is in line 2; give this one another name`},
		"a secret in the file":               {"alerts: [{name: a, webhook: 'https://h', secret: s3cret}]", `f:1:42: "secret": secrets never stand in this file; put it into a file and name that as secret_file`},
		"a password in a webhook":            {"alerts: [{name: a, webhook: 'https://u:s3cret@h'}]", `f:1:29: webhook holds a password: secrets never stand in this file; the receiver knows us by the signature: put its key into a file and name that as secret_file`},
		"a webhook without its scheme":       {"alerts: [{name: a, webhook: 'h:80/s3cret'}]", `f:1:29: webhook isn't an address; write it as https://host`},
		"an unknown severity":                {"alerts: [{name: a, webhook: 'https://h', severities: [pages]}]", `f:1:55: severities "pages" isn't known; did you mean page?`},
		"an unknown kind of signal":          {"alerts: [{name: a, webhook: 'https://h', signals: [toil]}]", `f:1:52: signals "toil" isn't known; known here: alert, budget`},
		"a gate that fails half":             {"gate: {fail: ajar}", `f:1:14: gate.fail "ajar" isn't known; known here: closed, open`},
		"an age below the evaluation's pace": {"gate: {max_age: 1m}", `f:1:17: gate.max_age "1m" is less than the evaluation takes: budgets are up to 90s old by themselves; write 2m or more; 15m is the default`},
		"no age at all":                      {"gate: {max_age: 0s}", `f:1:17: gate.max_age "0s" isn't between 0 and 7d; write 24h, 90m or 7d`},
		"a freeze in words":                  {"gate: {freeze: yes}", `f:1:16: gate.freeze must be true or false, is "yes"`},
		"an exception that nobody answers":   {"gate: {exceptions: [{service: a, reason: b, until: 2026-12-01}]}", `f:1:21: an exception has no author; an exception is somebody's`},
		"an exception without an end":        {"gate: {exceptions: [{service: a, author: b, reason: c}]}", `f:1:21: an exception has no until; say when it ends, as 2026-12-01T00:00:00Z`},
		"an exception until soon":            {"gate: {exceptions: [{service: a, author: b, reason: c, until: soon}]}", `f:1:63: until "soon" isn't a time; write 2026-12-01T00:00:00Z or 2026-12-01`},
		"an app without a key":               {"github_app: {id: 1, installation: 2}", `f:1:13: github_app needs id, installation and private_key_file together; GitHub shows the first two in the app's and the installation's address`},
		"an app with its key in the file":    {"github_app: {id: 1, installation: 2, private_key: s3cret}", "f:1:13: github_app needs id, installation and private_key_file together; GitHub shows the first two in the app's and the installation's address\n" + `f:1:38: "private_key": secrets never stand in this file; put it into a file and name that as private_key_file`},
		"a team twice":                       {"toil: {teams: [{team: a, people: 1}, {team: a, people: 2}]}", `f:1:45: the team "a" stands twice; the first is in line 1; join them`},
		"a team without a name":              {"toil: {teams: [{people: 1}]}", `f:1:16: a team has no name; add team: to it`},
		"a team without anybody":             {"toil: {teams: [{team: a, people: 0}]}", `f:1:34: people must be a whole number from 1 to 10000, is the number 0`},
		"no toil allowed at all":             {"toil: {cap: 0%}", `f:1:13: toil.cap is 0; write the share of a week that toil may take, such as 50%`},
		"blame in words":                     {"defaults: {burn_attribution: maybe}", `f:1:30: burn_attribution must be true or false, is "maybe"`},
		"braces in a path of SLOs":           {"slos: ['{a,b}.yaml']", `f:1:8: the glob "{a,b}.yaml" holds braces or brackets; only ?, * and ** are known; write several entries`},
		"a key of a receiver with a mistake": {"alerts: [{name: a, webhok: 'https://h'}]", `f:1:20: unknown key "webhok" in a receiver; did you mean webhook?`},
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

func TestWarningsOfTheReliabilitySections(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"spans for a year":          {"spans: {retention: 365d}", `f:1:20: single spans are kept for more than 90d; figures counted from them stay anyway; a week or two is usual`},
		"the address of an API":     {"alerts: [{name: a, alertmanager: 'http://h/x/api/v2/alerts'}]", `f:1:34: alertmanager is the address of its root, without /api/v2/alerts; /api/v2/alerts is added to it`},
		"exceptions from nothing":   {"gate: {freeze: false, objectives: [a]}", `f:1:7: gate.freeze is false: objectives and exceptions mean nothing; a gate that only tells allows everything`},
		"a team of unknown size":    {"toil: {teams: [{team: a}]}", `f:1:23: "a" has neither people nor capacity; its toil is counted; without a capacity there is no ratio`},
		"people who work all night": {"toil: {teams: [{team: a, people: 1, capacity: 4d}]}", `f:1:34: 1 people of "a" can't work 4d a week; capacity is in hours of all of them a week`},
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

func TestLoadFindsTheSLOFiles(t *testing.T) {
	folder := t.TempDir()
	for _, name := range []string{"slos/b.yaml", "slos/a.yaml", "slos/notes.txt", "slos/deep/c.yaml", "one.yaml", ".git/d.yaml"} {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		slos              string
		want              []string
		problem, warnings string
	}{
		"those of a folder":                     {`["slos/*.yaml"]`, []string{"slos/a.yaml", "slos/b.yaml"}, "", ""},
		"those of all folders beneath":          {`["slos/**/*.yaml"]`, []string{"slos/a.yaml", "slos/b.yaml", "slos/deep/c.yaml"}, "", ""},
		"all, each once, and no hidden ones":    {`["**.yaml", one.yaml]`, []string{"f.yaml", "one.yaml", "slos/a.yaml", "slos/b.yaml", "slos/deep/c.yaml"}, "", ""},
		"one by an absolute path":               {`["` + filepath.ToSlash(folder) + `/one.yaml"]`, []string{"one.yaml"}, "", ""},
		"one that isn't there":                  {`[none.yaml]`, nil, ":1:8: slos: find file: ", ""},
		"a folder":                              {`[slos/]`, nil, "is a folder: write slos/*.yaml", ""},
		"a glob that matches nothing":           {`["*.yml"]`, nil, "", "no file matches *.yml"},
		"a glob in a folder that doesn't exist": {`["x/*.yaml"]`, nil, "", "no file matches x/*.yaml"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(folder, "f.yaml")
			if err := os.WriteFile(path, []byte("slos: "+c.slos), 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := Load(path)
			if c.problem != "" {
				if err == nil || !strings.Contains(err.Error(), c.problem) {
					t.Errorf("got %v, want %s", err, c.problem)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, f := range got.SLOFiles {
				name, err := filepath.Rel(folder, f)
				if err != nil {
					t.Fatal(err)
				}
				names = append(names, filepath.ToSlash(name))
			}
			if diff := cmp.Diff(c.want, names); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if !strings.Contains(got.Warnings.Error(), c.warnings) || c.warnings == "" && len(got.Warnings) > 0 {
				t.Errorf("got the warnings %v, want %q", got.Warnings, c.warnings)
			}
		})
	}
}

func TestLoadWarnsOfAnExceptionThatIsOver(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f.yaml")
	if err := os.WriteFile(path, []byte("gate: {exceptions: [{service: a, author: b, reason: c, until: 2020-01-01}]}"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := Load(path)
	if err != nil || len(got.Warnings) != 1 || !strings.Contains(got.Warnings[0].String(), "the exception for a is over; remove it") {
		t.Errorf("got %v, %v", got.Warnings, err)
	}
}

func TestReceiverSecrets(t *testing.T) {
	file := func(text string) string {
		path := filepath.Join(t.TempDir(), "secret")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	env := map[string]string{"FIVEKEYS_ON_CALL_WEBHOOK_SECRET": "a,b", "FIVEKEYS_ON_CALL_ALERTMANAGER_TOKEN": "t"}
	for name, c := range map[string]struct {
		receiver schemas.Receiver
		want     []string
		problem  string
	}{
		"a webhook's keys":            {schemas.Receiver{Name: "on-call", Webhook: "https://h"}, []string{"a", "b"}, ""},
		"an Alertmanager's token":     {schemas.Receiver{Name: "on_call", Alertmanager: "https://h"}, []string{"t"}, ""},
		"none":                        {schemas.Receiver{Name: "chat", Webhook: "https://h"}, nil, ""},
		"in a file":                   {schemas.Receiver{Name: "chat", Webhook: "https://h", SecretFile: file("x\n")}, []string{"x"}, ""},
		"in an empty file":            {schemas.Receiver{Name: "chat", Webhook: "https://h", SecretFile: file("\n")}, nil, "holds no value"},
		"in a file that isn't there":  {schemas.Receiver{Name: "chat", Webhook: "https://h", SecretFile: file("") + "-not"}, nil, "no such file"},
		"in the environment and file": {schemas.Receiver{Name: "on-call", Webhook: "https://h", SecretFile: file("x")}, nil, "both FIVEKEYS_ON_CALL_WEBHOOK_SECRET and secret_file are set"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ReceiverSecrets(func(k string) string { return env[k] }, c.receiver)
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if c.problem == "" && err != nil || c.problem != "" && (err == nil || !strings.Contains(err.Error(), c.problem)) {
				t.Errorf("got error %v, want one with %q", err, c.problem)
			}
		})
	}
}
