package main

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestGateCommand(t *testing.T) {
	const allowed = `{"allow":true,"reason":"a has 12 of its 43 minutes left"}`
	const refused = `{"allow":false,"reason":"a has spent 52 of its 43 minutes"}`
	for name, tt := range map[string]struct {
		status int
		answer string
		change func(*gateCommand)
		stdout string
		stderr string
		err    string // "silent" for a refusal that was told
	}{
		"an allowance is status 0":       {200, allowed, nil, "allowed: a has 12 of its 43 minutes left\n", "", ""},
		"a refusal is status 1":          {200, refused, nil, "refused: a has spent 52 of its 43 minutes\n", "", "silent"},
		"the document is told as JSON":   {200, refused, func(c *gateCommand) { c.Format = "json" }, refused + "\n", "", "silent"},
		"a wrong token fails":            {401, `{"detail":"gate: signature is missing","hint":"send a token"}`, nil, "", "", "401: gate: signature is missing (send a token)"},
		"a redirect fails":               {302, "", nil, "", "", "302"},
		"a page that is no gate fails":   {200, "<html>", nil, "", "", "is --url a fivekeys?"},
		"an answer without a word fails": {200, "{}", nil, "", "", "is --url a fivekeys?"},
		"no answer refuses":              {503, "draining", func(c *gateCommand) { c.Timeout = time.Millisecond }, "", "", "503: draining"},
		"no answer allows where that is meant": {
			503, "draining", func(c *gateCommand) { c.Timeout, c.IfUnreachable = time.Millisecond, "allow" }, "", "allowed without an answer", "",
		},
		"a wrong token fails even then": {401, "no", func(c *gateCommand) { c.IfUnreachable = "allow" }, "", "", "401: no"},
		"no address is wrong usage":     {200, allowed, func(c *gateCommand) { c.URL = "nowhere" }, "", "", "is no address"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/v1/gate" || r.URL.Query().Get("service") != "acme/shop" || r.URL.Query().Get("environment") != "eu & us" ||
					r.Header.Get("Authorization") != "Bearer t0ken" {
					t.Errorf("asked %s with %v", r.URL, r.Header)
				}
				if tt.status == http.StatusFound {
					w.Header().Set("Location", "/elsewhere")
				}
				w.WriteHeader(tt.status)
				_, _ = w.Write([]byte(tt.answer))
			}))
			defer server.Close()
			c := &gateCommand{Service: "acme/shop", Environment: "eu & us", URL: server.URL + "/", IfUnreachable: "refuse", Timeout: time.Minute, Format: "text"}
			if tt.change != nil {
				tt.change(c)
			}
			if c.Timeout < time.Second {
				// Long enough for an attempt, too short for a second one.
				c.Timeout = gatePause / 2
			}
			stdout, stderr, err := runGate(t, c)
			if stdout != tt.stdout || !strings.Contains(stderr, tt.stderr) {
				t.Errorf("prints %q, and %q on the side", stdout, stderr)
			}
			switch {
			case tt.err == "" && err != nil, tt.err == "silent" && !errors.Is(err, errSilent),
				tt.err != "" && (err == nil || tt.err != "silent" && !strings.Contains(err.Error(), tt.err)):
				t.Errorf("%v", err)
			}
		})
	}
}

func TestGateCommandWaitsForOneThatStarts(t *testing.T) {
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1) == 1 {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		_, _ = w.Write([]byte(`{"allow":true,"reason":"yes"}`))
	}))
	defer server.Close()
	stdout, _, err := runGate(t, &gateCommand{Service: "a", URL: server.URL, Timeout: time.Minute, IfUnreachable: "refuse"})
	if err != nil || stdout != "allowed: yes\n" {
		t.Errorf("%q, %v", stdout, err)
	}
}

func runGate(t *testing.T, c *gateCommand) (stdout, stderr string, err error) {
	t.Helper()
	t.Chdir(t.TempDir())
	var out, side bytes.Buffer
	env := &environment{stdout: &out, stderr: &side, logger: slog.New(slog.DiscardHandler), getenv: func(name string) string {
		if name == "FIVEKEYS_API_TOKEN" {
			return "t0ken,other"
		}
		return ""
	}}
	err = c.Run(t.Context(), &globals{}, env)
	return out.String(), side.String(), err
}
