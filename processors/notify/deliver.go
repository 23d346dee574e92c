package notify

import (
	"context"
	"fmt"
	"time"

	"github.com/fivekeys/fivekeys/internal/envelope"
	"github.com/fivekeys/fivekeys/internal/jetstream"
)

const (
	buryTimeout = 30 * time.Second
	// buryAgain is how soon a message comes again whose dead letter wasn't stored.
	buryAgain = 30 * time.Second
)

// deliver tells the receiver of one signal, unless it knows. It runs beside the
// worker and touches nothing but the item.
func (w *worker) deliver(ctx context.Context, it *item) answer {
	if !it.taken {
		var before *signal
		rec, err := w.records.of(ctx, it.thing())
		switch {
		case err != nil:
			return answer{verdict: failed, err: err}
		case rec != nil && rec.signal.rank() >= it.rank():
			return answer{verdict: duplicate}
		case rec != nil:
			before = &rec.signal
		}
		r, err := w.render(&it.signal, before)
		if err != nil {
			return answer{verdict: refused, err: err}
		}
		if a := post(ctx, w.http, w.address, r); a.verdict != sent {
			return a
		}
		it.taken = true
	}
	if err := w.records.put(ctx, &it.signal, time.Now()); err != nil {
		return answer{verdict: failed, err: err}
	}
	return answer{verdict: sent}
}

func (w *worker) render(s, before *signal) (request, error) {
	if w.receiver.Alertmanager == "" {
		return webhookRequest(s, w.keys, time.Now())
	}
	return alertsRequest([]postableAlert{s.postable(before, w.link(s))}, w.token)
}

// link is where an alert leads to.
func (w *worker) link(s *signal) string {
	if w.cfg.Link == "" && s.alert != nil {
		return s.alert.DeploymentURL
	}
	return w.cfg.Link
}

// settle does what a result asks for.
func (w *worker) settle(ctx context.Context, r result) {
	w.active--
	it, now := r.item, time.Now()
	switch r.verdict {
	case sent, duplicate:
		if it.attempts > 0 && r.verdict == sent {
			w.log.Info("the receiver takes signals again", "signal", it.id(), "attempts", it.attempts+1)
			w.queue.hurry(now)
		}
		if it.begun() {
			w.going[it.thing()] = true
		} else {
			delete(w.going, it.thing())
		}
		w.finish(it)
	case refused:
		w.log.Error("the receiver refuses a signal, it becomes a dead letter", "signal", it.id(), "error", r.err)
		if err := w.letter(ctx, it.stored, r.verdict, r.err); err != nil {
			w.log.Warn("dead letter not stored, the signal is sent again", "signal", it.id(), "error", err)
			w.queue.retry(it, now.Add(buryAgain))
			break
		}
		w.finish(it)
	case failed, unwanted, expired, malformed:
		wait := max(w.cfg.Backoff.after(it.attempts), r.later)
		if r.later > 0 {
			w.queue.paused = now.Add(r.later)
		}
		w.log.Warn("the receiver hasn't taken a signal", "signal", it.id(), "attempts", it.attempts+1, "again_after", wait, "error", r.err)
		w.queue.retry(it, now.Add(wait))
	}
	w.metrics.count(r.verdict)
}

// finish ends an item for good.
func (w *worker) finish(it *item) {
	w.queue.done(it)
	if it.message != nil {
		w.acknowledge(it.message)
	}
}

func (w *worker) acknowledge(m *jetstream.Received) {
	// A lost acknowledgement means that it comes again, and is a duplicate then.
	if err := m.Ack(); err != nil {
		w.log.Debug("ack failed, the signal will come again", "sequence", m.Sequence, "error", err)
	}
}

// bury makes a dead letter of a message that is no signal.
func (w *worker) bury(m *jetstream.Received, why verdict, err error) {
	w.log.Error("a message can't be read, it becomes a dead letter", "sequence", m.Sequence, "error", err)
	if err := w.letter(context.Background(), m.Stored, why, err); err != nil {
		w.log.Warn("dead letter not stored, the message will come again", "sequence", m.Sequence, "error", err)
		_ = m.NakWithDelay(buryAgain)
		return
	}
	w.metrics.count(why)
	if err := m.Term(err.Error()); err != nil {
		w.log.Debug("term failed, the message will come again", "sequence", m.Sequence, "error", err)
	}
}

// letter publishes a dead letter. The stage is the receiver's: driven again, the
// signal goes to all, and those who have it know.
func (w *worker) letter(ctx context.Context, m jetstream.Stored, why verdict, err error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), buryTimeout)
	defer cancel()
	dead := envelope.DeadLetter{
		Stage: ConsumerName(w.receiver.Name), Reason: string(why), Error: err.Error(), At: time.Now().UTC(),
		Stream: m.Stream, Sequence: m.Sequence, Original: m.Message,
	}
	if _, err := w.cfg.Publisher.Publish(ctx, dead.Message()); err != nil {
		return fmt.Errorf("publish dead letter: %w", err)
	}
	return nil
}
