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
	"github.com/fivekeys/fivekeys/internal/report"
	"github.com/fivekeys/fivekeys/internal/simulation"
)

type demoCommand struct {
	Keep string `help:"Keep the demo's data in this folder, to look at with serve, report, query and explain. It must not exist." placeholder:"DIR" type:"path"`
	To   string `help:"Only deliver the webhooks, to a running intake, signed with FIVEKEYS_GITHUB_SECRET." placeholder:"URL"`
	Seed uint64 `help:"Another seed is another organisation." default:"1"`
	Days int    `help:"Days of history. Fewer are quicker, and some figures then rest on too little." default:"90"`
}

const (
	demoLeast   = 7 // days: before, there is hardly a deployment
	demoMost    = 730
	demoSenders = 64
	// demoEvaluation is how often budgets are evaluated: nobody waits for long.
	demoEvaluation = time.Second
)

// Run feeds a simulated organisation's webhooks, its services' spans, its teams'
// toil and a real git history to a real pipeline and checks the figures. All of
// that organisation is in one folder, with its configuration: what a serve on
// the folder shows is what is shown here.
func (c *demoCommand) Run(ctx context.Context, g *globals, env *environment) (err error) {
	if c.Days < demoLeast || c.Days > demoMost {
		return usagef("demo --days %d: give %d to %d", c.Days, demoLeast, demoMost)
	}
	if c.To != "" {
		s, err := g.settings(env)
		if err != nil {
			return err
		}
		return c.deliverTo(ctx, env, s)
	}
	folder, err := c.folder()
	if err != nil {
		return err
	}
	defer func() {
		if c.Keep == "" || err != nil { // half a demo is of no use
			_ = os.RemoveAll(folder)
		}
	}()
	now := time.Now().UTC()
	scenario := simulation.Generate(simulation.Config{Seed: c.Seed, Days: c.Days, End: now})
	model, work := demoModel(now), demoToil(now)
	own, s, err := c.configure(folder, env, &scenario.Catalog, model)
	if err != nil {
		return err
	}
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(env.stdout, format+"\n", args...) }
	secret, token := rand.Text(), newToken()
	start := time.Now()
	p, err := startPipeline(ctx, own, env, s, pipelineOptions{
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
	if err := (&sender{url: p.url, token: token, client: http.DefaultClient}).send(ctx, work); err != nil {
		return err
	}
	start = time.Now()
	if err := waitDrained(ctx, p.backlogTotal, nil); err != nil {
		return err
	}
	say("Everything is in the tables %s later.", since(start))

	full := scenario.Expected.Full
	source := report.ClickHouse{Conn: p.store.Conn()}
	checked, err := verify(ctx, source, report.Query{Period: report.Period{From: full.From, To: full.To}, At: now}, full)
	if err != nil {
		return err
	}
	beside, err := c.verifyBeside(ctx, p.store, model, work)
	if err != nil {
		return err
	}
	say("Compared %d figures of delivery, and %s with what the simulation knows in closed form: all equal.\n", checked, beside)

	imported, err := c.importOwn(ctx, env, p, token, say)
	if err != nil {
		return err
	}
	// As fivekeys report prints it.
	at := time.Now().UTC()
	query := report.Query{Period: report.ThroughToday(at, c.Days), At: at}
	if err := printReport(ctx, env, s, source, query, "table"); err != nil {
		return err
	}
	c.sayNext(say, imported)
	return nil
}

// deliverTo feeds somebody else's pipeline and leaves the figures to its report.
func (c *demoCommand) deliverTo(ctx context.Context, env *environment, s *settings) error {
	secrets := s.sourceSecrets("github")
	if len(secrets) == 0 {
		return usagef("demo --to: FIVEKEYS_GITHUB_SECRET is not set; give it the secret that the intake checks with")
	}
	scenario := simulation.Generate(simulation.Config{Seed: c.Seed, Days: c.Days, End: time.Now().UTC()})
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(env.stdout, format+"\n", args...) }
	return c.feed(ctx, env, strings.TrimSuffix(c.To, "/"), secrets[0], scenario.Deliveries, say)
}

// folder makes the demo's data folder.
func (c *demoCommand) folder() (string, error) {
	if c.Keep == "" {
		dir, err := os.MkdirTemp("", "fivekeys-demo-")
		if err != nil {
			return "", fmt.Errorf("make the demo's folder: %w", err)
		}
		return dir, nil
	}
	if _, err := os.Stat(c.Keep); err == nil {
		return "", usagef("demo --keep %s: exists already; name a folder that does not", c.Keep)
	}
	if err := os.MkdirAll(c.Keep, 0o700); err != nil {
		return "", fmt.Errorf("make the demo's folder: %w", err)
	}
	return c.Keep, nil
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
		len(deliveries), c.Days, since(start), float64(len(deliveries))/took.Seconds())
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
// history, and gives the service's name. Where there is none, that is no failure.
func (c *demoCommand) importOwn(ctx context.Context, env *environment, p *pipeline, token string, say func(string, ...any)) (service string, err error) {
	path, err := filepath.Abs(".")
	if err != nil {
		return "", err
	}
	name := filepath.Base(path)
	history, err := gitlog.Read(ctx, path, gitlog.Options{Service: name})
	if err != nil {
		if ctx.Err() != nil {
			return "", context.Cause(ctx)
		}
		say("No git history imported from here: %s.", oneLine(err))
		return "", nil
	}
	out := &sender{url: p.url, token: token, client: http.DefaultClient}
	if err := sendHistory(ctx, env, out, history); err != nil {
		return "", err
	}
	if err := waitDrained(ctx, p.backlogTotal, nil); err != nil {
		return "", err
	}
	say("Imported the git history of %s: %d changes, %d tags as deployments.", path, history.Changes, history.Tags)
	for _, warning := range history.Warnings {
		say("  note: %s", warning)
	}
	say("")
	return name, nil
}

// sayNext ends with commands that work as they stand.
func (c *demoCommand) sayNext(say func(string, ...any), imported string) {
	me := program()
	if c.Keep == "" {
		say("\nNothing of this is left on the disk. To keep it and look around in it:\n  %s demo --keep demo-data", me)
	} else {
		data := quoted(c.Keep)
		say("\nThis is kept in %s. To look around in it:", c.Keep)
		say("  %s --data %s report --since %dd", me, data, c.Days)
		say("  %s --data %s slo status", me, data)
		say("  %s --data %s explain change-fail-rate --service storefront --since %dd", me, data, c.Days)
		say("  %s --data %s query 'SELECT * FROM deployments WHERE failed LIMIT 5'", me, data)
		say("To look at it in Grafana (docs/dashboards.md) or send more to it, until Ctrl-C:")
		say("  %s --data %s serve --clickhouse-listen 127.0.0.1:8123", me, data)
	}
	if imported == "" {
		say("Your own, in the clone of a repository:\n  %s import git", me)
		return
	}
	say("Your own: the history of the clone here, without the simulated organisation:")
	say("  %s import git && %s report --service %s --since 365d", me, me, quoted(imported))
}

// program is how this program was called, for commands to be pasted.
func program() string {
	if strings.ContainsRune(os.Args[0], filepath.Separator) {
		return quoted(os.Args[0])
	}
	return filepath.Base(os.Args[0])
}

// quoted is a word as a shell takes it.
func quoted(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-+,:@%", r)
	}
	if word != "" && strings.IndexFunc(word, func(r rune) bool { return !plain(r) }) < 0 {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

func since(start time.Time) time.Duration { return time.Since(start).Round(10 * time.Millisecond) }
