package decode

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/fivekeys/fivekeys/internal/envelope"
	"github.com/fivekeys/fivekeys/internal/jetstream"
	"github.com/fivekeys/fivekeys/schemas"
)

const (
	// A delivery whose events can't be stored comes again after this, doubled
	// with each attempt up to a minute: an outage of NATS lasts seconds or hours.
	firstDelay = time.Second
	maxDelay   = time.Minute
	// maxStack is how much of a panic's stack is kept with its dead letter.
	maxStack = 1500
)

// delivery is one message on its way through the stage.
type delivery struct {
	msg    *jetstream.Received
	source string
	out    []jetstream.Message
}

// process brings a batch to its end: every message is acknowledged, set aside,
// or left to come again.
func (d *Decoding) process(ctx context.Context, batch []*jetstream.Received) {
	ctx, cancel := context.WithTimeout(ctx, publishTimeout)
	defer cancel()
	ready := make([]delivery, 0, len(batch))
	for _, m := range batch {
		one, why, err := d.decode(m)
		if err != nil {
			d.setAside(ctx, one, why, err)
			continue
		}
		ready = append(ready, one)
	}
	err := d.publish(ctx, ready)
	switch {
	case err == nil:
		for _, one := range ready {
			d.done(one)
		}
	case final(err) != "":
		// One of them can't be stored; the others must not wait for it.
		for _, one := range ready {
			d.alone(ctx, one)
		}
	default:
		// One line for the batch: an outage must not flood the log.
		d.cfg.Logger.Warn("events could not be published, their deliveries come again", "deliveries", len(ready), "error", err)
		for _, one := range ready {
			d.later(one, err)
		}
	}
}

// alone publishes the events of one delivery.
func (d *Decoding) alone(ctx context.Context, one delivery) {
	err := d.publish(ctx, []delivery{one})
	switch {
	case err == nil:
		d.done(one)
	case final(err) != "":
		d.setAside(ctx, one, final(err), err)
	default:
		d.later(one, err)
	}
}

// final gives the reason where trying again is no use, and "" otherwise.
func final(err error) reason {
	switch {
	case errors.Is(err, jetstream.ErrTooLarge):
		return tooLarge
	case errors.Is(err, jetstream.ErrRefused), errors.Is(err, jetstream.ErrUnknownSubject):
		return refused
	}
	return ""
}

// publish stores all events of the deliveries. Several deliveries may tell of
// the same event, which a batch must not hold twice.
func (d *Decoding) publish(ctx context.Context, ready []delivery) error {
	var msgs []jetstream.Message
	seen := make(map[string]struct{})
	for _, one := range ready {
		for _, m := range one.out {
			if _, twice := seen[m.ID]; !twice {
				seen[m.ID] = struct{}{}
				msgs = append(msgs, m)
			}
		}
	}
	if len(msgs) == 0 {
		return nil
	}
	_, err := d.cfg.Publisher.PublishBatch(ctx, msgs)
	return err
}

// decode gives a delivery's events as messages.
func (d *Decoding) decode(m *jetstream.Received) (one delivery, why reason, err error) {
	one = delivery{msg: m, source: unknown}
	raw, err := envelope.ParseDelivery(m.Message)
	if err != nil {
		return one, malformed, err
	}
	decoder, registered := d.decoders[raw.Source]
	if !registered {
		return one, unknownSource, fmt.Errorf("decode delivery %s: no source %q is registered", raw.ID, raw.Source)
	}
	one.source = raw.Source
	events, why, err := guarded(decoder, raw, d.cfg.Catalog())
	if err != nil {
		return one, why, fmt.Errorf("decode delivery %s of %s: %w", raw.ID, raw.Source, err)
	}
	for i := range events {
		if err := schemas.CheckHappened(events[i].Time, raw.ReceivedAt); err != nil {
			return one, payload, fmt.Errorf("decode delivery %s of %s: %s: time: %w", raw.ID, raw.Source, events[i].ID, err)
		}
		events[i].KnownAt = raw.ReceivedAt
		one.out = append(one.out, envelope.Event(&events[i], d.cfg.Partitions))
	}
	return one, "", nil
}

// guarded turns a decoder's panic into an error: one payload nobody thought of
// must not stop all the others.
func guarded(decoder Decoder, raw schemas.Delivery, c *schemas.Catalog) (events []schemas.Event, why reason, err error) {
	defer func() {
		if r := recover(); r != nil {
			stack := debug.Stack()
			events, why, err = nil, panicked, fmt.Errorf("panic: %v\n%s", r, stack[:min(len(stack), maxStack)])
		}
	}()
	events, err = decoder.Decode(raw, c)
	return events, payload, err
}

func (d *Decoding) done(one delivery) {
	if err := one.msg.Ack(); err != nil {
		// Not told to the server, so it comes again, to the same events.
		d.cfg.Logger.Debug("delivery comes again", "error", err)
	}
	if len(one.out) == 0 {
		d.metrics.note(one.source, ignored)
		return
	}
	d.metrics.note(one.source, decoded)
	d.metrics.events.Add(float64(len(one.out)))
}

// later leaves a delivery to come again.
func (d *Decoding) later(one delivery, cause error) {
	delay := min(firstDelay<<min(max(one.msg.NumDelivered-1, 0), 10), maxDelay)
	d.metrics.note(one.source, retried)
	d.cfg.Logger.Debug("delivery could not be processed, it comes again",
		"sequence", one.msg.Sequence, "delay", delay, "error", cause)
	if err := one.msg.NakWithDelay(delay); err != nil {
		// The server takes silence for the same answer, after AckWait.
		d.cfg.Logger.Debug("delivery comes again", "error", err)
	}
}

// setAside makes a dead letter of a delivery. Only when that is stored is the
// delivery given up.
func (d *Decoding) setAside(ctx context.Context, one delivery, why reason, cause error) {
	letter := envelope.DeadLetter{
		Stage: Stage, Reason: string(why), Error: cause.Error(), At: d.cfg.Now().UTC(),
		Stream: one.msg.Stream, Sequence: one.msg.Sequence, Original: one.msg.Message,
	}
	if _, err := d.cfg.Publisher.Publish(ctx, letter.Message()); err != nil {
		d.later(one, fmt.Errorf("publish dead letter: %w", err))
		return
	}
	d.metrics.note(one.source, why)
	d.cfg.Logger.Warn("delivery set aside, see: fivekeys dlq list",
		"stream", one.msg.Stream, "sequence", one.msg.Sequence, "source", one.source, "reason", string(why), "error", cause)
	if err := one.msg.Term(string(why)); err != nil {
		d.cfg.Logger.Debug("delivery comes again", "error", err)
	}
}
