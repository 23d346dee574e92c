package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/fivekeys/fivekeys/internal/traffic"
	"github.com/fivekeys/fivekeys/schemas"
)

const spanKills = 24 // half of the pipeline, half of the engine's child

// spanTables are all tables that spans make, ordered.
var spanTables = []string{
	minutesSQL,
	"SELECT * FROM service_minutes ORDER BY service, operation, kind, minute",
	"SELECT * FROM service_dependencies ORDER BY caller, callee, minute",
	"SELECT count() AS spans FROM spans",
	"SELECT service, name, kind, count() AS spans, sum(duration_ns) AS duration FROM spans GROUP BY service, name, kind ORDER BY service, name, kind",
}

// TestKillsLoseNoSpanAndCountNoneTwice sends the same traffic, with latecomers
// and duplicates and shuffled, to two: to one undisturbed, and to one whose
// pipeline and engine are killed at random moments. The tables must be equal, and
// those of the closed form.
//
// Everything is in the one process, NATS with its streams too: what was
// answered is on disk, whatever dies.
func TestKillsLoseNoSpanAndCountNoneTwice(t *testing.T) {
	if testing.Short() {
		t.Skip("short: two dozen kills take a minute")
	}
	t.Parallel()
	const callsPerMinute = 3
	m := recent()
	deliveries := withCalls(m, traffic.Rough(), callsPerMinute)
	bodies := requests(t, deliveries, 20)
	calls := callsPerMinute * len(deliveries)
	var want, got []string
	t.Run("both", func(t *testing.T) {
		t.Run("undisturbed", func(t *testing.T) {
			t.Parallel()
			want = sendAll(t, m, bodies, calls, 0)
		})
		t.Run("killed", func(t *testing.T) {
			t.Parallel()
			got = sendAll(t, m, bodies, calls, spanKills)
		})
	})
	if t.Failed() {
		return
	}
	same(t, fmt.Sprintf("after %d kills", spanKills), spanTables, want, got)
	same(t, "undisturbed, against the closed form", spanTables[:1], []string{minutesOf(m)}, want[:1])
	if spans := fmt.Sprintf("spans\n%d\n", countSpans(deliveries)); want[3] != spans {
		t.Errorf("%s are stored, want %s", want[3], spans)
	}
}

// sendAll runs a serve in a process of its own, sends everything and gives the
// tables' contents.
func sendAll(t *testing.T, m traffic.Model, bodies [][]byte, calls, kills int) []string {
	t.Helper()
	victim := newServing(t, &schemas.Catalog{})
	configure(t, victim.folder, sloFiles, objectiveFiles(m))
	victim.start(t)
	var accepted atomic.Int64
	var senders sync.WaitGroup
	work, progress := make(chan []byte), make(chan struct{}, 1)
	const parallel = 8
	for range parallel {
		senders.Go(func() {
			for body := range work {
				victim.export(t, body)
				accepted.Add(1)
				select {
				case progress <- struct{}{}:
				default:
				}
			}
		})
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("kills at random moments of seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	parts := slices.Collect(slices.Chunk(bodies, len(bodies)/(kills+1)+1))
	for i, part := range parts {
		// What isn't at work can't be killed at it.
		victim.awaitCounting(t)
		var feeding sync.WaitGroup
		feeding.Go(func() {
			for _, body := range part {
				work <- body
			}
		})
		if i < kills {
			// The moment is a number of requests, so it is under load by definition.
			moment := int64(i*len(parts[0]) + 1 + random.IntN(len(part)-parallel))
			for accepted.Load() < moment {
				<-progress
			}
			if i%2 == 0 {
				victim.kill(t)
				victim.start(t)
			} else {
				victim.killEngine(t)
			}
		}
		feeding.Wait()
	}
	close(work)
	senders.Wait()
	victim.drain(t)
	// Traces are open until they are quiet, and their calls uncounted as long.
	until(t, func() (bool, string) {
		got := victim.query(t, "SELECT sum(calls) AS calls FROM service_dependencies")
		return got == fmt.Sprintf("calls\n%d\n", calls), fmt.Sprintf("%s are counted, want %d", got, calls)
	})
	victim.stop(t)
	var tables []string
	for _, sql := range spanTables {
		tables = append(tables, victim.query(t, sql))
	}
	return tables
}

// awaitCounting waits until the process has spans to count.
func (s *serving) awaitCounting(t *testing.T) {
	t.Helper()
	until(t, func() (bool, string) {
		return s.metric(t, "fivekeys_spans_partitions_held") == schemas.SpanPartitions, "it does not count spans\n" + s.log()
	})
}

// export sends a body until it is accepted, as exporters do.
func (s *serving) export(t *testing.T, body []byte) {
	for {
		status, text, err := s.exportOnce(body)
		var refused *net.OpError
		switch {
		case err == nil && status == http.StatusOK && text == "":
			return
		case err == nil && status == http.StatusServiceUnavailable:
		case errors.As(err, &refused), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET):
			s.mu.Lock() // dead: wait until it is started again
			s.mu.Unlock()
		default:
			t.Errorf("spans are answered with %d %q: %v", status, text, err)
			return
		}
	}
}

func (s *serving) exportOnce(body []byte) (int, string, error) {
	response, err := s.client.Post(s.url+"/v1/traces", "application/x-protobuf", bytes.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = response.Body.Close() }()
	var text strings.Builder
	_, err = io.Copy(&text, response.Body)
	return response.StatusCode, text.String(), err
}
