package otlpwire_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

const noon = 1_753_963_200_000_000_000 // 2025-07-31 12:00 UTC in ns

// marshal gives what an exporter would send.
func marshal(tb testing.TB, traces ptrace.Traces) []byte {
	tb.Helper()
	body, err := (&ptrace.ProtoMarshaler{}).MarshalTraces(traces)
	if err != nil {
		tb.Fatal(err)
	}
	return body
}

// typical is a batch as the SDK's processor sends it: one service, 512 spans of
// ten attributes, four spans a trace.
func typical(spans int) ptrace.Traces {
	traces := ptrace.NewTraces()
	rs := traces.ResourceSpans().AppendEmpty()
	rs.SetSchemaUrl("https://opentelemetry.io/schemas/1.37.0")
	r := rs.Resource().Attributes()
	r.PutStr("service.name", "checkout")
	r.PutStr("service.version", "1.4.2")
	r.PutStr("deployment.environment.name", "production")
	r.PutStr("k8s.pod.name", "checkout-7d4b9c6f5d-x2v9q")
	r.PutInt("process.pid", 4711)
	scope := rs.ScopeSpans().AppendEmpty()
	scope.Scope().SetName("go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp")
	scope.Scope().SetVersion("0.62.0")
	for i := range spans {
		s := scope.Spans().AppendEmpty()
		s.SetTraceID(traceID(uint64(i/4 + 1)))
		s.SetSpanID(spanID(uint64(i + 1)))
		s.SetKind(ptrace.SpanKind(1 + i%5))
		s.SetName("POST /cart/{id}/checkout")
		s.SetStartTimestamp(pcommon.Timestamp(noon + i*1000))
		s.SetEndTimestamp(pcommon.Timestamp(noon + i*1000 + 25_000_000))
		a := s.Attributes()
		a.PutStr("http.request.method", "POST")
		a.PutStr("url.scheme", "https")
		a.PutStr("server.address", "checkout.shop.example.com")
		a.PutInt("server.port", 8443)
		a.PutStr("network.peer.address", "10.12.7.31")
		a.PutInt("network.peer.port", int64(40000+i))
		a.PutStr("user_agent.original", "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101")
		a.PutStr("http.route", "/cart/{id}/checkout")
		a.PutInt("http.response.status_code", 200)
		a.PutBool("cart.express", i%2 == 0)
	}
	return traces
}

// generated gives traces that have everything OTLP knows.
func generated(r *rand.Rand) ptrace.Traces {
	traces := ptrace.NewTraces()
	for range r.IntN(4) {
		rs := traces.ResourceSpans().AppendEmpty()
		if r.IntN(3) > 0 {
			rs.SetSchemaUrl("https://example.com/schema")
		}
		fill(r, rs.Resource().Attributes(), 0)
		for _, key := range []string{"service.name", "service.version", "deployment.environment", "deployment.environment.name"} {
			if r.IntN(2) == 0 {
				rs.Resource().Attributes().PutStr(key, word(r))
			}
		}
		for range r.IntN(3) {
			ss := rs.ScopeSpans().AppendEmpty()
			ss.Scope().SetName(word(r))
			fill(r, ss.Scope().Attributes(), 0)
			for range r.IntN(20) {
				generate(r, ss.Spans().AppendEmpty())
			}
		}
	}
	return traces
}

func generate(r *rand.Rand, s ptrace.Span) {
	s.SetTraceID(traceID(r.Uint64N(10) + 1))
	s.SetSpanID(spanID(r.Uint64() | 1))
	if r.IntN(2) == 0 {
		s.SetParentSpanID(spanID(r.Uint64()))
	}
	s.SetName(word(r))
	s.SetKind(ptrace.SpanKind(r.IntN(6)))
	start := noon + r.Uint64N(1e12)
	s.SetStartTimestamp(pcommon.Timestamp(start))
	s.SetEndTimestamp(pcommon.Timestamp(start + r.Uint64N(1e10)))
	s.TraceState().FromRaw("vendor=" + word(r))
	s.SetFlags(r.Uint32())
	s.SetDroppedAttributesCount(r.Uint32N(1000))
	s.Status().SetCode(ptrace.StatusCode(r.IntN(3)))
	s.Status().SetMessage(word(r))
	fill(r, s.Attributes(), 0)
	for _, key := range []string{"peer.service", "service.peer.name"} {
		if r.IntN(4) == 0 {
			s.Attributes().PutStr(key, word(r))
		}
	}
	for range r.IntN(3) {
		e := s.Events().AppendEmpty()
		e.SetName(word(r))
		e.SetTimestamp(pcommon.Timestamp(start))
		fill(r, e.Attributes(), 0)
	}
	for range r.IntN(2) {
		l := s.Links().AppendEmpty()
		l.SetTraceID(traceID(r.Uint64()))
		l.SetSpanID(spanID(r.Uint64()))
		fill(r, l.Attributes(), 0)
	}
}

// fill adds attributes of all types.
func fill(r *rand.Rand, m pcommon.Map, depth int) {
	for range r.IntN(12) {
		assign(r, m.PutEmpty(word(r)), depth)
	}
}

func assign(r *rand.Rand, v pcommon.Value, depth int) {
	kind := r.IntN(9)
	if depth > 3 {
		kind %= 6
	}
	switch kind {
	case 0: // stays empty
	case 1:
		v.SetBool(r.IntN(2) == 0)
	case 2:
		v.SetInt(int64(r.Uint64()) >> r.IntN(64))
	case 3:
		v.SetDouble(r.NormFloat64() * []float64{1e-300, 1e-9, 1, 1e6, 1e21, 1e300}[r.IntN(6)])
	case 4:
		b := make([]byte, 1+r.IntN(10)) // the collector prints none within an array as null
		for i := range b {
			b[i] = byte(r.IntN(256))
		}
		v.SetEmptyBytes().FromRaw(b)
	case 5, 6:
		v.SetStr(word(r))
	case 7:
		s := v.SetEmptySlice()
		for range r.IntN(4) {
			assign(r, s.AppendEmpty(), depth+1)
		}
	case 8:
		fill(r, v.SetEmptyMap(), depth+1)
	}
}

func word(r *rand.Rand) string {
	return []string{
		"", "checkout", "GET /cart/{id}", "a \"quoted\" \\ word", "line\nbreak\ttab\x00\x1f\x7f", "<script>&amp;", "Grüße", "日本語", "🛒\u2028",
		fmt.Sprint(r.IntN(100)),
	}[r.IntN(10)]
}

func traceID(n uint64) (id pcommon.TraceID) {
	binary.BigEndian.PutUint64(id[8:], n)
	return id
}

func spanID(n uint64) (id pcommon.SpanID) {
	binary.BigEndian.PutUint64(id[:], n)
	return id
}
