package notify

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/fivekeys/fivekeys/internal/jetstream"
)

// page is how many signals are read at once.
const page = 500

// catchUp queues what goes on since before the receiver was known, or wanted to
// know: its consumer brings only what comes after settled. What began and ended
// before is nobody's business any more.
func (w *worker) catchUp(ctx context.Context, settled uint64) error {
	filters := fmt.Sprint(w.receiver.Signals, w.receiver.Severities, w.receiver.Services)
	first, err := w.records.first(ctx, filters)
	if err != nil || !first {
		return err
	}
	last := map[string]*item{} // of each thing
	for after := uint64(0); after < settled; {
		messages, err := w.cfg.Client.ListMessages(ctx, jetstream.StreamSignals, "signals.>", after, page)
		if err != nil {
			return fmt.Errorf("look what goes on: %w", err)
		}
		if len(messages) == 0 {
			break
		}
		for _, m := range messages {
			if after = m.Sequence; after > settled {
				break
			}
			if s, err := parseSignal(m.Subject, m.Data); err == nil && w.receiver.Wants(s.kind, s.severity(), s.service()) {
				last[s.thing()] = &item{signal: s, stored: m}
			}
		}
	}
	for _, it := range last {
		if it.begun() {
			w.queue.add(it)
		}
	}
	return w.records.begin(ctx, filters, time.Now())
}

// resend tells an Alertmanager of everything that goes on, in one request: what
// it isn't told again is over for it after resolve_timeout.
func (w *worker) resend(ctx context.Context) {
	if w.receiver.Alertmanager == "" || len(w.going) == 0 || time.Now().Before(w.queue.paused) {
		return
	}
	var alerts []postableAlert
	for _, thing := range slices.Sorted(maps.Keys(w.going)) {
		if w.queue.pending(thing) {
			continue // it may be over there already, and must not begin again
		}
		// From the record and not from memory: another process may have told that
		// it is over while this one stood still.
		rec, err := w.records.of(ctx, thing)
		switch {
		case err != nil:
			w.log.Debug("not told again", "signal", thing, "error", err)
			continue
		case rec == nil || !rec.signal.begun():
			delete(w.going, thing)
			continue
		case w.cfg.Defined != nil && !w.cfg.Defined(rec.signal.objective(), rec.signal.rule()):
			continue
		case !w.receiver.Wants(rec.signal.kind, rec.signal.severity(), rec.signal.service()):
			continue
		case time.Since(rec.At) > refreshAfter:
			if err := w.records.put(ctx, &rec.signal, time.Now()); err != nil {
				w.log.Debug("record not renewed", "signal", thing, "error", err)
			}
		}
		alerts = append(alerts, rec.signal.postable(nil, w.link(&rec.signal)))
	}
	if len(alerts) == 0 {
		return
	}
	r, err := alertsRequest(alerts, w.token)
	if err == nil {
		err = post(ctx, w.http, w.address, r).err
	}
	if err != nil && ctx.Err() == nil {
		w.log.Warn("what fires wasn't told again", "alerts", len(alerts), "error", err)
	}
}
