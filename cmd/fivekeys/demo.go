package main

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/fivekeys/fivekeys/ingest/gitlog"
	"github.com/fivekeys/fivekeys/internal/config"
	"github.com/fivekeys/fivekeys/internal/report"
	"github.com/fivekeys/fivekeys/internal/simulation"
	"github.com/fivekeys/fivekeys/schemas"
)

type demoCommand struct {
	Keep string `help:"Keep the demo's data in this folder, to look at with report, query and explain. It must not exist." placeholder:"DIR" type:"path"`
	To   string `help:"Only deliver the webhooks, to a running intake, signed with FIVEKEYS_GITHUB_SECRET." placeholder:"URL"`
	Seed uint64 `help:"Another seed is another organisation." default:"1"`
}

const (
	demoDays    = 90
	demoSenders = 64
	// demoEvaluation is how often budgets are evaluated: nobody waits for long.
	demoEvaluation = time.Second
)

// Run feeds a simulated organisation's webhooks and a real git history to a
// real pipeline and checks the figures.
func (c *demoCommand) Run(ctx context.Context, g *globals, env *environment) error {
	s, err := g.settings(env)
	if err != nil {
		return err
	}
	if c.To != "" {
		return c.deliverTo(ctx, env, s)
	}
	s.natsURL, s.clickhouseURL = "", "" // the demo never writes into a server of yours
	folder, cleanup, err := c.folder()
	if err != nil {
		return err
	}
	defer cleanup()
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(env.stdout, format+"\n", args...) }

	scenario := simulation.Generate(simulation.Config{Seed: c.Seed, Days: demoDays, End: time.Now().UTC()})
	s.catalog = scenario.Catalog
	model := demoModel(time.Now())
	s.objectives = model.Objectives()
	if err := c.keepCatalog(&s.catalog); err != nil {
		return err
	}
	secret := rand.Text()
	token := newToken()
	start := time.Now()
	quiet := *env
	quiet.logger = (&globals{LogLevel: "warn"}).logger(env.stderr)
	p, err := startPipeline(ctx, &globals{Data: folder}, &quiet, s, pipelineOptions{
		ingest: true, process: true, listen: "127.0.0.1:0",
		evaluateEvery: demoEvaluation, tokens: []string{token}, sourceSecrets: func(string) []string { return []string{secret} },
	})
	if err != nil {
		return err
	}
	defer p.close()
	say("Started NATS and ClickHouse in %s.", since(start))

	if err := c.feed(ctx, env, p.url, secret, scenario.Deliveries, say); err != nil {
		return err
	}
	if err := c.feedSpans(ctx, p, model, say); err != nil {
		return err
	}
	start = time.Now()
	if err := waitDrained(ctx, p.backlogTotal, nil); err != nil {
		return err
	}
	say("Everything is in the tables %s later.", since(start))

	full := scenario.Expected.Full
	query := report.Query{Period: report.Period{From: full.From, To: full.To}, At: time.Now().UTC()}
	source := report.ClickHouse{Conn: p.store.Conn()}
	checked, err := verify(ctx, source, query, full)
	if err != nil {
		return err
	}
	budgets, err := awaitBudgets(ctx, p.store, model)
	if err != nil {
		return err
	}
	say("Compared %d figures and %d error budgets with what the simulation knows in closed form: all equal.\n", checked, budgets)

	if err := c.importOwn(ctx, &quiet, p, token, say); err != nil {
		return err
	}
	if err := printReport(ctx, env, s, source, query, "table"); err != nil {
		return err
	}
	c.sayNext(say)
	return nil
}

// deliverTo feeds somebody else's pipeline and leaves the figures to its report.
func (c *demoCommand) deliverTo(ctx context.Context, env *environment, s *settings) error {
	secrets := s.sourceSecrets("github")
	if len(secrets) == 0 {
		return usagef("demo --to: FIVEKEYS_GITHUB_SECRET is not set; give it the secret that the intake checks with")
	}
	scenario := simulation.Generate(simulation.Config{Seed: c.Seed, Days: demoDays, End: time.Now().UTC()})
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(env.stdout, format+"\n", args...) }
	return c.feed(ctx, env, strings.TrimSuffix(c.To, "/"), secrets[0], scenario.Deliveries, say)
}

// folder makes the demo's data folder and says how to remove it.
func (c *demoCommand) folder() (string, func(), error) {
	if c.Keep != "" {
		if _, err := os.Stat(c.Keep); err == nil {
			return "", nil, usagef("demo --keep %s: exists already; name a folder that does not", c.Keep)
		}
		return c.Keep, func() {}, nil
	}
	dir, err := os.MkdirTemp("", "fivekeys-demo-")
	if err != nil {
		return "", nil, fmt.Errorf("make the demo's folder: %w", err)
	}
	return dir, func() { _ = os.RemoveAll(dir) }, nil
}

// keepCatalog leaves the simulated organisation's catalogue in a folder that is
// kept, where later commands find it.
func (c *demoCommand) keepCatalog(catalog *schemas.Catalog) error {
	if c.Keep == "" {
		return nil
	}
	text, err := config.Write(catalog)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(c.Keep, 0o700); err != nil {
		return fmt.Errorf("make the demo's folder: %w", err)
	}
	if err := os.WriteFile(filepath.Join(c.Keep, defaultConfigFile), text, 0o600); err != nil {
		return fmt.Errorf("keep the demo's catalogue: %w", err)
	}
	return nil
}

// feed delivers as GitHub does: one signed request a delivery, many at a time.
func (c *demoCommand) feed(ctx context.Context, env *environment, url, secret string, deliveries []simulation.Delivery, say func(string, ...any)) error {
	start := time.Now()
	bar := newBar(env, int64(len(deliveries)), "delivering webhooks")
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: demoSenders}}
	defer client.CloseIdleConnections()
	out := &sender{url: url, client: client}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(demoSenders)
	for _, d := range deliveries {
		group.Go(func() error {
			defer func() { _ = bar.Add(1) }()
			return out.deliver(ctx, secret, d.Event, d.GUID, d.Body)
		})
	}
	if err := group.Wait(); err != nil {
		return fmt.Errorf("deliver webhooks: %w", err)
	}
	_ = bar.Finish()
	took := time.Since(start)
	say("Delivered %d signed GitHub webhooks of 3 teams and 8 services over %d days in %s (%.0f/s, each on disk before its 202).",
		len(deliveries), demoDays, since(start), float64(len(deliveries))/took.Seconds())
	return nil
}

// deliver posts one webhook, signed as GitHub signs it.
func (s *sender) deliver(ctx context.Context, secret, event, id string, body []byte) error {
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = mac.Write(body) // never fails
	header := http.Header{}
	header.Set("Content-Type", "application/json")
	header.Set("User-Agent", "GitHub-Hookshot/demo")
	header.Set("X-Github-Event", event)
	header.Set("X-Github-Delivery", id)
	header.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	return s.post(ctx, "/webhooks/github", header, body)
}

// importOwn imports the clone the demo is run in, as an example of a real
// history. Where there is none, that is no failure.
func (c *demoCommand) importOwn(ctx context.Context, env *environment, p *pipeline, token string, say func(string, ...any)) error {
	path, err := filepath.Abs(".")
	if err != nil {
		return err
	}
	name := filepath.Base(path)
	history, err := gitlog.Read(ctx, path, gitlog.Options{Service: name})
	if err != nil {
		say("No git history imported from here: %s.", oneLine(err))
		return nil
	}
	out := &sender{url: p.url, token: token, client: http.DefaultClient}
	if err := sendHistory(ctx, env, out, history); err != nil {
		return err
	}
	if err := waitDrained(ctx, p.backlogTotal, nil); err != nil {
		return err
	}
	say("Imported the git history of %s: %d changes, %d tags as deployments.", path, history.Changes, history.Tags)
	for _, warning := range history.Warnings {
		say("  note: %s", warning)
	}
	say("")
	return nil
}

func (c *demoCommand) sayNext(say func(string, ...any)) {
	say(`
Next, on your own:
  fivekeys import git ~/src/your-repository && fivekeys report --since 365d
  FIVEKEYS_GITHUB_SECRET=… fivekeys serve      # then point GitHub's webhook at /webhooks/github`)
	if c.Keep == "" {
		say("  fivekeys demo --keep demo-data             # keeps this demo's data to look at")
		return
	}
	say("  fivekeys --data %s explain change-fail-rate --service SERVICE --since 90d", c.Keep)
	say("  fivekeys --data %s query 'SELECT * FROM deployments WHERE failed LIMIT 5'", c.Keep)
}

func since(start time.Time) time.Duration { return time.Since(start).Round(10 * time.Millisecond) }
