package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/fivekeys/fivekeys/processors/dora"
)

const (
	// damageEvery is how often errors about damaged parts are asked for.
	damageEvery = 10 * time.Second
	// damagePatience bounds how long a start waits for the tables to be read.
	damagePatience = 30 * time.Second
	// spanTable is too large to be read at every start; it is where an error was seen.
	spanTable = "span_log"
	// eventTable is what all facts come from.
	eventTable = "event_log"
)

var (
	damagedMessages = prometheus.NewDesc("fivekeys_damaged_messages",
		"Messages of the embedded NATS that were lost to damaged files, which are set aside.", []string{"stream"}, nil)
	damagedParts = prometheus.NewDesc("fivekeys_damaged_parts",
		"Parts of tables that could not be read and are set aside (detached).", []string{"table"}, nil)
)

// damage finds what can't be read any more, sets it aside and tells of it until
// somebody has removed what was set aside.
type damage struct {
	p     *pipeline
	known uint64 // errors about damaged parts that were looked into

	mu    sync.Mutex
	parts map[string]uint64 // set aside, by table
}

func (*damage) Describe(ch chan<- *prometheus.Desc) { ch <- damagedMessages; ch <- damagedParts }

func (d *damage) Collect(ch chan<- prometheus.Metric) {
	streams := map[string]uint64{}
	for _, lost := range d.p.bus.Damages() {
		streams[lost.Stream] += lost.Messages
	}
	for stream, n := range streams {
		ch <- prometheus.MustNewConstMetric(damagedMessages, prometheus.GaugeValue, float64(n), stream)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for table, n := range d.parts {
		ch <- prometheus.MustNewConstMetric(damagedParts, prometheus.GaugeValue, float64(n), table)
	}
}

// notices are for /readyz, which anybody may ask: they name no paths.
func (d *damage) notices() []string {
	var all []string
	for _, lost := range d.p.bus.Damages() {
		all = append(all, lost.Text)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for table, n := range d.parts {
		all = append(all, fmt.Sprintf("table %s has %d damaged parts, which are set aside", table, n))
	}
	slices.Sort(all)
	return all
}

// first looks through the tables at the start; those of a server of its own, which
// may be large and have other readers, where somebody met damage.
func (d *damage) first(ctx context.Context) error {
	seen, err := d.p.store.DamageSeen(ctx)
	if err != nil {
		return err
	}
	if d.p.engine != nil || seen > 0 {
		if err := d.look(ctx, spanTable); err != nil {
			return err
		}
	}
	if d.known, err = d.p.store.DamageSeen(ctx); err != nil {
		return err
	}
	return d.count(ctx)
}

// run looks again whenever somebody met damage.
func (d *damage) run(ctx context.Context) error {
	tick := time.NewTicker(damageEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
		if err := d.again(ctx); err != nil && ctx.Err() == nil {
			d.p.env.logger.Debug("looking for damaged parts failed, trying again", "error", err)
		}
	}
}

func (d *damage) again(ctx context.Context) error {
	seen, err := d.p.store.DamageSeen(ctx)
	if err != nil || seen == d.known {
		return err
	}
	if err := d.look(ctx); err != nil {
		return err
	}
	if d.known, err = d.p.store.DamageSeen(ctx); err != nil { // looking meets it too
		return err
	}
	return d.count(ctx)
}

func (d *damage) look(ctx context.Context, except ...string) error {
	found, err := d.p.store.SetDamagedAside(ctx, except...)
	var events uint64
	for _, l := range found {
		d.p.env.logger.Error("a part of a table is damaged: what can be read of it is kept, the part is set aside",
			"table", l.Table, "part", l.Part, "rows", l.Rows, "lost", l.Lost)
		if l.Table == eventTable {
			events += l.Lost
		}
	}
	if events > 0 {
		if err := d.refold(ctx, events); err != nil {
			return err
		}
	}
	return err
}

// refold makes the facts those of the events that are left. Otherwise the facts
// folded from more events would hide everything that is folded from now on.
func (d *damage) refold(ctx context.Context, lost uint64) error {
	d.p.env.logger.Error("events are lost to a damaged part, all services are folded again without them", "events", lost)
	stage, err := dora.NewStage(dora.StageConfig{Store: d.p.store, Catalog: &d.p.settings.catalog, Logger: d.p.env.logger})
	if err != nil {
		return err
	}
	stats, err := stage.Rebuild(ctx, nil)
	if err != nil {
		return fmt.Errorf("fold again after damage: %w", err)
	}
	d.p.env.logger.Info("folded again", "services", stats.Services, "events", stats.Events)
	return nil
}

func (d *damage) count(ctx context.Context) error {
	parts, err := d.p.store.PartsAside(ctx)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.parts = parts
	return nil
}

// startDamage looks for damage before anybody reads, as a start must not fail on
// it, and goes on looking.
func (p *pipeline) startDamage(ctx context.Context) {
	p.damage = &damage{p: p}
	p.registry.MustRegister(p.damage)
	if !p.options.process {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, damagePatience)
	defer cancel()
	if err := p.damage.first(ctx); err != nil {
		p.env.logger.Warn("not all tables could be looked through for damage before the start", "error", err)
	}
	p.work("damage", p.damage.run, nil)
}

var _ prometheus.Collector = (*damage)(nil)
