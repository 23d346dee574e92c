package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/fivekeys/fivekeys/ingest/refusals"
	"github.com/fivekeys/fivekeys/internal/clickhouse"
)

type deliveriesCommand struct {
	Source string `help:"Only those of one source, e.g. github." placeholder:"NAME"`
	Limit  int    `help:"How many, the latest first." default:"30"`
	Format string `help:"${enum}." enum:"table,json" default:"table"`
}

// arrival is a delivery that was accepted and what became of it.
type arrival struct {
	Source     string    `json:"source"`
	Delivery   string    `json:"delivery"`
	Kind       string    `json:"kind"`
	ReceivedAt time.Time `json:"received_at"`
	// Events are those that it was the first to tell of, or another that arrived in
	// the same millisecond, if Shared.
	Events uint64 `json:"events"`
	Shared bool   `json:"shared,omitempty"`
	// DeadLetter is its number where it could not be processed, and Reason why.
	DeadLetter uint64 `json:"dead_letter,omitempty"`
	Reason     string `json:"reason,omitempty"`
}

func (a *arrival) became() string {
	switch {
	case a.DeadLetter > 0:
		return fmt.Sprintf("dead letter %d: %s", a.DeadLetter, a.Reason)
	case a.Events == 0:
		return "nothing new"
	}
	events := countOf(int(a.Events), "event", "events")
	if a.Shared {
		return events + ", with others of the same millisecond"
	}
	return events
}

// arrivals is what came and what was turned away.
type arrivals struct {
	Refused  []refusals.Refusal `json:"refused"`
	Accepted []arrival          `json:"accepted"`
}

// refusalsPath is where a running serve tells its own machine whom it refused.
const refusalsPath = "/v1/refusals"

// Run lists what has arrived.
func (c *deliveriesCommand) Run(ctx context.Context, g *globals, env *environment) error {
	s, err := g.settings(env)
	if err != nil {
		return err
	}
	store, done, err := g.openStore(ctx, env, s, true)
	if err != nil {
		return err
	}
	defer done()
	var all arrivals
	if all.Accepted, err = readArrivals(ctx, store, c.Source, c.Limit); err != nil {
		return err
	}
	live, serving := findRunning(g.Data)
	if serving = serving && live.HTTP != ""; serving {
		if err := live.ask(ctx, http.MethodGet, refusalsPath, &all.Refused); err != nil {
			return err
		}
		if err := all.findDeadLetters(ctx, remoteLetters{live}); err != nil {
			return err
		}
	}
	all.Refused = refusedBy(all.Refused, c.Source)
	if c.Format == "json" {
		return json.NewEncoder(env.stdout).Encode(all)
	}
	return all.print(env, serving)
}

// readArrivals asks the store. An event belongs to the delivery of its source
// that arrived in the millisecond in which it was first known.
func readArrivals(ctx context.Context, store *clickhouse.Store, source string, limit int) ([]arrival, error) {
	rows, err := store.Conn().Query(ctx, `
		WITH latest AS (
			SELECT source, delivery_id, kind, received_at, count() OVER (PARTITION BY source, received_at) > 1 AS shared FROM deliveries
			WHERE ? = '' OR source = ?
			ORDER BY received_at DESC, source, delivery_id LIMIT ?
		)
		SELECT latest.source, delivery_id, kind, received_at, told.events, shared
		FROM latest LEFT JOIN (
			SELECT splitByChar('/', source)[1] AS source, known_at, count() AS events FROM events
			WHERE known_at >= (SELECT min(received_at) FROM latest) GROUP BY ALL
		) AS told ON latest.source = told.source AND received_at = told.known_at
		ORDER BY received_at DESC, latest.source, delivery_id`, source, source, limit)
	if err != nil {
		return nil, fmt.Errorf("read deliveries: %w", err)
	}
	defer func() { _ = rows.Close() }()
	list := []arrival{}
	for rows.Next() {
		var a arrival
		if err := rows.Scan(&a.Source, &a.Delivery, &a.Kind, &a.ReceivedAt, &a.Events, &a.Shared); err != nil {
			return nil, fmt.Errorf("read deliveries: %w", err)
		}
		list = append(list, a)
	}
	return list, rows.Err()
}

// findDeadLetters says which of the deliveries could not be processed.
func (all *arrivals) findDeadLetters(ctx context.Context, box letterbox) error {
	type key struct{ source, delivery string }
	found := map[key]*arrival{}
	for i := range all.Accepted {
		a := &all.Accepted[i]
		found[key{a.Source, a.Delivery}] = a
	}
	return eachLetter(ctx, box, func(l letter) {
		if a := found[key{l.Source, l.Delivery}]; a != nil {
			a.DeadLetter, a.Reason = l.Sequence, l.Reason
		}
	})
}

func refusedBy(all []refusals.Refusal, source string) []refusals.Refusal {
	list := []refusals.Refusal{}
	for _, r := range all {
		if source == "" || r.Source == source {
			list = append(list, r)
		}
	}
	return list
}

func (all *arrivals) print(env *environment, serving bool) error {
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(env.stdout, format, args...) }
	switch {
	case !serving:
		say("No serve runs on this folder: who was refused is known while one does.\n\n")
	case len(all.Refused) == 0:
		say("Nobody was refused since serve started.\n\n")
	default:
		t := newTable(env.stdout)
		t.AppendHeader(table.Row{"refused", "from", "last (UTC)", "times", "answer", "reason", "hint"})
		for _, r := range all.Refused {
			t.AppendRow(table.Row{r.Source, r.Address, r.Last.UTC().Format(time.DateTime), r.Count, r.Status, r.Reason, r.Hint})
		}
		say("%s\n\n", t.Render())
	}
	if len(all.Accepted) == 0 {
		say("No delivery was accepted yet. What reaches /v1/events and spans is not listed here.\n")
		return nil
	}
	t := newTable(env.stdout)
	t.AppendHeader(table.Row{"accepted (UTC)", "source", "kind", "delivery", "what became of it"})
	for i := range all.Accepted {
		a := &all.Accepted[i]
		t.AppendRow(table.Row{a.ReceivedAt.UTC().Format(time.DateTime), a.Source, a.Kind, a.Delivery, a.became()})
	}
	say("%s\n", t.Render())
	return nil
}
