package zipkin

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strings"

	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/fivekeys/fivekeys/schemas"
)

// span is a Zipkin v2 span, whatever it came in as.
type span struct {
	trace      schemas.TraceID
	id, parent schemas.SpanID // parent is zero for a root
	shared     bool
	name       string
	kind       ptrace.SpanKind
	start      uint64 // µs since 1970; 0: unknown
	duration   uint64 // µs
	local      endpoint
	remote     endpoint
	events     []annotation
	tags       map[string]string
}

type endpoint struct {
	service, address string
	port             uint16
}

type annotation struct {
	time  uint64 // µs since 1970
	value string
}

// maxMicros is what nanoseconds in 63 bits can hold.
const maxMicros = math.MaxInt64 / 1000

var (
	errTraceID     = errors.New("traceId: 1 to 32 hex digits are required, not all of them 0")
	errID          = errors.New("id: 1 to 16 hex digits are required, not all of them 0")
	errParentID    = errors.New("parentId: up to 16 hex digits are required")
	errTag         = errors.New("tags: a value is neither a text nor a number or boolean")
	errTags        = fmt.Errorf("tags: more than %d", maxTags)
	errAnnotations = fmt.Errorf("annotations: more than %d", maxAnnotations)
	errTimes       = errors.New("timestamp and duration: beyond the year 2262; they are microseconds")
)

// normalise does what holds for both encodings.
func (s *span) normalise() error {
	switch {
	case s.trace == schemas.TraceID{}:
		return errTraceID
	case s.id.IsZero():
		return errID
	case s.start > maxMicros || s.duration > maxMicros-s.start:
		return errTimes
	}
	for _, e := range s.events {
		if e.time > maxMicros {
			return errTimes
		}
	}
	if s.parent == s.id {
		s.parent = schemas.SpanID{}
	}
	s.name = strings.ToLower(s.name)
	s.local.service = strings.ToLower(s.local.service)
	s.remote.service = strings.ToLower(s.remote.service)
	if s.kind == ptrace.SpanKindUnspecified {
		s.kind = ptrace.SpanKindInternal
		if s.local.service != "" && s.remote.service != "" {
			s.kind = ptrace.SpanKindClient
		}
	}
	return nil
}

// parseID reads hex digits into an id, from the right.
func parseID(into []byte, digits string) error {
	if len(digits) > 2*len(into) {
		return fmt.Errorf("%d digits", len(digits))
	}
	padded := strings.Repeat("0", 2*len(into)-len(digits)) + digits
	_, err := hex.Decode(into, []byte(padded))
	return err
}

func parseKind(name string) (ptrace.SpanKind, error) {
	switch strings.ToUpper(name) {
	case "", "SPAN_KIND_UNSPECIFIED":
		return ptrace.SpanKindUnspecified, nil
	case "CLIENT":
		return ptrace.SpanKindClient, nil
	case "SERVER":
		return ptrace.SpanKindServer, nil
	case "PRODUCER":
		return ptrace.SpanKindProducer, nil
	case "CONSUMER":
		return ptrace.SpanKindConsumer, nil
	default:
		return 0, fmt.Errorf("kind: %q is none of CLIENT, SERVER, PRODUCER, CONSUMER", name)
	}
}
