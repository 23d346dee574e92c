package zipkin

import (
	"encoding/binary"
	"hash/fnv"

	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/fivekeys/fivekeys/schemas"
)

// sharedTag marks a span whose id is ours. Its value is the id it came with, that
// of the client's span.
const sharedTag = "zipkin.shared_id"

// B3 lets both sides of a call share one span id: the client's span and the
// server's have the same identity and differ in their kind. Ours is (trace, span),
// so the server's side gets an id made of both, and the client's span as its
// parent, which is what it is in every other protocol.
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

// side is one service's part in it.
type side struct {
	pair
	service string
}

// separate gives shared server spans ids of their own.
func separate(spans []span) {
	clients := make(map[pair]struct{})
	for i := range spans {
		if s := &spans[i]; s.kind == ptrace.SpanKindClient {
			clients[pair{s.trace, s.id}] = struct{}{}
		}
	}
	moved := make(map[side]schemas.SpanID)
	for i := range spans {
		s := &spans[i]
		if s.kind != ptrace.SpanKindServer {
			s.shared = false
			continue
		}
		at := pair{s.trace, s.id}
		if _, both := clients[at]; both {
			s.shared = true // some reporters forget to say so
		}
		if s.shared {
			moved[side{at, s.local.service}] = sharedID(at)
		}
	}
	if len(moved) == 0 {
		return
	}
	for i := range spans {
		s := &spans[i]
		if s.shared {
			s.parent, s.id = s.id, sharedID(pair{s.trace, s.id})
			continue
		}
		if id, ok := moved[side{pair{s.trace, s.parent}, s.local.service}]; ok {
			s.parent = id
		}
	}
}

// sharedID is the same for the same span, whenever and wherever it comes in.
func sharedID(p pair) (id schemas.SpanID) {
	h := fnv.New64a()
	_, _ = h.Write([]byte("server"))
	_, _ = h.Write(p.trace[:])
	_, _ = h.Write(p.id[:])
	binary.BigEndian.PutUint64(id[:], max(h.Sum64(), 1)) // zero is no id
	return id
}
