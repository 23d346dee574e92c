package zipkin

import (
	"testing"
	"time"

	"github.com/openzipkin/zipkin-go/proto/zipkin_proto3"
	"google.golang.org/protobuf/proto"

	"github.com/fivekeys/fivekeys/internal/otlpwire"
)

// FuzzFormats: whatever bytes come in, what is made of them is OTLP of as many
// spans, and the same for the same bytes.
func FuzzFormats(f *testing.F) {
	f.Add([]byte(`[{"traceId":"1","id":"2","parentId":"2","kind":"SERVER","shared":true,"timestamp":1753963200000000,"duration":5,
		"localEndpoint":{"serviceName":"a","ipv4":"10.0.0.1","port":80},"remoteEndpoint":{"serviceName":"b","ipv6":"::1"},
		"annotations":[{"timestamp":1753963200000001,"value":"x"}],"tags":{"error":"","n":1}}]`), true)
	f.Add([]byte(`[{"traceId":"1","id":"2","annotations":[{"timestamp":0}]}]`), true)
	list, err := proto.Marshal(&zipkin_proto3.ListOfSpans{Spans: []*zipkin_proto3.Span{{TraceId: []byte{1}, Id: []byte{2}, Timestamp: 1753963200000000, Tags: map[string]string{"error": ""}}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(list, false)
	now := time.Date(2025, 7, 31, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, body []byte, inJSON bool) {
		parse := parseProtobuf
		if inJSON {
			parse = parseJSON
		}
		spans, err := parse(t.Context(), body)
		if err != nil {
			return
		}
		separate(spans)
		data, err := marshal(t.Context(), spans, now)
		if err != nil {
			t.Fatal(err)
		}
		_, report, err := otlpwire.Split(data, 2)
		if err != nil || report.Accepted+report.Rejected != len(spans) {
			t.Fatalf("%d spans became %+v, %v", len(spans), report, err)
		}
		again, err := parse(t.Context(), body)
		if err != nil {
			t.Fatal(err)
		}
		separate(again)
		if second, err := marshal(t.Context(), again, now); err != nil || string(second) != string(data) {
			t.Fatalf("the same bytes give other spans: %v", err)
		}
	})
}
