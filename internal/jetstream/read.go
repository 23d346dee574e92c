package jetstream

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
)

// ListMessages reads up to limit messages of a stream with a sequence above
// afterSeq, in order; subjectFilter may hold wildcards, empty means all. For the
// next page give the last message's sequence. An empty page is the end.
func (c *Client) ListMessages(ctx context.Context, stream, subjectFilter string, afterSeq uint64, limit int) ([]Stored, error) {
	op := "list messages of " + stream
	s, err := c.js.Stream(ctx, stream)
	if err != nil {
		return nil, wrap(op, err)
	}
	if subjectFilter == "" {
		subjectFilter = ">"
	}
	var out []Stored
	for len(out) < limit {
		raw, err := s.GetMsg(ctx, afterSeq+1, jetstream.WithGetMsgSubject(subjectFilter))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			break
		}
		if err != nil {
			return out, wrap(op, err)
		}
		out = append(out, stored(stream, raw))
		afterSeq = raw.Sequence
	}
	return out, nil
}

// GetMessage reads one message; ErrNotFound when it isn't (or no longer) there.
func (c *Client) GetMessage(ctx context.Context, stream string, seq uint64) (Stored, error) {
	op := fmt.Sprintf("read message %d of %s", seq, stream)
	if seq == 0 {
		return Stored{}, &Error{Op: op, Reason: ErrNotFound}
	}
	s, err := c.js.Stream(ctx, stream)
	if err != nil {
		return Stored{}, wrap(op, err)
	}
	raw, err := s.GetMsg(ctx, seq)
	if err != nil {
		return Stored{}, wrap(op, err)
	}
	return stored(stream, raw), nil
}

// DeleteMessage removes one message; ErrNotFound when it isn't there.
func (c *Client) DeleteMessage(ctx context.Context, stream string, seq uint64) error {
	// Not left to the server: it answers one error for a message that isn't
	// there and for a delete that failed.
	if _, err := c.GetMessage(ctx, stream, seq); err != nil {
		return err
	}
	op := fmt.Sprintf("delete message %d of %s", seq, stream)
	s, err := c.js.Stream(ctx, stream)
	if err != nil {
		return wrap(op, err)
	}
	return wrap(op, s.DeleteMsg(ctx, seq))
}

func stored(stream string, raw *jetstream.RawStreamMsg) Stored {
	return Stored{
		Message:  fromNATS(raw.Subject, raw.Header, raw.Data),
		Stream:   stream,
		Sequence: raw.Sequence,
		Time:     raw.Time.UTC(),
	}
}
