package traces

import (
	"runtime"
	"testing"
	"time"

	"github.com/fivekeys/fivekeys/schemas"
)

// nothing is a sink that does nothing: what is measured is the core.
type nothing struct{}

func (nothing) Request(string, string, schemas.SpanKind, int64, bool, int64) {}
func (nothing) Call(string, string, int64, bool, int64)                      {}
func (nothing) Keep(*schemas.Span)                                           {}

// BenchmarkCollector is the cost of one span, its part in closing its trace
// included, at 10,000 spans a second in traces of 8 that take 2 s.
func BenchmarkCollector(b *testing.B) {
	shape := checkout()[:8]
	for i := range shape {
		shape[i].Attributes = []schemas.Attribute{{Key: "http.request.method", Value: "POST"}, {Key: "url.full", Value: "https://shop.example.com/checkout"}}
	}
	for name, rules := range map[string]schemas.SpanRules{
		"keep=all": {Keep: 1, Slow: time.Hour}, "keep=1%": {Keep: 0.01, Slow: time.Hour},
	} {
		b.Run(name, func(b *testing.B) {
			for i := range shape {
				shape[i].Status = schemas.StatusUnset
			}
			c := NewCollector(Config{Rules: rules})
			const spansPerSecond = 10_000
			const open = 2 * spansPerSecond / 8
			at := epoch
			n := 0
			b.ReportAllocs()
			for b.Loop() {
				round := n / open
				s := &shape[round%8]
				s.TraceID = traceID(round/8*open + n%open)
				if n%100 == 0 {
					at += int64(time.Second) / spansPerSecond * 100
					c.Advance(at, nothing{})
				}
				c.Span(at, s, nothing{})
				n++
			}
		})
	}
}

// BenchmarkOpenSpan is the memory of one open span, in traces of 8.
func BenchmarkOpenSpan(b *testing.B) {
	shape := checkout()[:8]
	const traces = 50_000
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		c := NewCollector(Config{Rules: schemas.SpanRules{Keep: 1}})
		for n := range traces {
			for i := range shape {
				shape[i].TraceID = traceID(n)
				c.Span(epoch, &shape[i], nothing{})
			}
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/(traces*8), "B/span")
		runtime.KeepAlive(c)
	}
}

func BenchmarkRead(b *testing.B) {
	spans := checkout()
	b.ReportAllocs()
	for b.Loop() {
		Read(spans)
	}
}
