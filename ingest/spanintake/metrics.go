package spanintake

import (
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/fivekeys/fivekeys/internal/otlpwire"
)

type metrics struct {
	requests *prometheus.CounterVec
	spans    *prometheus.CounterVec
	bytes    *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
}

func newMetrics(r prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "fivekeys_span_requests_total",
			Help: "Requests with spans by protocol and by how they ended.",
		}, []string{"protocol", "outcome"}),
		spans: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "fivekeys_spans_received_total",
			Help: "Spans by protocol, accepted (stored, repeated ones too) or rejected (left out of an accepted request).",
		}, []string{"protocol", "result"}),
		bytes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "fivekeys_span_body_bytes_total",
			Help: "Bytes of request bodies with spans, decompressed.",
		}, []string{"protocol"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "fivekeys_span_request_seconds",
			Help: "Time from a request's headers to its answer.",
			// Exporters give up after 10 s.
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"protocol"}),
	}
	for _, c := range []prometheus.Collector{m.requests, m.spans, m.bytes, m.seconds} {
		if err := r.Register(c); err != nil {
			return nil, fmt.Errorf("register the metrics of span intake: %w", err)
		}
	}
	return m, nil
}

// endpointMetrics are looked up once: every outcome shows as 0 from the start,
// and a request pays for no label.
type endpointMetrics struct {
	outcomes           [outcomes]prometheus.Counter
	accepted, rejected prometheus.Counter
	bytes              prometheus.Counter
	seconds            prometheus.Observer
}

func (m *metrics) endpoint(protocol string) *endpointMetrics {
	e := &endpointMetrics{
		accepted: m.spans.WithLabelValues(protocol, "accepted"), rejected: m.spans.WithLabelValues(protocol, "rejected"),
		bytes: m.bytes.WithLabelValues(protocol), seconds: m.seconds.WithLabelValues(protocol),
	}
	for o := range outcomes {
		e.outcomes[o] = m.requests.WithLabelValues(protocol, answers[o].label)
	}
	return e
}

func (e *endpointMetrics) note(o Outcome, report otlpwire.Report, size int, start time.Time) {
	e.outcomes[o].Inc()
	e.accepted.Add(float64(report.Accepted))
	e.rejected.Add(float64(report.Rejected))
	e.bytes.Add(float64(size))
	e.seconds.Observe(time.Since(start).Seconds())
}
