package main

import (
	"fmt"

	"github.com/fivekeys/fivekeys/internal/config"
)

type checkCommand struct {
	File string `arg:"" optional:"" help:"The file; fivekeys.yaml or --config unless given." type:"path"`
}

// Run prints everything that is wrong with the configuration file.
func (c *checkCommand) Run(g *globals, env *environment) error {
	path := c.File
	if path == "" {
		path = g.configFile()
	}
	if path == "" {
		_, err := fmt.Fprintf(env.stdout, "No %s here, and none is needed: every repository is a service, its owner the team.\n", defaultConfigFile)
		return err
	}
	file, err := config.Load(path)
	if err != nil {
		_, _ = fmt.Fprintln(env.stderr, err)
		return errSilent
	}
	for _, w := range file.Warnings {
		_, _ = fmt.Fprintf(env.stderr, "warning: %s\n", w)
	}
	_, err = fmt.Fprintf(env.stdout, "%s is in order: %s.\n", path, countOf(len(file.Catalog.Services), "service", "services"))
	return err
}
