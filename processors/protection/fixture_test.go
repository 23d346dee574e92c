package protection_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/fivekeys/fivekeys/processors/protection"
	"github.com/fivekeys/fivekeys/schemas"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	appID        = 4711
	installation = 2341
	repository   = "Codertocat/Hello-World"
)

// github behaves as GitHub's API documents: an installation token for a JWT that
// the App signed, and reviews for such a token.
type github struct {
	*httptest.Server
	t    testing.TB
	root string // of the API: empty, or /api/v3
	key  *rsa.PrivateKey

	mu      sync.Mutex
	script  []func(http.ResponseWriter) // answers to come, before the usual one
	tokens  []func(http.ResponseWriter) // the same for tokens
	issued  int
	revoked map[string]bool
	reviews []review
	asked   []int64 // the installations that tokens were asked for
	told    chan struct{}
}

// review is what a request was answered.
type review struct {
	Path        string `json:"-"`
	Environment string `json:"environment_name"`
	State       string `json:"state"`
	Comment     string `json:"comment"`
}

// appKey is the same for all: making one takes its time.
var appKey = sync.OnceValue(makeKey)

func makeKey() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
}

func newGitHub(t testing.TB, root string) *github {
	t.Helper()
	g := &github{t: t, root: root, key: appKey(), revoked: make(map[string]bool), told: make(chan struct{}, 100)}
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+root+"/app/installations/{installation}/access_tokens", g.token)
	mux.HandleFunc("POST "+root+"/repos/{owner}/{repo}/actions/runs/{run}/deployment_protection_rule", g.review)
	g.Server = httptest.NewServer(mux)
	t.Cleanup(g.Close)
	return g
}

// keyFile is the file that GitHub makes for an App.
func (g *github) keyFile() string {
	g.t.Helper()
	path := filepath.Join(g.t.TempDir(), "app.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(g.key)})
	if err := os.WriteFile(path, block, 0o600); err != nil {
		g.t.Fatal(err)
	}
	return path
}

// withKey is a server that knows another key of the App.
func (g *github) withKey(key *rsa.PrivateKey) *github {
	g.key = key
	return g
}

func (g *github) callback(run int) string {
	return fmt.Sprintf("%s%s/repos/%s/actions/runs/%d/deployment_protection_rule", g.URL, g.root, repository, run)
}

// next makes the next reviews end in this way.
func (g *github) next(answers ...func(http.ResponseWriter)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.script = append(g.script, answers...)
}

func (g *github) nextToken(answers ...func(http.ResponseWriter)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.tokens = append(g.tokens, answers...)
}

func (g *github) answered() []review {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]review(nil), g.reviews...)
}

func answerWith(status int, body string, header ...string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

func (g *github) token(w http.ResponseWriter, r *http.Request) {
	if why := g.badJWT(r.Header.Get("Authorization")); why != "" {
		g.t.Logf("JWT refused: %s", why)
		answerWith(http.StatusUnauthorized, `{"message":"A JSON web token could not be decoded"}`)(w)
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.tokens) > 0 {
		g.tokens[0](w)
		g.tokens = g.tokens[1:]
		return
	}
	var id int64
	_, _ = fmt.Sscan(r.PathValue("installation"), &id)
	g.asked = append(g.asked, id)
	g.issued++
	answerWith(http.StatusCreated, fmt.Sprintf(`{"token":"ghs_%d","expires_at":%q,"permissions":{"deployments":"write"}}`,
		g.issued, time.Now().Add(time.Hour).UTC().Format(time.RFC3339)))(w)
}

// badJWT says what is wrong with an App's JWT.
func (g *github) badJWT(authorization string) string {
	parts := strings.Split(strings.TrimPrefix(authorization, "Bearer "), ".")
	if len(parts) != 3 {
		return "it is none"
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		return err.Error()
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err := rsa.VerifyPKCS1v15(&g.key.PublicKey, crypto.SHA256, sum[:], signature); err != nil {
		return err.Error()
	}
	claims, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return err.Error()
	}
	var c struct {
		Issuer  string `json:"iss"`
		Issued  int64  `json:"iat"`
		Expires int64  `json:"exp"`
	}
	if err := json.Unmarshal(claims, &c); err != nil {
		return err.Error()
	}
	now := time.Now().Unix()
	if c.Issuer != fmt.Sprint(appID) || c.Issued > now || c.Expires <= now || c.Expires-c.Issued > 600 {
		return string(claims)
	}
	return ""
}

func (g *github) review(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "token ")
	if !strings.HasPrefix(token, "ghs_") || g.revoked[token] {
		answerWith(http.StatusUnauthorized, `{"message":"Bad credentials"}`)(w)
		return
	}
	if len(g.script) > 0 {
		g.script[0](w)
		g.script = g.script[1:]
		return
	}
	one := review{Path: r.URL.Path}
	if err := json.NewDecoder(r.Body).Decode(&one); err != nil || one.Environment == "" || (one.State != "approved" && one.State != "rejected") {
		answerWith(http.StatusUnprocessableEntity, `{"message":"Invalid request"}`)(w)
		return
	}
	g.reviews = append(g.reviews, one)
	g.told <- struct{}{}
	w.WriteHeader(http.StatusNoContent)
}

func (g *github) app(change func(*protection.AppConfig)) *protection.App {
	g.t.Helper()
	transport := &http.Transport{}
	g.t.Cleanup(transport.CloseIdleConnections)
	cfg := protection.AppConfig{ID: appID, Installation: installation, PrivateKeyFile: g.keyFile(), API: g.URL + g.root, Transport: transport}
	if change != nil {
		change(&cfg)
	}
	app, err := protection.NewApp(cfg)
	if err != nil {
		g.t.Fatal(err)
	}
	return app
}

// payloads are GitHub's published ones, fetched by make payloads.
const payloads = "../../ingest/github/testdata/octokit/node_modules/@octokit/webhooks-examples/api.github.com/index.json"

var example = sync.OnceValues(readExample)

// readExample gives GitHub's example of a deployment.
func readExample() ([]byte, error) {
	raw, err := os.ReadFile(payloads)
	if err != nil {
		return nil, fmt.Errorf("%w (hint: make payloads)", err)
	}
	var events []struct {
		Name     string            `json:"name"`
		Examples []json.RawMessage `json:"examples"`
	}
	if err := json.Unmarshal(raw, &events); err != nil {
		return nil, err
	}
	for _, e := range events {
		if e.Name == "deployment" {
			return e.Examples[0], nil
		}
	}
	return nil, errors.New("no example of a deployment")
}

// delivery is a request as GitHub sends it. It publishes no example of one, so
// this is its example of a deployment with the fields that its schema of the
// event adds.
func delivery(t testing.TB, id string, change map[string]any) schemas.Delivery {
	t.Helper()
	raw, err := example()
	if err != nil {
		t.Fatal(err)
	}
	payload := map[string]any{}
	if err := json.Unmarshal(raw, &payload); err != nil {
		t.Fatal(err)
	}
	maps.Copy(payload, map[string]any{
		"action": "requested", "environment": "production", "event": "push", "pull_requests": []any{},
		"installation": map[string]any{"id": 99, "node_id": "MDIzOkludGVncmF0aW9uSW5zdGFsbGF0aW9uOTk="},
	})
	for key, value := range change {
		payload[key] = value
		if value == nil {
			delete(payload, key)
		}
	}
	body, err := json.Marshal(payload)
	if err != nil {
		t.Fatal(err)
	}
	return schemas.Delivery{
		Source: "github", ID: id, Kind: "deployment_protection_rule", Body: body,
		Header:     map[string]string{"Content-Type": "application/json"},
		ReceivedAt: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC),
	}
}

func request(g *github, run int) *protection.Request {
	return &protection.Request{Repository: repository, Environment: "production", Callback: g.callback(run), Installation: 99, Deployment: 145988746}
}

func send(t testing.TB, app *protection.App, q *protection.Request) error {
	t.Helper()
	return app.Review(context.WithoutCancel(t.Context()), q, &protection.Decision{State: protection.Rejected, Comment: "spent"})
}
