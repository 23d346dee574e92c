package traces

import (
	"encoding/binary"
	"time"

	"github.com/fivekeys/fivekeys/schemas"
)

const (
	ms    = int64(time.Millisecond)
	epoch = int64(1_767_225_600) * int64(time.Second) // 2026-01-01
)

// Short names for the kinds.
const (
	local    = schemas.KindInternal
	server   = schemas.KindServer
	client   = schemas.KindClient
	producer = schemas.KindProducer
	consumer = schemas.KindConsumer
	kindless = schemas.KindUnspecified
)

func spanID(n int) (id schemas.SpanID) {
	binary.BigEndian.PutUint64(id[:], uint64(n))
	return id
}

func traceID(n int) (id schemas.TraceID) {
	binary.BigEndian.PutUint64(id[:8], 0x4bf92f3577b34da6)
	binary.BigEndian.PutUint64(id[8:], uint64(n))
	return id
}

// span makes one of trace 1; from and to are ms after the epoch. Further
// changes are made by with.
func span(id, parent int, kind schemas.SpanKind, service, name string, from, to int64) schemas.Span {
	return schemas.Span{
		TraceID: traceID(1), SpanID: spanID(id), ParentID: spanID(parent), Kind: kind, Service: service, Name: name,
		Start: epoch + from*ms, Duration: (to - from) * ms,
	}
}

func failed(s schemas.Span) schemas.Span {
	s.Status = schemas.StatusError
	return s
}

func to(peer string, s schemas.Span) schemas.Span {
	s.Peer = peer
	return s
}
