package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// desk is where the documentation's commands are typed: a folder with what they
// mention, and a serve that runs there.
type desk struct {
	folder string
	addr   string // of the serve
	sql    string // of its ClickHouse
	paths  string
}

const deskToken = "a-token-of-the-documentation"

// placeholders stand in commands for what is everybody's own.
func (d *desk) placeholders() *strings.Replacer {
	return strings.NewReplacer(
		"https://fivekeys.example.com", "http://"+d.addr,
		"http://127.0.0.1:8080", "http://"+d.addr,
		"127.0.0.1:8080", d.addr,
		"localhost:8080", d.addr,
		"127.0.0.1:8123", d.sql,
	)
}

// deskSLO is an objective whose counts are sent, so that its budget is spent.
const deskSLO = `apiVersion: openslo/v1
kind: SLO
metadata: {name: checkout-availability}
spec:
  service: checkout
  indicator:
    metadata: {name: reported}
    spec:
      ratioMetric:
        good: {metricSource: {type: fivekeys, spec: {reported: true}}}
        total: {metricSource: {type: fivekeys, spec: {reported: true}}}
  timeWindow: [{duration: 30d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{target: 0.999}]
`

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{folder: t.TempDir(), addr: freePort(t), sql: freePort(t)}
	library, err := filepath.Glob("../../deploy/engine/node_modules/@chdb/lib-*/libchdb.so")
	if err != nil || len(library) == 0 {
		t.Fatal("the engine is missing: run make engine")
	}
	if library[0], err = filepath.Abs(library[0]); err != nil {
		t.Fatal(err)
	}
	deploy, err := filepath.Abs("../../deploy")
	if err != nil {
		t.Fatal(err)
	}
	self, err := filepath.Abs(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, text string, mode os.FileMode) {
		path := filepath.Join(d.folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	write("bin/fivekeys", "#!/bin/sh\n"+runAsFivekeys+"=1 FIVEKEYS_ENGINE_LIBRARY='"+library[0]+"' exec '"+self+"' \"$@\"\n", 0o700)
	write("question.sql", "SELECT count() FROM deployments;\n", 0o600)
	write("own/slo.yaml", deskSLO, 0o600)
	write("fivekeys.yaml", "services: [{name: checkout, team: payments}, {name: shop, team: web}]\nslos: [own/slo.yaml]\n", 0o600)
	// The document shows what a slip of the pen in its own example says.
	for _, b := range blocks(t, "../../docs/slos.md") {
		if b.language == "yaml" {
			write("slos/checkout.yaml", strings.Replace(b.text, "- target:", "- taget:", 1), 0o600)
			break
		}
	}
	if err := os.Symlink(deploy, filepath.Join(d.folder, "deploy")); err != nil {
		t.Fatal(err)
	}
	d.paths = filepath.Join(d.folder, "bin") + ":" + os.Getenv("PATH")
	if out, err := d.bash(t.Context(), d.folder, `git init -q -b main ~/src/shop && cd ~/src/shop && git commit -q --allow-empty -m first && git tag v1`).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	d.serve(t)
	d.spendBudget(t)
	d.sendSpan(t)
	return d
}

// bash runs a script with the placeholders filled in.
func (d *desk) bash(ctx context.Context, folder, script string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "bash", "-e", "-u", "-o", "pipefail", "-c", d.placeholders().Replace(script))
	cmd.Dir = folder
	cmd.Env = []string{
		"PATH=" + d.paths, "HOME=" + d.folder, "FIVEKEYS_API_TOKEN=" + deskToken, "FIVEKEYS_SPAN_TOKEN=" + deskToken, "FIVEKEYS_LOG_LEVEL=warn",
		"GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=A", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=A", "GIT_COMMITTER_EMAIL=a@example.com",
	}
	return cmd
}

func (d *desk) serve(t *testing.T) {
	t.Helper()
	d.background(t, d.folder, "exec fivekeys serve --unsynced --listen "+d.addr+" --clickhouse-listen "+d.sql)
}

// background starts a script that ends in a serve, and stops it with the test.
func (d *desk) background(t *testing.T, folder, script string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context())) // the test's own ends before its clean-up begins
	cmd := d.bash(ctx, folder, script)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGINT) }
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ready, drained := make(chan string, 1), make(chan struct{})
	go func() {
		defer close(drained)
		var said strings.Builder
		lines := bufio.NewScanner(stderr)
		for lines.Scan() {
			said.WriteString(lines.Text() + "\n")
			if strings.Contains(lines.Text(), "fivekeys is ready") {
				ready <- ""
				_, _ = io.Copy(io.Discard, stderr)
				return
			}
		}
		ready <- "serve ends instead of getting ready: " + said.String()
	}()
	t.Cleanup(func() {
		cancel()
		<-drained // Wait closes what it reads from
		_ = cmd.Wait()
		if code := cmd.ProcessState.ExitCode(); code != exitDone {
			t.Errorf("%s ends with %d", script, code)
		}
	})
	if problem := <-ready; problem != "" {
		t.Fatalf("%s\n%s", script, problem)
	}
}

// serves finds the line that runs until it is stopped.
var serves = regexp.MustCompile(`(?m)^(?:[A-Z_]+=\S+ )*((?:bin/)?fivekeys serve)\b`)

// runServe runs a script in a folder of its own until its serve is ready. Its
// ports are any that are free.
func (d *desk) runServe(t *testing.T, script string) {
	t.Helper()
	folder := t.TempDir()
	if err := os.Symlink(filepath.Join(d.folder, "bin"), filepath.Join(folder, "bin")); err != nil {
		t.Fatal(err)
	}
	// What comes before serve in a script reads data.
	if out, err := d.bash(t.Context(), folder, "bin/fivekeys migrate").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	script = strings.ReplaceAll(script, "127.0.0.1:8123", "127.0.0.1:0")
	at := serves.FindStringSubmatchIndex(script)
	script = script[:at[2]] + "exec " + script[at[2]:at[3]] + " --listen 127.0.0.1:0" + script[at[3]:]
	d.background(t, folder, script)
}

// spendBudget reports 120 failed requests of 100,000, of an objective that is
// older than its window, and waits until the gate knows: 52 of 43 minutes.
func (d *desk) spendBudget(t *testing.T) {
	t.Helper()
	at := time.Now().UTC().Add(-10 * time.Minute)
	out, err := d.bash(t.Context(), d.folder, fmt.Sprintf(`curl -sS --fail-with-body http://127.0.0.1:8080/v1/events -H "Authorization: Bearer $FIVEKEYS_API_TOKEN" -H 'Content-Type: application/json' -d '[{
		"id": "sli-0", "source": "docs", "type": "fivekeys.sli.v1", "time": "%s", "data": {"slo": "checkout-availability", "good": 1, "total": 1}}, {
		"id": "sli-1", "source": "docs", "type": "fivekeys.sli.v1", "time": "%s", "data": {"slo": "checkout-availability", "good": 99880, "total": 100000}}]'`,
		at.AddDate(0, 0, -31).Format(time.RFC3339), at.Format(time.RFC3339))).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	until(t, func() (bool, string) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+d.addr+"/v1/gate?service=checkout&status=1", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+deskToken)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return false, err.Error()
		}
		defer func() { _ = response.Body.Close() }()
		text, err := io.ReadAll(response.Body)
		if err != nil {
			return false, err.Error()
		}
		return response.StatusCode == http.StatusLocked, "the gate does not refuse: " + string(text)
	})
}

// sendSpan sends a span of the trace that the documentation looks at, and waits
// until it is found.
func (d *desk) sendSpan(t *testing.T) {
	t.Helper()
	at := time.Now().Add(-time.Minute).UnixMicro()
	out, err := d.bash(t.Context(), d.folder, fmt.Sprintf(`curl -sS --fail-with-body http://127.0.0.1:8080/api/v2/spans -H "Authorization: Bearer $FIVEKEYS_API_TOKEN" -H 'Content-Type: application/json' -d '[{
		"traceId": "4bf92f3577b34da6a3ce929d0e0e4736", "id": "00f067aa0ba902b7", "name": "POST /orders", "kind": "SERVER", "timestamp": %d, "duration": 1200000,
		"localEndpoint": {"serviceName": "checkout"}}]'`, at)).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	until(t, func() (bool, string) {
		out, err := d.bash(t.Context(), d.folder, "fivekeys query 'SELECT count() FROM spans' | grep 1").CombinedOutput()
		return err == nil, "the span is not stored: " + string(out)
	})
}
