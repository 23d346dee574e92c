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
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := Parse("f", text)
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
		if _, err := bands.Lookup(c.Bands); err != nil {
			t.Error(err)
		}
	})
}
