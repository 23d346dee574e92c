package vitals_test

import (
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/fivekeys/fivekeys/internal/testkit"
	"github.com/fivekeys/fivekeys/processors/vitals"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func TestSamplesCanBeReadFromTheView(t *testing.T) {
	store := testkit.Store(t)
	registry := prometheus.NewRegistry()
	backlog := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "fivekeys_backlog_messages"}, []string{"stage"})
	delay := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "fivekeys_stage_delay_seconds"})
	foreign := prometheus.NewCounter(prometheus.CounterOpts{Name: "somebody_elses_total"})
	registry.MustRegister(backlog, delay, foreign)
	backlog.WithLabelValues("dora").Set(7)
	delay.Observe(2)
	delay.Observe(3)

	sampler, err := vitals.New(vitals.Config{Gatherer: registry, Store: store, Process: "host/1"})
	if err != nil {
		t.Fatal(err)
	}
	at := time.Now().UTC().Truncate(time.Second) // older ones expire
	for range 2 {                                // a sample written twice counts once
		if err := sampler.Sample(t.Context(), at); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := store.Conn().Query(t.Context(), "SELECT metric, label, value FROM pipeline_health WHERE at = $1 ORDER BY metric, label", at)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	got := map[string]float64{}
	n := 0
	for rows.Next() {
		var metric, label string
		var value float64
		if err := rows.Scan(&metric, &label, &value); err != nil {
			t.Fatal(err)
		}
		got[metric+"{"+label+"}"] = value
		n++
	}
	want := map[string]float64{
		"fivekeys_backlog_messages{stage=dora}": 7, "fivekeys_stage_delay_seconds{le=count}": 2, "fivekeys_stage_delay_seconds{le=sum}": 5,
	}
	if n != len(want) {
		t.Errorf("%d rows, want %d: %v", n, len(want), got)
	}
	for k, v := range want {
		if got[k] != v {
			t.Errorf("%s = %v, want %v", k, got[k], v)
		}
	}
}
