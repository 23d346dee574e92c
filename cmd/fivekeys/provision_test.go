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
	"testing"

	"github.com/fivekeys/fivekeys/dashboards/grafanatest"
)

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
	grafana := grafanatest.New(t)
	created := regexp.MustCompile(`(?m)^create +dashboard "`)

	code, out, problems := provisioned(t, grafana.URL, grafanatest.Token, "--dry-run", "--datasource", "clickhouse:9000")
	if code != exitDone || problems != "" || len(created.FindAllString(out, -1)) != len(files) || grafana.Writes != 0 {
		t.Errorf("a dry run ends with %d and %d writes: %s%s", code, grafana.Writes, out, problems)
	}
	for _, what := range []string{"folder", "data source", "rule"} {
		if !strings.Contains(out, what) {
			t.Errorf("a dry run says nothing of a %s: %s", what, out)
		}
	}
	code, out, problems = provisioned(t, grafana.URL, grafanatest.Token, "--datasource", "clickhouse:9000")
	if code != exitDone || problems != "" || len(created.FindAllString(out, -1)) != len(files) || len(grafana.Dashboards) != len(files) {
		t.Errorf("it ends with %d and %d dashboards: %s%s", code, len(grafana.Dashboards), out, problems)
	}
}

func TestDashboardsProvisionSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	grafana := grafanatest.New(t)
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, "<html>hello") }))
	t.Cleanup(page.Close)
	nothing := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(nothing.Close)
	ill := grafanatest.New(t)
	ill.Fail = func(r *http.Request) (int, string) {
		if r.URL.Path == "/api/health" {
			return http.StatusServiceUnavailable, "database failing"
		}
		return 0, ""
	}
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
		"a wrong token":          {grafana.URL, "wrong", nil, exitFailed, "check the service account's token (FIVEKEYS_GRAFANA_TOKEN)"},
		"no token":               {grafana.URL, "", nil, exitFailed, "make a service account with the role Admin"},
		"no URL":                 {"grafana", grafanatest.Token, nil, exitFailed, "write https://grafana.example.com"},
		"a URL of nobody":        {nobody, grafanatest.Token, nil, exitFailed, "check --grafana-url"},
		"a URL of something":     {page.URL, grafanatest.Token, nil, exitFailed, "is --grafana-url a Grafana?"},
		"a URL without anything": {nothing.URL, grafanatest.Token, nil, exitFailed, "is --grafana-url a Grafana, with the path it is served below?"},
		"a Grafana that is ill":  {ill.URL, grafanatest.Token, nil, exitFailed, "database failing; Grafana itself is unwell"},
		"a data source and port": {grafana.URL, grafanatest.Token, []string{"--datasource", "clickhouse"}, exitUsage, "write clickhouse:9000"},
	} {
		t.Run(sentence, func(t *testing.T) {
			code, _, problems := provisioned(t, tt.url, tt.token, tt.args...)
			if code != tt.code || !strings.Contains(problems, tt.says) || strings.Count(problems, "\n") != 1 {
				t.Errorf("ends with %d: %s", code, problems)
			}
		})
	}
	if n := grafana.Writes; n != 0 {
		t.Errorf("%d writes all the same", n)
	}
}
