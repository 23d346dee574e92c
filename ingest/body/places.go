package body

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"
)

const (
	// large is the size from which bodies are worked on a few at a time. Nearly all
	// are smaller and wait for none of them.
	large = 1 << 20
	// maxPlaces bounds how many large bodies are worked on, on any machine.
	maxPlaces = 4
	// patience is how long a large body waits for a place: exporters give up after
	// ten seconds.
	patience = 8 * time.Second
)

// places are where large bodies are decompressed and worked on: no more at a
// time than make it faster.
type places chan struct{}

func newPlaces() places { return make(places, min(runtime.GOMAXPROCS(0), maxPlaces)) }

func (p places) enter(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, ErrFull)
	defer cancel()
	select {
	case p <- struct{}{}:
		return nil
	case <-ctx.Done():
		if cause := context.Cause(ctx); errors.Is(cause, ErrFull) {
			return fmt.Errorf("%w: large ones are at work", cause)
		}
		return ctx.Err()
	}
}

func (p places) leave() { <-p }
