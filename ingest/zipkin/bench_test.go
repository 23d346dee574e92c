package zipkin

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/fivekeys/fivekeys/internal/otlpwire"
)

// BenchmarkJSON is what a batch of Zipkin's costs until it is ready for the
// stream: several times that of OTLP in protobuf, nearly all of it for the JSON.
func BenchmarkJSON(b *testing.B) {
	const batch = 512
	spans := make([]string, batch)
	for i := range spans {
		spans[i] = fmt.Sprintf(`{"traceId":"463ac35c9f6413ad48485a3953bb%04x","id":"a2fb4a1d1a96%04x","parentId":"a2fb4a1d1a960000","kind":"SERVER","name":"post /cart/{id}",
			"timestamp":1753963200000000,"duration":25000,"localEndpoint":{"serviceName":"checkout","ipv4":"10.0.0.1","port":8080},
			"tags":{"http.method":"POST","http.path":"/cart/17/checkout","http.status_code":"200","mvc.controller.class":"CartController","mvc.controller.method":"checkout"}}`, i/4+1, i+1)
	}
	body := []byte("[" + strings.Join(spans, ",") + "]")
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		spans, err := parseJSON(b.Context(), body)
		if err != nil {
			b.Fatal(err)
		}
		separate(spans)
		data, err := marshal(b.Context(), spans, time.Time{})
		if err != nil {
			b.Fatal(err)
		}
		if _, report, err := otlpwire.Split(data, 16); err != nil || report.Accepted != batch {
			b.Fatal(report, err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/batch, "ns/span")
}
