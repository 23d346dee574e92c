package zipkin

import (
	"errors"
	"fmt"
	"net/netip"

	"github.com/openzipkin/zipkin-go/proto/zipkin_proto3"
	"google.golang.org/protobuf/proto"
)

// parseProtobuf reads a ListOfSpans; an error says which of them.
func parseProtobuf(body []byte) ([]span, error) {
	var list zipkin_proto3.ListOfSpans
	if err := proto.Unmarshal(body, &list); err != nil {
		return nil, errors.New("the body is not a zipkin.proto3.ListOfSpans")
	}
	spans := make([]span, 0, len(list.Spans))
	for i, p := range list.Spans {
		s, err := fromProtobuf(p)
		if err != nil {
			return nil, fmt.Errorf("span %d: %w", i, err)
		}
		spans = append(spans, s)
	}
	return spans, nil
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
