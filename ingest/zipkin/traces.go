package zipkin

import (
	"context"
	"maps"
	"slices"
	"time"

	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	resourcepb "go.opentelemetry.io/proto/otlp/resource/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
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

// group is the spans of one resource, as the bytes of their OTLP.
type group struct {
	resource resource
	spans    []byte
}

// marshal writes the spans as OTLP. The same spans give the same bytes, so that a
// request that is sent again is recognised.
func marshal(ctx context.Context, spans []span, now time.Time) ([]byte, error) {
	var groups []*group
	byResource := make(map[resource]*group)
	for i := range spans {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		s := &spans[i]
		r := resource{s.local.service, s.tags[tagVersion], s.tags[tagEnvironment]}
		if r.environment == "" {
			r.environment = s.tags[tagOldEnvironment]
		}
		g := byResource[r]
		if g == nil {
			g = &group{resource: r}
			byResource[r] = g
			groups = append(groups, g)
		}
		var err error
		if g.spans, err = appendMessage(g.spans, scopeSpans, s.otlp(now)); err != nil {
			return nil, err
		}
	}
	var out []byte
	for _, g := range groups {
		of, err := appendMessage(nil, resourceSpansResource, g.resource.otlp())
		if err != nil {
			return nil, err
		}
		of = appendField(of, resourceSpansScopes, g.spans)
		out = appendField(out, tracesResourceSpans, of)
	}
	return out, nil
}

// The fields of OTLP's messages that hold all that is repeated.
const (
	tracesResourceSpans   = protowire.Number(1)
	resourceSpansResource = protowire.Number(1)
	resourceSpansScopes   = protowire.Number(2)
	scopeSpans            = protowire.Number(2)
)

func appendField(out []byte, number protowire.Number, content []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(out, number, protowire.BytesType), content)
}

func appendMessage(out []byte, number protowire.Number, m proto.Message) ([]byte, error) {
	content, err := proto.Marshal(m)
	if err != nil {
		return nil, err
	}
	return appendField(out, number, content), nil
}

func (r resource) otlp() *resourcepb.Resource {
	var a attributes
	a.text("service.name", r.service)
	a.text(tagVersion, r.version)
	a.text(tagEnvironment, r.environment)
	return &resourcepb.Resource{Attributes: a}
}

// attributes is a list that is written once for each key: unlike a map it keeps
// an order, and unlike one that looks for a key in itself it grows in no time.
type attributes []*commonpb.KeyValue

func (a *attributes) put(key string, v *commonpb.AnyValue) {
	*a = append(*a, &commonpb.KeyValue{Key: key, Value: v})
}

func (a *attributes) text(key, value string) {
	if value != "" {
		a.put(key, &commonpb.AnyValue{Value: &commonpb.AnyValue_StringValue{StringValue: value}})
	}
}

func (a *attributes) port(key string, port uint16) {
	if port > 0 {
		a.put(key, &commonpb.AnyValue{Value: &commonpb.AnyValue_IntValue{IntValue: int64(port)}})
	}
}

func (a attributes) has(key string) bool {
	return slices.ContainsFunc(a, func(one *commonpb.KeyValue) bool { return one.Key == key })
}

func (s *span) otlp(now time.Time) *tracepb.Span {
	start := s.began(now)
	to := &tracepb.Span{
		TraceId: s.trace[:], SpanId: s.id[:], Name: s.name, Kind: tracepb.Span_SpanKind(s.kind),
		StartTimeUnixNano: start * 1000, EndTimeUnixNano: (start + s.duration) * 1000,
		Status: s.status(), Attributes: s.attributes(),
	}
	if !s.parent.IsZero() {
		to.ParentSpanId = s.parent[:]
	}
	for _, a := range s.events {
		to.Events = append(to.Events, &tracepb.Span_Event{TimeUnixNano: a.time * 1000, Name: a.value})
	}
	return to
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

func (s *span) status() *tracepb.Status {
	to := &tracepb.Status{}
	switch s.tags[tagStatus] {
	case "OK", "STATUS_CODE_OK":
		to.Code = tracepb.Status_STATUS_CODE_OK
	case "ERROR", "STATUS_CODE_ERROR":
		to.Code = tracepb.Status_STATUS_CODE_ERROR
	}
	if message, failed := s.tags[tagError]; failed {
		to.Code = tracepb.Status_STATUS_CODE_ERROR
		if message != "true" {
			to.Message = message
		}
	}
	return to
}

func (s *span) attributes() attributes {
	var own attributes
	own.text("network.local.address", s.local.address)
	own.port("network.local.port", s.local.port)
	own.text("network.peer.address", s.remote.address)
	own.port("network.peer.port", s.remote.port)
	own.text("peer.service", s.remote.service)
	if s.shared {
		own.text(sharedTag, s.parent.String())
	}
	all := make(attributes, 0, len(s.tags)+len(own))
	for _, key := range slices.Sorted(maps.Keys(s.tags)) {
		switch {
		case key == tagVersion, key == tagEnvironment, key == tagOldEnvironment:
			// The resource's.
		case own.has(key):
			// What the span itself says counts.
		default:
			all.put(key, &commonpb.AnyValue{Value: &commonpb.AnyValue_StringValue{StringValue: s.tags[key]}})
		}
	}
	return append(all, own...)
}
