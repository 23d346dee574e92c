//go:build linux

package main

import (
	"fmt"
	"testing"
	"time"

	"github.com/fivekeys/fivekeys/schemas"
)

const (
	traceSpans    = 10_000_000
	traceServices = 20
	spansPerTrace = 8
	traceTurns    = 21
	traceTime     = 100 * time.Millisecond
)

// traceByID looks for traces among very many spans, as fivekeys trace does.
func (f *figures) traceByID(b *testing.B) {
	s := newServing(b, &schemas.Catalog{})
	spans := f.scaled(traceSpans)
	s.fillSpans(b, spans)
	forget(b, s.folder)
	store, done := s.store(b, true)
	defer done()
	rows := traceRows{store.Conn()}
	ask := func(trace int) time.Duration {
		id := fmt.Sprintf("%032x", uint64(trace)*0x9e3779b97f4a7c15)
		begun := time.Now()
		found, err := rows.find(b.Context(), id, mostMatches+1)
		if err != nil || len(found) != 1 {
			b.Fatalf("trace %s is there %d times: %v", id, len(found), err)
		}
		got, err := rows.spans(b.Context(), found[0])
		if err != nil || len(got) != spansPerTrace {
			b.Fatalf("trace %s has %d spans: %v", id, len(got), err)
		}
		return time.Since(begun)
	}
	traces := spans / spansPerTrace
	cold := ask(traces / 3)
	var times []time.Duration
	for i := range traceTurns {
		times = append(times, ask(1+i*(traces-2)/traceTurns)) // another one each time
	}
	took := median(times)
	f.promised(fmt.Sprintf("A trace by its id among %d spans", spans),
		fmt.Sprintf("%s (%s–%s)", milliseconds(took), milliseconds(quantile(times, 0)), milliseconds(quantile(times, 1))),
		"< "+milliseconds(traceTime), took < traceTime)
	f.beside("  cold: a new engine, no file in memory", milliseconds(cold))
	b.ReportMetric(float64(took.Milliseconds()), "warm-ms")
	b.ReportMetric(float64(cold.Milliseconds()), "cold-ms")
	b.ReportMetric(0, "ns/op")
}

// fillSpans writes traces of eight spans within hours, inside the engine. What a
// trace's number is multiplied with makes ids that are far apart.
func (s *serving) fillSpans(b *testing.B, spans int) {
	b.Helper()
	store, done := s.store(b, false)
	defer done()
	const atOnce = 500_000
	begin := time.Now().Add(-12 * time.Hour).UnixNano()
	for from := 0; from < spans; from += atOnce {
		fill(b, store, fmt.Sprintf(`INSERT INTO span_log (service, name, start, trace_id, span_id, parent_id, kind, duration, status, release, environment,
				peer, attribute_keys, attribute_values, resource_keys, resource_values)
			WITH number + %[1]d AS n, intDiv(n, %[2]d) AS trace, n %% %[2]d AS i, cityHash64(n) AS h, (trace + i) %% %[3]d AS service
			SELECT format('service-{}', toString(service)), format('GET /{}', toString(h %% 8)),
				fromUnixTimestamp64Nano(toInt64(%[4]d) + toInt64(n) * 1000000), leftPad(lower(hex(trace * 0x9e3779b97f4a7c15)), 32, '0'),
				reinterpretAsFixedString(h), reinterpretAsFixedString(if(i = 0, 0, cityHash64(n - 1))), if(i %% 2 = 0, 'server', 'client'), 1000000 + h %% 200000000,
				if(h %% 50 = 0, 'error', 'unset'), '3.2.1', 'production', '', concat('http.route', char(0), 'url.path', char(0), 'enduser.id'),
				concat('/', toString(h %% 8), char(0), '/', toString(h %% 100000), char(0), toString(cityHash64(trace) %% 1000000)),
				'service.name', format('service-{}', toString(service))
			FROM numbers(%[5]d)`, from, spansPerTrace, traceServices, begin, min(atOnce, spans-from)))
	}
	for _, table := range []string{"span_log", "trace_index"} {
		fill(b, store, "OPTIMIZE TABLE "+table+" FINAL")
	}
}
