package zipkin

import (
	"maps"
	"slices"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// Tags that say something about the service and not about the span.
const (
	tagVersion        = "service.version"
	tagEnvironment    = "deployment.environment.name"
	tagOldEnvironment = "deployment.environment"
	tagError          = "error"
	tagStatus         = "otel.status_code" // what OpenTelemetry's Zipkin exporters write
)

// resource is what spans of one service and version have in common.
type resource struct {
	service, version, environment string
}

// marshal writes the spans as OTLP. The same spans give the same bytes, so that a
// request that is sent again is recognised.
func marshal(spans []span, now time.Time) ([]byte, error) {
	traces := ptrace.NewTraces()
	groups := make(map[resource]ptrace.SpanSlice)
	for i := range spans {
		s := &spans[i]
		r := resource{s.local.service, s.tags[tagVersion], s.tags[tagEnvironment]}
		if r.environment == "" {
			r.environment = s.tags[tagOldEnvironment]
		}
		group, ok := groups[r]
		if !ok {
			rs := traces.ResourceSpans().AppendEmpty()
			r.write(rs.Resource().Attributes())
			group = rs.ScopeSpans().AppendEmpty().Spans()
			groups[r] = group
		}
		s.write(group.AppendEmpty(), now)
	}
	return (&ptrace.ProtoMarshaler{}).MarshalTraces(traces)
}

func (r resource) write(to pcommon.Map) {
	putText(to, "service.name", r.service)
	putText(to, tagVersion, r.version)
	putText(to, tagEnvironment, r.environment)
}

func putText(to pcommon.Map, key, value string) {
	if value != "" {
		to.PutStr(key, value)
	}
}

func (s *span) write(to ptrace.Span, now time.Time) {
	to.SetTraceID(pcommon.TraceID(s.trace))
	to.SetSpanID(pcommon.SpanID(s.id))
	to.SetParentSpanID(pcommon.SpanID(s.parent))
	to.SetName(s.name)
	to.SetKind(s.kind)
	start := s.began(now)
	to.SetStartTimestamp(pcommon.Timestamp(start * 1000))
	to.SetEndTimestamp(pcommon.Timestamp((start + s.duration) * 1000))
	s.writeStatus(to.Status())
	for _, a := range s.events {
		e := to.Events().AppendEmpty()
		e.SetTimestamp(pcommon.Timestamp(a.time * 1000))
		e.SetName(a.value)
	}
	s.writeAttributes(to.Attributes())
}

// began is the start in µs.
func (s *span) began(now time.Time) uint64 {
	if s.start > 0 {
		return s.start
	}
	first := uint64(0)
	for _, a := range s.events {
		if a.time > 0 && (first == 0 || a.time < first) {
			first = a.time
		}
	}
	if first > 0 && s.duration <= maxMicros-first {
		return first
	}
	return max(uint64(now.UnixMicro()), s.duration) - s.duration
}

func (s *span) writeStatus(to ptrace.Status) {
	switch s.tags[tagStatus] {
	case "OK", "STATUS_CODE_OK":
		to.SetCode(ptrace.StatusCodeOk)
	case "ERROR", "STATUS_CODE_ERROR":
		to.SetCode(ptrace.StatusCodeError)
	}
	if message, failed := s.tags[tagError]; failed {
		to.SetCode(ptrace.StatusCodeError)
		if message != "true" {
			to.SetMessage(message)
		}
	}
}

func (s *span) writeAttributes(to pcommon.Map) {
	to.EnsureCapacity(len(s.tags) + 5)
	for _, key := range slices.Sorted(maps.Keys(s.tags)) {
		switch key {
		case tagVersion, tagEnvironment, tagOldEnvironment:
			continue // the resource's
		}
		to.PutStr(key, s.tags[key])
	}
	putText(to, "network.local.address", s.local.address)
	if s.local.port > 0 {
		to.PutInt("network.local.port", int64(s.local.port))
	}
	putText(to, "network.peer.address", s.remote.address)
	if s.remote.port > 0 {
		to.PutInt("network.peer.port", int64(s.remote.port))
	}
	putText(to, "peer.service", s.remote.service)
	if s.shared {
		to.PutStr(sharedTag, s.parent.String())
	}
}
