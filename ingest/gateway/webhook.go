package gateway

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/fivekeys/fivekeys/ingest/signature"
	"github.com/fivekeys/fivekeys/internal/envelope"
	"github.com/fivekeys/fivekeys/schemas"
)

// maxDeliveryID bounds a sender's id, which becomes a header on NATS.
const maxDeliveryID = 256

// receipt is the answer to an accepted delivery.
type receipt struct {
	Delivery  string `json:"delivery"`
	Duplicate bool   `json:"duplicate"`
}

func (g *Gateway) webhook(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	source, known := g.sources[r.PathValue("source")]
	if !known {
		o := g.refuse(w, request{r, "unknown"}, fmt.Errorf("%w: %q", errUnknownSource, r.PathValue("source")), "the path is /webhooks/ and a source's name, e.g. /webhooks/github")
		g.unknown.metrics.note(o, 0, start)
		return
	}
	o, size := g.accept(w, r, source)
	source.metrics.note(o, size, start)
}

// accept takes one delivery: verified, stored, answered.
func (g *Gateway) accept(w http.ResponseWriter, r *http.Request, source *endpoint) (outcome, int) {
	if g.draining.Load() {
		return g.refuse(w, request{r, source.Name()}, errDraining, ""), 0
	}
	if err := source.Precheck(r.Header); err != nil {
		return g.refuseSender(w, r, err, source), 0
	}
	b, err := g.bodies.ReadAsSent(w, r)
	if err != nil {
		return g.refuse(w, request{r, source.Name()}, err, ""), 0
	}
	defer b.Release()
	if err = source.Verify(r.Header, b.Data); err != nil {
		return g.refuseSender(w, r, err, source), len(b.Data)
	}
	d := g.delivery(r.Header, b.Data, source)
	ctx, cancel := context.WithTimeout(r.Context(), webhookTimeout)
	defer cancel()
	stored, err := g.cfg.Publisher.Publish(ctx, envelope.Delivery(&d))
	if err != nil {
		return g.refuse(w, request{r, source.Name()}, fmt.Errorf("publish delivery %s of %s: %w", d.ID, d.Source, err), ""), len(b.Data)
	}
	writeJSON(w, http.StatusAccepted, "application/json", receipt{Delivery: d.ID, Duplicate: stored.Duplicate})
	if stored.Duplicate {
		return duplicate, len(b.Data)
	}
	return accepted, len(b.Data)
}

func (g *Gateway) refuseSender(w http.ResponseWriter, r *http.Request, err error, source *endpoint) outcome {
	w.Header().Set("WWW-Authenticate", "Signature")
	hint := "the sender's secret must be one of those configured here"
	if errors.Is(err, signature.ErrNotConfigured) {
		hint = source.Setup()
	}
	return g.refuse(w, request{r, source.Name()}, fmt.Errorf("%s: %w", source.Name(), err), hint)
}

func (g *Gateway) delivery(h http.Header, data []byte, source *endpoint) schemas.Delivery {
	id, kind := source.Identify(h, data)
	if id == "" || len(id) > maxDeliveryID {
		// The same bytes are the same delivery.
		sum := sha256.Sum256(data)
		id = "sha256:" + hex.EncodeToString(sum[:16])
	}
	d := schemas.Delivery{
		Source: source.Name(), ID: id, Kind: kind[:min(len(kind), maxDeliveryID)], Body: data,
		Header: make(map[string]string), ReceivedAt: g.cfg.Now().UTC(),
	}
	for _, name := range source.Kept() {
		if v := h[name]; len(v) > 0 {
			d.Header[name] = v[0]
		}
	}
	return d
}
