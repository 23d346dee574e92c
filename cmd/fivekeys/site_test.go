package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fivekeys/fivekeys/internal/clickhouse"
	"github.com/fivekeys/fivekeys/internal/config"
	"github.com/fivekeys/fivekeys/internal/simulation"
	"github.com/fivekeys/fivekeys/schemas"
)

// site is a serve in this process, on a data folder of its own.
type site struct {
	*pipeline
	folder string
	client *http.Client
}

const (
	siteSenders = 32
	// patience turns what hangs into a failure with a message; nothing is
	// measured by it.
	patience = 5 * time.Minute
)

// startSite starts a pipeline that ends with the test. change, where given,
// points it at other servers first.
func startSite(t *testing.T, catalog schemas.Catalog, change func(*settings, *pipelineOptions)) *site {
	t.Helper()
	return startSiteOn(t, siteFolder(t, catalog), nil, change)
}

// siteFolder is a data folder with a configuration, where the commands that work
// on the folder find it too.
func siteFolder(t *testing.T, catalog schemas.Catalog) string {
	t.Helper()
	folder := t.TempDir()
	text, err := config.Write(&catalog)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, defaultConfigFile), text, 0o600); err != nil {
		t.Fatal(err)
	}
	return folder
}

// startSiteOn starts one on a folder that is configured already; now is the
// clock of its budgets, nil the one that goes.
func startSiteOn(t *testing.T, folder string, now func() time.Time, change func(*settings, *pipelineOptions)) *site {
	t.Helper()
	env := &environment{
		stdin: strings.NewReader(""), stdout: io.Discard, stderr: io.Discard,
		getenv: func(string) string { return "" }, logger: slog.New(slog.DiscardHandler), now: now,
	}
	if testing.Verbose() {
		env.logger = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})).With("test", t.Name())
	}
	g := &globals{Data: folder}
	s, err := g.settings(env)
	if err != nil {
		t.Fatal(err)
	}
	o := pipelineOptions{
		ingest: true, process: true, listen: "127.0.0.1:0",
		noSync:        true, // no test here cuts the power
		sourceSecrets: func(string) []string { return []string{webhookSecret} },
	}
	if change != nil {
		change(s, &o)
	}
	p, err := startPipeline(t.Context(), g, env, s, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.close) // closing again does nothing
	return &site{pipeline: p, folder: folder, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: siteSenders}}}
}

// answer is what a sender of webhooks sees.
type answer struct {
	status     int
	retryAfter string
	text       string
}

// post sends one delivery once, signed as GitHub signs it. A connection that
// breaks is an answer without a status.
func post(ctx context.Context, client *http.Client, url string, d simulation.Delivery) answer {
	mac := hmac.New(sha256.New, []byte(webhookSecret))
	_, _ = mac.Write(d.Body) // never fails
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/webhooks/github", bytes.NewReader(d.Body))
	if err != nil {
		return answer{text: err.Error()}
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Github-Event", d.Event)
	request.Header.Set("X-Github-Delivery", d.GUID)
	request.Header.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	response, err := client.Do(request)
	if err != nil {
		return answer{text: err.Error()}
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return answer{text: err.Error()}
	}
	return answer{response.StatusCode, response.Header.Get("Retry-After"), string(text)}
}

// send posts every delivery once, many at a time, to the intakes in turn, and
// hands each answer on, one after the other.
func send(t *testing.T, client *http.Client, urls []string, deliveries []simulation.Delivery, each func(simulation.Delivery, answer)) {
	t.Helper()
	type job struct {
		url string
		simulation.Delivery
	}
	work := make(chan job)
	var senders sync.WaitGroup
	var mu sync.Mutex
	for range siteSenders {
		senders.Go(func() {
			for j := range work {
				a := post(t.Context(), client, j.url, j.Delivery)
				mu.Lock()
				each(j.Delivery, a)
				mu.Unlock()
			}
		})
	}
	for i, d := range deliveries {
		work <- job{urls[i%len(urls)], d}
	}
	close(work)
	senders.Wait()
}

func (s *site) send(t *testing.T, deliveries []simulation.Delivery, each func(simulation.Delivery, answer)) {
	t.Helper()
	send(t, s.client, []string{s.url}, deliveries, each)
}

// deliver posts every delivery once and wants a 202 for each.
func (s *site) deliver(t *testing.T, deliveries []simulation.Delivery) {
	t.Helper()
	s.send(t, deliveries, func(d simulation.Delivery, a answer) {
		if a.status != http.StatusAccepted {
			t.Errorf("delivery %s of %s is answered with %d %s", d.GUID, d.Event, a.status, a.text)
		}
	})
	if t.Failed() {
		t.FailNow()
	}
}

// drain waits until everything accepted is in the facts.
func (s *site) drain(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := waitDrained(ctx, s.backlogTotal, nil); err != nil {
		stages, _ := s.backlog(t.Context())
		t.Fatalf("drain: %v; left %v", err, stages)
	}
}

// readiness asks /readyz and gives what it says of every check.
func (s *site) readiness(t *testing.T) (status int, checks map[string]string) {
	t.Helper()
	response, err := s.client.Get(s.url + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var health struct {
		Checks map[string]string `json:"checks"`
	}
	if err := json.NewDecoder(response.Body).Decode(&health); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, health.Checks
}

// awaitReady waits until /readyz says so.
func (s *site) awaitReady(t *testing.T) {
	t.Helper()
	until(t, func() (bool, string) {
		status, checks := s.readiness(t)
		return status == http.StatusOK, fmt.Sprint("not ready: ", checks)
	})
}

// until asks for something that nobody tells of.
func until(t *testing.T, happened func() (bool, string)) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	ticker := time.NewTicker(drainPoll)
	defer ticker.Stop()
	for {
		done, why := happened()
		if done {
			return
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			t.Fatal(why)
		}
	}
}

// fivekeys runs a command on the site's folder and gives its standard output.
func (s *site) fivekeys(t *testing.T, args ...string) string {
	t.Helper()
	return fivekeysOn(t, s.folder, args...)
}

func fivekeysOn(t *testing.T, folder string, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	env := &environment{stdin: strings.NewReader(""), stdout: &stdout, stderr: &stderr, getenv: func(string) string { return "" }}
	if code := run(t.Context(), append([]string{"--data", folder, "--log-level", "warn"}, args...), env); code != exitDone {
		t.Fatalf("fivekeys %s ends with %d: %s", strings.Join(args, " "), code, stderr.String())
	}
	return stdout.String()
}

// everyColumn are the public tables whole.
var everyColumn = []string{
	"SELECT * FROM deployments ORDER BY service, deployment_id",
	"SELECT * FROM changes ORDER BY service, sha",
	"SELECT * FROM incidents ORDER BY service, incident_id",
	"SELECT * FROM failures ORDER BY service, deployment_id, method, incident_id, fix_id",
	"SELECT * FROM dora_daily ORDER BY service, day",
	"SELECT * FROM events ORDER BY service, source, id",
}

// contents gives what each query answers, as CSV.
func contents(t *testing.T, store *clickhouse.Store, queries []string) []string {
	t.Helper()
	out := make([]string, len(queries))
	for i, sql := range queries {
		rows, err := store.Conn().Query(t.Context(), sql)
		if err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
		var text bytes.Buffer
		err = printRows(&text, "csv", rows)
		_ = rows.Close()
		if err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
		out[i] = text.String()
	}
	return out
}

// mostDifferences keeps a failure readable.
const mostDifferences = 40

// same compares the answers to queries, byte for byte.
func same(t *testing.T, what string, queries, want, got []string) {
	t.Helper()
	for i, sql := range queries {
		if want[i] == got[i] {
			continue
		}
		lines := append(missing("- ", want[i], got[i]), missing("+ ", got[i], want[i])...)
		t.Errorf("%s: %s differs (-want +got), %d lines, of them\n%s", what, sql, len(lines),
			strings.Join(lines[:min(len(lines), mostDifferences)], "\n"))
	}
}

// missing gives the lines of one text that another has not.
func missing(sign, text, other string) []string {
	there := map[string]int{}
	for line := range strings.Lines(other) {
		there[strings.TrimSpace(line)]++
	}
	var lines []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); there[line] == 0 {
			lines = append(lines, sign+line)
		}
		there[line]--
	}
	return lines
}

func digestOf(body []byte) string {
	sum := sha256.Sum256(body)
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}
