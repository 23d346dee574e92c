package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"github.com/fivekeys/fivekeys/internal/clickhouse"
	"github.com/fivekeys/fivekeys/processors/slo"
	"github.com/fivekeys/fivekeys/schemas"
)

type sloCorrectCommand struct {
	SLO      string `arg:"" optional:"" name:"slo" help:"The SLO, or one objective of it."`
	From     string `help:"Begin of the period: a time (2026-01-31T12:00:00Z)." placeholder:"TIME"`
	To       string `help:"Its end." placeholder:"TIME"`
	RRule    string `name:"rrule" help:"How it comes again, by RFC 5545: FREQ=WEEKLY;BYDAY=SU." placeholder:"RULE"`
	Author   string `help:"Who corrects." placeholder:"NAME"`
	Reason   string `help:"Why the period does not count." placeholder:"TEXT"`
	Withdraw string `help:"Take this correction back." placeholder:"ID"`
}

// Run sends a correction; the next evaluation of the budgets heeds it.
func (c *sloCorrectCommand) Run(ctx context.Context, g *globals, env *environment) error {
	s, err := g.settings(env)
	if err != nil {
		return err
	}
	now := time.Now().UTC()
	correction, err := c.correction(ctx, g, env, s)
	if err != nil {
		return err
	}
	// Withdrawn ones are checked too: their rule was understood once.
	if _, err := slo.ParseCorrection(correction); err != nil {
		return &usageError{"slo correct: " + err.Error()}
	}
	event, err := schemas.NewEvent(rand.Text(), "fivekeys/cli", schemas.TypeCorrection, now, "", &correction)
	if err != nil {
		return err
	}
	out, backlog, done, err := g.intake(ctx, env, s)
	if err != nil {
		return err
	}
	defer done()
	if err := out.send(ctx, []schemas.Event{event}); err != nil {
		return err
	}
	if err := waitDrained(ctx, backlog, func(uint64) {}); err != nil {
		return err
	}
	if correction.Withdrawn {
		_, err = fmt.Fprintf(env.stdout, "Withdrew correction %s of %s: the figures are as recorded again within a minute.\n", correction.CorrectionID, correction.SLO)
		return err
	}
	_, err = fmt.Fprintf(env.stdout, "Correction %s excludes %s … %s from %s%s. Both figures stay visible.\nTake it back: fivekeys slo correct --withdraw %s --author %s --reason WHY\n",
		correction.CorrectionID, stamp(correction.From), stamp(correction.To), correction.SLO, again(correction.RRule), correction.CorrectionID, quoted(correction.Author))
	return err
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

func again(rule string) string {
	if rule == "" {
		return ""
	}
	return " and again by " + rule
}

// correction makes a new one of the flags, or the end of the one that is to be
// withdrawn.
func (c *sloCorrectCommand) correction(ctx context.Context, g *globals, env *environment, s *settings) (schemas.CorrectionEvent, error) {
	if c.Withdraw != "" {
		return c.withdrawal(ctx, g, env, s)
	}
	var e schemas.CorrectionEvent
	for _, required := range []struct{ name, value string }{
		{"the SLO", c.SLO}, {"--from", c.From}, {"--to", c.To}, {"--author", c.Author}, {"--reason", c.Reason},
	} {
		if required.value == "" {
			return e, usagef("slo correct: %s is missing; a correction says what, when, who and why", required.name)
		}
	}
	from, err := time.Parse(time.RFC3339, c.From)
	if err != nil {
		return e, usagef("slo correct: --from %q: give a time, 2026-01-31T12:00:00Z or with an offset", c.From)
	}
	to, err := time.Parse(time.RFC3339, c.To)
	if err != nil {
		return e, usagef("slo correct: --to %q: give a time, 2026-01-31T12:30:00Z or with an offset", c.To)
	}
	if !to.After(from) {
		return e, usagef("slo correct: --to is not after --from")
	}
	return schemas.CorrectionEvent{
		CorrectionID: strings.ToLower(rand.Text()[:10]), SLO: c.SLO, From: from, To: to, RRule: c.RRule, Author: c.Author, Reason: c.Reason,
	}, c.knows(ctx, g, env, s)
}

// knows says whether there is such an SLO: one that is mistyped would correct
// nothing, silently. Before the first evaluation none is known.
func (c *sloCorrectCommand) knows(ctx context.Context, g *globals, env *environment, s *settings) error {
	store, done, err := g.openStore(ctx, env, s, true)
	if err != nil {
		return err
	}
	defer done()
	var known []string
	if err := store.Conn().QueryRow(ctx, "SELECT arraySort(arrayDistinct(arrayConcat(groupArray(toString(slo)), groupArray(toString(objective))))) FROM slo_objectives").Scan(&known); err != nil {
		return queryError(err)
	}
	for _, name := range known {
		if name == c.SLO {
			return nil
		}
	}
	if len(known) == 0 {
		return nil
	}
	return usagef("slo correct: there is no SLO %q (%s)", c.SLO, strings.Join(known, ", "))
}

func (c *sloCorrectCommand) withdrawal(ctx context.Context, g *globals, env *environment, s *settings) (schemas.CorrectionEvent, error) {
	store, done, err := g.openStore(ctx, env, s, true)
	if err != nil {
		return schemas.CorrectionEvent{}, err
	}
	defer done()
	return withdraw(ctx, store, c.Withdraw, c.Author, c.Reason)
}

func withdraw(ctx context.Context, store *clickhouse.Store, id, author, reason string) (schemas.CorrectionEvent, error) {
	inForce, err := store.SLOCorrections(ctx)
	if err != nil {
		return schemas.CorrectionEvent{}, err
	}
	var ids []string
	for _, e := range inForce {
		if e.CorrectionID == id {
			e.Withdrawn = true
			if author != "" {
				e.Author = author
			}
			if reason != "" {
				e.Reason = reason
			}
			return e, nil
		}
		ids = append(ids, e.CorrectionID)
	}
	known := "none is in force"
	if len(ids) > 0 {
		known = "in force: " + strings.Join(ids, ", ")
	}
	return schemas.CorrectionEvent{}, fmt.Errorf("slo correct: there is no correction %q (%s)", id, known)
}
