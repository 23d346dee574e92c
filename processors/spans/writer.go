package spans

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/fivekeys/fivekeys/internal/clickhouse"
	"github.com/fivekeys/fivekeys/internal/jetstream"
)

// cut is what was counted between two messages of the stream.
type cut struct {
	number    uint64
	at        int64
	spans     *clickhouse.SpanBatch
	counts    clickhouse.SpanCounts
	positions []clickhouse.SpanPosition
}

// writer stores cuts, one after the other, and the position of each after its
// rows. It tries for as long as it takes: the stream keeps what waits behind.
type writer struct {
	stage   *Stage
	queue   chan cut
	free    chan *clickhouse.SpanBatch
	stored  atomic.Uint64 // number of the last cut that is in the tables
	asked   chan question
	probes  chan probed
	trimmer bool // whether it is ours to shorten the stream
}

type question struct {
	after    uint64
	subjects []string
}

func newWriter(s *Stage, held []*partition) *writer {
	w := &writer{
		stage: s, queue: make(chan cut, 1), free: make(chan *clickhouse.SpanBatch, 3),
		asked: make(chan question, 1), probes: make(chan probed, 1),
	}
	for _, p := range held {
		w.trimmer = w.trimmer || p.number == 0
	}
	return w
}

// enqueue waits for room. false says that ctx ended first: the cut is lost, and
// none may follow it.
func (w *writer) enqueue(ctx context.Context, c cut) bool {
	select {
	case w.queue <- c:
		return true
	case <-ctx.Done():
		return false
	}
}

// empty gives a batch for what comes next.
func (w *writer) empty() *clickhouse.SpanBatch {
	select {
	case b := <-w.free:
		return b
	default:
		return &clickhouse.SpanBatch{}
	}
}

// run stores cuts until there are no more. Once it gave up one it stores none of
// those behind it: a position must not pass rows that are missing.
func (w *writer) run(ctx context.Context) {
	defer func() {
		for range w.queue { // nobody waits for room in vain
		}
	}()
	// Also when nothing comes: it may be that nothing comes because there is no room.
	trim := time.NewTicker(trimEvery)
	defer trim.Stop()
	for {
		select {
		case c, ok := <-w.queue:
			if !ok || !w.store(ctx, c) {
				return
			}
		case <-trim.C:
			w.trim(ctx)
		case q := <-w.asked:
			w.look(ctx, q)
		case <-ctx.Done():
			// What the last cut brings is stored, if the store lets us: see finish.
			for c := range w.queue {
				if !w.store(ctx, c) {
					return
				}
			}
			return
		}
	}
}

// finish waits for the last cuts, within a bound where the store is away.
func (w *writer) finish(written <-chan struct{}) {
	timer := time.NewTimer(lastCall)
	defer timer.Stop()
	select {
	case <-written:
	case <-timer.C:
	}
}

// store writes a cut; false says that it was given up because ctx ended.
func (w *writer) store(ctx context.Context, c cut) bool {
	start := time.Now()
	s := w.stage
	if _, err := retry(ctx, s, "store spans and counts", func() (struct{}, error) {
		var both errgroup.Group
		both.Go(func() error { return s.cfg.Store.InsertSpans(ctx, c.spans) })
		both.Go(func() error { return s.cfg.Store.WriteSpanCounts(ctx, &c.counts) })
		return struct{}{}, both.Wait()
	}); err != nil {
		return false
	}
	// Only now: a position says that everything up to it is in the tables.
	if _, err := retry(ctx, s, "store positions", func() (struct{}, error) {
		return struct{}{}, s.cfg.Store.WriteSpanPositions(ctx, c.positions)
	}); err != nil {
		return false
	}
	s.metrics.rows.Add(float64(c.spans.Len() + c.counts.Len()))
	s.metrics.cuts.Observe(time.Since(start).Seconds())
	w.stored.Store(c.number)
	if len(c.positions) > 0 {
		s.setDurable(c.positions)
		s.metrics.delay.Set(max(0, s.cfg.Now().Sub(time.Unix(0, c.at)).Seconds()))
	}
	c.spans.Reset()
	select {
	case w.free <- c.spans:
	default:
	}
	return true
}

// trim shortens the stream, where that is ours to do, and looks how full it is.
func (w *writer) trim(ctx context.Context) {
	err := w.stage.gauge(ctx)
	if w.trimmer {
		err = errors.Join(err, w.stage.trim(ctx))
	}
	if err != nil && ctx.Err() == nil {
		w.stage.cfg.Logger.Warn("the span stream stays longer than it needs to be", "error", err)
	}
}

// probe asks the writer, which is idle too, how far the stream is.
func (w *writer) probe(after uint64, subjects []string) {
	select {
	case w.asked <- question{after, subjects}:
	default:
	}
}

// look finds out whether the stream ends with messages of others.
func (w *writer) look(ctx context.Context, q question) {
	last, at, err := w.stage.cfg.Bus.LastSequence(ctx, jetstream.StreamSpans)
	if err != nil || last == q.after {
		return // away, or nothing new
	}
	for _, subject := range q.subjects {
		if last < q.after {
			break
		}
		// Asked after the end: what comes meanwhile is above it.
		if next, err := w.stage.cfg.Bus.NextSequence(ctx, jetstream.StreamSpans, subject, q.after); err != nil || next != 0 && next <= last {
			return
		}
	}
	select {
	case w.probes <- probed{after: q.after, last: last, at: at}:
	default:
	}
}
