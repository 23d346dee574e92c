package main

import (
	"fmt"

	"github.com/fivekeys/fivekeys/dashboards"
)

type dashboardsCommand struct {
	Build dashboardsBuildCommand `cmd:"" help:"Write the JSON of the Grafana dashboards and the alert rules."`

	Provision dashboardsProvisionCommand `cmd:"" help:"Bring dashboards and alert rules to a running Grafana through its API; doing it again changes nothing."`
}

type dashboardsBuildCommand struct {
	Out string `help:"The folder to write to; Grafana names its own after it." placeholder:"DIR" default:"fivekeys-dashboards" type:"path"`
}

// Run writes the dashboards.
func (c *dashboardsBuildCommand) Run(g *globals, env *environment) error {
	s, err := g.settings(env)
	if err != nil {
		return err
	}
	if differs := dashboards.JudgeOtherwise(s.bands.Version, s.minimumSample); differs != "" {
		env.logger.Warn(differs)
	}
	paths, err := dashboards.Write(c.Out)
	if err != nil {
		return err
	}
	for _, path := range paths {
		if _, err := fmt.Fprintln(env.stdout, path); err != nil {
			return err
		}
	}
	return nil
}
