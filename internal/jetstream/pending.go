package jetstream

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
)

// Lag is what a consumer has still to do.
type Lag struct {
	Stream, Consumer string
	// Waiting messages haven't been handed out yet; Unacked ones have.
	Waiting, Unacked uint64
}

// Total of both.
func (l Lag) Total() uint64 { return l.Waiting + l.Unacked }

// Pending is the lag of every consumer of a stream, also of those that this
// process's configuration doesn't know, by name. A stage is drained once its
// totals are 0 and nothing is published to the stream.
func (c *Client) Pending(ctx context.Context, stream string) ([]Lag, error) {
	op := "ask for the lag of " + stream
	s, err := c.js.Stream(ctx, stream)
	if err != nil {
		return nil, wrap(op, err)
	}
	var out []Lag
	list := s.ListConsumers(ctx)
	for info := range list.Info() {
		lag, err := lagOf(ctx, s, info)
		if err != nil {
			return nil, wrap(op, err)
		}
		out = append(out, lag)
	}
	if err := list.Err(); err != nil {
		return nil, wrap(op, err)
	}
	slices.SortFunc(out, func(a, b Lag) int { return strings.Compare(a.Consumer, b.Consumer) })
	return out, nil
}

// lagOf gives the lag that a consumer's information tells. The server counts
// what waits some time after it has stored and acknowledged it, so that a
// consumer may be said to have nothing to do when it has: 0 is believed only
// where the stream's last message was handed out.
func lagOf(ctx context.Context, s jetstream.Stream, info *jetstream.ConsumerInfo) (Lag, error) {
	lag := Lag{
		Stream: info.Stream, Consumer: info.Name,
		Waiting: info.NumPending, Unacked: uint64(max(info.NumAckPending, 0)),
	}
	if lag.Total() > 0 {
		return lag, nil
	}
	filters := info.Config.FilterSubjects
	if info.Config.FilterSubject != "" {
		filters = []string{info.Config.FilterSubject}
	}
	if len(filters) == 0 {
		filters = []string{">"}
	}
	for _, filter := range filters {
		last, err := s.GetLastMsgForSubject(ctx, filter)
		switch {
		case errors.Is(err, jetstream.ErrMsgNotFound):
		case err != nil:
			return Lag{}, fmt.Errorf("look for the last message of consumer %s: %w", info.Name, err)
		case last.Sequence > info.Delivered.Stream:
			lag.Waiting++ // or more
		}
	}
	return lag, nil
}

// StreamState is how full a stream is.
type StreamState struct {
	Stream          string
	Messages, Bytes uint64
	MaxBytes        int64 // -1: unlimited
	FirstSequence   uint64
	LastSequence    uint64
}

// StreamStates tells how full each declared stream is.
func (c *Client) StreamStates(ctx context.Context) ([]StreamState, error) {
	var out []StreamState
	for _, spec := range c.cfg.Topology.streams() {
		s, err := c.js.Stream(ctx, spec.Name)
		if err != nil {
			return nil, wrap("ask for the state of "+spec.Name, err)
		}
		info := s.CachedInfo()
		out = append(out, StreamState{
			Stream: spec.Name, Messages: info.State.Msgs, Bytes: info.State.Bytes, MaxBytes: info.Config.MaxBytes,
			FirstSequence: info.State.FirstSeq, LastSequence: info.State.LastSeq,
		})
	}
	return out, nil
}
