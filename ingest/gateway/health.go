package gateway

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// checkTimeout bounds all readiness checks together: an orchestrator asks every
// few seconds and takes silence for death.
const checkTimeout = 3 * time.Second

// RegisterHealth adds what operators ask: alive, ready, and the metrics. A
// process without an intake serves these alone.
func (g *Gateway) RegisterHealth(mux *http.ServeMux) {
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, "application/json", health{Status: "ok"})
	})
	mux.HandleFunc("GET /readyz", g.ready)
	mux.Handle("GET /metrics", promhttp.HandlerFor(g.cfg.Gatherer, promhttp.HandlerOpts{
		// What fails to be gathered is left out and logged: anybody may ask for the rest.
		ErrorHandling: promhttp.ContinueOnError, ErrorLog: slog.NewLogLogger(g.cfg.Logger.Handler(), slog.LevelError),
		MaxRequestsInFlight: maxScrapes,
	}))
}

// maxScrapes bounds how many gather the metrics at a time.
const maxScrapes = 4

// notReady is all that anybody may know of a check that fails: an error names
// addresses, users and files.
const notReady = "not ready"

type health struct {
	Status string            `json:"status"`
	Checks map[string]string `json:"checks,omitempty"`
	// Notices are what an operator should know and nobody needs to wait for.
	Notices []string `json:"notices,omitempty"`
}

func (g *Gateway) ready(w http.ResponseWriter, r *http.Request) {
	if g.draining.Load() {
		w.Header().Set("Retry-After", retryAfter)
		writeJSON(w, http.StatusServiceUnavailable, "application/json", health{Status: "draining"})
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), checkTimeout)
	defer cancel()
	h := health{Status: "ok", Checks: make(map[string]string, len(g.cfg.Checks))}
	status := http.StatusOK
	// One beside the other: one that hangs must not use up the others' time.
	failures := make([]error, len(g.cfg.Checks))
	var all sync.WaitGroup
	for i, c := range g.cfg.Checks {
		all.Go(func() { failures[i] = c.Ready(ctx) })
	}
	all.Wait()
	// Who may send events may know why.
	trusted := g.tokens.Precheck(r.Header) == nil
	for i, c := range g.cfg.Checks {
		h.Checks[c.Name] = "ok"
		if failures[i] != nil {
			h.Checks[c.Name] = notReady
			if trusted {
				h.Checks[c.Name] = failures[i].Error()
			}
			g.unready.Note(c.Name, failures[i])
			h.Status, status = notReady, http.StatusServiceUnavailable
			w.Header().Set("Retry-After", retryAfter)
		}
	}
	if g.cfg.Notices != nil {
		h.Notices = g.cfg.Notices()
	}
	writeJSON(w, status, "application/json", h)
}
