package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/fivekeys/fivekeys/internal/jetstream"
	"github.com/fivekeys/fivekeys/internal/otlpwire"
	"github.com/fivekeys/fivekeys/internal/runner"
	"github.com/fivekeys/fivekeys/processors/archive"
	"github.com/fivekeys/fivekeys/processors/dora"
	"github.com/fivekeys/fivekeys/processors/sli"
	"github.com/fivekeys/fivekeys/processors/spans"
	"github.com/fivekeys/fivekeys/processors/toil"
	"github.com/fivekeys/fivekeys/processors/traces"
	"github.com/fivekeys/fivekeys/processors/vitals"
	"github.com/fivekeys/fivekeys/schemas"
)

// processorBuffer is twice the batch of a runner, so that the next one fills
// while one is inserted.
const processorBuffer = 2 * runner.DefaultBatch

// archiveWait makes the archive's inserts few and large: nobody waits for them,
// and each one competes with the facts' for the disk and the processor.
const archiveWait = time.Second

func (p *pipeline) startProcessors(ctx context.Context) error {
	for _, start := range []func(context.Context) error{p.startFacts, p.startToil, p.startSpans, p.startBudgets, p.startNotifying, p.startProtection} {
		if err := start(ctx); err != nil {
			return err
		}
	}
	return nil
}

// startFacts runs the stages that read deliveries and events.
func (p *pipeline) startFacts(ctx context.Context) error {
	stage, err := dora.NewStage(dora.StageConfig{
		Store: p.store, Catalog: &p.settings.catalog, Shared: p.settings.natsURL != "", Logger: p.env.logger,
	})
	if err != nil {
		return err
	}
	p.facts = stage
	stale, err := stage.Stale(ctx)
	if err != nil {
		return err
	}
	if len(stale) > 0 {
		p.env.logger.Info("rules have changed, folding again", "services", len(stale))
		if err := stage.Refold(ctx, stale); err != nil {
			return err
		}
	}
	// Each process folds its share of the partitions.
	partitions := p.bus.Topology().Consumers(jetstream.StageDora)
	leases, err := p.bus.Lease(ctx, jetstream.LeaseConfig{Group: jetstream.StageDora, Names: partitions})
	if err != nil {
		return err
	}
	p.closing.Push("leases of facts", func(context.Context) error { return leases.Close() })
	p.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "fivekeys_dora_partitions_held", Help: "Partitions of the events that this process folds.",
	}, func() float64 { return float64(len(leases.Held())) }))
	letters := runner.NewDeadLetters(p.publisher)
	for _, r := range []struct {
		name      string
		stream    string
		consumers []string
		leases    *jetstream.Leases
		processor runner.Processor
		wait      time.Duration
	}{
		{jetstream.StageDora, jetstream.StreamEvents, partitions, leases, dora.Processor(stage), runner.DefaultWait},
		{archive.Stage, jetstream.StreamDeliveries, []string{jetstream.ConsumerArchive}, nil, archive.New(p.store), archiveWait},
	} {
		sub, err := p.bus.Subscribe(ctx, jetstream.SubscribeConfig{Stream: r.stream, Consumers: r.consumers, Leases: r.leases, Buffer: processorBuffer})
		if err != nil {
			return err
		}
		run, err := runner.New(runner.Config{
			Stage: r.name, Subscription: sub, Processor: r.processor, DeadLetters: letters, Wait: r.wait,
			Logger: p.env.logger, Registerer: p.registry,
		})
		if err != nil {
			return err
		}
		p.work(r.name, run.Run, sub)
	}
	return nil
}

// startToil brings the teams' capacities and caps to the store; the rest is SQL.
func (p *pipeline) startToil(ctx context.Context) error {
	rules := p.settings.file.Toil
	keeper, err := toil.New(toil.Config{Store: p.store, Teams: rules.Teams, Default: rules.Default, Logger: p.env.logger})
	if err != nil {
		return err
	}
	return keeper.Settle(ctx)
}

// startSpans counts spans for objectives, rates and dependencies, and stores them.
func (p *pipeline) startSpans(ctx context.Context) error {
	leases, err := p.bus.Lease(ctx, jetstream.LeaseConfig{Group: spans.Name, Names: spans.LeaseNames(schemas.SpanPartitions)})
	if err != nil {
		return err
	}
	p.closing.Push("leases of spans", func(context.Context) error { return leases.Close() })
	rules := p.settings.file.Spans
	p.spans, err = spans.New(ctx, spans.Config{
		Bus: p.bus, Publisher: p.publisher, Store: p.store, Leases: leases, DeadLetters: runner.NewDeadLetters(p.publisher),
		Decode: new(otlpwire.Decoder).Decode, Counter: sli.Compile(p.settings.objectives),
		Traces: func() spans.Traces { return traces.NewCollector(traces.Config{Rules: rules}) },
		Rules:  rules, Partitions: schemas.SpanPartitions, Logger: p.env.logger, Registerer: p.registry,
	})
	if err != nil {
		return err
	}
	p.work(spans.Name, p.spans.Run, nil)
	return nil
}

// startVitals writes what /metrics says into the store.
func (p *pipeline) startVitals() error {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	sampler, err := vitals.New(vitals.Config{
		Gatherer: p.registry, Store: p.store, Process: fmt.Sprintf("%s/%d", host, processID()), Logger: p.env.logger,
	})
	if err != nil {
		return err
	}
	p.work("vitals", sampler.Run, nil)
	return nil
}
