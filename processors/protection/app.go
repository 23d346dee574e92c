package protection

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/bradleyfalzon/ghinstallation/v2"
)

const (
	// DefaultAPI is github.com's; that of a GitHub Enterprise Server ends in /api/v3.
	DefaultAPI = "https://api.github.com"

	apiTimeout = 15 * time.Second
	apiVersion = "2022-11-28"
	// maxProblem is how much of GitHub's explanation is kept.
	maxProblem = 512
)

// AppConfig says as which GitHub App the answers are given.
type AppConfig struct {
	ID int64
	// Installation of the App; 0 takes the one that a request names, for an App
	// that is installed in several organisations.
	Installation   int64
	PrivateKeyFile string
	// API is the root of the API; empty for github.com.
	API string
	// Transport carries the requests; nil means http.DefaultTransport.
	Transport http.RoundTripper
	Now       func() time.Time
}

// App speaks with GitHub's API.
type App struct {
	cfg AppConfig
	api *url.URL
	key []byte

	mu            sync.Mutex
	installations map[int64]*http.Client
}

// NewApp reads the App's key; it sends nothing.
func NewApp(cfg AppConfig) (*App, error) {
	if cfg.ID == 0 {
		return nil, errors.New("configure the GitHub App: its id is required; GitHub shows it on the App's settings page")
	}
	if cfg.Transport == nil {
		cfg.Transport = http.DefaultTransport
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	cfg.API = strings.TrimRight(cmp.Or(cfg.API, DefaultAPI), "/")
	api, err := url.Parse(cfg.API)
	if err != nil || api.Host == "" {
		return nil, fmt.Errorf("configure the GitHub App: %q is no address of an API; it is %s or, of a GitHub Enterprise Server, https://HOST/api/v3", cfg.API, DefaultAPI)
	}
	key, err := os.ReadFile(cfg.PrivateKeyFile)
	if err != nil {
		return nil, fmt.Errorf("read the GitHub App's private key: %w; GitHub makes one on the App's settings page", err)
	}
	a := &App{cfg: cfg, api: api, key: key, installations: make(map[int64]*http.Client)}
	if _, err := a.client(cfg.Installation); err != nil {
		return nil, fmt.Errorf("read the GitHub App's private key: %w; the file should hold the PEM that GitHub made", err)
	}
	return a, nil
}

// client sends as an installation of the App.
func (a *App) client(installation int64) (*http.Client, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if c, known := a.installations[installation]; known {
		return c, nil
	}
	transport, err := ghinstallation.New(a.cfg.Transport, a.cfg.ID, installation, a.key)
	if err != nil {
		return nil, err
	}
	transport.BaseURL = a.cfg.API
	c := &http.Client{
		Transport: transport, Timeout: apiTimeout,
		// The transport adds the token to whatever it sends: a redirect would carry
		// it to another host.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	a.installations[installation] = c
	return c, nil
}

// forget drops a token that GitHub no longer takes; it would be used for an hour.
func (a *App) forget(installation int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.installations, installation)
}

// AnswerError is why GitHub did not take an answer.
type AnswerError struct {
	// Status is GitHub's, 0 where none came.
	Status int
	// Final: trying again is no use.
	Final bool
	// After is how long GitHub asks to wait, 0 where it doesn't say.
	After time.Duration
	Cause error
}

func (e *AnswerError) Error() string { return e.Cause.Error() }

// Unwrap gives the cause.
func (e *AnswerError) Unwrap() error { return e.Cause }

// Review answers a request. go-github v60, which knows the webhook, has no call
// for it; it is one POST. Its errors are *AnswerError.
func (a *App) Review(ctx context.Context, q *Request, d *Decision) error {
	if err := a.ours(q); err != nil {
		return &AnswerError{Final: true, Cause: err}
	}
	installation := cmp.Or(a.cfg.Installation, q.Installation)
	if installation == 0 {
		return &AnswerError{Final: true, Cause: errors.New("answer GitHub: no installation of the App is known; set github_app.installation")}
	}
	client, err := a.client(installation)
	if err != nil {
		return &AnswerError{Final: true, Cause: err}
	}
	body, err := json.Marshal(map[string]string{
		"environment_name": q.Environment, "state": string(d.State), "comment": d.Comment,
	})
	if err != nil {
		return &AnswerError{Final: true, Cause: err}
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, q.Callback, bytes.NewReader(body))
	if err != nil {
		return &AnswerError{Final: true, Cause: err}
	}
	request.Header.Set("Accept", "application/vnd.github+json")
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "fivekeys")
	request.Header.Set("X-GitHub-Api-Version", apiVersion)
	response, err := client.Do(request)
	if err != nil {
		return a.noToken(err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode/100 == 2 {
		return nil
	}
	if response.StatusCode == http.StatusUnauthorized {
		a.forget(installation)
	}
	e := a.refused(response, "answer GitHub")
	switch response.StatusCode {
	case http.StatusBadRequest, http.StatusNotFound, http.StatusGone, http.StatusUnprocessableEntity:
		e.Final = true
	}
	return e
}

// noToken is an error on the way, or of GitHub's refusal to give a token. None
// is final: a key, a permission or an installation can be mended meanwhile.
func (a *App) noToken(err error) *AnswerError {
	var refused *ghinstallation.HTTPError
	if !errors.As(err, &refused) || refused.Response == nil {
		return &AnswerError{Cause: fmt.Errorf("answer GitHub: %w", err)}
	}
	defer func() { _ = refused.Response.Body.Close() }() // the library leaves it open
	return a.refused(refused.Response, "get a token of the GitHub App")
}

func (a *App) refused(response *http.Response, op string) *AnswerError {
	var problem struct {
		Message string `json:"message"`
	}
	text, _ := io.ReadAll(io.LimitReader(response.Body, 64<<10)) // whatever came of it
	if err := json.Unmarshal(text, &problem); err != nil {
		problem.Message = strings.TrimSpace(string(text))
	}
	message := problem.Message[:min(len(problem.Message), maxProblem)]
	e := &AnswerError{
		Status: response.StatusCode, After: a.after(response.Header),
		Cause: fmt.Errorf("%s: it answered %d: %s", op, response.StatusCode, strings.ToValidUTF8(message, "")),
	}
	if hint := hints[response.StatusCode]; hint != "" && e.After == 0 {
		e.Cause = fmt.Errorf("%w (hint: %s)", e.Cause, hint)
	}
	return e
}

// hints are by GitHub's status.
var hints = map[int]string{
	http.StatusUnauthorized:        "check github_app.id, the private key and this machine's clock",
	http.StatusForbidden:           "the App needs the permission to read Actions and to write Deployments",
	http.StatusNotFound:            "check github_app.installation, and that the App is installed for the repository",
	http.StatusUnprocessableEntity: "the deployment no longer waits for an answer, perhaps",
}

// after is how long GitHub asks to wait: Retry-After of its secondary limits,
// the reset of the primary one.
func (a *App) after(h http.Header) time.Duration {
	if seconds, err := strconv.Atoi(h.Get("Retry-After")); err == nil && seconds > 0 {
		return time.Duration(seconds) * time.Second
	}
	if h.Get("X-Ratelimit-Remaining") != "0" {
		return 0
	}
	reset, err := strconv.ParseInt(h.Get("X-Ratelimit-Reset"), 10, 64)
	if err != nil {
		return 0
	}
	return max(time.Unix(reset, 0).Sub(a.cfg.Now()), time.Second)
}

// callback is what follows the API's root in the address that GitHub gives to
// answer at: the repository and a workflow run of it.
var callback = regexp.MustCompile(`^/repos/([A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+)/actions/runs/[0-9]{1,20}/deployment_protection_rule$`)

// ours refuses every address but the one for the answer to this request: the
// App's token may write deployments of every repository it is installed for.
func (a *App) ours(q *Request) error {
	u, err := url.Parse(q.Callback)
	if err == nil && u.Scheme == a.api.Scheme && strings.EqualFold(u.Host, a.api.Host) && u.User == nil && u.RawQuery == "" && !u.ForceQuery &&
		u.Fragment == "" && u.RawPath == "" && path.Clean(u.Path) == u.Path {
		rest, within := strings.CutPrefix(u.Path, a.api.Path)
		if m := callback.FindStringSubmatch(rest); within && m != nil && m[1] == q.Repository {
			return nil
		}
	}
	return fmt.Errorf("answer GitHub: the callback %q is not that of a workflow run of %s at %s (hint: set github_app.api for a GitHub Enterprise Server)",
		clip(q.Callback), clip(q.Repository), a.cfg.API)
}

// clip keeps what is quoted from a payload short.
func clip(s string) string {
	const most = 200
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
