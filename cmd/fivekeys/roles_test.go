package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"testing"

	"github.com/fivekeys/fivekeys/internal/clickhouse"
	"github.com/fivekeys/fivekeys/internal/simulation"
	"github.com/fivekeys/fivekeys/internal/testkit"
	"github.com/fivekeys/fivekeys/schemas"
)

// TestEachRoleAlone runs what the Helm chart runs: one process for the intake
// and one for the rest, NATS and ClickHouse elsewhere, ClickHouse's password in
// a variable of its own. Probes ask /readyz of both.
func TestEachRoleAlone(t *testing.T) {
	t.Parallel()
	nats, engine := testkit.StartNATS(t), testkit.Server(t)
	address := "http://" + testkit.Writer.User + "@" + engine.HTTPAddr() + "/" + clickhouse.Database
	catalog := schemas.Catalog{Services: []schemas.Service{{Name: "shop"}}}
	intake, process := newServing(t, &catalog), newServing(t, &catalog)
	intake.flags, process.flags = []string{"--role", "ingest"}, []string{"--role", "process"}
	intake.environ = []string{"FIVEKEYS_NATS_URL=" + nats.URL(), "FIVEKEYS_API_TOKEN=" + apiToken}
	process.environ = []string{"FIVEKEYS_NATS_URL=" + nats.URL(), "FIVEKEYS_CLICKHOUSE_URL=" + address}

	for sentence, passwords := range map[string][]string{
		"a wrong password": {"FIVEKEYS_CLICKHOUSE_PASSWORD=wrong"}, "no password": nil,
	} {
		refused := &serving{folder: process.folder, addr: process.addr, environ: append(process.environ[:2:2], passwords...)}
		status, said := refused.ends(t, "serve", "--listen", refused.addr, "--role", "process")
		if status != exitFailed || !strings.Contains(said, "check --clickhouse-url") || strings.Contains(said, "wrong@") {
			t.Errorf("with %s it ends with %d: %s", sentence, status, said)
		}
	}
	process.environ = append(process.environ, "FIVEKEYS_CLICKHOUSE_PASSWORD="+testkit.Writer.Password)
	process.start(t)
	intake.start(t)

	for _, tt := range []struct {
		*serving
		checks int // what a process needs, and no more, makes it ready
	}{{intake, 1}, {process, 2}} {
		status, ready := tt.get(t, "/readyz")
		if n := strings.Count(ready, `"ok"`); status != http.StatusOK || n != tt.checks+1 || !strings.Contains(ready, `"nats":"ok"`) {
			t.Errorf("%v answers /readyz with %d %s", tt.flags, status, ready)
		}
		if status, said := tt.ends(t, "health", "--listen", tt.addr); status != exitDone || !strings.Contains(said, ready) {
			t.Errorf("%v: fivekeys health ends with %d: %s, /readyz says %s", tt.flags, status, said, ready)
		}
	}
	if status, said := process.get(t, "/webhooks/github"); status != http.StatusNotFound {
		t.Errorf("a process without an intake answers a webhook with %d %s", status, said)
	}

	event, err := json.Marshal(map[string]any{
		"id": "1", "source": "jenkins", "type": schemas.TypeDeployment, "time": "2026-11-20T10:00:00Z",
		"data": map[string]string{"deployment_id": "1", "service": "shop", "environment": "production", "status": "succeeded"},
	})
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, intake.url+"/v1/events", strings.NewReader(string(event)))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+apiToken)
	response, err := intake.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusAccepted {
		t.Fatalf("the event is answered with %s", response.Status)
	}
	until(t, func() (bool, string) {
		got := process.query(t, "SELECT service, deployment_id FROM deployments")
		return got == "service,deployment_id\nshop,1\n", got
	})

	// Health says what is missing, and is well again by itself.
	nats.Kill()
	for _, s := range []*serving{intake, process} {
		until(t, func() (bool, string) {
			status, said := s.ends(t, "health", "--listen", s.addr)
			return status == exitFailed && strings.Contains(said, `"status":"not ready"`) && strings.Contains(said, `"nats":"not ready"`),
				fmt.Sprintf("%v without NATS: fivekeys health ends with %d: %s", s.flags, status, said)
		})
	}
	nats.Start()
	for _, s := range []*serving{intake, process} {
		until(t, func() (bool, string) {
			status, said := s.ends(t, "health", "--listen", s.addr)
			return status == exitDone, fmt.Sprintf("%v: fivekeys health ends with %d: %s", s.flags, status, said)
		})
		s.stop(t)
	}
	if status, said := intake.ends(t, "health", "--listen", intake.addr); status != exitFailed || !strings.Contains(said, "does serve run there?") {
		t.Errorf("where nobody listens, fivekeys health ends with %d: %s", status, said)
	}
}

// TestTheDemoFeedsAServeThatRuns is fivekeys demo --to, as docker compose does.
func TestTheDemoFeedsAServeThatRuns(t *testing.T) {
	t.Parallel()
	s := newServing(t, &simulation.Generate(simulation.Config{Seed: 1, Days: 1}).Catalog)
	s.start(t)
	wrong := &serving{folder: s.folder, environ: []string{"FIVEKEYS_GITHUB_SECRET=another"}}
	if status, said := wrong.ends(t, "demo", "--to", s.url); status != exitFailed || !strings.Contains(said, "401") {
		t.Errorf("with another secret the demo ends with %d: %s", status, said)
	}
	said := s.say(t, "demo", "--to", s.url+"/")
	var delivered int
	if _, err := fmt.Sscanf(said, "Delivered %d signed GitHub webhooks", &delivered); err != nil {
		t.Fatalf("the demo says %q", said)
	}
	s.drain(t)
	if got := s.query(t, "SELECT count() AS n FROM deliveries"); got != fmt.Sprintf("n\n%d\n", delivered) {
		t.Errorf("%d webhooks were delivered, of them are stored %s", delivered, got)
	}
	if got := s.query(t, "SELECT uniqExact(service) AS n FROM deployments WHERE production"); got != "n\n8\n" {
		t.Errorf("of the demo's 8 services have deployments: %s", got)
	}
	for _, view := range []string{"changes", "incidents", "failures", "dora_daily"} {
		if got := s.query(t, "SELECT count() > 0 AS some FROM "+view); got != "some\ntrue\n" && got != "some\n1\n" {
			t.Errorf("%s has nothing", view)
		}
	}
	s.stop(t)
}

// ends gives a command's exit status and all that it says.
func (s *serving) ends(t *testing.T, args ...string) (int, string) {
	t.Helper()
	out, err := s.fivekeys(t.Context(), args...).CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode(), string(out)
	}
	if err != nil {
		t.Fatal(err)
	}
	return exitDone, string(out)
}

// get gives what a path answers.
func (s *serving) get(t *testing.T, path string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := s.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}
