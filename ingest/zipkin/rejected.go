package zipkin

import (
	"fmt"

	"github.com/fivekeys/fivekeys/internal/otlpwire"
)

// reading collects the spans of a request. One that makes no sense is left out
// alone: what its reporter did wrong is no fault of the others in the batch.
type reading struct {
	spans []span
	left  otlpwire.Report
}

// add takes a span, or the reason why it is none.
func (r *reading) add(s span, err error) {
	if err == nil {
		r.spans = append(r.spans, s)
		return
	}
	if r.left.Rejected++; r.left.Reason == nil {
		r.left.Reason = fmt.Errorf("span %d: %w", r.number()-1, err)
	}
}

// number is how many spans there were.
func (r *reading) number() int { return len(r.spans) + r.left.Rejected }
