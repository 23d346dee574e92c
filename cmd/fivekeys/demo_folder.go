package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/fivekeys/fivekeys/internal/config"
	"github.com/fivekeys/fivekeys/internal/traffic"
	"github.com/fivekeys/fivekeys/schemas"
)

// demoTeams are the capacities of the simulated organisation's teams.
const demoTeams = `slos: ["slos/*.yaml"]
toil:
  cap: 50%
  teams:
    - {team: web, people: 3}
    - {team: orders, people: 2, cap: 25%}
    - {team: core, people: 2}
`

// configure writes the simulated organisation's configuration into the folder
// and reads it as every command on this folder will. What stands in the
// environment or in this directory is somebody else's.
func (c *demoCommand) configure(folder string, env *environment, catalog *schemas.Catalog, model traffic.Model) (*globals, *settings, error) {
	services, err := config.Write(catalog)
	if err != nil {
		return nil, nil, err
	}
	for name, text := range map[string]string{
		defaultConfigFile: string(services) + demoTeams,
		"slos/demo.yaml":  demoSLOs(model),
	} {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, nil, fmt.Errorf("make the demo's folder: %w", err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return nil, nil, fmt.Errorf("write the demo's configuration: %w", err)
		}
	}
	own := &globals{Data: folder, Config: filepath.Join(folder, defaultConfigFile)}
	alone := *env
	alone.getenv = func(string) string { return "" }
	s, err := own.settings(&alone)
	return own, s, err
}

// demoSLOs are the objectives of the model as somebody writes them.
func demoSLOs(model traffic.Model) string {
	var all []string
	for _, s := range model.Services {
		all = append(all, fmt.Sprintf(`apiVersion: openslo/v1
kind: SLO
metadata: {name: %[1]s-availability, displayName: The %[1]s works}
spec:
  service: %[1]s
  indicator:
    metadata: {name: %[1]s-works}
    spec:
      ratioMetric:
        good: {metricSource: {type: fivekeys, spec: {status: ok}}}
        total: {metricSource: {type: fivekeys, spec: {service: %[1]s}}}
  timeWindow: [{duration: %[2]s, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{target: %[3]v}]
---
apiVersion: openslo/v1
kind: SLO
metadata: {name: %[1]s-latency, displayName: The %[1]s is fast}
spec:
  service: %[1]s
  indicator:
    metadata: {name: %[1]s-duration}
    spec:
      thresholdMetric: {metricSource: {type: fivekeys, spec: {service: %[1]s}}}
  timeWindow: [{duration: %[2]s, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{op: lt, value: %[4]d, target: %[3]v}]
`, s.Name, model.Window, model.Target, traffic.Limit.Milliseconds()))
	}
	return strings.Join(all, "---\n")
}
