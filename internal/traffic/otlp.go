package traffic

import (
	"fmt"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/fivekeys/fivekeys/schemas"
)

// OTLP writes spans as an exporter's request: protobuf, by service and version.
func OTLP(spans []schemas.Span) ([]byte, error) {
	traces := ptrace.NewTraces()
	scopes := map[[2]string]ptrace.SpanSlice{}
	for i := range spans {
		s := &spans[i]
		key := [2]string{s.Service, s.Version}
		into, ok := scopes[key]
		if !ok {
			resource := traces.ResourceSpans().AppendEmpty()
			resource.Resource().Attributes().PutStr("service.name", s.Service)
			if s.Version != "" {
				resource.Resource().Attributes().PutStr("service.version", s.Version)
			}
			into = resource.ScopeSpans().AppendEmpty().Spans()
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
		for _, a := range s.Attributes {
			out.Attributes().PutStr(a.Key, a.Value)
		}
	}
	body, err := (&ptrace.ProtoMarshaler{}).MarshalTraces(traces)
	if err != nil {
		return nil, fmt.Errorf("write %d spans as OTLP: %w", len(spans), err)
	}
	return body, nil
}
