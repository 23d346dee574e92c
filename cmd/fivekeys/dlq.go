package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
)

type dlqCommand struct {
	List    dlqListCommand    `cmd:"" help:"List the dead letters."`
	Show    dlqShowCommand    `cmd:"" help:"Print one with its reason and its body."`
	Redrive dlqRedriveCommand `cmd:"" help:"Process them again, after an upgrade or a mended catalogue."`
}

type dlqListCommand struct {
	Limit  int    `help:"How many, oldest first." default:"100"`
	After  uint64 `help:"Only those with a higher number."`
	Format string `help:"${enum}." enum:"table,json" default:"table"`
}

type dlqShowCommand struct {
	Number uint64 `arg:"" help:"The letter's number in the list."`
}

type dlqRedriveCommand struct {
	Number []string `arg:"" help:"Numbers from the list, or all."`
}

// Run lists dead letters.
func (c *dlqListCommand) Run(ctx context.Context, g *globals, env *environment) error {
	return g.withLetters(ctx, env, func(box letterbox) error {
		letters, err := box.list(ctx, c.After, c.Limit)
		if err != nil {
			return err
		}
		if c.Format == "json" {
			return json.NewEncoder(env.stdout).Encode(letters)
		}
		if len(letters) == 0 {
			_, err := fmt.Fprintln(env.stdout, "No dead letters.")
			return err
		}
		t := newTable(env.stdout)
		t.AppendHeader(table.Row{"number", "since", "stage", "reason", "error"})
		t.SetColumnConfigs([]table.ColumnConfig{{Name: "error", WidthMax: 60}})
		for _, l := range letters {
			t.AppendRow(table.Row{l.Sequence, l.At.UTC().Format(time.DateTime), l.Stage, l.Reason, l.Error})
		}
		_, err = fmt.Fprintf(env.stdout, "%s\nNext: fivekeys dlq show NUMBER, fivekeys dlq redrive NUMBER|all\n", t.Render())
		return err
	})
}

// Run prints one dead letter.
func (c *dlqShowCommand) Run(ctx context.Context, g *globals, env *environment) error {
	return g.withLetters(ctx, env, func(box letterbox) error {
		l, err := box.show(ctx, c.Number)
		if err != nil {
			return err
		}
		out := json.NewEncoder(env.stdout)
		out.SetIndent("", "  ")
		return out.Encode(l)
	})
}

// Run drives dead letters again.
func (c *dlqRedriveCommand) Run(ctx context.Context, g *globals, env *environment) error {
	all := len(c.Number) == 1 && strings.EqualFold(c.Number[0], "all")
	var numbers []uint64
	for _, s := range c.Number {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil && !all {
			return usagef("dlq redrive %q: give numbers from fivekeys dlq list, or all", s)
		}
		numbers = append(numbers, n)
	}
	return g.withLetters(ctx, env, func(box letterbox) error {
		if all {
			var err error
			if numbers, err = allLetters(ctx, box); err != nil {
				return err
			}
		}
		for i, n := range numbers {
			if err := box.redrive(ctx, n); err != nil {
				return fmt.Errorf("%d of %d driven again, then number %d: %w", i, len(numbers), n, err)
			}
		}
		_, err := fmt.Fprintf(env.stdout, "%d driven again; what still can't be processed comes back with a new number.\n", len(numbers))
		return err
	})
}

// allLetters lists what is there now; what comes back meanwhile has a higher
// number and is not driven round in circles.
func allLetters(ctx context.Context, box letterbox) ([]uint64, error) {
	var numbers []uint64
	err := eachLetter(ctx, box, func(l letter) { numbers = append(numbers, l.Sequence) })
	return numbers, err
}

// eachLetter gives all dead letters, the oldest first.
func eachLetter(ctx context.Context, box letterbox, f func(letter)) error {
	const page = 500
	after := uint64(0)
	for {
		letters, err := box.list(ctx, after, page)
		if err != nil || len(letters) == 0 {
			return err
		}
		for _, l := range letters {
			f(l)
		}
		after = letters[len(letters)-1].Sequence
	}
}

// withLetters opens the dead letters: of the serve that runs on the data
// folder, or of NATS itself.
func (g *globals) withLetters(ctx context.Context, env *environment, f func(letterbox) error) error {
	s, err := g.settings(env)
	if err != nil {
		return err
	}
	if s.natsURL == "" {
		if live, ok := findRunning(g.Data); ok {
			if live.HTTP == "" {
				return errors.New("the running fivekeys has no intake to ask; use --nats-url")
			}
			return f(remoteLetters{live})
		}
	}
	p := &pipeline{env: env, settings: s}
	defer p.close()
	if s.natsURL == "" {
		if err := holdsData(g.Data, busFolder); err != nil {
			return err
		}
		if p.folder, err = openFolder(g.Data); err != nil {
			return err
		}
		p.closing.Push("data folder", func(context.Context) error { return p.folder.close() })
	}
	if err := p.openNATS(ctx); err != nil {
		return err
	}
	if err := p.prepareNATS(ctx); err != nil {
		return err
	}
	return f(ownLetters{p.bus, p.publisher})
}
