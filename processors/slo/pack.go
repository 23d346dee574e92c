package slo

import (
	"context"
	"encoding/binary"
	"errors"
	"time"

	"github.com/fivekeys/fivekeys/internal/clickhouse"
)

// Counts are kept by partition and version, a dozen rows a minute and more.
// Hours that are over are stored once more as the ledgers have them, so that a
// start reads a row an hour and only the last hours' counts.

var errPacked = errors.New("a packed hour is damaged; delete its row of slo_hour_facts and those of slo_status_facts to have everything read again")

// Pack gives an hour's minutes as bytes; nothing where it is closed or was
// without traffic.
func (l *Ledger) Pack(h int64) []byte {
	i := h - l.first
	if i < 0 || i >= int64(len(l.hours)) || l.hours[i].minutes == nil {
		return nil
	}
	out := make([]byte, 0, 4*hourMinutes)
	for _, c := range l.hours[i].minutes {
		out = binary.AppendUvarint(out, uint64(c.total-c.good))
		out = binary.AppendUvarint(out, uint64(c.total))
	}
	return out
}

// Unpack is the reverse; an hour that does not stay open is kept as its sums.
func (l *Ledger) Unpack(h int64, packed []byte, open bool) error {
	if h < l.oldest {
		return nil
	}
	into := l.at(h)
	*into = hour{minutes: new([hourMinutes]count), stale: true}
	for i := range into.minutes {
		bad, n := binary.Uvarint(packed)
		if n <= 0 {
			return errPacked
		}
		packed = packed[n:]
		total, n := binary.Uvarint(packed)
		if n <= 0 || bad > total {
			return errPacked
		}
		packed = packed[n:]
		l.note(h*hourMinutes+int64(i), total)
		into.minutes[i] = counted(total-bad, total)
	}
	l.settle(into)
	if !open {
		into.minutes = nil
	}
	return nil
}

// packDelay is how many hours have to be over before one is packed: most late
// minutes have come by then.
const packDelay = 2

// pack stores hours of some objectives: those that are over and those packed
// ones that have changed. Every change up to seen is in them after that.
func (e *Evaluator) pack(ctx context.Context, keys []string, at int64, seen time.Time) error {
	until := hourOf(at) - packDelay
	var rows []clickhouse.SLOHour
	add := func(key string, h int64) {
		if packed := e.ledgers[key].Pack(h); packed != nil {
			rows = append(rows, clickhouse.SLOHour{Objective: key, Hour: h, Minutes: packed})
		}
	}
	for _, key := range keys {
		for h := range e.repack[key] {
			add(key, h)
		}
		for h := max(e.byKey[key].state.Packed, e.ledgers[key].first); h < until; h++ {
			add(key, h)
		}
		if len(rows) >= packAtOnce {
			if err := e.cfg.Store.SaveHours(ctx, rows); err != nil {
				return err
			}
			rows = rows[:0]
		}
	}
	if err := e.cfg.Store.SaveHours(ctx, rows); err != nil {
		return err
	}
	for _, key := range keys {
		a := e.byKey[key]
		a.state.Packed, a.state.Seen, a.state.Reported = until, seen, a.Indicator.Reported
		delete(e.repack, key)
	}
	return nil
}

// packAtOnce bounds the rows of one insert.
const packAtOnce = 50_000
