// Package lifecycle closes what was opened, in reverse order, whether a start
// failed half way or a process ends.
package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
)

// Stack is what must be closed. The zero Stack is ready to use; several
// goroutines may push.
type Stack struct {
	mu    sync.Mutex
	steps []step
}

type step struct {
	name  string
	close func(context.Context) error
}

// Push adds a step that Close runs before all steps pushed earlier.
func (s *Stack) Push(name string, closeFn func(context.Context) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.steps = append(s.steps, step{name, closeFn})
}

// Close runs every step, even after one failed. Closing again does nothing.
func (s *Stack) Close(ctx context.Context) error {
	s.mu.Lock()
	steps := s.steps
	s.steps = nil
	s.mu.Unlock()
	var errs []error
	for _, st := range slices.Backward(steps) {
		if err := st.close(ctx); err != nil {
			errs = append(errs, fmt.Errorf("close %s: %w", st.name, err))
		}
	}
	return errors.Join(errs...)
}
