package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/fivekeys/fivekeys/internal/config"
	"github.com/fivekeys/fivekeys/internal/gate"
	"github.com/fivekeys/fivekeys/internal/jetstream"
	"github.com/fivekeys/fivekeys/processors/notify"
	"github.com/fivekeys/fivekeys/processors/protection"
	"github.com/fivekeys/fivekeys/processors/slo"
	"github.com/fivekeys/fivekeys/schemas"
)

func (p *pipeline) policy() schemas.Policy { return p.settings.file.Policy }

// startBoard follows the last known budgets, which any process may publish: the
// gate answers from them with the store or NATS away.
func (p *pipeline) startBoard(ctx context.Context) error {
	bucket, err := gate.OpenBucket(ctx, p.bus)
	if err != nil {
		return err
	}
	if p.board, err = gate.NewBoard(gate.BoardConfig{Bucket: bucket, Logger: p.env.logger, Now: p.env.now}); err != nil {
		return err
	}
	p.work("budgets", p.board.Run, nil)
	return nil
}

// startBudgets evaluates objectives, in one process at a time.
func (p *pipeline) startBudgets(ctx context.Context) error {
	const group = "slo"
	leases, err := p.bus.Lease(ctx, jetstream.LeaseConfig{Group: group, Names: []string{group}})
	if err != nil {
		return err
	}
	p.closing.Push("lease of budgets", func(context.Context) error { return leases.Close() })
	evaluator, err := slo.New(slo.Config{
		Objectives: p.settings.objectives, Store: p.store, Publisher: p.publisher, Catalog: &p.settings.catalog,
		Partitions: p.bus.Topology().Partitions, Publish: p.board.Publish, Interval: p.options.evaluateEvery,
		Registerer: p.registry, Logger: p.env.logger, Now: p.env.now,
	})
	if err != nil {
		return err
	}
	p.work(group, func(ctx context.Context) error { return whileHeld(ctx, leases, evaluator.Run) }, nil)
	return nil
}

// whileHeld runs a job while this process holds its lease, and again after it
// has been elsewhere.
func whileHeld(ctx context.Context, leases *jetstream.Leases, run func(context.Context) error) error {
	for {
		if len(leases.Held()) == 0 {
			select {
			case <-leases.Changes():
				continue
			case <-ctx.Done():
				return nil
			}
		}
		turn, cancel := context.WithCancel(ctx)
		ended := make(chan error, 1)
		go func() { ended <- run(turn) }()
		for held := true; held; {
			select {
			case <-leases.Changes():
				held = len(leases.Held()) > 0
			case err := <-ended:
				cancel()
				return err
			}
		}
		cancel()
		if err := <-ended; err != nil {
			return err
		}
	}
}

// startNotifying sends signals to their receivers, in one process at a time.
func (p *pipeline) startNotifying(ctx context.Context) error {
	receivers, err := p.settings.receivers(p.env)
	if err != nil || len(receivers) == 0 {
		return err
	}
	notifier, err := notify.New(notify.Config{
		Client: p.bus, Receivers: receivers, Publisher: p.publisher, Link: p.settings.link, Defined: p.settings.defined, Logger: p.env.logger, Registerer: p.registry,
	})
	if err != nil {
		return err
	}
	p.work("notify", notifier.Run, nil)
	return nil
}

// receivers complete the configured ones with their secrets.
func (s *settings) receivers(env *environment) ([]notify.Receiver, error) {
	var out []notify.Receiver
	for _, r := range s.file.Receivers {
		secrets, err := config.ReceiverSecrets(env.getenv, r)
		if err != nil {
			return nil, err
		}
		out = append(out, notify.Receiver{Receiver: r, Secrets: secrets})
	}
	return out, nil
}

// defined says whether an objective, and a rule of it unless that is empty,
// exists still: what was removed is not repeated to anybody.
func (s *settings) defined(objective, rule string) bool {
	for i := range s.objectives {
		o := &s.objectives[i]
		if o.Key != objective {
			continue
		}
		return rule == "" || slices.ContainsFunc(o.BurnAlerts(), func(a schemas.BurnAlert) bool { return a.Name == rule })
	}
	return false
}

// startProtection answers GitHub's deployment protection where an App is
// configured.
func (p *pipeline) startProtection(ctx context.Context) error {
	c := p.settings.file.GitHubApp
	if c.ID == 0 {
		return nil
	}
	app, err := protection.NewApp(protection.AppConfig{ID: c.ID, Installation: c.Installation, PrivateKeyFile: c.PrivateKeyFile, API: c.API})
	if err != nil {
		return err
	}
	answers, err := protection.OpenBucket(ctx, p.bus)
	if err != nil {
		return err
	}
	sub, err := p.bus.Subscribe(ctx, jetstream.SubscribeConfig{
		Stream: jetstream.StreamDeliveries, Consumers: []string{jetstream.ConsumerProtection}, MaxHold: time.Hour,
	})
	if err != nil {
		return err
	}
	stage, err := protection.New(protection.Config{
		Messages: sub.Messages(), Reviewer: app, Answers: answers, Publisher: p.publisher, Budgets: p.board, Loaded: p.board.Loaded(),
		Policy: p.policy, Catalog: p.catalog, Registerer: p.registry, Logger: p.env.logger,
	})
	if err != nil {
		return fmt.Errorf("start deployment protection: %w", err)
	}
	p.work(protection.Stage, stage.Run, sub)
	return nil
}
