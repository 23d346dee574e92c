package gate

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/fivekeys/fivekeys/internal/gate"
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
	if err != nil {
		refuse(w, http.StatusBadRequest, "invalid", "Invalid question", err.Error(), "ask GET "+Path+"?service=checkout&environment=production")
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

// question is what is asked.
type question struct {
	service, environment string
	// status asks for the answer in the HTTP status too.
	status bool
}

func parse(query string) (question, error) {
	values, err := url.ParseQuery(query)
	if err != nil {
		return question{}, fmt.Errorf("read the question: %w", err)
	}
	q := question{service: values.Get("service"), environment: values.Get("environment")}
	switch len(values["service"]) {
	case 0:
		return q, errors.New("service is missing")
	case 1:
	default:
		return q, errors.New("service is given more than once; ask for each")
	}
	if q.service == "" {
		return q, errors.New("service is empty")
	}
	switch v := values.Get("status"); v {
	case "", "0", "false":
	case "1", "true":
		q.status = true
	default:
		return q, fmt.Errorf("status is %q, and may be 1", v)
	}
	return q, nil
}
