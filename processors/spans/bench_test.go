package spans_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fivekeys/fivekeys/internal/clickhouse"
	"github.com/fivekeys/fivekeys/processors/spans"
	"github.com/fivekeys/fivekeys/schemas"
)

// BenchmarkStage counts spans that wait in the stream: decoding, duplicates,
// figures, rows and what the engine does with them. cpu-µs/span is this process
// (NATS included) and the engine's together, whoever else uses the machine.
func BenchmarkStage(b *testing.B) {
	const traces, perChunk = 62_500, 8 // half a million spans
	for b.Loop() {
		b.StopTimer()
		s, db := newStack(b, ""), store(b)
		tr := newShop(time.Now().Add(-5 * time.Minute))
		pending := map[int][]schemas.Span{}
		total := 0
		for range traces {
			made := tr.trace()
			total += len(made)
			p := schemas.TracePartition(made[0].TraceID, partitions)
			if pending[p] = append(pending[p], made...); len(pending[p]) >= 8*perChunk {
				s.publish(p, chunk(b, pending[p]))
				pending[p] = nil
			}
		}
		for p, rest := range pending {
			s.publish(p, chunk(b, rest))
		}
		stage := s.stage(options{store: db, every: spans.DefaultCutEvery})
		own, engine := cpu(b)
		start := time.Now()
		b.StartTimer()
		stop := run(b, stage)
		drained(b, stage)
		b.StopTimer()
		took := time.Since(start)
		own2, engine2 := cpu(b)
		b.ReportMetric(float64(total)/took.Seconds(), "spans/s")
		b.ReportMetric(float64((own2-own+engine2-engine).Microseconds())/float64(total), "cpu-µs/span")
		b.ReportMetric(float64((own2-own).Microseconds())/float64(total), "own-µs/span")
		b.ReportMetric(float64((engine2-engine).Microseconds())/float64(total), "engine-µs/span")
		stop()
		b.StartTimer()
	}
}

// cpu is the time that this process and its children have used.
func cpu(tb testing.TB) (own, children time.Duration) {
	tb.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	own = time.Duration(u.Utime.Nano() + u.Stime.Nano())
	processes, err := os.ReadDir("/proc")
	if err != nil {
		tb.Skip("no /proc")
	}
	for _, p := range processes {
		stat, err := os.ReadFile("/proc/" + p.Name() + "/stat")
		if err != nil {
			continue
		}
		_, rest, _ := strings.Cut(string(stat), ") ")
		fields := strings.Fields(rest)
		if len(fields) < 13 || fields[1] != strconv.Itoa(os.Getpid()) {
			continue
		}
		for _, f := range fields[11:13] {
			ticks, _ := strconv.Atoi(f)
			children += time.Duration(ticks) * 10 * time.Millisecond
		}
	}
	return own, children
}

// BenchmarkSpansAtRest says how many bytes a span takes, and how long one trace
// takes to be found among FIVEKEYS_BENCH_SPANS (a million).
func BenchmarkSpansAtRest(b *testing.B) {
	n := 1_000_000
	if v, err := strconv.Atoi(os.Getenv("FIVEKEYS_BENCH_SPANS")); err == nil {
		n = v
	}
	db := store(b)
	tr := newShop(time.Now().Add(-time.Duration(n/8) * time.Millisecond))
	var batch clickhouse.SpanBatch
	var wanted schemas.TraceID
	for tr.spans < n {
		batch.Reset()
		for batch.Len() < 50_000 {
			made := tr.trace()
			if tr.spans < n/2 {
				wanted = made[0].TraceID
			}
			for i := range made {
				batch.Add(&made[i])
			}
		}
		if err := db.InsertSpans(b.Context(), &batch); err != nil {
			b.Fatal(err)
		}
	}
	found := func() {
		if got := scalar(b, db, "SELECT toString(count()) FROM (SELECT * FROM spans WHERE trace_id = '"+wanted.String()+"')"); got != "8" {
			b.Fatalf("the trace has %s spans", got)
		}
	}
	start := time.Now()
	found()
	b.ReportMetric(float64(time.Since(start).Microseconds())/1000, "ms/trace-unmerged")
	for _, table := range []string{"span_log", "trace_index"} {
		if err := db.Conn().Exec(b.Context(), "OPTIMIZE TABLE "+table+" FINAL"); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		found()
	}
	for _, table := range []string{"span_log", "trace_index"} {
		var size float64
		_, err := fmt.Sscan(scalar(b, db, "SELECT toString(sum(bytes_on_disk)) FROM system.parts WHERE active AND database = currentDatabase() AND table = '"+table+"'"), &size)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(size/float64(tr.spans), table+"-bytes/span")
	}
}
