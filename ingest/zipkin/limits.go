package zipkin

import (
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/fivekeys/fivekeys/ingest/spanintake"
	"github.com/fivekeys/fivekeys/internal/jsonshape"
)

const (
	// maxTags and maxAnnotations bound what one span carries: ten times what an
	// instrumentation writes.
	maxTags        = 1000
	maxAnnotations = 1000
	// maxSpans bounds a request: reporters send a few thousand spans at once at most.
	maxSpans = 100_000
	// A span is four objects of JSON, with its endpoints and tags.
	maxObjects = 4 * maxSpans
	// spanSize is what a span takes in memory until it is written as OTLP, about.
	spanSize = 512
)

func costOfJSON(body []byte) (int, error) {
	objects, err := jsonshape.Check(body)
	if err == nil && objects > maxObjects {
		err = fmt.Errorf("%w: %d objects, %d are the limit", spanintake.ErrTooMany, objects, maxObjects)
	}
	return len(body) + objects*spanSize/4, err
}

func costOfProtobuf(body []byte) (int, error) {
	spans := countFields(body, listSpan)
	if spans > maxSpans {
		return 0, fmt.Errorf("%w: %d, %d are the limit", spanintake.ErrTooMany, spans, maxSpans)
	}
	return len(body) + spans*spanSize, nil
}

// The fields of protobuf that may be repeated.
const (
	listSpan       = protowire.Number(1)
	spanAnnotation = protowire.Number(10)
	spanTag        = protowire.Number(11)
)

// countFields counts the fields of a number in a message, as far as it is well-formed.
func countFields(message []byte, number protowire.Number) (count int) {
	for len(message) > 0 {
		found, _, n := protowire.ConsumeField(message)
		if n < 0 {
			break
		}
		if found == number {
			count++
		}
		message = message[n:]
	}
	return count
}
