package notify

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics of one receiver.
type metrics struct {
	verdicts *prometheus.CounterVec
	waiting  prometheus.Gauge
	oldest   prometheus.GaugeFunc
	since    atomic.Int64 // when the oldest that waits was stored, in ns; 0 for none
}

func newMetrics(receiver string, now func() time.Time, registerer prometheus.Registerer) (*metrics, error) {
	label := prometheus.Labels{"receiver": receiver}
	m := &metrics{
		verdicts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "fivekeys_notifications_total", Help: "Attempts to tell a receiver of a signal, by what came of them.", ConstLabels: label,
		}, []string{"outcome"}),
		waiting: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "fivekeys_notifications_waiting", Help: "Signals that a receiver hasn't taken yet.", ConstLabels: label,
		}),
	}
	m.oldest = prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "fivekeys_notifications_oldest_seconds", Help: "Age of the oldest signal that a receiver hasn't taken yet; 0 for none.", ConstLabels: label,
	}, func() float64 {
		if since := m.since.Load(); since != 0 {
			return max(now().Sub(time.Unix(0, since)).Seconds(), 0)
		}
		return 0
	})
	for _, v := range verdicts {
		m.verdicts.WithLabelValues(string(v)) // there from the beginning, so that rates work
	}
	if registerer != nil {
		for _, c := range []prometheus.Collector{m.verdicts, m.waiting, m.oldest} {
			if err := registerer.Register(c); err != nil {
				return nil, fmt.Errorf("register metrics of receiver %s: %w", receiver, err)
			}
		}
	}
	return m, nil
}

func (m *metrics) count(v verdict) { m.verdicts.WithLabelValues(string(v)).Inc() }

func (m *metrics) show(q *queue) {
	m.waiting.Set(float64(q.size))
	if oldest := q.oldest(); oldest.IsZero() {
		m.since.Store(0)
	} else {
		m.since.Store(oldest.UnixNano())
	}
}
