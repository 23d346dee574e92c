package spans

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	spans                    *prometheus.CounterVec
	rows, retries, forgotten prometheus.Counter
	poison                   prometheus.Counter
	cuts                     prometheus.Histogram
	delay, held, pressure    prometheus.Gauge
}

func newMetrics() metrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: "fivekeys_spans_" + name, Help: help})
	}
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: "fivekeys_spans_" + name, Help: help})
	}
	return metrics{
		spans: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "fivekeys_spans_total", Help: "Spans read from the stream, by outcome: counted, duplicate, or out_of_range where their time is older than the retention or in the future.",
		}, []string{"outcome"}),
		rows:      counter("rows_total", "Rows written: spans and minutes."),
		retries:   counter("retries_total", "Attempts to reach the store or the stream that failed and were repeated."),
		forgotten: counter("forgotten_total", "Spans not remembered for want of memory: sent again, they would count twice."),
		poison:    counter("poison_total", "Messages that don't decode and became dead letters."),
		cuts: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "fivekeys_spans_write_seconds", Help: "Time to write what was counted since the last time.",
			Buckets: prometheus.ExponentialBuckets(0.01, 3, 9),
		}),
		delay:    gauge("delay_seconds", "Age of the newest message whose spans are in the tables, when they were written."),
		held:     gauge("partitions_held", "Partitions of the stream that this process works on."),
		pressure: gauge("pressure", "How full the stream is: 0, 1 more than half, 2 more than four fifths; then it keeps less for replay."),
	}
}

func (m *metrics) register(to prometheus.Registerer) error {
	if to == nil {
		return nil
	}
	for _, c := range []prometheus.Collector{m.spans, m.rows, m.retries, m.forgotten, m.poison, m.cuts, m.delay, m.held, m.pressure} {
		if err := to.Register(c); err != nil {
			return fmt.Errorf("register metrics of stage %s: %w", Name, err)
		}
	}
	return nil
}

// report adds what happened since the last time.
func (t *tally) report(m *metrics) {
	m.spans.WithLabelValues("counted").Add(t.counted)
	m.spans.WithLabelValues("duplicate").Add(t.duplicate)
	m.spans.WithLabelValues("out_of_range").Add(t.outOfRange)
	m.poison.Add(t.poison)
	*t = tally{}
}
