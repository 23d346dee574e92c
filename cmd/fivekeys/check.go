package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/fivekeys/fivekeys/internal/amount"
	"github.com/fivekeys/fivekeys/internal/config"
	"github.com/fivekeys/fivekeys/internal/openslo"
)

type checkCommand struct {
	File string `arg:"" optional:"" help:"The file; fivekeys.yaml or --config unless given." type:"path"`
}

// Run prints everything that is wrong with the configuration file and with the
// SLO files it names: of these what slo lint prints.
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
	var mistakes config.Problems
	if err != nil && !errors.As(err, &mistakes) {
		_, _ = fmt.Fprintln(env.stderr, err)
		return errSilent
	}
	for _, m := range mistakes {
		_, _ = fmt.Fprintln(env.stderr, m)
	}
	for _, w := range file.Warnings {
		_, _ = fmt.Fprintf(env.stderr, "warning: %s\n", w)
	}
	set, problems := lint(file.SLOFiles, &file)
	for _, p := range problems {
		_, _ = fmt.Fprintln(env.stderr, p)
	}
	for _, name := range freezingNothing(&file, set) {
		_, _ = fmt.Fprintf(env.stderr, "warning: %s: gate.objectives names %s, and there is no such objective or SLO: it freezes nobody\n", path, name)
	}
	if len(mistakes)+len(problems.Of(openslo.Refused)) > 0 {
		return errSilent
	}
	objectives := ""
	if n := len(set.Objectives); n > 0 {
		objectives = ", " + amount.Count(int64(n), "objective")
	}
	_, err = fmt.Fprintf(env.stdout, "%s is in order: %s%s.\n", path, amount.Count(int64(len(file.Catalog.Services)), "service"), objectives)
	return err
}

// lint reads SLO files with all there is to say of them, for check and slo lint.
func lint(files []string, file *config.Config) (*openslo.Set, openslo.Problems) {
	set := openslo.Load(files...)
	return set, set.Lint(&file.Catalog)
}

// freezingNothing are the objectives of the gate's policy that nobody defines.
func freezingNothing(file *config.Config, set *openslo.Set) []string {
	var out []string
	for _, name := range file.Policy.Objectives {
		known := false
		for i := range set.Objectives {
			known = known || set.Objectives[i].Key == name || set.Objectives[i].SLO == name
		}
		if !known && set.Err() == nil && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}
