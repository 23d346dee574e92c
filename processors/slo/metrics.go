package slo

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	objectives prometheus.Gauge
	evaluated  prometheus.Gauge
	duration   prometheus.Histogram
	failures   prometheus.Counter
	signals    *prometheus.CounterVec
}

func newMetrics(registerer prometheus.Registerer) (metrics, error) {
	m := metrics{
		objectives: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "fivekeys_slo_objectives", Help: "Objectives whose budgets are evaluated.",
		}),
		evaluated: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "fivekeys_slo_evaluated_timestamp_seconds", Help: "The minute up to which budgets are evaluated.",
		}),
		duration: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "fivekeys_slo_evaluation_seconds", Help: "Time an evaluation of all budgets takes, reading and writing included.",
			Buckets: prometheus.ExponentialBuckets(0.005, 3, 8),
		}),
		failures: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "fivekeys_slo_failures_total", Help: "Evaluations that failed and are tried again.",
		}),
		signals: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "fivekeys_slo_signals_total", Help: "Signals published, by kind.",
		}, []string{"kind"}),
	}
	if registerer == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{m.objectives, m.evaluated, m.duration, m.failures, m.signals} {
		if err := registerer.Register(c); err != nil {
			return m, fmt.Errorf("register metrics of the budget evaluation: %w", err)
		}
	}
	return m, nil
}
