package gateway_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/fivekeys/fivekeys/ingest/gateway"
)

// Anybody may ask whether it is ready, and learns that; why not is for those who
// have a token.
func TestReadinessTellsStrangersLittle(t *testing.T) {
	const secretive = "dial nats://fivekeys@10.0.0.7:4222: open /etc/fivekeys/creds: denied"
	s := serve(t, func(c *gateway.Config) {
		c.Checks = []gateway.Check{
			{Name: "nats", Ready: func(context.Context) error { return errors.New(secretive) }},
			{Name: "clickhouse", Ready: func(context.Context) error { return nil }},
		}
		registry := prometheus.NewRegistry()
		registry.MustRegister(broken{errors.New(secretive)})
		c.Registerer, c.Gatherer = registry, registry
	})
	anonymous := s.do(http.MethodGet, "/readyz", nil, nil)
	if want := `{"status":"not ready","checks":{"clickhouse":"ok","nats":"not ready"}}`; anonymous.status != 503 || strings.TrimSpace(anonymous.text) != want {
		t.Errorf("a stranger is told %d %s", anonymous.status, anonymous.text)
	}
	wrong := s.do(http.MethodGet, "/readyz", map[string]string{"Authorization": "Bearer guess"}, nil)
	if wrong.text != anonymous.text {
		t.Errorf("with a wrong token one is told %s", wrong.text)
	}
	if known := s.do(http.MethodGet, "/readyz", map[string]string{"Authorization": "Bearer " + token}, nil); !strings.Contains(known.text, "10.0.0.7") {
		t.Errorf("with a token one is told %s", known.text)
	}
	metrics := s.do(http.MethodGet, "/metrics", nil, nil)
	if strings.Contains(metrics.text, "10.0.0.7") || !strings.Contains(metrics.text, "fivekeys_ingest_requests_total") {
		t.Errorf("the metrics are %d %.300s", metrics.status, metrics.text)
	}
}

// broken is a collector that can't reach what it counts.
type broken struct{ err error }

func (b broken) Describe(d chan<- *prometheus.Desc) { d <- prometheus.NewDesc("broken", "", nil, nil) }

func (b broken) Collect(m chan<- prometheus.Metric) {
	m <- prometheus.NewInvalidMetric(prometheus.NewDesc("broken", "", nil, nil), b.err)
}
