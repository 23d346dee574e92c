package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"

	"github.com/fivekeys/fivekeys/ingest/decode"
	ingestgate "github.com/fivekeys/fivekeys/ingest/gate"
	"github.com/fivekeys/fivekeys/ingest/gateway"
	"github.com/fivekeys/fivekeys/ingest/github"
	"github.com/fivekeys/fivekeys/ingest/httpserver"
	"github.com/fivekeys/fivekeys/ingest/otlp"
	"github.com/fivekeys/fivekeys/ingest/spanintake"
	"github.com/fivekeys/fivekeys/ingest/zipkin"
	"github.com/fivekeys/fivekeys/internal/jetstream"
	"github.com/fivekeys/fivekeys/schemas"
)

func (p *pipeline) catalog() *schemas.Catalog { return p.catalogue.Load() }

// replaceTokens lets in whoever has one of these from now on.
func (p *pipeline) replaceTokens(s *settings) {
	p.options.tokens = s.tokens
	p.intake.ReplaceTokens(p.intakeTokens())
	p.gate.ReplaceTokens(s.tokens)
	if p.spanIntake != nil {
		p.spanIntake.ReplaceTokens(p.exporterTokens(s))
	}
}

// exporterTokens are those of spans; without any they are open to this machine.
func (p *pipeline) exporterTokens(s *settings) []string {
	if len(s.spanTokens) == 0 {
		return nil
	}
	return append([]string{p.ownToken}, s.spanTokens...)
}

// intakeTokens are those of /v1/events: this machine's own commands need none of
// the configured ones.
func (p *pipeline) intakeTokens() []string {
	if p.folder == nil {
		return p.options.tokens
	}
	return append([]string{p.ownToken}, p.options.tokens...)
}

// startHTTP serves what this process answers: health and the gate always, the
// intake where it is one.
func (p *pipeline) startHTTP(ctx context.Context, listener net.Listener) (err error) {
	mux := http.NewServeMux()
	p.url = "http://" + listener.Addr().String()
	var drains []func()
	if p.options.ingest {
		spans, err := p.startSpanIntake(ctx, mux)
		if err != nil {
			return err
		}
		drains = append(drains, spans)
	}
	if p.intake, err = p.newGateway(); err != nil {
		return err
	}
	drains = append(drains, p.intake.Drain)
	if p.options.ingest {
		if err := p.startDecoding(ctx); err != nil {
			return err
		}
		p.intake.Register(mux)
		mux.HandleFunc("GET "+refusalsPath, ownOnly(p.ownToken, func(*http.Request) (any, error) { return p.intake.Refused(), nil }))
		registerLetters(mux, ownLetters{p.bus, p.publisher}, p.ownToken)
	} else {
		p.intake.RegisterHealth(mux)
	}
	p.gate, err = ingestgate.New(ingestgate.Config{
		Budgets: p.board, Policy: p.policy, Catalog: p.catalog, Tokens: p.options.tokens, OwnToken: p.ownToken,
		Registerer: p.registry, Logger: p.env.logger, Now: p.env.now,
	})
	if err != nil {
		return err
	}
	p.gate.Register(mux)
	p.registry.MustRegister(backlogCollector{p})

	p.serve("HTTP", "intake", httpserver.New(mux), listener, drains)
	return nil
}

// serve runs a server until the pipeline closes; one that ends otherwise ends the
// process.
func (p *pipeline) serve(name, part string, server *http.Server, listener net.Listener, drains []func()) {
	p.workers.Go(func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			p.fail(fmt.Errorf("serve %s: %w", name, err))
		}
	})
	p.closing.Push(part, func(ctx context.Context) error {
		for _, drain := range drains {
			drain()
		}
		if err := server.Shutdown(ctx); err != nil {
			return errors.Join(err, server.Close())
		}
		return nil
	})
}

func (p *pipeline) newGateway() (*gateway.Gateway, error) {
	p.webhooks = p.sources()
	return gateway.New(gateway.Config{
		Sources: p.webhooks.Gateway(), Tokens: p.intakeTokens(), Catalog: p.catalog, PersonKey: p.settings.personKey,
		Publisher: p.publisher, Partitions: p.bus.Topology().Partitions, Checks: p.checks(), Notices: p.damage.notices,
		Registerer: p.registry, Gatherer: p.registry, Logger: p.env.logger,
	})
}

func (p *pipeline) sources() decode.Sources {
	return decode.Registered(p.options.sourceSecrets, github.Toil{Labels: p.settings.file.Toil.Labels, PersonKey: p.settings.personKey})
}

func (p *pipeline) startDecoding(ctx context.Context) error {
	sub, err := p.bus.Subscribe(ctx, jetstream.SubscribeConfig{
		Stream: jetstream.StreamDeliveries, Consumers: []string{jetstream.ConsumerDecode},
	})
	if err != nil {
		return err
	}
	decoding, err := decode.New(decode.Config{
		Sources: p.sources(), Catalog: p.catalog, Messages: sub.Messages(), Publisher: p.publisher, Partitions: p.bus.Topology().Partitions,
		Registerer: p.registry, Logger: p.env.logger,
	})
	if err != nil {
		return err
	}
	p.work(decode.Stage, decoding.Run, sub)
	return nil
}

// startSpanIntake takes spans: OTLP and Zipkin over HTTP on the mux, OTLP over
// gRPC on an address of its own. It gives what makes it refuse new ones.
func (p *pipeline) startSpanIntake(ctx context.Context, mux *http.ServeMux) (drain func(), err error) {
	intake, err := spanintake.New(spanintake.Config{
		Publisher: p.publisher, Partitions: schemas.SpanPartitions, Tokens: p.exporterTokens(p.settings), Retention: p.settings.file.Spans.Retention,
		Registerer: p.registry, Logger: p.env.logger,
	})
	if err != nil {
		return nil, err
	}
	p.spanIntake = intake
	source := otlp.New(intake)
	source.RegisterHTTP(mux)
	zipkin.New(intake).RegisterHTTP(mux)
	if p.options.otlpListen == "" {
		return intake.Drain, nil
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", p.options.otlpListen)
	if err != nil {
		return nil, fmt.Errorf("listen for OTLP over gRPC on %s: %w; choose another address with --otlp-listen, or off", p.options.otlpListen, err)
	}
	p.otlpAddr = listener.Addr().String()
	p.serve("OTLP over gRPC", "OTLP intake", source.NewServer(), listener, nil)
	return intake.Drain, nil
}

func (p *pipeline) checks() []gateway.Check {
	checks := []gateway.Check{{Name: "nats", Ready: func(ctx context.Context) error {
		// Asking a server that is known to be away would use up the time of the
		// checks that follow, and they would all look broken.
		if !p.bus.Status().Connected {
			return fmt.Errorf("ask NATS: %w", jetstream.ErrUnavailable)
		}
		return p.bus.Healthy(ctx)
	}}}
	if p.store != nil {
		checks = append(checks, gateway.Check{Name: "clickhouse", Ready: p.store.Ping})
	}
	return checks
}
