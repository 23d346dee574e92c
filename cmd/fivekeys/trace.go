package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/fivekeys/fivekeys/internal/report"
	"github.com/fivekeys/fivekeys/internal/terminal"
	"github.com/fivekeys/fivekeys/processors/traces"
)

type traceCommand struct {
	ID     string `arg:"" help:"The trace's id, 32 hexadecimal digits, or the first of them; a traceparent header will do."`
	All    bool   `help:"Every span, also of a trace that has very many."`
	Format string `help:"${enum}." enum:"table,json" default:"table"`
}

// mostMatches is how many traces are listed that begin alike.
const mostMatches = 20

// Run prints one trace: its waterfall, where its time went, and the bottleneck.
func (c *traceCommand) Run(ctx context.Context, g *globals, env *environment) error {
	id, err := parseTraceID(c.ID)
	if err != nil {
		return err
	}
	s, err := g.settings(env)
	if err != nil {
		return err
	}
	store, done, err := g.openStore(ctx, env, s, true)
	if err != nil {
		return err
	}
	defer done()
	return c.show(ctx, env, traceRows{store.Conn()}, id)
}

// show finds the trace and prints it, or says what there is instead.
func (c *traceCommand) show(ctx context.Context, env *environment, rows traceRows, id string) error {
	found, err := rows.find(ctx, id, mostMatches+1)
	if err != nil {
		return err
	}
	switch len(found) {
	case 0:
		return rows.noSuchTrace(ctx, id)
	case 1:
	default:
		return listTraces(env, id, found)
	}
	spans, err := rows.spans(ctx, found[0])
	if err != nil {
		return err
	}
	if len(spans) == 0 { // between the index's retention and the spans'
		return rows.noSuchTrace(ctx, id)
	}
	reading := traces.Read(spans)
	if c.Format == "json" {
		return traceJSON(env.stdout, &reading)
	}
	if err := traceTable(env.stdout, &reading, c.All, report.Terminal(env.stdout, env.getenv)); err != nil {
		return err
	}
	if len(spans) == mostSpansRead {
		env.logger.Warn("the trace has more spans than are read", "trace", found[0].id, "read", mostSpansRead)
	}
	return nil
}

const (
	traceDigits = 32
	// fewestDigits of a prefix: fewer would list at random.
	fewestDigits = 4
)

// parseTraceID reads what people paste: ids of 64 and 128 bits in either case,
// the beginning of one, or a W3C traceparent.
func parseTraceID(text string) (string, error) {
	id := strings.ToLower(strings.TrimSpace(text))
	if parts := strings.Split(id, "-"); len(parts) == 4 && len(parts[1]) == traceDigits {
		id = parts[1]
	}
	id = strings.TrimPrefix(id, "0x")
	hint := "a trace id has 32 hexadecimal digits, as in 4bf92f3577b34da6a3ce929d0e0e4736; its first few will do"
	switch {
	case strings.Trim(id, "0123456789abcdef") != "":
		return "", usagef("trace %q: %s", text, hint)
	case len(id) > traceDigits:
		return "", usagef("trace %q: these are %d digits; %s", text, len(id), hint)
	case len(id) < fewestDigits:
		return "", usagef("trace %q: give at least %d digits", text, fewestDigits)
	}
	return id, nil
}

// listTraces says which traces begin like the prefix.
func listTraces(env *environment, prefix string, found []traceAt) error {
	more := ""
	if len(found) > mostMatches {
		found, more = found[:mostMatches], fmt.Sprintf("… and more; these are the latest %d\n", mostMatches)
	}
	t := newTable(env.stdout)
	t.AppendHeader(table.Row{"trace", "began (UTC)", "spans", "errors", "root"})
	for _, f := range found {
		t.AppendRow(table.Row{f.id, f.first.UTC().Format(time.DateTime), f.count, f.failed, terminal.Line(f.root)})
	}
	if _, err := fmt.Fprintf(env.stdout, "%s\n%s", t.Render(), more); err != nil {
		return fmt.Errorf("write traces: %w", err)
	}
	several := fmt.Sprint(len(found))
	if more != "" {
		several = "more than " + several
	}
	return errors.New("trace " + prefix + ": " + several + " traces begin like that; give more digits")
}
