package config

import (
	"errors"
	"os"
	"testing"

	"github.com/fivekeys/fivekeys/internal/bands"
)

// FuzzParse: no bytes may bring the parser down, and what it accepts is sound.
func FuzzParse(f *testing.F) {
	example, err := os.ReadFile(examplePath)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(example)
	for _, seed := range []string{
		"services:\n- name: a\n  repositories: [{name: x/y, paths: ['a/**']}]\n  deployed: {by: tag, tags: 'v*'}",
		"defaults: &d {production: [*]}\nservices: [*d, {<<: *d}]",
		"nats: &a *a", "? [a, b]\n: c", "!!binary aGk=", "a: |\n  b\n c", "%YAML 1.2\n---\n...", "- - - -\n", "{a: {b: {c: [", "\t: x", "&a", "*", "bands: !!str",
		"slos: [a.yaml]\nspans: {retention: 28d, keep: 10%, slow: 1s, otlp_grpc: ':1'}\nalerts: [{name: a, webhook: 'https://h', severities: page}]",
		"gate: {fail: closed, exceptions: [{service: a, author: b, reason: c, until: 2026-12-01}]}\ntoil: {cap: .5, teams: [{team: a, people: 5}]}\ngithub_app: {id: 1}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := parse("f", text)
		if err != nil {
			var problems Problems
			if !errors.As(err, &problems) || len(problems) == 0 || problems.Error() == "" {
				t.Errorf("an error that says nothing: %#v", err)
			}
			return
		}
		names := map[string]bool{}
		for _, s := range c.Catalog.Services {
			if s.Name == "" || names[s.Name] {
				t.Errorf("service %q is accepted", s.Name)
			}
			names[s.Name] = true
			c.Catalog.Service(s.Name)
		}
		receivers := map[string]bool{}
		for _, r := range c.Receivers {
			if receivers[r.Name] || !receiverName.MatchString(r.Name) || (r.Webhook == "") == (r.Alertmanager == "") {
				t.Errorf("receiver %+v is accepted", r)
			}
			receivers[r.Name] = true
		}
		for _, e := range c.Policy.Exceptions {
			if e.Service == "" || e.Author == "" || e.Reason == "" || e.Until.IsZero() {
				t.Errorf("exception %+v is accepted", e)
			}
		}
		if s := c.Spans; !(s.Keep >= 0 && s.Keep <= 1) || s.Retention <= 0 || s.Slow <= 0 || c.Policy.MaxAge <= 0 {
			t.Errorf("spans %+v and gate %+v are accepted", s, c.Policy)
		}
		for _, team := range append(c.Toil.Teams, c.Toil.Default) {
			if !(team.Cap > 0 && team.Cap <= 1) || team.Capacity < 0 {
				t.Errorf("toil %+v is accepted", team)
			}
		}
		if _, err := bands.Lookup(c.Bands); err != nil {
			t.Error(err)
		}
	})
}
