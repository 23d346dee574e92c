package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// foreignYAML are blocks for other programs, by how they begin. They are held
// to be YAML and no more.
var foreignYAML = map[string]string{
	"receivers:": "Alertmanager's configuration",
	"exporters:": "the OpenTelemetry Collector's configuration",
	"- name: ":   "a step of a GitHub workflow", //nolint:gocritic // the space is YAML's
}

// Configuration passes `fivekeys check`, and SLOs `fivekeys slo lint`.
func TestDocumentedConfiguration(t *testing.T) {
	tested := 0
	for _, b := range allBlocks(t) {
		if b.language != "yaml" {
			continue
		}
		tested++
		t.Run(b.name(), func(t *testing.T) {
			var anything any
			if err := yaml.Unmarshal([]byte(b.text), &anything); err != nil {
				t.Fatal(err)
			}
			for begin := range foreignYAML {
				if strings.HasPrefix(b.text, begin) {
					return
				}
			}
			file := filepath.Join(t.TempDir(), "docs.yaml")
			if err := os.WriteFile(file, []byte(b.text), 0o600); err != nil {
				t.Fatal(err)
			}
			command := []string{"check", file}
			if strings.Contains(b.text, "apiVersion: openslo") {
				command = []string{"slo", "lint", file}
			}
			var out bytes.Buffer
			env := &environment{stdin: strings.NewReader(""), stdout: &out, stderr: &out, getenv: func(string) string { return "" }}
			if code := run(t.Context(), command, env); code != exitDone {
				t.Errorf("fivekeys %s ends with %d:\n%s", strings.Join(command, " "), code, out.String())
			}
		})
	}
	if tested < 5 {
		t.Errorf("only %d blocks of YAML found: the test looks at the wrong place", tested)
	}
}
