package spans

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/fivekeys/fivekeys/internal/clickhouse"
	"github.com/fivekeys/fivekeys/internal/jetstream"
	"github.com/fivekeys/fivekeys/schemas"
)

// session reads the partitions that a process holds, from where they are counted
// to, until it is told to stop or what is held changes. It is one goroutine's; the
// writer is another.
type session struct {
	stage      *Stage
	partitions map[string]*partition // by subject
	order      []*partition
	counts     counts
	ages       ages
	sequence   uint64 // everything of ours up to it is processed
	at         int64  // stream time of it
	batch      *clickhouse.SpanBatch
	cuts       uint64 // how many there were
	tally      tally
	writer     *writer
	lost       bool // a cut was given up: nothing may be written any more
}

// tally is what became of spans since the last cut.
type tally struct{ counted, duplicate, outOfRange, poison float64 }

// ahead is how many messages are decoded later: enough to work while the network
// is waited for.
const ahead = 64

// open reads where the partitions stand and begins to read the stream.
func (s *Stage) open(ctx context.Context, held []int) (_ *session, _ *jetstream.Log, err error) {
	positions, newest, err := s.advance(ctx)
	if err != nil {
		return nil, nil, err
	}
	n := &session{stage: s, partitions: make(map[string]*partition, len(held)), batch: &clickhouse.SpanBatch{}}
	n.counts = counts{
		minutes: make(map[int64]*minute), newest: newest.Unix(),
		load: func(ctx context.Context, minute time.Time) (*clickhouse.SpanCounts, error) {
			return retry(ctx, s, "load counted minutes", func() (*clickhouse.SpanCounts, error) {
				return s.cfg.Store.LoadSpanCounts(ctx, held, []time.Time{minute})
			})
		},
	}
	after := make(map[string]uint64, len(held))
	for _, number := range held {
		p := &partition{number: number, subject: schemas.SpanSubject(number), traces: s.cfg.Traces(), session: n, ctx: ctx, heard: s.cfg.Now()}
		p.addSLI = p.sli
		p.position = clickhouse.SpanPosition{Partition: number}
		if stored, ok := positions[number]; ok {
			p.position = stored
		}
		// Never above what is counted, whatever the row says.
		after[p.subject] = min(max(p.position.ReplayFrom, 1)-1, p.position.Sequence)
		n.partitions[p.subject] = p
		n.order = append(n.order, p)
	}
	s.beginDurable(n.order)
	log, err := s.cfg.Bus.ReadLog(ctx, jetstream.LogConfig{Stream: jetstream.StreamSpans, After: after})
	if err != nil {
		return nil, nil, err
	}
	return n, log, nil
}

// advance reads how far the stream is counted, and sees to it that what comes next
// is behind that. It also gives the newest minute that may have rows.
func (s *Stage) advance(ctx context.Context) (map[int]clickhouse.SpanPosition, time.Time, error) {
	positions, err := s.cfg.Store.SpanPositions(ctx)
	if err != nil {
		return nil, time.Time{}, err
	}
	since := s.cfg.Now().Add(-recent)
	newest, counted, err := s.cfg.Store.CountedUntil(ctx, since)
	if err != nil {
		return nil, time.Time{}, err
	}
	if newest.Before(since) {
		newest = since
	}
	for _, p := range positions {
		counted = max(counted, p.Sequence)
	}
	return positions, newest, s.cfg.Bus.AdvanceTo(ctx, jetstream.StreamSpans, schemas.SpanSubject(0), counted)
}

// recent is how far back the newest counted minute is looked for; older ones are
// loaded when something comes for them.
const recent = 24 * time.Hour

// run processes messages until ctx ends, changed reports, or something fails.
func (n *session) run(ctx context.Context, log *jetstream.Log, changed <-chan struct{}) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	n.writer = newWriter(n.stage, n.order)
	written := make(chan struct{})
	go func() {
		defer close(written)
		n.writer.run(ctx)
	}()
	messages := make(chan jetstream.Stored, ahead)
	ended := make(chan error, 1)
	go func() {
		for {
			m, err := log.Next(ctx)
			if err != nil {
				ended <- err
				return
			}
			select {
			case messages <- m:
			case <-ctx.Done():
				ended <- ctx.Err()
				return
			}
		}
	}()
	err := n.loop(ctx, messages, ended, changed)
	if err == nil && !n.lost {
		n.cut(context.WithoutCancel(ctx)) // the last one, between two messages
	}
	close(n.writer.queue)
	if err == nil {
		n.writer.finish(written)
	}
	cancel()
	<-written
	return err
}

func (n *session) loop(ctx context.Context, messages <-chan jetstream.Stored, ended <-chan error, changed <-chan struct{}) error {
	tick := time.NewTicker(n.stage.cfg.CutEvery)
	defer tick.Stop()
	for {
		select {
		case m := <-messages:
			if err := n.process(ctx, m); err != nil {
				if ctx.Err() != nil {
					return errInterrupted
				}
				return err
			}
			if n.batch.Len() >= maxSpans || n.batch.Bytes() >= maxBytes {
				n.cut(ctx)
			}
		case <-tick.C:
			n.cut(ctx)
			if len(messages) == 0 {
				n.idle(ctx)
			}
		case at := <-n.writer.probes:
			if err := n.pass(at); err != nil {
				return err
			}
		case err := <-ended:
			if ctx.Err() != nil {
				return nil
			}
			return err
		case <-changed:
			return nil
		case <-ctx.Done():
			return nil
		}
	}
}

// errInterrupted: the stage was stopped within a message. What is in memory counts
// half of it and must not be written.
var errInterrupted = errors.New("stopped within a message")

func (n *session) process(ctx context.Context, m jetstream.Stored) error {
	p := n.partitions[m.Subject]
	if p == nil {
		return fmt.Errorf("read the span stream: nobody asked for %s", m.Subject)
	}
	n.sequence = m.Sequence
	n.at = max(n.at, m.Time.UnixNano())
	n.ages.note(n.at, m.Sequence)
	p.at = max(p.at, m.Time.UnixNano())
	p.heard = n.stage.cfg.Now()
	p.minute, p.ctx, p.sequence, p.counting = nil, ctx, m.Sequence, m.Sequence > p.position.Sequence
	p.duplicates.advance(p.at)
	p.traces.Advance(p.at, p)
	if len(m.Data) > 0 && p.err == nil {
		if err := n.stage.cfg.Decode(m.Data, p.take); err != nil && p.err == nil {
			if err := n.bury(ctx, p, m, err); err != nil {
				return err
			}
		}
	}
	return p.err
}

// bury makes a dead letter of a chunk that doesn't decode, once.
func (n *session) bury(ctx context.Context, p *partition, m jetstream.Stored, reason error) error {
	if !p.counting {
		return nil
	}
	n.tally.poison++
	_, err := retry(ctx, n.stage, "store a dead letter", func() (struct{}, error) {
		return struct{}{}, n.stage.cfg.DeadLetters.Bury(ctx, Name, &jetstream.Received{Stored: m}, reason)
	})
	return err
}

// cut hands what was counted since the last cut to the writer.
func (n *session) cut(ctx context.Context) {
	n.tally.report(&n.stage.metrics)
	positions := n.positions()
	if len(positions) == 0 && n.batch.Len() == 0 && n.counts.dirty.len() == 0 {
		return
	}
	n.cuts++
	c := cut{number: n.cuts, at: n.at, spans: n.batch, counts: n.counts.cut(n.cuts, n.sequence), positions: positions}
	if !n.writer.enqueue(ctx, c) {
		n.lost = true
		return
	}
	n.batch = n.writer.empty()
	n.counts.forget(n.at, n.writer.stored.Load())
}

// idle is called when nothing waits: it lets stream time pass for open traces, and
// has the writer look whether the stream went on without us.
func (n *session) idle(ctx context.Context) {
	now := n.stage.cfg.Now()
	var silent []string
	for _, p := range n.order {
		if _, open := p.traces.Open(); open && now.Sub(p.heard) >= tickAfter {
			silent = append(silent, p.subject)
		}
	}
	if len(silent) > 0 {
		n.stage.tick(ctx, silent)
	}
	n.writer.probe(n.sequence, slices.Sorted(maps.Keys(n.partitions)))
}

// probed is the end of the stream at a time when nothing above after was ours.
type probed struct {
	after, last uint64
	at          time.Time
}

// pass moves the position over messages of others: an idle partition must not keep
// the stream from being shortened.
func (n *session) pass(p probed) error {
	if p.last < p.after {
		return fmt.Errorf("the span stream ends at %d, before what was read of it (%d): it was made anew", p.last, p.after)
	}
	if p.after != n.sequence || p.last == n.sequence {
		return nil // something came meanwhile, or nothing at all
	}
	n.sequence = p.last
	n.at = max(n.at, p.at.UnixNano())
	n.ages.note(n.at, p.last)
	return nil
}
