package otlp_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	resourcepb "go.opentelemetry.io/proto/otlp/resource/v1"
	"google.golang.org/protobuf/proto"
)

// BenchmarkIntake is the way of a batch from a real HTTP connection to the
// stream of an embedded NATS, its sender in the same process. No trace is sent
// twice: the stream would drop it, and storing is a part of the cost.
func BenchmarkIntake(b *testing.B) {
	for _, spans := range []int{512, 64} {
		b.Run(fmt.Sprintf("%d spans", spans), func(b *testing.B) {
			s := serve(b, nil)
			template := batch(b, spans)
			var traces []int
			for at := 0; ; {
				i := bytes.Index(template[at:], []byte(seed))
				if i < 0 {
					break
				}
				traces = append(traces, at+i)
				at += i + len(seed)
			}
			var n atomic.Uint64
			client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8}}
			b.Cleanup(client.CloseIdleConnections)
			b.ReportAllocs()
			before := processorTime(b)
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				body := bytes.Clone(template)
				for pb.Next() {
					fresh := n.Add(1)
					for _, at := range traces {
						binary.BigEndian.PutUint64(body[at:], fresh)
					}
					req, _ := http.NewRequestWithContext(b.Context(), http.MethodPost, s.url+"/v1/traces", bytes.NewReader(body))
					req.Header.Set("Content-Type", protobuf)
					res, err := client.Do(req)
					if err != nil {
						b.Error(err)
						return
					}
					_, _ = io.Copy(io.Discard, res.Body)
					_ = res.Body.Close()
					if res.StatusCode != http.StatusOK {
						b.Errorf("answered with %d", res.StatusCode)
						return
					}
				}
			})
			total := float64(b.N) * float64(spans)
			b.ReportMetric(total/b.Elapsed().Seconds(), "spans/s")
			b.ReportMetric(float64((processorTime(b)-before).Nanoseconds())/total, "cpu-ns/span")
		})
	}
}

// seed is what each request replaces in its trace ids.
const seed = "SEEDSEED"

// batch is spans of ten attributes, four to a trace.
func batch(tb testing.TB, spans int) []byte {
	tb.Helper()
	text := func(key, value string) *commonpb.KeyValue {
		return &commonpb.KeyValue{Key: key, Value: &commonpb.AnyValue{Value: &commonpb.AnyValue_StringValue{StringValue: value}}}
	}
	r := request(spans, 0)
	rs := r.GetResourceSpans()[0]
	rs.Resource = &resourcepb.Resource{Attributes: []*commonpb.KeyValue{text("service.name", "checkout"), text("service.version", "1.4.2")}}
	for i, s := range rs.GetScopeSpans()[0].GetSpans() {
		s.TraceId = fmt.Appendf(nil, "%s%08d", seed, i/4)
		s.Attributes = []*commonpb.KeyValue{
			text("http.request.method", "POST"), text("url.scheme", "https"), text("server.address", "checkout.shop.example.com"), text("server.port", "8443"),
			text("network.peer.address", "10.12.7.31"), text("network.peer.port", fmt.Sprint(40000+i)), text("user_agent.original", "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101"),
			text("http.route", "/cart/{id}/checkout"), text("http.response.status_code", "200"), text("cart.express", "true"),
		}
	}
	body, err := proto.Marshal(r)
	if err != nil {
		tb.Fatal(err)
	}
	return body
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
