package main

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
)

const grafanaToken = "glsa_test"

// emptyGrafana knows nothing and takes everything; it counts what it took.
func emptyGrafana(t *testing.T) (url string, dashboards, writes *atomic.Int64) {
	t.Helper()
	dashboards, writes = new(atomic.Int64), new(atomic.Int64)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		status, answer := http.StatusOK, `{"uid":"fivekeys","title":"fivekeys","status":"success","version":1}`
		switch {
		case r.Header.Get("Authorization") != "Bearer "+grafanaToken:
			status, answer = http.StatusUnauthorized, `{"message":"Invalid API key"}`
		case r.Method == http.MethodGet:
			status, answer = http.StatusNotFound, `{"message":"not found"}`
		default:
			writes.Add(1)
			if r.URL.Path == "/api/dashboards/db" {
				dashboards.Add(1)
			}
		}
		w.WriteHeader(status)
		_, _ = fmt.Fprint(w, answer)
	}))
	t.Cleanup(server.Close)
	return server.URL, dashboards, writes
}

// provisioned runs dashboards provision and gives its exit status and what it says.
func provisioned(t *testing.T, url, token string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, problems bytes.Buffer
	env := &environment{stdin: strings.NewReader(""), stdout: &out, stderr: &problems, getenv: func(name string) string {
		return map[string]string{"FIVEKEYS_GRAFANA_TOKEN": token, "FIVEKEYS_READER_PASSWORD": "reader"}[name]
	}}
	args = append([]string{"--data", t.TempDir(), "dashboards", "provision", "--grafana-url", url}, args...)
	code = run(t.Context(), args, env)
	return code, out.String(), problems.String()
}

func TestDashboardsProvision(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../dashboards/json/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	grafana, dashboards, writes := emptyGrafana(t)
	created := regexp.MustCompile(`(?m)^create +dashboard "`)

	code, out, problems := provisioned(t, grafana, grafanaToken, "--dry-run", "--datasource", "clickhouse:9000")
	if code != exitDone || problems != "" || len(created.FindAllString(out, -1)) != len(files) || writes.Load() != 0 {
		t.Errorf("a dry run ends with %d and %d writes: %s%s", code, writes.Load(), out, problems)
	}
	for _, what := range []string{"folder", "data source", "rule"} {
		if !strings.Contains(out, what) {
			t.Errorf("a dry run says nothing of a %s: %s", what, out)
		}
	}
	code, out, problems = provisioned(t, grafana, grafanaToken, "--datasource", "clickhouse:9000")
	if code != exitDone || problems != "" || len(created.FindAllString(out, -1)) != len(files) || dashboards.Load() != int64(len(files)) {
		t.Errorf("it ends with %d and %d dashboards: %s%s", code, dashboards.Load(), out, problems)
	}
}

func TestDashboardsProvisionSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	grafana, _, writes := emptyGrafana(t)
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, "<html>hello") }))
	t.Cleanup(page.Close)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := "http://" + listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	for sentence, tt := range map[string]struct {
		url, token string
		args       []string
		code       int
		says       string
	}{
		"a wrong token":          {grafana, "wrong", nil, exitFailed, "check the service account's token (FIVEKEYS_GRAFANA_TOKEN)"},
		"no token":               {grafana, "", nil, exitFailed, "make a service account with the role Admin"},
		"no URL":                 {"grafana", grafanaToken, nil, exitFailed, "write https://grafana.example.com"},
		"a URL of nobody":        {nobody, grafanaToken, nil, exitFailed, "check --grafana-url"},
		"a URL of something":     {page.URL, grafanaToken, nil, exitFailed, "is --grafana-url a Grafana?"},
		"a data source and port": {grafana, grafanaToken, []string{"--datasource", "clickhouse"}, exitUsage, "write clickhouse:9000"},
	} {
		t.Run(sentence, func(t *testing.T) {
			code, _, problems := provisioned(t, tt.url, tt.token, tt.args...)
			if code != tt.code || !strings.Contains(problems, tt.says) || strings.Count(problems, "\n") != 1 {
				t.Errorf("ends with %d: %s", code, problems)
			}
		})
	}
	if n := writes.Load(); n != 0 {
		t.Errorf("%d writes all the same", n)
	}
}
