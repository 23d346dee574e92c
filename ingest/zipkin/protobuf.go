package zipkin

import (
	"context"
	"errors"
	"fmt"
	"net/netip"

	"github.com/openzipkin/zipkin-go/proto/zipkin_proto3"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

var errNoList = errors.New("the body is not a zipkin.proto3.ListOfSpans")

// parseProtobuf reads a ListOfSpans, one span after the other: as objects, all of
// them together would take many times the body. An error says which span it is.
func parseProtobuf(ctx context.Context, body []byte) ([]span, error) {
	var spans []span
	var one zipkin_proto3.Span
	for len(body) > 0 {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		number, kind, n := protowire.ConsumeField(body)
		if n < 0 {
			return nil, errNoList
		}
		field := body[:n]
		body = body[n:]
		if number != listSpan || kind != protowire.BytesType {
			continue
		}
		_, _, tag := protowire.ConsumeTag(field)
		raw, _ := protowire.ConsumeBytes(field[tag:])
		s, err := readSpan(&one, raw)
		if errors.Is(err, errNoList) {
			return nil, err
		}
		if err != nil {
			return nil, fmt.Errorf("span %d: %w", len(spans), err)
		}
		spans = append(spans, s)
	}
	return spans, nil
}

// readSpan looks at the numbers of tags and annotations before it builds anything.
func readSpan(p *zipkin_proto3.Span, raw []byte) (span, error) {
	switch {
	case countFields(raw, spanTag) > maxTags:
		return span{}, errTags
	case countFields(raw, spanAnnotation) > maxAnnotations:
		return span{}, errAnnotations
	}
	if err := proto.Unmarshal(raw, p); err != nil { // which empties it first
		return span{}, errNoList
	}
	return fromProtobuf(p)
}

func fromProtobuf(p *zipkin_proto3.Span) (span, error) {
	s := span{
		shared: p.GetShared(), name: p.GetName(), start: p.GetTimestamp(), duration: p.GetDuration(),
		local: fromEndpoint(p.GetLocalEndpoint()), remote: fromEndpoint(p.GetRemoteEndpoint()), tags: p.GetTags(),
	}
	if !pad(s.trace[:], p.GetTraceId()) {
		return s, errTraceID
	}
	if !pad(s.id[:], p.GetId()) {
		return s, errID
	}
	if !pad(s.parent[:], p.GetParentId()) {
		return s, errParentID
	}
	var err error
	if s.kind, err = parseKind(p.GetKind().String()); err != nil {
		return s, err
	}
	for _, a := range p.GetAnnotations() {
		s.events = append(s.events, annotation{time: a.GetTimestamp(), value: a.GetValue()})
	}
	return s, s.normalise()
}

// pad copies an id's bytes to the right.
func pad(into, id []byte) bool {
	if len(id) > len(into) {
		return false
	}
	copy(into[len(into)-len(id):], id)
	return true
}

func fromEndpoint(p *zipkin_proto3.Endpoint) endpoint {
	e := endpoint{service: p.GetServiceName(), port: uint16(p.GetPort())}
	for _, b := range [][]byte{p.GetIpv4(), p.GetIpv6()} {
		if a, ok := netip.AddrFromSlice(b); ok {
			e.address = a.Unmap().String() // zipkin-go writes IPv4 in 16 bytes
			break
		}
	}
	return e
}
