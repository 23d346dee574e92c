package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
)

type serveCommand struct {
	Role             []string `help:"Parts of the pipeline this process runs: ${enum}." enum:"ingest,process" default:"ingest,process" placeholder:"ROLE"`
	Listen           string   `help:"Address of the intake (default 127.0.0.1:8080)." env:"FIVEKEYS_LISTEN" placeholder:"ADDR"`
	OTLPListen       string   `name:"otlp-listen" help:"Address of OTLP over gRPC, e.g. 127.0.0.1:4317; not by default. OTLP over HTTP and Zipkin are on --listen." env:"FIVEKEYS_OTLP_LISTEN" placeholder:"ADDR"`
	ClickHouseListen string   `name:"clickhouse-listen" help:"Address where the embedded ClickHouse answers SQL over HTTP, e.g. 127.0.0.1:8123 for Grafana. Not by default." env:"FIVEKEYS_CLICKHOUSE_LISTEN" placeholder:"ADDR"`
	Unsynced         bool     `help:"Let the embedded NATS acknowledge before its disk does: faster, and a power cut may lose what was accepted."`
}

// Run serves until it is told to stop.
func (c *serveCommand) Run(ctx context.Context, g *globals, env *environment) error {
	// From the first moment: a signal that comes while starting must not kill.
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	s, err := g.settings(env)
	if err != nil {
		return err
	}
	o := pipelineOptions{listen: cmp.Or(c.Listen, s.listen), otlpListen: cmp.Or(c.OTLPListen, s.file.OTLPGRPC), engineListen: c.ClickHouseListen, noSync: c.Unsynced}
	for _, role := range c.Role {
		switch role {
		case "ingest":
			o.ingest = true
		case "process":
			o.process = true
		}
	}
	if o.ingest != o.process && s.natsURL == "" {
		return usagef("serve: one role alone needs a NATS that another process shares; give --nats-url")
	}
	if c.ClickHouseListen != "" && s.clickhouseURL != "" {
		return usagef("serve: --clickhouse-listen is for the embedded ClickHouse, and --clickhouse-url names a server")
	}
	if o.ingest {
		if err := s.missingApp(); err != nil {
			return err
		}
	}
	if err := guardSpans(s, o); err != nil {
		return err
	}
	o.tokens = s.tokens
	o.sourceSecrets = s.sourceSecrets
	p, err := startPipeline(ctx, g, env, s, o)
	if err != nil {
		return err
	}
	defer p.close()
	p.sayReady(s)
	for {
		select {
		case <-ctx.Done():
			env.logger.Info("stopping: finishing what was accepted")
			return nil
		case err := <-p.failed:
			return err
		case <-hangups:
			p.reload(ctx, g)
		}
	}
}

// guardSpans refuses to take spans from everybody on a network: they decide what
// the gate says.
func guardSpans(s *settings, o pipelineOptions) error {
	if !o.ingest || len(s.spanTokens) > 0 {
		return nil
	}
	for _, address := range []string{o.listen, o.otlpListen} {
		if address != "" && !loopback(address) {
			return usagef("serve: %s is reachable from other machines, and spans need a token there; "+
				"set FIVEKEYS_SPAN_TOKEN or FIVEKEYS_SPAN_TOKEN_FILE (make secrets makes one) and give it to the exporters as "+
				"OTEL_EXPORTER_OTLP_HEADERS=authorization=Bearer%%20TOKEN, or listen on 127.0.0.1", address)
		}
	}
	return nil
}

// loopback says whether only this machine reaches an address.
func loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.Unmap().IsLoopback()
}

// sayReady tells a person where everything is.
func (p *pipeline) sayReady(s *settings) {
	var b strings.Builder
	line := func(what, where string) { fmt.Fprintf(&b, "  %-10s %s\n", what, where) }
	b.WriteString("fivekeys is ready.\n")
	if p.url != "" {
		for _, source := range sourceNames() {
			secret := secretVariable(source)
			state := secret + " is not set: every delivery is answered with 401"
			if len(s.sourceSecrets(source)) > 0 {
				state = "checked with " + secret
			}
			line("Webhooks", p.url+"/webhooks/"+source+" ("+state+")")
		}
		token := "FIVEKEYS_API_TOKEN is not set: only this machine's fivekeys commands may send"
		if len(s.tokens) > 0 {
			token = "bearer token from FIVEKEYS_API_TOKEN"
		}
		line("Events", p.url+"/v1/events ("+token+")")
		spans := "FIVEKEYS_SPAN_TOKEN is not set: everybody on this machine may send"
		if len(s.spanTokens) > 0 {
			spans = "bearer token from FIVEKEYS_SPAN_TOKEN"
		}
		line("Spans", p.url+"/v1/traces (OTLP), /api/v2/spans (Zipkin) ("+spans+")")
		if p.otlpAddr != "" {
			line("", p.otlpAddr+" (OTLP over gRPC)")
		}
		if n := len(s.objectives); n > 0 {
			line("Gate", fmt.Sprintf("%s/v1/gate?service=NAME (%d objectives)", p.url, n))
		}
		line("Health", p.url+"/readyz, "+p.url+"/metrics")
	}
	if p.engine != nil && p.engine.HTTPAddr() != "" {
		line("SQL", fmt.Sprintf("http://%s (user %s, password in %s)", p.engine.HTTPAddr(), readerUser,
			filepath.Join(p.folder.path, credentialsFile)))
	}
	if p.folder != nil {
		line("Data", p.folder.path)
	}
	_, _ = fmt.Fprint(p.env.stderr, b.String())
}

// newToken lets this machine's own commands send events.
func newToken() string { return rand.Text() }

func processID() int { return os.Getpid() }
