// Package lifecycle closes what was opened, in reverse order, whether a start
// failed half way or a process ends.
package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// Stack is what must be closed. The zero Stack is ready to use; it is not safe
// for concurrent use.
type Stack struct {
	steps []step
}

type step struct {
	name  string
	close func(context.Context) error
}

// Push adds a step that Close runs before all steps pushed earlier.
func (s *Stack) Push(name string, closeFn func(context.Context) error) {
	s.steps = append(s.steps, step{name, closeFn})
}

// Close runs every step, even after one failed. Closing again does nothing.
func (s *Stack) Close(ctx context.Context) error {
	steps := s.steps
	s.steps = nil
	var errs []error
	for _, st := range slices.Backward(steps) {
		if err := st.close(ctx); err != nil {
			errs = append(errs, fmt.Errorf("close %s: %w", st.name, err))
		}
	}
	return errors.Join(errs...)
}
