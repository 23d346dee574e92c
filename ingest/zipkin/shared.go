package zipkin

import (
	"encoding/binary"
	"hash/fnv"

	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/fivekeys/fivekeys/schemas"
)

// sharedTag marks a span whose id is ours. Its value is the id it came with, that
// of its caller's span.
const sharedTag = "zipkin.shared_id"

// B3 lets both sides of a call share one span id: the client's span and the
// server's have the same identity and differ in their kind. Several servers may
// share it too, or the consumers of one message. Ours is (trace, span), so the
// called side gets an id made of both and of its endpoint, and the caller's span
// as its parent, which is what it is in every other protocol. The parent that it
// came with is the caller's parent; it goes along for the case that the caller's
// span never comes.
//
// The server's children name the shared id as their parent. Those of the same
// service that come in the same request follow it to the new id; a child that
// comes in another one stays below the client's span, since nothing in it says
// whether the id was shared. Who puts traces together can still move it: it is of
// the service of a sibling that has the shared tag.

// pair is an id as it is shared.
type pair struct {
	trace schemas.TraceID
	id    schemas.SpanID
}

// side is one instance's part in it.
type side struct {
	pair
	endpoint
}

// sharing is what a request's spans say of one id.
type sharing struct {
	called   bool     // a client or producer has it
	instance endpoint // the first server or consumer that has it
	several  bool     // and others have it too
}

func isCaller(kind ptrace.SpanKind) bool {
	return kind == ptrace.SpanKindClient || kind == ptrace.SpanKindProducer
}

func isCalled(kind ptrace.SpanKind) bool {
	return kind == ptrace.SpanKindServer || kind == ptrace.SpanKindConsumer
}

// separate gives called spans that share an id ids of their own.
func separate(spans []span) {
	ids := shared(spans)
	moved := make(map[side]schemas.SpanID)
	for i := range spans {
		s := &spans[i]
		at := ids[pair{s.trace, s.id}]
		// Some reporters forget to say that they share.
		if s.shared = isCalled(s.kind) && (s.shared || at.called || at.several); !s.shared {
			continue
		}
		of := side{pair{s.trace, s.id}, s.local}
		for _, known := range of.descriptions() {
			if _, taken := moved[known]; !taken {
				moved[known] = of.ownID()
			}
		}
	}
	if len(moved) == 0 {
		return
	}
	for i := range spans {
		s := &spans[i]
		if s.shared {
			s.outer, s.parent, s.id = s.parent, s.id, side{pair{s.trace, s.id}, s.local}.ownID()
			continue
		}
		for _, server := range (side{pair{s.trace, s.parent}, s.local}).descriptions() {
			if id, ok := moved[server]; ok {
				s.parent = id
				break
			}
		}
	}
}

func shared(spans []span) map[pair]sharing {
	ids := make(map[pair]sharing)
	for i := range spans {
		s := &spans[i]
		at, known := ids[pair{s.trace, s.id}]
		switch {
		case isCaller(s.kind):
			at.called = true
		case !isCalled(s.kind):
			continue
		case !known || at.instance == (endpoint{}):
			at.instance = s.local
		default:
			at.several = at.several || at.instance != s.local
		}
		ids[pair{s.trace, s.id}] = at
	}
	return ids
}

// descriptions are what a child may know of the instance it belongs to, the most
// exact first: a port is often the caller's own, an address is not always there.
func (s side) descriptions() [3]side {
	host, service := s, s
	host.port = 0
	service.port, service.address = 0, ""
	return [...]side{s, host, service}
}

// ownID is the same for the same span, whenever and wherever it comes in.
func (s side) ownID() (id schemas.SpanID) {
	h := fnv.New64a()
	_, _ = h.Write([]byte("server"))
	_, _ = h.Write(s.trace[:])
	_, _ = h.Write(s.id[:])
	for _, part := range []string{s.service, s.address} {
		_, _ = h.Write([]byte(part))
		_, _ = h.Write([]byte{0})
	}
	_, _ = h.Write(binary.BigEndian.AppendUint16(nil, s.port))
	binary.BigEndian.PutUint64(id[:], max(h.Sum64(), 1)) // zero is no id
	return id
}
