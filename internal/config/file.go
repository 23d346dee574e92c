package config

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/fivekeys/fivekeys/internal/bands"
	"github.com/fivekeys/fivekeys/internal/suggest"
	"github.com/fivekeys/fivekeys/schemas"
)

// Bounds of the numbers.
const (
	maxSample     = 1000
	maxPartitions = 1024
	maxReplicas   = 5 // JetStream's own
	// maxWindow is the widest attribution window: further back it is guessing.
	maxWindow = 90 * 24 * time.Hour
)

// root reads the file: its keys stand here, in the order of the documentation.
func (d *decoder) root(n ast.Node) {
	c := &d.config
	d.mapping(n, "the file", fields{
		"services":       func(n ast.Node) { d.each(n, "services", d.service) },
		"defaults":       func(n ast.Node) { d.mapping(n, "defaults", d.rules(&c.Catalog.Defaults)) },
		"bands":          d.bands,
		"minimum_sample": d.integer(&c.MinimumSample, "minimum_sample", maxSample),
		"nats":           d.nats,
		"clickhouse": func(n ast.Node) {
			d.mapping(n, "clickhouse", fields{
				"url":     d.url(&c.ClickHouse.URL, "clickhouse.url", "CLICKHOUSE_URL", "clickhouse", "tcp", "http", "https"),
				"cluster": d.text(&c.ClickHouse.Cluster, "clickhouse.cluster"),
			})
		},
		"listen":     d.listen(&c.Listen, "listen"),
		"data":       d.text(&c.Data, "data"),
		"partitions": d.integer(&c.Partitions, "partitions", maxPartitions),
		"replicas":   d.integer(&c.Replicas, "replicas", maxReplicas),
		"slos":       d.slos,
		"spans":      d.spans,
		"alerts":     func(n ast.Node) { d.each(n, "alerts", d.receiver) },
		"gate":       d.gate,
		"github_app": d.githubApp,
		"toil":       d.toil,
	})
}

// rules are the keys that a service and the defaults have in common.
func (d *decoder) rules(s *schemas.Service) fields {
	return fields{
		"team":               d.text(&s.Team, "team"),
		"production":         d.texts(&s.Production, "production", d.glob),
		"deployed":           func(n ast.Node) { d.deployed(n, &s.Deployed) },
		"incident_labels":    d.texts(&s.IncidentLabels, "incident_labels", d.glob),
		"hotfix_labels":      d.texts(&s.HotfixLabels, "hotfix_labels", d.glob),
		"hotfix_branches":    d.texts(&s.HotfixBranches, "hotfix_branches", d.glob),
		"attribution_window": d.duration(&s.AttributionWindow, "attribution_window", 0, maxWindow),
		"burn_attribution": func(n ast.Node) {
			var blame bool
			if d.boolean(&blame, "burn_attribution")(n) {
				s.BurnAttribution = &blame
			}
		},
	}
}

func (d *decoder) service(n ast.Node) {
	entry := &serviceEntry{at: d.value(n)}
	s := &entry.service
	known := d.rules(s)
	known["name"] = func(n ast.Node) {
		d.text(&s.Name, "name")(n)
		if v := d.value(n); v != nil {
			entry.at = v
		}
	}
	known["repositories"] = func(n ast.Node) {
		if v := d.value(n); v != nil {
			if _, single := v.(*ast.StringNode); single {
				d.repository(v, entry)
				return
			}
		}
		d.each(n, "repositories", func(n ast.Node) { d.repository(n, entry) })
	}
	known["aliases"] = d.texts(&s.Aliases, "aliases", func(at ast.Node, _ string) { entry.aliases = append(entry.aliases, at) })
	before := len(d.problems)
	d.mapping(n, "a service", known)
	if s.Name == "" {
		if len(d.problems) == before {
			d.report(entry.at, "a service has no name", "add name: to it")
		}
		return
	}
	d.services = append(d.services, entry)
	d.config.Catalog.Services = append(d.config.Catalog.Services, *s)
}

func (d *decoder) repository(n ast.Node, entry *serviceEntry) {
	var r schemas.Repository
	at := d.value(n)
	if _, short := at.(*ast.StringNode); short {
		d.text(&r.Name, "repository")(at)
	} else {
		d.mapping(n, "a repository", fields{
			"name": func(n ast.Node) {
				d.text(&r.Name, "name of a repository")(n)
				if v := d.value(n); v != nil {
					at = v
				}
			},
			"paths": d.texts(&r.Paths, "paths", d.path),
		})
		if _, ok := d.value(n).(ast.MapNode); ok && r.Name == "" {
			d.report(at, "a repository has no name", `add name: "owner/name" to it`)
		}
	}
	if r.Name == "" {
		return
	}
	d.repositoryName(at, r.Name)
	entry.service.Repositories = append(entry.service.Repositories, r)
	entry.repositories = append(entry.repositories, at)
}

func (d *decoder) deployed(n ast.Node, into *schemas.Deployed) {
	by := func(n ast.Node) {
		s, ok := d.scalar(n, "deployed")
		if !ok {
			return
		}
		signals := []string{
			string(schemas.ByDeployment), string(schemas.ByWorkflowRun), string(schemas.ByRelease),
			string(schemas.ByTag), string(schemas.ByPush),
		}
		if !slices.Contains(signals, s) {
			d.report(d.value(n), fmt.Sprintf("%q isn't a signal that can mean deployed", s), suggest.DidYouMean(s, signals))
			return
		}
		into.By = schemas.DeployedBy(s)
	}
	v := d.value(n)
	if _, short := v.(*ast.StringNode); short {
		by(v)
		return
	}
	var workflow, tags ast.Node
	known := fields{
		"by":          by,
		"workflow":    func(n ast.Node) { workflow = n; d.globText(&into.Workflow, "workflow")(n) },
		"tags":        func(n ast.Node) { tags = n; d.globText(&into.Tags, "tags")(n) },
		"environment": d.text(&into.Environment, "environment"),
	}
	d.mapping(n, "deployed", known)
	if v == nil || into.By == "" {
		return
	}
	if workflow != nil && into.By != schemas.ByWorkflowRun {
		d.report(workflow, fmt.Sprintf("workflow means nothing where deployed is by %s", into.By), "write by: workflow_run, or leave it out")
	}
	if tags != nil && into.By != schemas.ByTag && into.By != schemas.ByRelease {
		d.report(tags, fmt.Sprintf("tags means nothing where deployed is by %s", into.By), "write by: tag or by: release, or leave it out")
	}
}

func (d *decoder) bands(n ast.Node) {
	v := d.value(n)
	if v == nil {
		return
	}
	version := v.GetToken().Value // `bands: 2023` is meant as it looks
	if _, err := bands.Lookup(version); err != nil {
		d.report(v, err.Error(), "")
		return
	}
	d.config.Bands = version
}

func (d *decoder) nats(n ast.Node) {
	c := &d.config.NATS
	d.mapping(n, "nats", fields{
		"url":           d.url(&c.URL, "nats.url", "NATS_URL", "nats", "tls", "ws", "wss"),
		"user":          d.text(&c.User, "nats.user"),
		"password_file": d.text(&c.PasswordFile, "nats.password_file"),
		"token_file":    d.text(&c.TokenFile, "nats.token_file"),
		"nkey_file":     d.text(&c.NKeyFile, "nats.nkey_file"),
		"creds_file":    d.text(&c.CredsFile, "nats.creds_file"),
		"tls": func(n ast.Node) {
			d.mapping(n, "nats.tls", fields{
				"ca":          d.text(&c.TLS.CA, "nats.tls.ca"),
				"cert":        d.text(&c.TLS.Cert, "nats.tls.cert"),
				"key":         d.text(&c.TLS.Key, "nats.tls.key"),
				"server_name": d.text(&c.TLS.ServerName, "nats.tls.server_name"),
			})
			if v := d.value(n); v != nil && (c.TLS.Cert == "") != (c.TLS.Key == "") {
				d.report(v, "nats.tls needs cert and key together", "")
			}
		},
	})
	v := d.value(n)
	if v == nil {
		return
	}
	var kinds []string
	for name, set := range map[string]bool{
		"user": c.User != "", "token_file": c.TokenFile != "", "nkey_file": c.NKeyFile != "", "creds_file": c.CredsFile != "",
	} {
		if set {
			kinds = append(kinds, name)
		}
	}
	if slices.Sort(kinds); len(kinds) > 1 {
		d.report(v, "nats logs in in several ways: "+strings.Join(kinds, ", "), "keep one of them")
	}
	if (c.User == "") != (c.PasswordFile == "") {
		d.report(v, "nats needs user and password_file together", "")
	}
	if c.URL == "" && *c != (NATS{}) && len(d.problems) == 0 {
		d.warn(v, "nats has settings and no url", "without one, the embedded server is used and they mean nothing, unless FIVEKEYS_NATS_URL is set")
	}
}
