package main

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/fivekeys/fivekeys/ingest/gitlog"
	"github.com/fivekeys/fivekeys/internal/terminal"
	"github.com/fivekeys/fivekeys/schemas"
)

type importCommand struct {
	Git importGitCommand `cmd:"" help:"A local clone's history: its commits as changes, its tags as deployments."`
}

type importGitCommand struct {
	Path       string `arg:"" help:"The clone." default:"." type:"path"`
	Service    string `help:"Name of the service; the folder's name unless given." placeholder:"NAME"`
	Repository string `help:"owner/name, where webhooks of the same repository come in too." placeholder:"OWNER/NAME"`
	Tags       string `help:"Glob of the tags that are deployments." default:"*" placeholder:"GLOB"`
	Branch     string `help:"The default branch; what the clone says unless given." placeholder:"NAME"`
}

// Run imports the history and waits until it is in the facts.
func (c *importGitCommand) Run(ctx context.Context, g *globals, env *environment) error {
	s, err := g.settings(env)
	if err != nil {
		return err
	}
	history, err := c.read(ctx, env, s)
	if err != nil {
		return err
	}
	out, backlog, done, err := g.intake(ctx, env, s)
	if err != nil {
		return err
	}
	defer done()
	if err := sendHistory(ctx, env, out, history); err != nil {
		return err
	}
	bar := newBar(env, -1, "computing")
	if err := waitDrained(ctx, backlog, func(left uint64) { bar.Describe(fmt.Sprintf("computing, %d events left", left)) }); err != nil {
		return err
	}
	_ = bar.Finish()
	_, err = fmt.Fprintf(env.stdout, "Imported %s: %d changes, %d deployments (%d to production).\nNext: fivekeys report --service %s --since 365d\n",
		c.Service, history.Changes, history.Tags, history.Production, c.Service)
	return err
}

func (c *importGitCommand) read(ctx context.Context, env *environment, s *settings) (*gitlog.History, error) {
	if c.Service == "" {
		path, err := filepath.Abs(c.Path)
		if err != nil {
			return nil, err
		}
		c.Service = filepath.Base(path)
	}
	bar := newBar(env, -1, "reading commits")
	history, err := gitlog.Read(ctx, c.Path, gitlog.Options{
		Service: c.Service, Repository: c.Repository, Tags: c.Tags, Branch: c.Branch,
		Environment: s.catalog.Service(c.Service).Deployed.Environment,
		Now:         time.Now(),
		Progress:    func(done, _ int) { _ = bar.Set(done) },
	})
	_ = bar.Finish()
	if err != nil {
		return nil, err
	}
	for _, warning := range history.Warnings {
		_, _ = fmt.Fprintf(env.stderr, "note: %s\n", warning)
	}
	return history, nil
}

// intake is where a command sends its events: the serve that runs on the data
// folder, or a pipeline of its own.
func (g *globals) intake(ctx context.Context, env *environment, s *settings) (*sender, func(context.Context) (uint64, error), func(), error) {
	if live, ok := findRunning(g.Data); ok && live.HTTP != "" {
		out := &sender{url: live.HTTP, token: live.Token, client: http.DefaultClient}
		return out, func(ctx context.Context) (uint64, error) { return backlogOf(ctx, live.HTTP) }, func() {}, nil
	}
	token := newToken()
	p, err := startPipeline(ctx, g, env, s, pipelineOptions{
		ingest: true, process: true, listen: "127.0.0.1:0", tokens: []string{token}, sourceSecrets: s.sourceSecrets,
	})
	if err != nil {
		return nil, nil, nil, err
	}
	out := &sender{url: p.url, token: token, client: http.DefaultClient}
	return out, p.backlogTotal, p.close, nil
}

func sendHistory(ctx context.Context, env *environment, out *sender, history *gitlog.History) error {
	bar := newBar(env, int64(history.Changes+history.Tags), "sending events")
	defer func() { _ = bar.Finish() }()
	batch := make([]schemas.Event, 0, sendBatch)
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		err := out.send(ctx, batch)
		_ = bar.Add(len(batch))
		batch = batch[:0]
		return err
	}
	for e, err := range history.Events() {
		if err != nil {
			return err
		}
		if batch = append(batch, e); len(batch) == sendBatch {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

// newBar shows progress on a terminal and nothing elsewhere.
func newBar(env *environment, total int64, what string) *progressbar.ProgressBar {
	return progressbar.NewOptions64(total,
		progressbar.OptionSetWriter(terminal.Raw(env.stderr)),
		progressbar.OptionSetDescription(what),
		progressbar.OptionSetVisibility(isTerminal(env.stderr)),
		progressbar.OptionShowCount(),
		progressbar.OptionSetPredictTime(true),
		progressbar.OptionThrottle(drainPoll),
		progressbar.OptionClearOnFinish(),
	)
}
