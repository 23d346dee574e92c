package decode

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// reason is how a delivery ended: the metric label, and of a failure also the
// dead letter's reason.
type reason string

const (
	decoded reason = "decoded"
	ignored reason = "ignored" // says nothing about deployments, changes or incidents
	retried reason = "retried" // comes again; also counted when it does

	malformed     reason = "malformed" // not a message of ours, or damaged
	unknownSource reason = "unknown_source"
	payload       reason = "payload" // the decoder's error
	panicked      reason = "panic"
	tooLarge      reason = "too_large" // an event larger than the server takes
	refused       reason = "refused"   // by the server, for good
)

var reasons = []reason{decoded, ignored, retried, malformed, unknownSource, payload, panicked, tooLarge, refused}

// unknown stands for a source that nobody registered: a label can't be foreign text.
const unknown = "unknown"

type metrics struct {
	deliveries map[string]map[reason]prometheus.Counter
	events     prometheus.Counter
}

func newMetrics(r prometheus.Registerer, sources Sources) (*metrics, error) {
	deliveries := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "fivekeys_decode_deliveries_total",
		Help: "Deliveries by source and by how decoding them ended.",
	}, []string{"source", "outcome"})
	m := &metrics{
		deliveries: make(map[string]map[reason]prometheus.Counter),
		events: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "fivekeys_decode_events_total",
			Help: "Domain events published.",
		}),
	}
	for _, c := range []prometheus.Collector{deliveries, m.events} {
		if err := r.Register(c); err != nil {
			return nil, fmt.Errorf("register the metrics of decoding: %w", err)
		}
	}
	names := []string{unknown}
	for _, s := range sources {
		names = append(names, s.Name())
	}
	for _, name := range names {
		m.deliveries[name] = make(map[reason]prometheus.Counter, len(reasons))
		for _, why := range reasons {
			m.deliveries[name][why] = deliveries.WithLabelValues(name, string(why))
		}
	}
	return m, nil
}

func (m *metrics) note(source string, why reason) { m.deliveries[source][why].Inc() }
