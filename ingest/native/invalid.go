package native

import (
	"fmt"
	"strings"

	"github.com/fivekeys/fivekeys/schemas"
)

// maxProblems bounds how many problems of one request are told.
const maxProblems = 20

// WholeBody is the index of a problem that isn't one event's.
const WholeBody = -1

// Problem is what is wrong with one event.
type Problem struct {
	// Index of the event in the request, or WholeBody.
	Index int `json:"index"`
	// Field as a path, e.g. "data.deployment_id"; empty for the whole event.
	Field  string `json:"field,omitempty"`
	Reason string `json:"reason"`
}

// InvalidError lists what is wrong with a request, the first events' first.
type InvalidError struct {
	Problems []Problem
	// More is how many further events are wrong.
	More int
}

func (e *InvalidError) Error() string {
	p := e.Problems[0]
	var b strings.Builder
	if p.Index == WholeBody {
		b.WriteString("the body ")
	} else {
		fmt.Fprintf(&b, "event %d: ", p.Index)
		if p.Field != "" {
			b.WriteString(p.Field + " ")
		}
	}
	b.WriteString(p.Reason)
	if n := len(e.Problems) - 1 + e.More; n > 0 {
		fmt.Fprintf(&b, " (and %d more)", n)
	}
	return b.String()
}

func (e *InvalidError) add(p Problem) {
	if len(e.Problems) < maxProblems {
		e.Problems = append(e.Problems, p)
		return
	}
	e.More++
}

func (e *InvalidError) orNil() error {
	if len(e.Problems) == 0 {
		return nil
	}
	return e
}

func bodyError(format string, args ...any) error {
	return &InvalidError{Problems: []Problem{{Index: WholeBody, Reason: fmt.Sprintf(format, args...)}}}
}

func fieldError(field, format string, args ...any) error {
	return &schemas.FieldError{Field: field, Reason: fmt.Sprintf(format, args...)}
}
