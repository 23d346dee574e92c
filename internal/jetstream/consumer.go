package jetstream

import (
	"context"
	"fmt"
)

// ConsumerState is how far a consumer is.
type ConsumerState struct {
	Lag
	// Settled is the sequence up to which everything is answered, or was never the
	// consumer's to deliver.
	Settled uint64
}

// ConsumerState asks for the state of one consumer.
func (c *Client) ConsumerState(ctx context.Context, stream, consumer string) (ConsumerState, error) {
	op := fmt.Sprintf("ask for the state of consumer %s of %s", consumer, stream)
	cons, err := c.js.Consumer(ctx, stream, consumer)
	if err != nil {
		return ConsumerState{}, wrap(op, err)
	}
	info := cons.CachedInfo() // as of right now
	s, err := c.js.Stream(ctx, stream)
	if err != nil {
		return ConsumerState{}, wrap(op, err)
	}
	lag, err := lagOf(ctx, s, info)
	if err != nil {
		return ConsumerState{}, wrap(op, err)
	}
	return ConsumerState{Lag: lag, Settled: info.AckFloor.Stream}, nil
}
