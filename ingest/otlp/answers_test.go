package otlp_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
	coltracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	statuspb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/fivekeys/fivekeys/ingest/spanintake"
	"github.com/fivekeys/fivekeys/internal/jetstream"
)

const (
	protobuf = "application/x-protobuf"
	json     = "application/json"
	noon     = 1_753_963_200_000_000_000
)

// request has n spans, of which the first ones are bad.
func request(n, bad int) *coltracepb.ExportTraceServiceRequest {
	scope := &tracepb.ScopeSpans{}
	for i := range n {
		s := &tracepb.Span{
			TraceId: fmt.Appendf(nil, "%016d", i+1), SpanId: fmt.Appendf(nil, "%08d", i+1), Name: "GET /",
			StartTimeUnixNano: noon, EndTimeUnixNano: noon + 1000,
		}
		if i < bad {
			s.EndTimeUnixNano = noon - 1
		}
		scope.Spans = append(scope.Spans, s)
	}
	return &coltracepb.ExportTraceServiceRequest{ResourceSpans: []*tracepb.ResourceSpans{{ScopeSpans: []*tracepb.ScopeSpans{scope}}}}
}

func encode(t *testing.T, m proto.Message) []byte {
	t.Helper()
	b, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func gzipped(t *testing.T, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func zstandard(t *testing.T, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := zstd.NewWriter(&out)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func deepJSON(levels int) []byte {
	return []byte(`{"resourceSpans":[{"resource":{"attributes":[{"key":"a","value":` + strings.Repeat(`{"arrayValue":{"values":[`, levels))
}

func TestHTTPAnswers(t *testing.T) {
	good := encode(t, request(4, 0))
	asJSON := fmt.Sprintf(`{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"%s","spanId":"EEE19B7EC3C1B174","name":"GET /",
		"startTimeUnixNano":"%d","endTimeUnixNano":%d,"kind":2,"unheardOf":{}}]}]}]}`, strings.ToUpper(hex.EncodeToString([]byte("a trace of 1600 "))), noon, noon+1)
	for sentence, tt := range map[string]struct {
		headers  map[string]string
		body     []byte
		status   int
		says     string // in partial_success or the status
		stored   int
		rejected int64
	}{
		"protobuf":                        {map[string]string{"Content-Type": protobuf}, good, 200, "", 4, 0},
		"gzip":                            {map[string]string{"Content-Type": protobuf, "Content-Encoding": "gzip"}, gzipped(t, good), 200, "", 4, 0},
		"zstd":                            {map[string]string{"Content-Type": protobuf, "Content-Encoding": "zstd"}, zstandard(t, good), 200, "", 4, 0},
		"identity":                        {map[string]string{"Content-Type": protobuf, "Content-Encoding": "identity"}, good, 200, "", 4, 0},
		"JSON with ids in upper case":     {map[string]string{"Content-Type": json + "; charset=utf-8"}, []byte(asJSON), 200, "", 1, 0},
		"JSON in gzip":                    {map[string]string{"Content-Type": json, "Content-Encoding": "gzip"}, gzipped(t, []byte(asJSON)), 200, "", 1, 0},
		"nothing in protobuf":             {map[string]string{"Content-Type": protobuf}, nil, 200, "", 0, 0},
		"nothing in JSON":                 {map[string]string{"Content-Type": json}, []byte(`{}`), 200, "", 0, 0},
		"one span of four makes no sense": {map[string]string{"Content-Type": protobuf}, encode(t, request(4, 1)), 200, "1 of 4 spans were rejected", 3, 1},
		"no span makes sense":             {map[string]string{"Content-Type": protobuf}, encode(t, request(2, 2)), 200, "2 of 2 spans were rejected", 0, 2},
		"one span of JSON makes no sense": {map[string]string{"Content-Type": json}, bytes.Replace([]byte(asJSON), []byte(`"startTimeUnixNano"`), []byte(`"started"`), 1), 200, "start time", 0, 1},
		"protobuf that is cut off":        {map[string]string{"Content-Type": protobuf}, good[:len(good)-1], 400, "malformed", 0, 0},
		"JSON for protobuf":               {map[string]string{"Content-Type": protobuf}, []byte(asJSON), 400, "malformed", 0, 0},
		"protobuf for JSON":               {map[string]string{"Content-Type": json}, good, 400, "invalid", 0, 0},
		"fields nobody knows":             {map[string]string{"Content-Type": json}, []byte(`{"foo":1}`), 200, `"foo" is none of`, 0, 0},
		"text for JSON":                   {map[string]string{"Content-Type": json}, []byte(`hello`), 400, "not JSON", 0, 0},
		"null for JSON":                   {map[string]string{"Content-Type": json}, []byte(`null`), 400, "no object with resourceSpans", 0, 0},
		"a list for JSON":                 {map[string]string{"Content-Type": json}, []byte(`[]`), 400, "no object with resourceSpans", 0, 0},
		"a text for its spans":            {map[string]string{"Content-Type": json}, []byte(`{"resourceSpans":"x"}`), 400, "near", 0, 0},
		"more after the JSON":             {map[string]string{"Content-Type": json}, []byte(asJSON + " x"), 400, "not JSON", 0, 0},
		"a million levels":                {map[string]string{"Content-Type": json, "Content-Encoding": "gzip"}, gzipped(t, deepJSON(30_000)), 400, "nested too deep", 0, 0},
		"objects without end":             {map[string]string{"Content-Type": json, "Content-Encoding": "gzip"}, gzipped(t, []byte(`{"resourceSpans":[`+strings.Repeat("{},", 300_000)+`{}]}`)), 503, "overloaded", 0, 0},
		"snappy":                          {map[string]string{"Content-Type": protobuf, "Content-Encoding": "snappy"}, s2.EncodeSnappy(nil, good), 200, "", 4, 0},
		"an empty body for JSON":          {map[string]string{"Content-Type": json}, nil, 400, "empty", 0, 0},
		"an id that isn't hex":            {map[string]string{"Content-Type": json}, bytes.Replace([]byte(asJSON), []byte("EEE"), []byte("XYZ"), 1), 400, "32 hex digits", 0, 0},
		"no gzip for gzip":                {map[string]string{"Content-Type": protobuf, "Content-Encoding": "gzip"}, good, 400, "gzip", 0, 0},
		"gzip that is cut off":            {map[string]string{"Content-Type": protobuf, "Content-Encoding": "gzip"}, gzipped(t, good)[:30], 400, "gzip", 0, 0},
		"no zstd for zstd":                {map[string]string{"Content-Type": protobuf, "Content-Encoding": "zstd"}, good, 400, "zstd", 0, 0},
		"an encoding we don't take":       {map[string]string{"Content-Type": protobuf, "Content-Encoding": "br"}, good, 415, "gzip, zstd, snappy", 0, 0},
		"a type we don't take":            {map[string]string{"Content-Type": "text/plain"}, good, 415, "application/x-protobuf", 0, 0},
		"no type":                         {nil, good, 415, "application/x-protobuf", 0, 0},
		"more than the limit":             {map[string]string{"Content-Type": protobuf}, make([]byte, 2<<20), 413, "too large", 0, 0},
		"more than the limit in gzip":     {map[string]string{"Content-Type": protobuf, "Content-Encoding": "gzip"}, gzipped(t, make([]byte, 2<<20)), 413, "too large", 0, 0},
		"more than the limit in zstd":     {map[string]string{"Content-Type": protobuf, "Content-Encoding": "zstd"}, zstandard(t, make([]byte, 2<<20)), 413, "too large", 0, 0},
	} {
		t.Run(sentence, func(t *testing.T) {
			s := serve(t, func(c *spanintake.Config) { c.MaxBody, c.MaxBuffered = 1<<20, 16<<20 })
			a := s.post(tt.headers, tt.body)
			if a.status != tt.status {
				t.Fatalf("answered with %d %s", a.status, a.body)
			}
			media := protobuf
			if !strings.HasPrefix(tt.headers["Content-Type"], protobuf) {
				media = json
			}
			if got := a.header.Get("Content-Type"); got != media {
				t.Errorf("the answer's type is %q", got)
			}
			var response coltracepb.ExportTraceServiceResponse
			var refusal statuspb.Status
			into := proto.Message(&response)
			if tt.status != 200 {
				into = &refusal
			}
			unmarshal := proto.Unmarshal
			if media == json {
				unmarshal = protojson.Unmarshal
			}
			if err := unmarshal(a.body, into); err != nil {
				t.Fatalf("read the answer %q: %v", a.body, err)
			}
			says := response.GetPartialSuccess().GetErrorMessage() + refusal.GetMessage()
			if tt.says == "" && response.PartialSuccess != nil || !strings.Contains(says, tt.says) || response.GetPartialSuccess().GetRejectedSpans() != tt.rejected {
				t.Errorf("says %q of %d spans", says, response.GetPartialSuccess().GetRejectedSpans())
			}
			if got := len(s.stored()); got != tt.stored {
				t.Errorf("%d spans are stored", got)
			}
		})
	}
}

func TestFaultsAreOursAndRetried(t *testing.T) {
	for sentence, tt := range map[string]struct {
		fault   error
		outcome string
	}{
		"a full queue":         {&jetstream.Error{Op: "publish", Reason: jetstream.ErrOverloaded}, "overloaded"},
		"a full stream":        {&jetstream.Error{Op: "publish", Reason: jetstream.ErrStreamFull}, "stream_full"},
		"NATS away":            {&jetstream.Error{Op: "publish", Reason: jetstream.ErrUnavailable}, "unavailable"},
		"an answer too late":   {context.DeadlineExceeded, "unavailable"},
		"a server set wrong":   {&jetstream.Error{Op: "publish", Reason: jetstream.ErrTooLarge}, "unavailable"},
		"the process draining": {nil, "draining"},
	} {
		t.Run(sentence, func(t *testing.T) {
			s := serve(t, nil)
			if tt.fault == nil {
				s.Drain()
			}
			s.faults.Store(&tt.fault)
			a := s.post(map[string]string{"Content-Type": protobuf}, encode(t, request(1, 0)))
			if a.status != 503 || a.header.Get("Retry-After") != "5" {
				t.Errorf("HTTP answers %d, %v", a.status, a.header)
			}
			var refusal statuspb.Status
			if err := proto.Unmarshal(a.body, &refusal); err != nil || strings.Contains(refusal.GetMessage(), "publish") {
				t.Errorf("says %q, %v", refusal.GetMessage(), err)
			}
			_, err := dial(t, s).Export(t.Context(), request(1, 0))
			answer := status.Convert(err)
			if answer.Code() != codes.Unavailable {
				t.Fatalf("gRPC answers %v", err)
			}
			if details := answer.Details(); len(details) != 1 {
				t.Errorf("details: %v", details)
			} else if info, ok := details[0].(*errdetails.RetryInfo); !ok || info.GetRetryDelay().GetSeconds() != 5 {
				t.Errorf("details: %v", details)
			}
			for _, protocol := range []string{"otlp_http", "otlp_grpc"} {
				if n := s.count("fivekeys_span_requests_total", tt.outcome, protocol); n != 1 {
					t.Errorf("%v requests of %s are counted as %s", n, protocol, tt.outcome)
				}
			}
		})
	}
}

func TestMemoryIsBounded(t *testing.T) {
	s := serve(t, func(c *spanintake.Config) { c.MaxBuffered = 128 << 10 })
	small, large := encode(t, request(4, 0)), encode(t, request(4000, 0))
	for range 3 {
		if a := s.post(map[string]string{"Content-Type": protobuf}, large); a.status != 503 {
			t.Errorf("a large body is answered with %d", a.status)
		}
		if _, err := dial(t, s).Export(t.Context(), request(4000, 0)); status.Code(err) != codes.Unavailable {
			t.Errorf("a large request is answered with %v", err)
		}
	}
	if a := s.post(map[string]string{"Content-Type": protobuf}, small); a.status != 200 {
		t.Errorf("a small body after them is answered with %d", a.status)
	}
}

func TestTokens(t *testing.T) {
	s := serve(t, func(c *spanintake.Config) { c.Tokens = []string{"old", "new"} })
	for sentence, tt := range map[string]struct {
		authorization string
		status        int
		code          codes.Code
	}{
		"the old one":   {"Bearer old", 200, codes.OK},
		"the new one":   {"bearer new", 200, codes.OK},
		"another one":   {"Bearer other", 401, codes.Unauthenticated},
		"none":          {"", 401, codes.Unauthenticated},
		"not a bearer":  {"Basic old", 401, codes.Unauthenticated},
		"an empty one":  {"Bearer ", 401, codes.Unauthenticated},
		"half of a one": {"Bearer ol", 401, codes.Unauthenticated},
	} {
		t.Run(sentence, func(t *testing.T) {
			a := s.post(map[string]string{"Content-Type": protobuf, "Authorization": tt.authorization}, encode(t, request(1, 0)))
			if a.status != tt.status {
				t.Errorf("HTTP answers %d", a.status)
			}
			_, err := dial(t, s).Export(metadata.AppendToOutgoingContext(t.Context(), "authorization", tt.authorization), request(1, 0))
			if status.Code(err) != tt.code {
				t.Errorf("gRPC answers %v", err)
			}
		})
	}
}

func TestTokensAreReplaced(t *testing.T) {
	s := serve(t, nil)
	for _, step := range []struct {
		replace []string
		token   string
		status  int
	}{{nil, "", 200}, {[]string{"first"}, "", 401}, {nil, "first", 200}, {[]string{"second"}, "first", 401}, {nil, "second", 200}, {nil, "", 401}} {
		s.ReplaceTokens(step.replace)
		a := s.post(map[string]string{"Content-Type": protobuf, "Authorization": "Bearer " + step.token}, encode(t, request(1, 0)))
		if a.status != step.status {
			t.Errorf("%+v is answered with %d", step, a.status)
		}
	}
}

func TestGRPCAnswers(t *testing.T) {
	s := serve(t, func(c *spanintake.Config) { c.MaxBody = 1 << 20 })
	client := dial(t, s)
	response, err := client.Export(t.Context(), request(4, 0))
	if err != nil || response.PartialSuccess != nil {
		t.Errorf("good spans: %v, %v", response, err)
	}
	response, err = client.Export(t.Context(), request(4, 3))
	if err != nil || response.GetPartialSuccess().GetRejectedSpans() != 3 || !strings.Contains(response.GetPartialSuccess().GetErrorMessage(), "ends before") {
		t.Errorf("bad spans: %v, %v", response, err)
	}
	response, err = client.Export(t.Context(), &coltracepb.ExportTraceServiceRequest{})
	if err != nil || response.PartialSuccess != nil {
		t.Errorf("no spans: %v, %v", response, err)
	}
	if _, err = client.Export(t.Context(), request(40000, 0)); status.Code(err) != codes.ResourceExhausted {
		t.Errorf("too many spans: %v", err)
	}
	if _, err = client.Export(t.Context(), request(40000, 0), grpc.UseCompressor("gzip")); status.Code(err) != codes.ResourceExhausted {
		t.Errorf("too many spans in gzip: %v", err)
	}
	malformed := &coltracepb.ExportTraceServiceRequest{}
	malformed.ProtoReflect().SetUnknown([]byte{0x0a, 0x02, 0x12, 0x7f})
	if _, err = client.Export(t.Context(), malformed); status.Code(err) != codes.InvalidArgument {
		t.Errorf("a resource that is cut off: %v", err)
	}
	if n := s.count("fivekeys_spans_received_total", "otlp_grpc", "rejected"); n != 3 {
		t.Errorf("%v spans are counted as rejected", n)
	}
}

func dial(t *testing.T, s *stack) coltracepb.TraceServiceClient {
	t.Helper()
	conn, err := grpc.NewClient(s.target, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return coltracepb.NewTraceServiceClient(conn)
}
