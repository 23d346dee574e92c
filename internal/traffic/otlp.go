package traffic

import (
	"fmt"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/fivekeys/fivekeys/schemas"
)

// OTLP writes spans as an exporter's request: protobuf, by resource, encoded by
// OpenTelemetry's own library. A span that brings no resource attributes gets
// those that its service, version and environment are read from.
func OTLP(spans []schemas.Span) ([]byte, error) {
	traces := ptrace.NewTraces()
	scopes := map[string]ptrace.SpanSlice{}
	for i := range spans {
		s := &spans[i]
		attributes := resource(s)
		key := fmt.Sprint(attributes)
		into, ok := scopes[key]
		if !ok {
			r := traces.ResourceSpans().AppendEmpty()
			put(r.Resource().Attributes(), attributes)
			into = r.ScopeSpans().AppendEmpty().Spans()
			scopes[key] = into
		}
		out := into.AppendEmpty()
		out.SetTraceID(pcommon.TraceID(s.TraceID))
		out.SetSpanID(pcommon.SpanID(s.SpanID))
		out.SetParentSpanID(pcommon.SpanID(s.ParentID))
		out.SetName(s.Name)
		out.SetKind(ptrace.SpanKind(s.Kind))
		out.SetStartTimestamp(pcommon.Timestamp(s.Start))
		out.SetEndTimestamp(pcommon.Timestamp(s.Start + s.Duration))
		out.Status().SetCode(ptrace.StatusCode(s.Status))
		out.Status().SetMessage(s.StatusMessage)
		put(out.Attributes(), s.Attributes)
		if s.Peer != "" {
			out.Attributes().PutStr("peer.service", s.Peer)
		}
	}
	body, err := (&ptrace.ProtoMarshaler{}).MarshalTraces(traces)
	if err != nil {
		return nil, fmt.Errorf("write %d spans as OTLP: %w", len(spans), err)
	}
	return body, nil
}

func resource(s *schemas.Span) []schemas.Attribute {
	if len(s.Resource) > 0 {
		return s.Resource
	}
	attributes := []schemas.Attribute{{Key: "service.name", Value: s.Service}}
	if s.Version != "" {
		attributes = append(attributes, schemas.Attribute{Key: "service.version", Value: s.Version})
	}
	if s.Environment != "" {
		attributes = append(attributes, schemas.Attribute{Key: "deployment.environment.name", Value: s.Environment})
	}
	return attributes
}

func put(into pcommon.Map, attributes []schemas.Attribute) {
	into.EnsureCapacity(len(attributes) + 1)
	for _, a := range attributes {
		into.PutStr(a.Key, a.Value)
	}
}
