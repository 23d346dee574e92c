package gate

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/fivekeys/fivekeys/internal/gate"
	"github.com/fivekeys/fivekeys/internal/suggest"
	"github.com/fivekeys/fivekeys/schemas"
)

// Path is where the gate answers.
const Path = "/v1/gate"

// Budgets are the last known ones; *gate.Board has them.
type Budgets interface {
	Known(service string) gate.Known
}

// Config is what a Gate needs.
type Config struct {
	Budgets Budgets
	// Policy gives the policy in force; nil means the default one.
	Policy func() schemas.Policy
	// Catalog gives the catalogue in force; nil means an empty one.
	Catalog func() *schemas.Catalog
	// Tokens are the configured ones, any of which lets in. Without any, callers
	// on this machine are let in without one.
	Tokens []string
	// OwnToken lets this machine's own commands in; it is nobody's configuration.
	OwnToken   string
	Registerer prometheus.Registerer
	Logger     *slog.Logger
	Now        func() time.Time
}

// Gate answers.
type Gate struct {
	cfg     Config
	door    atomic.Pointer[door]
	answers *prometheus.CounterVec
}

// New wires a gate; it serves nothing by itself.
func New(cfg Config) (*Gate, error) {
	if cfg.Budgets == nil {
		return nil, errors.New("configure the gate: budgets are required")
	}
	if cfg.Policy == nil {
		cfg.Policy = schemas.DefaultPolicy
	}
	if cfg.Catalog == nil {
		empty := &schemas.Catalog{}
		cfg.Catalog = func() *schemas.Catalog { return empty }
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	g := &Gate{
		cfg: cfg,
		answers: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "fivekeys_gate_answers_total", Help: "Answers of the gate to CI/CD, by the ground they rest on.",
		}, []string{"allow", "ground"}),
	}
	g.ReplaceTokens(cfg.Tokens)
	if cfg.Registerer != nil {
		if err := cfg.Registerer.Register(g.answers); err != nil {
			return nil, fmt.Errorf("register the gate's metrics: %w", err)
		}
	}
	return g, nil
}

// ReplaceTokens lets in whoever has one of these from now on; without any,
// callers on this machine.
func (g *Gate) ReplaceTokens(tokens []string) {
	d := newDoor(tokens, g.cfg.OwnToken)
	g.door.Store(&d)
}

// Register adds the gate's path to a mux that others share.
func (g *Gate) Register(mux *http.ServeMux) { mux.HandleFunc("GET "+Path, g.serve) }

func (g *Gate) serve(w http.ResponseWriter, r *http.Request) {
	if hint, err := g.door.Load().admit(r); err != nil {
		w.Header().Set("WWW-Authenticate", "Bearer")
		refuse(w, http.StatusUnauthorized, "unauthorized", "Not authentic", "gate: "+err.Error(), hint)
		return
	}
	q, err := parse(r.URL.RawQuery)
	if err == nil {
		q.service, err = g.serviceOf(q.service)
	}
	var invalid *invalidError
	if errors.As(err, &invalid) {
		refuse(w, http.StatusBadRequest, "invalid", "Invalid question", invalid.detail, invalid.hint)
		return
	}
	a := g.decide(q)
	g.answers.WithLabelValues(strconv.FormatBool(a.Allow), string(a.Ground)).Inc()
	status := http.StatusOK
	if q.status && !a.Allow {
		// Locked, and not 403: a script can tell the freeze from a wrong token or
		// from what a proxy on the way refuses.
		status = http.StatusLocked
	}
	writeJSON(w, status, "application/json", a)
}

func (g *Gate) decide(q question) answer {
	policy, known := g.cfg.Policy(), g.cfg.Budgets.Known(q.service)
	v := gate.Decide(q.service, known, policy, g.cfg.Now())
	if q.environment != "" {
		if s := g.cfg.Catalog().Service(q.service); !s.IsProduction(q.environment) {
			v = v.Elsewhere(q.service, q.environment)
		}
	}
	return newAnswer(q, v, known, policy)
}

// serviceOf takes owner/name of a repository for the service that it belongs to.
func (g *Gate) serviceOf(name string) (string, error) {
	catalog := g.cfg.Catalog()
	called := slices.ContainsFunc(catalog.Services, func(s schemas.Service) bool { return s.Name == name })
	if called || !strings.Contains(name, "/") || len(g.cfg.Budgets.Known(name).Statuses) > 0 {
		return name, nil
	}
	services := catalog.ServicesOf(name, nil)
	if len(services) == 1 {
		return services[0].Name, nil
	}
	names := make([]string, len(services))
	for i := range services {
		names[i] = services[i].Name
	}
	return "", &invalidError{
		fmt.Sprintf("service is the repository %s, which %d services have", name, len(services)),
		"ask for one of them: " + strings.Join(names, ", "),
	}
}

// question is what is asked.
type question struct {
	service, environment string
	// status asks for the answer in the HTTP status too.
	status bool
}

// invalidError says why a question is none.
type invalidError struct{ detail, hint string }

func (e *invalidError) Error() string { return e.detail }

// parameters are those of a question.
var parameters = []string{"service", "environment", "status"}

const example = "ask GET " + Path + "?service=checkout&environment=production"

func parse(query string) (question, error) {
	values, err := url.ParseQuery(query)
	if err != nil {
		return question{}, &invalidError{"read the question: " + err.Error(), example}
	}
	// One that means nothing here was meant to mean something: it would be left
	// out of a decision to deploy.
	for _, name := range slices.Sorted(maps.Keys(values)) {
		switch {
		case !slices.Contains(parameters, name):
			return question{}, &invalidError{fmt.Sprintf("there is no parameter %q", clip(name)), suggest.DidYouMean(name, parameters)}
		case len(values[name]) > 1:
			return question{}, &invalidError{name + " is given more than once", "ask for each"}
		}
	}
	q := question{service: values.Get("service"), environment: values.Get("environment")}
	switch v := values.Get("status"); {
	case !values.Has("service"):
		return q, &invalidError{"service is missing", example}
	case strings.TrimSpace(q.service) == "":
		return q, &invalidError{"service is empty", example}
	case v == "", v == "0", v == "false":
	case v == "1", v == "true":
		q.status = true
	default:
		return q, &invalidError{fmt.Sprintf("status is %q", clip(v)), "it may be 1: a refusal is 423 then"}
	}
	return q, nil
}

// clip keeps what is quoted from a question short.
func clip(s string) string {
	const most = 60
	for i := range s {
		if i > most {
			return s[:i] + "…"
		}
	}
	return s
}
