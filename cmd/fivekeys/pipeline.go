package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"golang.org/x/sync/errgroup"

	"github.com/fivekeys/fivekeys/ingest/decode"
	ingestgate "github.com/fivekeys/fivekeys/ingest/gate"
	"github.com/fivekeys/fivekeys/ingest/gateway"
	"github.com/fivekeys/fivekeys/ingest/github"
	"github.com/fivekeys/fivekeys/ingest/spanintake"
	"github.com/fivekeys/fivekeys/internal/clickhouse"
	"github.com/fivekeys/fivekeys/internal/engine"
	"github.com/fivekeys/fivekeys/internal/gate"
	"github.com/fivekeys/fivekeys/internal/jetstream"
	"github.com/fivekeys/fivekeys/internal/lifecycle"
	"github.com/fivekeys/fivekeys/processors/dora"
	"github.com/fivekeys/fivekeys/processors/notify"
	"github.com/fivekeys/fivekeys/processors/spans"
	"github.com/fivekeys/fivekeys/schemas"
)

// pipelineOptions say which part of the pipeline runs in this process.
type pipelineOptions struct {
	ingest, process bool
	listen          string // of the intake
	otlpListen      string // of OTLP over gRPC, empty for none
	engineListen    string // of the embedded ClickHouse, empty for its socket only
	tokens          []string
	sourceSecrets   func(source string) []string
	noSync          bool
	evaluateEvery   time.Duration // of error budgets; 0 is the default
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
	board     *gate.Board
	damage    *damage
	spans     *spans.Stage // nil where this process does not process
	facts     *dora.Stage  // likewise
	webhooks  decode.Sources
	intake    *gateway.Gateway
	gate      *ingestgate.Gate
	// spanIntake is nil where this process takes no spans.
	spanIntake *spanintake.Intake
	catalogue  atomic.Pointer[schemas.Catalog]
	url        string // of the intake
	otlpAddr   string // of OTLP over gRPC, empty for none
	ownToken   string

	closing lifecycle.Stack
	workers sync.WaitGroup
	failed  chan error // the first worker that ended by itself
}

// sourceNames lists the sources that deliver webhooks.
func sourceNames() []string {
	var names []string
	for _, s := range decode.Registered(func(string) []string { return nil }, github.Toil{}) {
		names = append(names, s.Name())
	}
	return names
}

// startPipeline starts everything and returns once it takes deliveries.
func startPipeline(ctx context.Context, g *globals, env *environment, s *settings, o pipelineOptions) (_ *pipeline, err error) {
	p := &pipeline{env: env, settings: s, options: o, registry: prometheus.NewRegistry(), failed: make(chan error, 1)}
	p.catalogue.Store(&s.catalog)
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
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", o.listen)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w; choose another address with --listen", o.listen, err)
	}
	defer func() {
		if err != nil {
			_ = listener.Close()
		}
	}()
	p.ownToken = newToken()
	if err := p.openBackends(ctx); err != nil {
		return nil, err
	}
	p.startDamage(ctx)
	if err := p.startBoard(ctx); err != nil {
		return nil, err
	}
	if o.process {
		if err := p.startProcessors(ctx); err != nil {
			return nil, err
		}
	}
	if err := p.startHTTP(ctx, listener); err != nil {
		return nil, err
	}
	if o.process {
		if err := p.startVitals(); err != nil {
			return nil, err
		}
	}
	if p.folder != nil {
		return p, p.announce()
	}
	return p, nil
}

// openBackends starts or connects to ClickHouse and NATS, one beside the other,
// and changes neither before both are known to be usable.
func (p *pipeline) openBackends(ctx context.Context) error {
	for _, step := range [][2]func(context.Context) error{{p.openNATS, p.openStore}, {p.prepareNATS, p.migrate}} {
		var both errgroup.Group
		for _, do := range step {
			both.Go(func() error { return do(ctx) })
		}
		if err := both.Wait(); err != nil {
			return err
		}
	}
	return nil
}

func (p *pipeline) openNATS(ctx context.Context) (err error) {
	config, err := p.settings.nats(p.env.logger)
	if err != nil {
		return err
	}
	config.NoSync = p.options.noSync
	config.Topology.SignalConsumers = notify.Consumers(p.settings.file.Receivers)
	config.Topology.Protection = p.settings.file.GitHubApp.ID != 0
	if p.folder != nil {
		config.StoreDir = filepath.Join(p.folder.path, busFolder)
	}
	if p.bus, err = jetstream.Open(ctx, config); err != nil {
		return fmt.Errorf("open NATS: %w", err)
	}
	p.closing.Push("NATS", func(context.Context) error { return p.bus.Close() })
	if err := p.bus.Check(ctx); err != nil {
		return fmt.Errorf("prepare NATS: %w", err)
	}
	return nil
}

func (p *pipeline) prepareNATS(ctx context.Context) (err error) {
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
	return p.store.CheckVersion(ctx)
}

func (p *pipeline) migrate(ctx context.Context) error {
	if p.store == nil {
		return nil
	}
	_, err := p.store.Migrate(ctx)
	return err
}

// fail ends the process: one reason to stop is enough.
func (p *pipeline) fail(err error) {
	select {
	case p.failed <- err:
	default:
	}
}

// work runs a stage until the pipeline closes: then the stage finishes what it
// holds, and what it does not is redelivered. A stage that reads something else
// than a subscription has none.
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
			p.fail(fmt.Errorf("stage %s: %w", name, err))
		}
	})
	p.closing.Push(name, func(ctx context.Context) error {
		stop()
		if !endsInTime(ctx, done) {
			return errors.New("did not end in time; what it held is delivered again")
		}
		if sub == nil {
			return nil
		}
		return sub.Close()
	})
}

// endsInTime waits for a stage, which may itself wait for a store that hangs. It
// leaves the rest time to close.
func endsInTime(ctx context.Context, done <-chan struct{}) bool {
	if deadline, bounded := ctx.Deadline(); bounded {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-stopReserve))
		defer cancel()
	}
	select {
	case <-done:
		return true
	case <-ctx.Done():
		return false
	}
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
