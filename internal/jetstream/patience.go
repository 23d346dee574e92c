package jetstream

import (
	"context"
	"errors"
	"time"
)

// startPatience is how long a start waits for a cluster to make up its mind.
const startPatience = 30 * time.Second

// patiently tries again what a cluster doesn't answer: while it elects a leader,
// and of several processes that create the same thing at once some get no answer
// at all, or hear that what is being made is not there. Only what may be done
// twice belongs here.
func (c *Client) patiently(ctx context.Context, what string, do func(context.Context) error) error {
	deadline := time.Now().Add(startPatience)
	for backoff := readerBackoff; ; backoff = min(2*backoff, readerMaxBackoff) {
		err := do(ctx)
		early := errors.Is(err, ErrUnavailable) || errors.Is(err, ErrNotFound)
		if !early || c.embedded != nil || ctx.Err() != nil || time.Now().After(deadline) {
			return err
		}
		c.log.Debug("NATS is not ready, trying again", "for", what, "after", backoff, "error", err)
		timer := time.NewTimer(backoff)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return err
		}
	}
}
