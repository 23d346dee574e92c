package spans_test

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/fivekeys/fivekeys/internal/clickhouse"
	"github.com/fivekeys/fivekeys/internal/jetstream"
	"github.com/fivekeys/fivekeys/internal/otlpwire"
	"github.com/fivekeys/fivekeys/internal/runner"
	"github.com/fivekeys/fivekeys/internal/testkit"
	"github.com/fivekeys/fivekeys/internal/traffic"
	"github.com/fivekeys/fivekeys/processors/spans"
	"github.com/fivekeys/fivekeys/processors/traces"
	"github.com/fivekeys/fivekeys/schemas"
)

const partitions = 4

// stack is a span stream and what publishes to it.
type stack struct {
	tb        testing.TB
	bus       *jetstream.Client
	publisher *jetstream.Publisher
}

func newStack(tb testing.TB, url string) *stack {
	tb.Helper()
	return stackOf(tb, url, 8<<30)
}

func stackOf(tb testing.TB, url string, size int64) *stack {
	tb.Helper()
	cfg := jetstream.Config{URL: url, Topology: jetstream.Topology{Partitions: partitions, MaxBytes: size}}
	if url == "" {
		cfg.StoreDir, cfg.NoSync = tb.TempDir(), true
	}
	bus, err := jetstream.Open(tb.Context(), cfg)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = bus.Close() })
	if err := bus.Ensure(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	s := &stack{tb: tb, bus: bus}
	if s.publisher, err = bus.NewPublisher(tb.Context(), jetstream.PublisherConfig{}); err != nil {
		tb.Fatal(err)
	}
	return s
}

func (s *stack) publish(p int, data []byte) {
	s.tb.Helper()
	if _, err := s.publisher.Publish(s.tb.Context(), jetstream.Message{Subject: schemas.SpanSubject(p), Data: data}); err != nil {
		s.tb.Fatal(err)
	}
}

// send publishes spans as intake would: in chunks, by partition.
func (s *stack) send(all ...schemas.Span) {
	s.tb.Helper()
	by := map[int][]schemas.Span{}
	for _, span := range all {
		p := schemas.TracePartition(span.TraceID, partitions)
		by[p] = append(by[p], span)
	}
	for _, p := range slices.Sorted(maps.Keys(by)) {
		s.publish(p, chunk(s.tb, by[p]))
	}
}

// chunk encodes spans with another's library.
func chunk(tb testing.TB, all []schemas.Span) []byte {
	tb.Helper()
	b, err := traffic.OTLP(all)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// availability counts entry spans: good are those without an error.
type availability struct{}

func (availability) Count(span *schemas.Span, add func(string, uint64, uint64)) {
	if !span.Kind.Entry() {
		return
	}
	good := uint64(1)
	if span.Status == schemas.StatusError {
		good = 0
	}
	add(span.Service+"/availability", good, 1)
}

type options struct {
	leases spans.Leases
	store  spans.Store
	// trim lets the stage shorten the stream; otherwise it waits for a partition
	// that nobody has.
	trim bool
	keep float64
	// every is how often it writes; tests don't wait a second.
	every time.Duration
}

func (s *stack) stage(o options) *spans.Stage {
	s.tb.Helper()
	if o.leases == nil {
		o.leases = s.lease()
	}
	cfg := spans.Config{
		Bus: s.bus, Publisher: s.publisher, Store: o.store, Leases: o.leases, DeadLetters: runner.NewDeadLetters(s.publisher),
		Decode: (&otlpwire.Decoder{}).Decode, Counter: availability{}, Partitions: partitions + 1,
		Rules:    schemas.SpanRules{Retention: 7 * 24 * time.Hour, Keep: 1},
		CutEvery: cmp.Or(o.every, 50*time.Millisecond), Logger: slog.New(slog.DiscardHandler),
	}
	if o.keep > 0 {
		cfg.Rules.Keep, cfg.Rules.Slow = o.keep, time.Hour
	}
	if testing.Verbose() {
		cfg.Logger = slog.Default()
	}
	if o.trim {
		cfg.Partitions = partitions
	}
	cfg.Traces = func() spans.Traces { return traces.NewCollector(traces.Config{Rules: cfg.Rules}) }
	stage, err := spans.New(s.tb.Context(), cfg)
	if err != nil {
		s.tb.Fatal(err)
	}
	return stage
}

func (s *stack) lease() *jetstream.Leases {
	s.tb.Helper()
	l, err := s.bus.Lease(s.tb.Context(), jetstream.LeaseConfig{Group: "spans", Names: spans.LeaseNames(partitions), TTL: time.Second})
	if err != nil {
		s.tb.Fatal(err)
	}
	s.tb.Cleanup(func() { _ = l.Close() })
	return l
}

// run runs a stage until the given function is called or the test ends.
func run(tb testing.TB, stage *spans.Stage) (stop func()) {
	tb.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := stage.Run(ctx); err != nil {
			tb.Errorf("the stage ended: %v", err)
		}
	}()
	var once sync.Once
	stop = func() { once.Do(func() { cancel(); <-done }) }
	tb.Cleanup(stop)
	return stop
}

// until polls the store for something it has no signal for.
func until(tb testing.TB, what string, cond func() (bool, string)) {
	tb.Helper()
	testkit.AwaitState(tb, what, func() (bool, any) { return cond() })
}

// settled waits until all spans are in the tables and all calls counted.
func settled(tb testing.TB, store *clickhouse.Store, calls int) {
	tb.Helper()
	until(tb, "calls counted", func() (bool, string) {
		n := scalar(tb, store, "SELECT toString(sum(calls)) FROM service_dependencies")
		return n == fmt.Sprint(calls), n
	})
}

func drained(tb testing.TB, stages ...*spans.Stage) {
	tb.Helper()
	until(tb, "drained", func() (bool, string) {
		for _, stage := range stages {
			if n, err := stage.Backlog(tb.Context()); err != nil || n > 0 {
				return false, fmt.Sprint(n, err)
			}
		}
		return true, ""
	})
}

func scalar(tb testing.TB, s *clickhouse.Store, sql string) string {
	tb.Helper()
	var v string
	if err := s.Conn().QueryRow(tb.Context(), sql).Scan(&v); err != nil {
		tb.Fatalf("%s: %v", sql, err)
	}
	return v
}

// tables is everything the stage wrote, but not in how many steps.
func tables(tb testing.TB, s *clickhouse.Store) map[string]string {
	tb.Helper()
	out := map[string]string{}
	for name, columns := range map[string]string{
		"span_log":             "service, name, start, trace_id, span_id, parent_id, kind, duration, status, release, peer, attribute_keys, attribute_values, resource_values",
		"service_minute_facts": "service, operation, kind, minute, partition, requests, errors, latency_buckets, latency_counts",
		"dependency_facts":     "caller, callee, minute, partition, calls, errors, latency_buckets, latency_counts",
		"sli_minute_facts":     "objective, minute, release, partition, good, total",
	} {
		out[name] = scalar(tb, s, "SELECT concat(toString(count()), ' rows, ', toString(sum(cityHash64("+columns+")))) FROM "+name+" FINAL")
	}
	return out
}

// figures is what the views say.
func figures(tb testing.TB, s *clickhouse.Store) map[string]uint64 {
	tb.Helper()
	out := map[string]uint64{}
	for name, sql := range map[string]string{
		"spans":    "SELECT count() FROM spans",
		"requests": "SELECT sum(requests) FROM service_minutes",
		"errors":   "SELECT sum(errors) FROM service_minutes",
		"good":     "SELECT sum(good) FROM sli_minutes",
		"total":    "SELECT sum(total) FROM sli_minutes",
		"calls":    "SELECT sum(calls) FROM service_dependencies",
	} {
		var n uint64
		if err := s.Conn().QueryRow(tb.Context(), sql).Scan(&n); err != nil {
			tb.Fatalf("%s: %v", sql, err)
		}
		out[name] = n
	}
	return out
}

// expected is the same in closed form.
func expected(all []schemas.Span) map[string]uint64 {
	out := map[string]uint64{"spans": uint64(len(all)), "requests": 0, "errors": 0, "good": 0, "total": 0, "calls": 0}
	for _, s := range all {
		switch {
		case s.Kind.Entry():
			out["requests"]++
			out["total"]++
			if s.Status == schemas.StatusError {
				out["errors"]++
			} else {
				out["good"]++
			}
		case s.Kind == schemas.KindClient:
			out["calls"]++
		}
	}
	return out
}

func store(tb testing.TB) *clickhouse.Store { return testkit.Store(tb) }
