package gateway

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/fivekeys/fivekeys/ingest/native"
	"github.com/fivekeys/fivekeys/ingest/signature"
	"github.com/fivekeys/fivekeys/internal/envelope"
	"github.com/fivekeys/fivekeys/internal/jetstream"
)

// tally is the answer to accepted events. The counts add up to what was sent.
type tally struct {
	Accepted   int `json:"accepted"`
	Duplicates int `json:"duplicates"`
	// Ignored events touch no service of the catalogue, or are CDEvents of a type
	// that says nothing here.
	Ignored int `json:"ignored,omitempty"`
	// Warnings are of events that are taken all the same.
	Warnings []native.Problem `json:"warnings,omitempty"`
}

func (g *Gateway) postEvents(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	o, size := g.acceptEvents(w, r)
	g.events.metrics.note(o, size, start)
}

func (g *Gateway) acceptEvents(w http.ResponseWriter, r *http.Request) (outcome, int) {
	if g.draining.Load() {
		return g.refuse(w, request{r, "events"}, errDraining, ""), 0
	}
	if err := g.tokens.Precheck(r.Header); err != nil {
		w.Header().Set("WWW-Authenticate", "Bearer")
		hint := "send one of the configured tokens: Authorization: Bearer …"
		if errors.Is(err, signature.ErrNotConfigured) {
			hint = "set FIVEKEYS_API_TOKEN or FIVEKEYS_API_TOKEN_FILE and send it as Authorization: Bearer …"
		}
		return g.refuse(w, request{r, "events"}, fmt.Errorf("events: %w", err), hint), 0
	}
	b, err := g.bodies.Read(w, r)
	if err != nil {
		return g.refuse(w, request{r, "events"}, err, ""), 0
	}
	defer b.Release()
	parser := g.parser()
	batch, warnings, err := parser.Parse(r.Header, b.Data)
	if err != nil {
		return g.refuse(w, request{r, "events"}, err, ""), len(b.Data)
	}
	ctx, cancel := context.WithTimeout(r.Context(), eventsTimeout)
	defer cancel()
	sum, err := g.publish(ctx, batch)
	if err != nil {
		return g.refuse(w, request{r, "events"}, fmt.Errorf("publish %d events: %w", len(batch), err), ""), len(b.Data)
	}
	sum.Warnings = warnings
	writeJSON(w, http.StatusAccepted, "application/json", sum)
	if sum.Accepted == 0 && sum.Duplicates > 0 {
		return duplicate, len(b.Data)
	}
	return accepted, len(b.Data)
}

// publish stores a batch. An event counts as a duplicate if everything it became
// was known already, from earlier or from the same batch.
func (g *Gateway) publish(ctx context.Context, batch native.Batch) (tally, error) {
	var (
		sum   tally
		now   = g.cfg.Now().UTC()
		msgs  = make([]jetstream.Message, 0, len(batch))
		owner = make([]int, 0, len(batch)) // whose message it is, by index in the batch
		seen  = make(map[string]struct{}, len(batch))
		fresh = make([]bool, len(batch))
	)
	for i, events := range batch {
		for _, e := range events {
			e.KnownAt = now
			m := envelope.Event(&e, g.cfg.Partitions)
			if _, twice := seen[m.ID]; twice {
				// Also spares the batch: one that repeats an id is refused whole.
				continue
			}
			seen[m.ID] = struct{}{}
			msgs = append(msgs, m)
			owner = append(owner, i)
		}
	}
	receipts, err := g.cfg.Publisher.PublishBatch(ctx, msgs)
	if err != nil {
		return sum, err
	}
	for i, r := range receipts {
		if !r.Duplicate {
			fresh[owner[i]] = true
		}
	}
	for i, events := range batch {
		switch {
		case len(events) == 0:
			sum.Ignored++
		case fresh[i]:
			sum.Accepted++
		default:
			sum.Duplicates++
		}
	}
	return sum, nil
}
