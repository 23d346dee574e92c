package main

import (
	"encoding/json"
	"fmt"

	"github.com/fivekeys/fivekeys/internal/config"
	"github.com/fivekeys/fivekeys/internal/openslo"
)

type sloCommand struct {
	Lint            sloLintCommand            `cmd:"" help:"Check OpenSLO files: what is refused, what can't be meant, how much traffic alerts need."`
	AllowedDowntime sloAllowedDowntimeCommand `cmd:"" name:"allowed-downtime" help:"How much downtime targets leave, by day, week, month, quarter and year."`
	Status          sloStatusCommand          `cmd:"" help:"What is left of the error budgets, how fast they burn, and when they end."`
	Backtest        sloBacktestCommand        `cmd:"" help:"How alerts would have done over stored minutes: when they had fired, what they had missed."`
	Correct         sloCorrectCommand         `cmd:"" help:"Leave a period out of an SLO afterwards, with author and reason; or take that back."`
}

type sloLintCommand struct {
	Files  []string `arg:"" optional:"" help:"OpenSLO files or patterns; what fivekeys.yaml names as slos unless given."`
	Format string   `help:"${enum}." enum:"text,json" default:"text"`
}

// lintReport is what --format json prints.
type lintReport struct {
	Problems   openslo.Problems `json:"problems"`
	Objectives []string         `json:"objectives"` // keys
}

// Run prints everything there is to say about SLO files.
func (c *sloLintCommand) Run(g *globals, env *environment) error {
	var file config.Config
	files := c.Files
	if path := g.configFile(); path != "" {
		var err error
		if file, err = config.Load(path); err != nil {
			// What is wrong there is not the SLO files' fault, and they are still to be
			// read: without a catalogue services aren't looked up.
			_, _ = fmt.Fprintf(env.stderr, "warning: %s (fivekeys check lists all there is to mend)\n", oneLine(err))
		}
		if len(files) == 0 {
			files = file.SLOFiles
		}
	}
	if len(files) == 0 {
		return usagef("slo lint: no files given, and none under slos: in %s", defaultConfigFile)
	}
	set, problems := lint(files, &file)
	if err := c.print(env, set, problems); err != nil {
		return err
	}
	if len(problems.Of(openslo.Refused)) > 0 {
		return errSilent
	}
	return nil
}

func (c *sloLintCommand) print(env *environment, set *openslo.Set, problems openslo.Problems) error {
	if c.Format == "json" {
		report := lintReport{Problems: problems, Objectives: []string{}}
		if problems == nil {
			report.Problems = openslo.Problems{}
		}
		for i := range set.Objectives {
			report.Objectives = append(report.Objectives, set.Objectives[i].Key)
		}
		out := json.NewEncoder(env.stdout)
		out.SetIndent("", "  ")
		return out.Encode(report)
	}
	for _, p := range problems {
		if _, err := fmt.Fprintln(env.stdout, p); err != nil {
			return err
		}
	}
	verdict := "in order"
	if n := len(problems.Of(openslo.Refused)); n > 0 {
		verdict = fmt.Sprintf("%d to mend", n)
	}
	_, err := fmt.Fprintf(env.stdout, "objectives: %d, warnings: %d, %s.\n", len(set.Objectives), len(problems.Of(openslo.Warning)), verdict)
	return err
}
