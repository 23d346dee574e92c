package native

import "fmt"

// warnings collects what is told of events that are taken all the same.
type warnings struct {
	index int // of the event at hand
	list  []Problem
}

func (w *warnings) add(field, format string, args ...any) {
	if len(w.list) < maxProblems {
		w.list = append(w.list, Problem{Index: w.index, Field: field, Reason: fmt.Sprintf(format, args...)})
	}
}
