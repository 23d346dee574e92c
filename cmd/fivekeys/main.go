// Command fivekeys is the whole product in one binary: it takes webhooks,
// computes the five DORA keys from them and answers what they are.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
	kongcompletion "github.com/jotaen/kong-completion"

	"github.com/fivekeys/fivekeys/internal/config"
	"github.com/fivekeys/fivekeys/internal/engine"
	"github.com/fivekeys/fivekeys/internal/terminal"
)

// Exit statuses.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
	// exitInterrupted is what shells expect of a command that Ctrl-C ended.
	exitInterrupted = 130
)

type commands struct {
	globals

	Serve      serveCommand      `cmd:"" help:"Run the pipeline: take webhooks and events, keep the figures."`
	Demo       demoCommand       `cmd:"" help:"Run the pipeline on a simulated organisation and on a real git history, then print the report."`
	Import     importCommand     `cmd:"" help:"Bring in history."`
	Report     reportCommand     `cmd:"" help:"Print the five keys."`
	Explain    explainCommand    `cmd:"" help:"List the events behind a number, and what was left out and why."`
	Query      queryCommand      `cmd:"" help:"Run SQL on the store, read-only."`
	Deliveries deliveriesCommand `cmd:"" help:"List what has arrived, what was refused, and what became of it."`
	Check      checkCommand      `cmd:"" help:"Check the configuration file."`
	Migrate    migrateCommand    `cmd:"" help:"Bring the store's tables and views up to date."`
	Rebuild    rebuildCommand    `cmd:"" help:"Compute all facts again from the events."`
	Trace      traceCommand      `cmd:"" help:"Show where a trace's time went."`
	SLO        sloCommand        `cmd:"" name:"slo" help:"Objectives and their error budgets."`
	Gate       gateCommand       `cmd:"" help:"Ask whether a service's error budgets allow a deployment; exit 1 if not."`
	DLQ        dlqCommand        `cmd:"" name:"dlq" help:"Look at what could not be processed, and drive it again."`
	Dashboards dashboardsCommand `cmd:"" help:"Grafana dashboards."`
	Health     healthCommand     `cmd:"" help:"Ask a running serve whether it is ready; exit 1 if not."`
	Completion completionCommand `cmd:"" help:"Print a shell's script that completes commands and flags."`
	Man        manCommand        `cmd:"" help:"Print the manual page: fivekeys man | man -l -"`
	Version    versionCommand    `cmd:"" help:"Print the version."`
}

// environment is what a command may touch of the world outside.
type environment struct {
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer
	getenv func(string) string
	logger *slog.Logger
	// now is what time it is for budgets and the gate; nil is the clock's.
	now func() time.Time
}

func main() {
	// The embedded engine runs in a child of this binary.
	engine.RunChildIfAsked()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], &environment{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, getenv: os.Getenv})
	stop()
	os.Exit(code)
}

// run is main without the process: tests call it.
func run(ctx context.Context, args []string, env *environment) int {
	env.stdout, env.stderr = terminal.Wrap(env.stdout), terminal.Wrap(env.stderr)
	var cli commands
	exited := -1
	parser, err := kong.New(&cli,
		kong.Name("fivekeys"),
		kong.Description("DORA and SRE metrics from the events themselves.\n\nWithout any configuration it runs on a NATS and a ClickHouse inside, with its data under ./fivekeys-data."),
		kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Writers(env.stdout, env.stderr),
		kong.Exit(func(code int) { exited = code }),
		kong.Vars{"version": versionText()},
	)
	if err != nil {
		panic(err) // a mistake in the tags above
	}
	if kongcompletion.Register(parser); exited >= 0 { // a shell asked for completions, and has them
		return exited
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := parser.Parse(args)
	if exited >= 0 { // --help
		return exited
	}
	if err != nil {
		fmt.Fprintf(env.stderr, "fivekeys: %s (see fivekeys --help)\n", oneLine(err))
		return exitUsage
	}
	if cli.LogLevel == "auto" && parsed.Command() != "serve" {
		cli.LogLevel = "warn" // a command that ends says on its standard output what it did
	}
	env.logger = cli.logger(env.stderr)
	parsed.BindTo(ctx, (*context.Context)(nil))
	if err := parsed.Run(&cli.globals, env); err != nil {
		if ctx.Err() != nil && errors.Is(err, context.Canceled) {
			fmt.Fprintf(env.stderr, "fivekeys: %s was stopped before it was done\n", parsed.Command())
			return exitInterrupted
		}
		var usage *usageError
		if errors.As(err, &usage) {
			fmt.Fprintf(env.stderr, "fivekeys: %s\n", oneLine(err))
			return exitUsage
		}
		var mistakes config.Problems
		switch {
		case errors.Is(err, errSilent):
		case errors.As(err, &mistakes):
			fmt.Fprintln(env.stderr, mistakes) // a line each, as check prints them
		default:
			fmt.Fprintf(env.stderr, "fivekeys: %s\n", oneLine(err))
		}
		return exitFailed
	}
	return exitDone
}

// usageError is wrong usage that only the command can see.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

func usagef(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// errSilent fails a command that has said why already.
var errSilent = errors.New("failed")

// oneLine keeps an error to the one line that operators grep for.
func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }
