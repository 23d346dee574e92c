package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"golang.org/x/sync/errgroup"

	"github.com/fivekeys/fivekeys/ingest/decode"
	"github.com/fivekeys/fivekeys/ingest/gateway"
	"github.com/fivekeys/fivekeys/internal/clickhouse"
	"github.com/fivekeys/fivekeys/internal/engine"
	"github.com/fivekeys/fivekeys/internal/jetstream"
	"github.com/fivekeys/fivekeys/internal/lifecycle"
	"github.com/fivekeys/fivekeys/internal/runner"
	"github.com/fivekeys/fivekeys/processors/archive"
	"github.com/fivekeys/fivekeys/processors/dora"
	"github.com/fivekeys/fivekeys/schemas"
)

// pipelineOptions say which part of the pipeline runs in this process.
type pipelineOptions struct {
	ingest, process bool
	listen          string // of the intake
	engineListen    string // of the embedded ClickHouse, empty for its socket only
	tokens          []string
	sourceSecrets   func(source string) []string
	noSync          bool
}

// pipeline is a running fivekeys: what serve, demo and import work with.
type pipeline struct {
	env      *environment
	settings *settings
	options  pipelineOptions

	folder    *folder // nil where NATS and ClickHouse are both servers
	engine    *engine.Engine
	creds     credentials
	bus       *jetstream.Client
	publisher *jetstream.Publisher
	store     *clickhouse.Store
	registry  *prometheus.Registry
	gateway   *gateway.Gateway
	url       string // of the intake
	ownToken  string

	closing lifecycle.Stack
	workers sync.WaitGroup
	failed  chan error // the first worker that ended by itself
}

// sourceNames lists the sources that deliver webhooks.
func sourceNames() []string {
	var names []string
	for _, s := range decode.Registered(func(string) []string { return nil }) {
		names = append(names, s.Name())
	}
	return names
}

// startPipeline starts everything and returns once it takes deliveries.
func startPipeline(ctx context.Context, g *globals, env *environment, s *settings, o pipelineOptions) (_ *pipeline, err error) {
	p := &pipeline{env: env, settings: s, options: o, registry: prometheus.NewRegistry(), failed: make(chan error, 1)}
	p.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	defer func() {
		if err != nil {
			p.close()
		}
	}()
	if s.natsURL == "" || s.clickhouseURL == "" {
		if p.folder, err = openFolder(g.Data); err != nil {
			return nil, err
		}
		p.closing.Push("data folder", func(context.Context) error { return p.folder.close() })
	}
	// The port first: a port in use should say so before anything is started.
	var listener net.Listener
	if o.ingest {
		if listener, err = (&net.ListenConfig{}).Listen(ctx, "tcp", o.listen); err != nil {
			return nil, fmt.Errorf("listen on %s: %w; choose another address with --listen", o.listen, err)
		}
		defer func() {
			if err != nil {
				_ = listener.Close()
			}
		}()
	}
	if err := p.openBackends(ctx); err != nil {
		return nil, err
	}
	if o.process {
		if err := p.startProcessors(ctx); err != nil {
			return nil, err
		}
	}
	if o.ingest {
		if err := p.startIngest(ctx, listener); err != nil {
			return nil, err
		}
	}
	if p.folder != nil {
		return p, p.announce()
	}
	return p, nil
}

// openBackends starts or connects to ClickHouse and NATS, one beside the other.
func (p *pipeline) openBackends(ctx context.Context) error {
	var both errgroup.Group
	both.Go(func() error { return p.openNATS(ctx) })
	both.Go(func() error { return p.openStore(ctx) })
	return both.Wait()
}

func (p *pipeline) openNATS(ctx context.Context) (err error) {
	config, err := p.settings.nats(p.env.logger)
	if err != nil {
		return err
	}
	config.NoSync = p.options.noSync
	if p.folder != nil {
		config.StoreDir = filepath.Join(p.folder.path, "nats")
	}
	if p.bus, err = jetstream.Open(ctx, config); err != nil {
		return fmt.Errorf("open NATS: %w", err)
	}
	p.closing.Push("NATS", func(context.Context) error { return p.bus.Close() })
	if err := p.bus.Ensure(ctx); err != nil {
		return fmt.Errorf("prepare NATS: %w", err)
	}
	if p.publisher, err = p.bus.NewPublisher(ctx, jetstream.PublisherConfig{}); err != nil {
		return err
	}
	p.closing.Push("publisher", func(context.Context) error { return p.publisher.Close() })
	return nil
}

func (p *pipeline) openStore(ctx context.Context) (err error) {
	if !p.options.process {
		return nil // intake alone needs no store
	}
	config := clickhouse.Config{URL: p.settings.clickhouseURL, Cluster: p.settings.cluster, Logger: p.env.logger}
	if config.URL == "" {
		if p.engine, p.creds, err = p.folder.startEngine(ctx, p.env, p.options.engineListen); err != nil {
			return err
		}
		p.closing.Push("engine", p.engine.Close)
		config.Options = p.engine.ClientOptions(p.creds.writer())
	}
	if p.store, err = clickhouse.Open(ctx, config); err != nil {
		return err
	}
	p.closing.Push("store", func(context.Context) error { return p.store.Close() })
	_, err = p.store.Migrate(ctx)
	return err
}

// processorBuffer is twice the batch of a runner, so that the next one fills
// while one is inserted.
const processorBuffer = 2 * runner.DefaultBatch

// archiveWait makes the archive's inserts few and large: nobody waits for them,
// and each one competes with the facts' for the disk and the processor.
const archiveWait = time.Second

func (p *pipeline) startProcessors(ctx context.Context) error {
	stage, err := dora.NewStage(dora.StageConfig{
		Store: p.store, Catalog: &p.settings.catalog, Shared: p.settings.natsURL != "", Logger: p.env.logger,
	})
	if err != nil {
		return err
	}
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
	letters := runner.NewDeadLetters(p.publisher)
	for _, r := range []struct {
		name      string
		stream    string
		consumers []string
		processor runner.Processor
		wait      time.Duration
	}{
		{jetstream.StageDora, jetstream.StreamEvents, p.bus.Topology().Consumers(jetstream.StageDora), dora.Processor(stage), runner.DefaultWait},
		{archive.Stage, jetstream.StreamDeliveries, []string{jetstream.ConsumerArchive}, archive.New(p.store), archiveWait},
	} {
		sub, err := p.bus.Subscribe(ctx, jetstream.SubscribeConfig{Stream: r.stream, Consumers: r.consumers, Buffer: processorBuffer})
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

// work runs a stage until the pipeline closes: then the stage finishes what it
// holds, and what it does not is redelivered.
func (p *pipeline) work(name string, run func(context.Context) error, sub *jetstream.Subscription) {
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	p.workers.Go(func() {
		defer close(done)
		err := run(ctx)
		if err == nil && ctx.Err() == nil {
			err = errors.New("ended by itself")
		}
		if err != nil && ctx.Err() == nil {
			select {
			case p.failed <- fmt.Errorf("stage %s: %w", name, err):
			default: // one reason to stop is enough
			}
		}
	})
	p.closing.Push(name, func(context.Context) error {
		stop()
		<-done
		return sub.Close()
	})
}

func (p *pipeline) startIngest(ctx context.Context, listener net.Listener) error {
	catalog := func() *schemas.Catalog { return &p.settings.catalog }
	partitions := p.bus.Topology().Partitions
	sources := decode.Registered(p.options.sourceSecrets)
	sub, err := p.bus.Subscribe(ctx, jetstream.SubscribeConfig{
		Stream: jetstream.StreamDeliveries, Consumers: []string{jetstream.ConsumerDecode},
	})
	if err != nil {
		return err
	}
	decoding, err := decode.New(decode.Config{
		Sources: sources, Catalog: catalog, Messages: sub.Messages(), Publisher: p.publisher, Partitions: partitions,
		Registerer: p.registry, Logger: p.env.logger,
	})
	if err != nil {
		return err
	}
	p.work(decode.Stage, decoding.Run, sub)

	tokens := p.options.tokens
	if p.ownToken = newToken(); p.folder != nil {
		tokens = append([]string{p.ownToken}, tokens...)
	}
	p.gateway, err = gateway.New(gateway.Config{
		Sources: sources.Gateway(), Tokens: tokens, Catalog: catalog, PersonKey: p.settings.personKey,
		Publisher: p.publisher, Partitions: partitions, Checks: p.checks(),
		Registerer: p.registry, Gatherer: p.registry, Logger: p.env.logger,
	})
	if err != nil {
		return err
	}
	p.registry.MustRegister(backlogCollector{p})
	p.url = "http://" + listener.Addr().String()
	mux := http.NewServeMux()
	p.gateway.Register(mux)
	registerLetters(mux, ownLetters{p.bus, p.publisher}, p.ownToken)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, IdleTimeout: 2 * time.Minute}
	p.workers.Go(func() {
		if err := server.Serve(listener); err != nil && !errors.Is(err, http.ErrServerClosed) {
			select {
			case p.failed <- fmt.Errorf("serve HTTP: %w", err):
			default:
			}
		}
	})
	p.closing.Push("intake", func(ctx context.Context) error {
		p.gateway.Drain()
		return server.Shutdown(ctx)
	})
	return nil
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

func (p *pipeline) announce() error {
	r := running{PID: processID(), HTTP: p.url, Token: p.ownToken, Engine: p.creds}
	if p.engine != nil {
		r.Socket = p.engine.SocketPath()
	}
	return p.folder.announce(r)
}

// close stops accepting, finishes what is at hand, and closes everything.
func (p *pipeline) close() {
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	if err := p.closing.Close(ctx); err != nil {
		p.env.logger.Warn("stop", "error", err)
	}
	p.workers.Wait()
}
