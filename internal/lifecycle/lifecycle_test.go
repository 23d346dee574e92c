package lifecycle

import (
	"context"
	"errors"
	"slices"
	"testing"
)

func TestCloseRunsEveryStepOnceInReverseOrder(t *testing.T) {
	var s Stack
	var order []string
	failed := errors.New("failed")
	s.Push("first", func(context.Context) error { order = append(order, "first"); return nil })
	s.Push("second", func(context.Context) error { order = append(order, "second"); return failed })
	s.Push("third", func(context.Context) error { order = append(order, "third"); return nil })
	if err := s.Close(t.Context()); !errors.Is(err, failed) {
		t.Errorf("the failing step's error is lost: %v", err)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Errorf("closing again: %v", err)
	}
	if want := []string{"third", "second", "first"}; !slices.Equal(order, want) {
		t.Errorf("steps ran as %v, want %v", order, want)
	}
}
