package main

import (
	"fmt"

	"github.com/alecthomas/kong"
	mangokong "github.com/alecthomas/mango-kong"
	kongcompletion "github.com/jotaen/kong-completion"
	"github.com/muesli/roff"
)

type completionCommand struct {
	Shell string `arg:"" help:"${enum}." enum:"bash,zsh,fish"`
}

// Help says where the script belongs.
func (completionCommand) Help() string {
	return "Bash and zsh, in ~/.bashrc or ~/.zshrc:  source <(fivekeys completion bash)\n" +
		"Fish, in ~/.config/fish/config.fish:  fivekeys completion fish | source"
}

// Run prints what makes a shell complete fivekeys' commands and flags.
func (c completionCommand) Run(parsed *kong.Context) error {
	script := kongcompletion.Completion{Shell: c.Shell, Code: true}
	return script.Run(parsed)
}

type manCommand struct{}

// Run prints the manual page.
func (manCommand) Run(parsed *kong.Context, env *environment) error {
	_, err := fmt.Fprintln(env.stdout, mangokong.NewManPage(1, parsed.Model).Build(roff.NewDocument()))
	return err
}
