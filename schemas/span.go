package schemas

import "encoding/hex"

// The identities that OTLP and Zipkin share.
type (
	// TraceID is of a trace.
	TraceID [16]byte
	// SpanID is of a span within its trace.
	SpanID [8]byte
)

func (t TraceID) String() string { return hex.EncodeToString(t[:]) }
func (s SpanID) String() string  { return hex.EncodeToString(s[:]) }

// IsZero says whether there is none: the parent of a root span.
func (s SpanID) IsZero() bool { return s == SpanID{} }

// SpanKind is which side of a call a span describes. The numbers are OTLP's.
type SpanKind uint8

// The kinds.
const (
	KindUnspecified SpanKind = iota
	KindInternal
	KindServer
	KindClient
	KindProducer
	KindConsumer
)

func (k SpanKind) String() string {
	return [...]string{"unspecified", "internal", "server", "client", "producer", "consumer"}[min(k, KindConsumer)]
}

// Entry says whether the span is a service's own work for somebody else: what
// rates, errors and latencies are counted on.
func (k SpanKind) Entry() bool { return k == KindServer || k == KindConsumer }

// SpanStatus is how a span ended. The numbers are OTLP's.
type SpanStatus uint8

// The statuses.
const (
	StatusUnset SpanStatus = iota
	StatusOK
	StatusError
)

func (s SpanStatus) String() string {
	return [...]string{"unset", "ok", "error"}[min(s, StatusError)]
}

// Span is one piece of work of one service within a trace. TraceID and SpanID
// are its identity: the same pair is one span however often it is sent.
//
// Decoders reuse Spans and point into the bytes they read: whoever keeps a
// string or a slice beyond the callback clones it.
type Span struct {
	TraceID       TraceID
	SpanID        SpanID
	ParentID      SpanID // zero for a root
	Service       string // resource attribute service.name
	Version       string // resource attribute service.version
	Environment   string // resource attribute deployment.environment.name (or its older name without .name)
	Name          string // the operation
	Kind          SpanKind
	Start         int64 // ns since 1970
	Duration      int64 // ns, never negative
	Status        SpanStatus
	StatusMessage string
	Peer          string // the other side's service where the span names it: peer.service, service.peer.name
	Attributes    []Attribute
	Resource      []Attribute
	Events        []SpanEvent
}

// Attribute is a key and its value as text, arrays and maps as JSON.
type Attribute struct {
	Key, Value string
}

// AttributeOuterParent holds the parent of the caller whose span id a server took
// over, as Zipkin allows. Where the caller's own span never came, it is the span
// that the server hangs below.
const AttributeOuterParent = "zipkin.outer_parent_id"

// OuterParent is what AttributeOuterParent says; zero where it says nothing.
func (s *Span) OuterParent() (id SpanID) {
	if !s.Kind.Entry() {
		return id
	}
	for i := len(s.Attributes) - 1; i >= 0; i-- { // it is written last
		if s.Attributes[i].Key == AttributeOuterParent {
			if n, err := hex.Decode(id[:], []byte(s.Attributes[i].Value)); err != nil || n != len(id) {
				return SpanID{}
			}
			return id
		}
	}
	return id
}

// UnknownService is the name of a service that doesn't tell its own, as
// OpenTelemetry's resource conventions have it.
const UnknownService = "unknown_service"

// SpanEvent is something that happened within a span, an exception for example.
type SpanEvent struct {
	Time       int64 // ns since 1970
	Name       string
	Attributes []Attribute
}

// Attribute gives the value of a span's attribute, then of its resource's.
func (s *Span) Attribute(key string) (string, bool) {
	for i := range s.Attributes {
		if s.Attributes[i].Key == key {
			return s.Attributes[i].Value, true
		}
	}
	for i := range s.Resource {
		if s.Resource[i].Key == key {
			return s.Resource[i].Value, true
		}
	}
	return "", false
}
