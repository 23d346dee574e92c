package otlpwire_test

import (
	"syscall"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"github.com/fivekeys/fivekeys/internal/otlpwire"
	"github.com/fivekeys/fivekeys/schemas"
)

// The batch of both benchmarks: what the SDK's batch processor sends at most.
const batch = 512

// BenchmarkSplit is what intake does with a body. The whole product is to take
// 60,000 spans a second on two cores: 33 µs of processor time a span.
func BenchmarkSplit(b *testing.B) {
	body := marshal(b, typical(batch))
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	before := processorTime(b)
	for b.Loop() {
		if _, report, err := otlpwire.Split(body, 16); err != nil || report.Accepted != batch {
			b.Fatal(report, err)
		}
	}
	perSpan(b, before)
}

// BenchmarkDecode is what the stage behind the queue does before it counts.
func BenchmarkDecode(b *testing.B) {
	chunks, _, err := otlpwire.Split(marshal(b, typical(batch)), 16)
	if err != nil {
		b.Fatal(err)
	}
	var d otlpwire.Decoder
	b.ReportAllocs()
	before := processorTime(b)
	for b.Loop() {
		n := 0
		for _, c := range chunks {
			if err := d.Decode(c.Data, func(s *schemas.Span) error { n += len(s.Attributes); return nil }); err != nil {
				b.Fatal(err)
			}
		}
		if n != 10*batch {
			b.Fatal(n)
		}
	}
	perSpan(b, before)
}

// BenchmarkObjects is the usual way, for comparison: unmarshal to objects.
func BenchmarkObjects(b *testing.B) {
	body := marshal(b, typical(batch))
	b.ReportAllocs()
	before := processorTime(b)
	for b.Loop() {
		if err := ptraceotlp.NewExportRequest().UnmarshalProto(body); err != nil {
			b.Fatal(err)
		}
	}
	perSpan(b, before)
}

func perSpan(b *testing.B, before time.Duration) {
	b.Helper()
	spans := float64(b.N) * batch
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/spans, "ns/span")
	b.ReportMetric(float64((processorTime(b)-before).Nanoseconds())/spans, "cpu-ns/span")
}

// processorTime is what this process has used: on a busy machine the one figure
// that compares.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
