package protection_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fivekeys/fivekeys/processors/protection"
)

func TestAnAnswerReachesGitHub(t *testing.T) {
	for name, root := range map[string]string{"github.com": "", "GitHub Enterprise Server": "/api/v3"} {
		t.Run(name, func(t *testing.T) {
			g := newGitHub(t, root)
			app := g.app(nil)
			for run := range 2 { // the second with the same token
				if err := send(t, app, request(g, run)); err != nil {
					t.Fatal(err)
				}
			}
			path := root + "/repos/" + repository + "/actions/runs/"
			if diff := cmp.Diff([]review{
				{path + "0/deployment_protection_rule", "production", "rejected", "spent"},
				{path + "1/deployment_protection_rule", "production", "rejected", "spent"},
			}, g.answered()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]int64{installation}, g.asked); diff != "" {
				t.Errorf("tokens (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAnAppOfSeveralOrganisationsAnswersAsTheOneThatAsks(t *testing.T) {
	g := newGitHub(t, "")
	app := g.app(func(c *protection.AppConfig) { c.Installation = 0 })
	if err := send(t, app, request(g, 1)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int64{99}, g.asked); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	nameless := request(g, 1)
	nameless.Installation = 0
	var e *protection.AnswerError
	if err := send(t, app, nameless); !errors.As(err, &e) || !e.Final || !strings.Contains(err.Error(), "github_app.installation") {
		t.Errorf("%v", err)
	}
}

func TestWhatGitHubRefuses(t *testing.T) {
	reset := strconv.FormatInt(time.Now().Add(10*time.Minute).Unix(), 10)
	for name, tt := range map[string]struct {
		review, token func(http.ResponseWriter)
		status        int
		final         bool
		after         time.Duration
		says          string
	}{
		"a run that isn't there":            {review: answerWith(404, `{"message":"Not Found"}`), status: 404, final: true, says: "App is installed"},
		"a deployment that no longer waits": {review: answerWith(422, `{"message":"Unprocessable"}`), status: 422, final: true, says: "no longer waits"},
		"a fault of GitHub":                 {review: answerWith(502, "<html>"), status: 502, says: "502: <html>"},
		"a permission that is missing":      {review: answerWith(403, `{"message":"Resource not accessible by integration"}`), status: 403, says: "write Deployments"},
		"the secondary rate limit":          {review: answerWith(403, `{"message":"You have exceeded a secondary rate limit"}`, "Retry-After", "60"), status: 403, after: time.Minute, says: "secondary"},
		"the rate limit of today":           {review: answerWith(429, `{"message":"slow down"}`, "Retry-After", "7"), status: 429, after: 7 * time.Second, says: "slow down"},
		"the primary rate limit":            {review: answerWith(403, `{"message":"API rate limit exceeded"}`, "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", reset), status: 403, after: 10 * time.Minute, says: "API rate limit"},
		"a redirect, which is not followed": {review: answerWith(307, "", "Location", "https://example.com/"), status: 307, says: "307"},
		"a token for no such installation":  {token: answerWith(404, `{"message":"Not Found"}`), status: 404, says: "get a token"},
		"a token while GitHub has a fault":  {token: answerWith(500, ``), status: 500, says: "get a token"},
		"a token beyond the rate limit":     {token: answerWith(403, `{"message":"slow down"}`, "Retry-After", "30"), status: 403, after: 30 * time.Second, says: "slow down"},
		"a token that isn't one":            {token: answerWith(201, `{`), status: 0, says: "refresh installation"},
		"a very long explanation is cut":    {review: answerWith(500, strings.Repeat("é", 600)), status: 500, says: "éé"},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGitHub(t, "")
			if tt.review != nil {
				g.next(tt.review)
			}
			if tt.token != nil {
				g.nextToken(tt.token)
			}
			app := g.app(nil)
			err := send(t, app, request(g, 1))
			var e *protection.AnswerError
			if !errors.As(err, &e) {
				t.Fatalf("%v", err)
			}
			if e.Status != tt.status || e.Final != tt.final || !strings.Contains(err.Error(), tt.says) || len(err.Error()) > 900 {
				t.Errorf("status %d, final %t: %v", e.Status, e.Final, err)
			}
			if d := tt.after - e.After; d < 0 || d > 5*time.Second {
				t.Errorf("after %v, want %v", e.After, tt.after)
			}
			if err := send(t, app, request(g, 1)); err != nil {
				t.Errorf("and then: %v", err)
			}
		})
	}
}

func TestATokenThatIsRevokedIsReplaced(t *testing.T) {
	g := newGitHub(t, "")
	app := g.app(nil)
	if err := send(t, app, request(g, 1)); err != nil {
		t.Fatal(err)
	}
	g.mu.Lock()
	g.revoked["ghs_1"] = true
	g.mu.Unlock()
	var e *protection.AnswerError
	if err := send(t, app, request(g, 2)); !errors.As(err, &e) || e.Status != http.StatusUnauthorized || e.Final {
		t.Errorf("%v", err)
	}
	if err := send(t, app, request(g, 2)); err != nil {
		t.Errorf("with a new token: %v", err)
	}
}

func TestAWrongKeyIsNotFinal(t *testing.T) {
	g, other := newGitHub(t, ""), newGitHub(t, "").withKey(makeKey())
	app := g.app(func(c *protection.AppConfig) { c.PrivateKeyFile = other.keyFile() })
	var e *protection.AnswerError
	if err := send(t, app, request(g, 1)); !errors.As(err, &e) || e.Status != http.StatusUnauthorized || e.Final || !strings.Contains(err.Error(), "private key") {
		t.Errorf("%v", err)
	}
}

// The token may write deployments: it goes to the configured API and nowhere else.
func TestTheTokenGoesNowhereElse(t *testing.T) {
	var reached atomic.Int64
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	defer elsewhere.Close()
	g := newGitHub(t, "/api/v3")
	app := g.app(nil)
	const run = "/repos/" + repository + "/actions/runs/1"
	const rest = "/api/v3" + run + "/deployment_protection_rule"
	host := strings.TrimPrefix(g.URL, "http://")
	for name, callback := range map[string]string{
		"another host":                  elsewhere.URL + rest,
		"another port":                  g.URL + "1" + rest,
		"another scheme":                "https://" + host + rest,
		"the host as a user":            "http://" + host + "@" + strings.TrimPrefix(elsewhere.URL, "http://") + rest,
		"a user":                        "http://me:pw@" + host + rest,
		"a host that begins alike":      "http://" + host + ".example.com" + rest,
		"beside the API":                g.URL + run + "/deployment_protection_rule",
		"another repository":            g.URL + "/api/v3/repos/Codertocat/other/actions/runs/1/deployment_protection_rule",
		"the repository in capitals":    g.URL + strings.ToUpper(run),
		"a repository below it":         g.URL + "/api/v3/repos/" + repository + "/x/actions/runs/1/deployment_protection_rule",
		"a run without a number":        g.URL + "/api/v3/repos/" + repository + "/actions/runs//deployment_protection_rule",
		"a run that is no number":       g.URL + "/api/v3/repos/" + repository + "/actions/runs/1a/deployment_protection_rule",
		"a run with a sign":             g.URL + "/api/v3/repos/" + repository + "/actions/runs/-1/deployment_protection_rule",
		"a run with an encoded digit":   g.URL + "/api/v3/repos/" + repository + "/actions/runs/%31/deployment_protection_rule",
		"a call below it":               g.URL + rest + "/x",
		"a slash at its end":            g.URL + rest + "/",
		"two slashes":                   g.URL + "/api/v3//repos/" + repository + "/actions/runs/1/deployment_protection_rule",
		"another ending alike":          g.URL + "/api/v3" + run + "/pending_deployments/deployment_protection_rule",
		"an empty query":                g.URL + rest + "?",
		"out of the API by dots":        g.URL + "/api/v3/repos/../../other/deployment_protection_rule",
		"out of it by encoded dots":     g.URL + "/api/v3/repos/%2e%2e/%2e%2e/other/deployment_protection_rule",
		"another call of the API":       g.URL + "/api/v3/repos/" + repository + "/merges",
		"a query":                       g.URL + rest + "?to=" + elsewhere.URL,
		"a fragment":                    g.URL + rest + "#x",
		"no address":                    "::",
		"nothing":                       "",
		"an address without a host":     rest,
		"an address without its scheme": "//" + host + rest,
	} {
		t.Run(name, func(t *testing.T) {
			q := request(g, 1)
			q.Callback = callback
			var e *protection.AnswerError
			if err := send(t, app, q); !errors.As(err, &e) || !e.Final || !strings.Contains(err.Error(), "github_app.api") {
				t.Errorf("%v", err)
			}
		})
	}
	if n := reached.Load(); n > 0 || g.issued > 0 {
		t.Errorf("%d requests reached another host, %d tokens were asked for", n, g.issued)
	}
}

func TestARedirectDoesNotCarryTheTokenAway(t *testing.T) {
	var reached atomic.Int64
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	defer elsewhere.Close()
	g := newGitHub(t, "")
	g.next(answerWith(http.StatusTemporaryRedirect, "", "Location", elsewhere.URL))
	g.nextToken(answerWith(http.StatusTemporaryRedirect, "", "Location", elsewhere.URL))
	app := g.app(nil)
	for range 2 {
		if err := send(t, app, request(g, 1)); err == nil {
			t.Error("a redirect is an answer")
		}
	}
	if n := reached.Load(); n > 0 {
		t.Errorf("%d requests reached another host", n)
	}
}

func TestAnAppThatCannotWorkIsRefusedAtTheStart(t *testing.T) {
	g := newGitHub(t, "")
	notPEM := filepath.Join(t.TempDir(), "not.pem")
	if err := os.WriteFile(notPEM, []byte("key"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		cfg  protection.AppConfig
		hint string
	}{
		"without an id":          {protection.AppConfig{PrivateKeyFile: g.keyFile()}, "settings page"},
		"without a key":          {protection.AppConfig{ID: 1, PrivateKeyFile: "/nowhere.pem"}, "settings page"},
		"with a key that isn't":  {protection.AppConfig{ID: 1, PrivateKeyFile: notPEM}, "PEM"},
		"with an API that isn't": {protection.AppConfig{ID: 1, PrivateKeyFile: g.keyFile(), API: "github"}, "/api/v3"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := protection.NewApp(tt.cfg); err == nil || !strings.Contains(err.Error(), tt.hint) {
				t.Errorf("%v", err)
			}
		})
	}
}
