// Package vitals writes what a process says of itself in /metrics into the
// store, so that the dashboard of the pipeline and its alerts need no second
// data source: backlog, dead letters, retries, delays, memory.
//
// Every half minute Run gathers the registry, keeps our own metrics and a few of
// the process, and appends them. A sample that can't be stored is lost: the
// store is away then, and the readers see the gap.
package vitals

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/fivekeys/fivekeys/schemas"
)

// Every is how often a sample is taken.
const Every = 30 * time.Second

// Store takes samples.
type Store interface {
	AppendVitals(ctx context.Context, vitals []schemas.Vital) error
}

// Config says where from and where to.
type Config struct {
	Gatherer prometheus.Gatherer
	Store    Store
	// Process names this one among several.
	Process string
	Logger  *slog.Logger
}

// Sampler samples a registry.
type Sampler struct{ cfg Config }

// New checks the configuration.
func New(cfg Config) (*Sampler, error) {
	if cfg.Gatherer == nil || cfg.Store == nil || cfg.Process == "" {
		return nil, errors.New("new sampler of vitals: gatherer, store and process are required")
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return &Sampler{cfg}, nil
}

// Run samples until the context ends, and once more then: a stopping process
// leaves its last words.
func (s *Sampler) Run(ctx context.Context) error {
	tick := time.NewTicker(Every)
	defer tick.Stop()
	for {
		if err := s.Sample(context.WithoutCancel(ctx), time.Now()); err != nil {
			s.cfg.Logger.Debug("vitals not stored", "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// Sample takes one sample.
func (s *Sampler) Sample(ctx context.Context, at time.Time) error {
	families, gatherErr := s.cfg.Gatherer.Gather() // what could be gathered comes beside the error
	var vitals []schemas.Vital
	for _, f := range families {
		if !kept(f.GetName()) {
			continue
		}
		for _, m := range f.GetMetric() {
			vitals = s.append(vitals, at, f, m)
		}
	}
	if err := s.cfg.Store.AppendVitals(ctx, vitals); err != nil {
		return fmt.Errorf("store vitals: %w", err)
	}
	return gatherErr
}

// kept are our metrics and what tells of the process itself.
func kept(name string) bool {
	return strings.HasPrefix(name, "fivekeys_") || name == "process_resident_memory_bytes" || name == "process_cpu_seconds_total" ||
		name == "process_start_time_seconds" || name == "go_goroutines"
}

func (s *Sampler) append(to []schemas.Vital, at time.Time, f *dto.MetricFamily, m *dto.Metric) []schemas.Vital {
	labels := make([]string, 0, len(m.GetLabel())+1)
	for _, l := range m.GetLabel() {
		labels = append(labels, l.GetName()+"="+l.GetValue())
	}
	add := func(value float64, more ...string) {
		all := append(slices.Clone(labels), more...)
		to = append(to, schemas.Vital{At: at.UTC(), Process: s.cfg.Process, Metric: f.GetName(), Label: strings.Join(all, ","), Value: value})
	}
	switch f.GetType() {
	case dto.MetricType_COUNTER:
		add(m.GetCounter().GetValue())
	case dto.MetricType_GAUGE:
		add(m.GetGauge().GetValue())
	case dto.MetricType_UNTYPED:
		add(m.GetUntyped().GetValue())
	case dto.MetricType_HISTOGRAM, dto.MetricType_GAUGE_HISTOGRAM:
		add(float64(m.GetHistogram().GetSampleCount()), "le=count")
		add(m.GetHistogram().GetSampleSum(), "le=sum")
	case dto.MetricType_SUMMARY:
		add(float64(m.GetSummary().GetSampleCount()), "le=count")
		add(m.GetSummary().GetSampleSum(), "le=sum")
	}
	return to
}
