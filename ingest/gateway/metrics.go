package gateway

import (
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	requests *prometheus.CounterVec
	bytes    *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
}

func newMetrics(r prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "fivekeys_ingest_requests_total",
			Help: "Requests by source and by how they ended.",
		}, []string{"source", "outcome"}),
		bytes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "fivekeys_ingest_body_bytes_total",
			Help: "Bytes of request bodies read, decompressed.",
		}, []string{"source"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "fivekeys_ingest_request_seconds",
			Help: "Time from a request's headers to its answer.",
			// Senders give up after 5 s (PagerDuty) or 10 s (GitHub).
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"source"}),
	}
	for _, c := range []prometheus.Collector{m.requests, m.bytes, m.seconds} {
		if err := r.Register(c); err != nil {
			return nil, fmt.Errorf("register the gateway's metrics: %w", err)
		}
	}
	return m, nil
}

// endpointMetrics are looked up once: every outcome shows as 0 from the start,
// and a request pays for no label.
type endpointMetrics struct {
	outcomes [outcomes]prometheus.Counter
	bytes    prometheus.Counter
	seconds  prometheus.Observer
}

func (m *metrics) endpoint(source string) *endpointMetrics {
	e := &endpointMetrics{bytes: m.bytes.WithLabelValues(source), seconds: m.seconds.WithLabelValues(source)}
	for o := range outcomes {
		e.outcomes[o] = m.requests.WithLabelValues(source, answers[o].label)
	}
	return e
}

func (e *endpointMetrics) note(o outcome, size int, start time.Time) {
	e.outcomes[o].Inc()
	e.bytes.Add(float64(size))
	e.seconds.Observe(time.Since(start).Seconds())
}
