package zipkin_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"strings"
	"testing"

	"github.com/fivekeys/fivekeys/schemas"
)

// micros is noon in Zipkin's unit.
var micros = now.UnixMicro()

func list(spans ...string) []byte { return []byte("[" + strings.Join(spans, ",") + "]") }

// one is a span with more fields.
func one(fields string) string {
	return fmt.Sprintf(`{"traceId":"463ac35c9f6413ad48485a3953bb6124","id":"a2fb4a1d1a96d312","timestamp":%d,"duration":1000%s}`, micros, fields)
}

// inJSON is what reporters say of a body.
var inJSON = map[string]string{"Content-Type": "application/json"}

func TestAnswers(t *testing.T) {
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	if _, err := w.Write(list(one(""))); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	json := inJSON
	for sentence, tt := range map[string]struct {
		headers map[string]string
		body    []byte
		status  int
		says    string
		stored  int
	}{
		"a span":                              {json, list(one("")), 202, "", 1},
		"a span without a content type":       {nil, list(one("")), 415, "name it in Content-Type", 0},
		"a span of what a form sends":         {map[string]string{"Content-Type": "text/plain"}, list(one("")), 415, "name it in Content-Type", 0},
		"a span in gzip":                      {map[string]string{"Content-Type": "application/json", "Content-Encoding": "gzip"}, zipped.Bytes(), 202, "", 1},
		"no spans":                            {json, []byte(`[]`), 202, "", 0},
		"no spans in protobuf":                {map[string]string{"Content-Type": "application/x-protobuf"}, nil, 202, "", 0},
		"the least there is to a span":        {json, []byte(`[{"traceId":"1","id":"2"}]`), 202, "", 1},
		"one of two spans from the seventies": {json, list(one(""), fmt.Sprintf(`{"traceId":"1","id":"2","timestamp":%d}`, micros/1000)), 202, "", 1},
		"a span of milliseconds":              {json, list(fmt.Sprintf(`{"traceId":"1","id":"2","timestamp":%d}`, micros/1000)), 400, "right unit", 0},
		"a span of nanoseconds":               {json, list(one(""), fmt.Sprintf(`{"traceId":"1","id":"2","timestamp":%d}`, micros*1000)), 400, "span 1: timestamp", 0},
		"an object":                           {json, []byte(one("")), 400, "a JSON list", 0},
		"nothing":                             {json, nil, 400, "a JSON list", 0},
		"a list that doesn't end":             {json, []byte(`[` + one("")), 400, "does not end", 0},
		"more after the list":                 {json, []byte(`[` + one("") + `] x`), 400, "more after", 0},
		"no trace id":                         {json, list(one(""), `{"id":"1"}`), 400, "span 1: traceId", 0},
		"a trace id that isn't hex":           {json, list(`{"traceId":"xyz","id":"1"}`), 400, "span 0: traceId", 0},
		"a trace id that is too long":         {json, list(`{"traceId":"` + strings.Repeat("1", 33) + `","id":"1"}`), 400, "traceId", 0},
		"a trace id of zeroes":                {json, list(`{"traceId":"0000000000000000","id":"1"}`), 400, "traceId", 0},
		"no id":                               {json, list(`{"traceId":"1"}`), 400, "id:", 0},
		"an id that is too long":              {json, list(`{"traceId":"1","id":"11111111111111111"}`), 400, "id:", 0},
		"a parent that isn't hex":             {json, list(one(`,"parentId":"x"`)), 400, "parentId", 0},
		"a kind nobody knows":                 {json, list(one(`,"kind":"PEER"`)), 400, `kind: "PEER"`, 0},
		"a negative duration":                 {json, list(`{"traceId":"1","id":"1","duration":-1}`), 400, "duration", 0},
		"a tag that is an object":             {json, list(one(`,"tags":{"a":{}}`)), 400, "tag", 0},
		"a port beyond all":                   {json, list(one(`,"localEndpoint":{"port":70000}`)), 400, "port", 0},
		"null for a span":                     {json, []byte(`[null]`), 400, "span 0: traceId", 0},
		"not protobuf":                        {map[string]string{"Content-Type": "application/x-protobuf"}, list(one("")), 400, "ListOfSpans", 0},
		"thrift":                              {map[string]string{"Content-Type": "application/x-thrift"}, list(one("")), 415, "application/json and application/x-protobuf", 0},
		"more than the limit":                 {json, bytes.Repeat([]byte(" "), 2<<20), 413, "too large", 0},
	} {
		t.Run(sentence, func(t *testing.T) {
			s := serve(t)
			status, text := s.post(tt.headers, tt.body)
			if status != tt.status || !strings.Contains(text, tt.says) || (status == 202) != (text == "") {
				t.Errorf("answered with %d %q", status, text)
			}
			if n := len(s.stored()); n != tt.stored {
				t.Errorf("%d spans are stored", n)
			}
		})
	}
}

func TestMapping(t *testing.T) {
	for sentence, tt := range map[string]struct {
		span  string
		check func(s schemas.Span) bool
	}{
		"short ids are padded on the left": {fmt.Sprintf(`{"traceId":"abc","id":"D","parentId":"e","timestamp":%d}`, micros), func(s schemas.Span) bool {
			return s.TraceID.String() == "00000000000000000000000000000abc" && s.SpanID.String() == "000000000000000d" && s.ParentID.String() == "000000000000000e"
		}},
		"a trace id of 128 bits is all there":       {one(``), func(s schemas.Span) bool { return s.TraceID.String() == "463ac35c9f6413ad48485a3953bb6124" }},
		"microseconds are nanoseconds":              {one(``), func(s schemas.Span) bool { return s.Start == now.UnixNano() && s.Duration == 1e6 }},
		"names are lower-cased":                     {one(`,"name":"GET /X","localEndpoint":{"serviceName":"Shop"}`), func(s schemas.Span) bool { return s.Name == "get /x" && s.Service == "shop" }},
		"no name of the service":                    {one(``), func(s schemas.Span) bool { return s.Service == "unknown_service" }},
		"a span that is its own parent is a root":   {one(`,"parentId":"a2fb4a1d1a96d312"`), func(s schemas.Span) bool { return s.ParentID.IsZero() }},
		"the tag error is a failure":                {one(`,"tags":{"error":"boom"}`), func(s schemas.Span) bool { return s.Status == schemas.StatusError && s.StatusMessage == "boom" }},
		"the tag error without a value is one":      {one(`,"tags":{"error":""}`), func(s schemas.Span) bool { return s.Status == schemas.StatusError && s.StatusMessage == "" }},
		"the tag error with the value false is one": {one(`,"tags":{"error":"false"}`), func(s schemas.Span) bool { return s.Status == schemas.StatusError }},
		"OpenTelemetry's status is kept":            {one(`,"tags":{"otel.status_code":"OK"}`), func(s schemas.Span) bool { return s.Status == schemas.StatusOK }},
		"no tag is no status":                       {one(``), func(s schemas.Span) bool { return s.Status == schemas.StatusUnset }},
		"a number for a tag is a text":              {one(`,"tags":{"code":500,"ok":true,"none":null}`), func(s schemas.Span) bool { v, _ := s.Attribute("code"); return v == "500" }},
		"kinds in any case":                         {one(`,"kind":"consumer"`), func(s schemas.Span) bool { return s.Kind == schemas.KindConsumer }},
		"no kind is internal":                       {one(`,"localEndpoint":{"serviceName":"a"}`), func(s schemas.Span) bool { return s.Kind == schemas.KindInternal }},
		"no kind with both names is a client":       {one(`,"localEndpoint":{"serviceName":"a"},"remoteEndpoint":{"serviceName":"B"}`), func(s schemas.Span) bool { return s.Kind == schemas.KindClient && s.Peer == "b" }},
		"a tag of the version is the resource's": {one(`,"tags":{"service.version":"1.2","deployment.environment":"prod"}`), func(s schemas.Span) bool {
			return s.Version == "1.2" && s.Environment == "prod" && len(s.Attributes) == 0
		}},
		"an IPv6 address":                          {one(`,"remoteEndpoint":{"ipv6":"2001:db8::1","port":80}`), func(s schemas.Span) bool { v, _ := s.Attribute("network.peer.address"); return v == "2001:db8::1" }},
		"no timestamp: it ended when it came in":   {`{"traceId":"1","id":"2","duration":1000000}`, func(s schemas.Span) bool { return s.Start == now.UnixNano()-1e9 && s.Duration == 1e9 }},
		"no timestamp: it began at its first note": {fmt.Sprintf(`{"traceId":"1","id":"2","annotations":[{"timestamp":%d,"value":"b"},{"timestamp":%d,"value":"a"}]}`, micros-5, micros-7), func(s schemas.Span) bool { return s.Start == now.UnixNano()-7000 && len(s.Events) == 2 }},
		"a server that says it shares": {one(`,"kind":"SERVER","shared":true`), func(s schemas.Span) bool {
			return s.SpanID.String() != "a2fb4a1d1a96d312" && s.ParentID.String() == "a2fb4a1d1a96d312"
		}},
		"a client that says it shares keeps its id": {one(`,"kind":"CLIENT","shared":true`), func(s schemas.Span) bool { return s.SpanID.String() == "a2fb4a1d1a96d312" && s.ParentID.IsZero() }},
	} {
		t.Run(sentence, func(t *testing.T) {
			s := serve(t)
			if status, text := s.post(inJSON, list(tt.span)); status != 202 {
				t.Fatalf("answered with %d %q", status, text)
			}
			if got := s.stored(); len(got) != 1 || !tt.check(got[0]) {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// Both sides of a call in one request, without the flag; and the same server's
// span again in another one: one identity each.
func TestSharedIDs(t *testing.T) {
	s := serve(t)
	client := one(`,"kind":"CLIENT","localEndpoint":{"serviceName":"a"}`)
	server := one(`,"kind":"SERVER","localEndpoint":{"serviceName":"b"}`)
	flagged := one(`,"kind":"SERVER","shared":true,"localEndpoint":{"serviceName":"b"}`)
	for _, body := range [][]byte{list(client, server), list(flagged), list(flagged)} {
		if status, text := s.post(inJSON, body); status != 202 {
			t.Fatalf("answered with %d %q", status, text)
		}
	}
	identities := make(map[schemas.SpanID]schemas.SpanKind)
	for _, span := range s.stored() {
		if kind, ok := identities[span.SpanID]; ok && kind != span.Kind {
			t.Errorf("%v is a %v's and a %v's", span.SpanID, kind, span.Kind)
		}
		identities[span.SpanID] = span.Kind
	}
	if len(identities) != 2 {
		t.Errorf("%d identities", len(identities))
	}
}

// The same request again is the same messages, whatever the order of a map.
func TestRequestSentAgain(t *testing.T) {
	s := serve(t)
	body := list(one(`,"tags":{"a":"1","b":"2","c":"3","d":"4","e":"5"}`), one(`,"id":"1","localEndpoint":{"serviceName":"x"}`))
	for range 5 {
		if status, text := s.post(inJSON, body); status != 202 {
			t.Fatalf("answered with %d %q", status, text)
		}
	}
	if n := len(s.messages()); n != 1 {
		t.Errorf("%d messages are stored", n)
	}
}
