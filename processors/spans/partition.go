package spans

import (
	"context"
	"time"

	"github.com/fivekeys/fivekeys/internal/clickhouse"
	"github.com/fivekeys/fivekeys/schemas"
)

// partition is what is remembered of one partition, and the sink of its traces.
type partition struct {
	number     int
	subject    string
	position   clickhouse.SpanPosition // as it is stored, or about to be
	duplicates duplicates
	traces     Traces
	at         int64     // stream time, ns
	heard      time.Time // when the last message came, by our clock; only for ticks

	session  *session
	ctx      context.Context
	sequence uint64 // of the message at hand
	counting bool   // whether it isn't in the tables yet
	span     *schemas.Span
	minute   *minute // of the last thing counted
	err      error   // of loading rows; ends the session
	addSLI   func(objective string, good, total uint64)
}

func (p *partition) take(span *schemas.Span) error {
	end := span.Start + span.Duration
	if end < p.at-int64(p.session.stage.cfg.Rules.Retention) || end > p.at+int64(maxAhead) || span.Start < 0 {
		if p.counting {
			p.session.tally.outOfRange++
		}
		return nil
	}
	if p.duplicates.seen(span.TraceID, identityOf(span)) {
		if p.counting {
			p.session.tally.duplicate++
		}
		return nil
	}
	if p.counting {
		p.session.tally.counted++
		if counter := p.session.stage.cfg.Counter; counter != nil {
			p.span = span
			counter.Count(span, p.addSLI)
		}
	}
	p.traces.Span(p.at, span, p)
	return p.err
}

// sli books what the counter says about the span at hand.
func (p *partition) sli(objective string, good, total uint64) {
	m := p.of(p.span.Start + p.span.Duration)
	if m == nil {
		return
	}
	if row := p.session.counts.sli(m, sliKey{p.number, objective, p.span.Version}, p.sequence); row != nil {
		row.Good += good
		row.Total += total
	}
}

// Request implements Sink.
func (p *partition) Request(service, operation string, kind schemas.SpanKind, at int64, failed bool, latency int64) {
	m := p.of(at)
	if m == nil {
		return
	}
	if row := p.session.counts.service(m, serviceKey{p.number, kind, service, operation}, p.sequence); row != nil {
		row.Requests++
		if failed {
			row.Errors++
		}
		row.Latency.Add(latency)
	}
}

// Call implements Sink.
func (p *partition) Call(caller, callee string, at int64, failed bool, latency int64) {
	m := p.of(at)
	if m == nil {
		return
	}
	if row := p.session.counts.call(m, callKey{p.number, caller, callee}, p.sequence); row != nil {
		row.Calls++
		if failed {
			row.Errors++
		}
		row.Latency.Add(latency)
	}
}

// Keep implements Sink.
func (p *partition) Keep(span *schemas.Span) {
	if p.counting {
		p.session.batch.Add(span)
	}
}

// of finds the minute of a time, nil while nothing is to be counted.
func (p *partition) of(at int64) *minute {
	if !p.counting || p.err != nil {
		return nil
	}
	unix := at / int64(time.Second)
	if p.minute != nil && p.minute.at.Unix() == unix-unix%60 && p.minute.touched == p.at {
		return p.minute
	}
	p.minute, p.err = p.session.counts.minute(p.ctx, at, p.at)
	return p.minute
}
