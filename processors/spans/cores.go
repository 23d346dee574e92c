package spans

import (
	"context"
	"time"

	"github.com/fivekeys/fivekeys/internal/clickhouse"
	"github.com/fivekeys/fivekeys/internal/jetstream"
	"github.com/fivekeys/fivekeys/processors/traces"
	"github.com/fivekeys/fivekeys/schemas"
)

// Counter counts a span for objectives; processors/sli has it. It is a pure
// function of the span. The stage books what it adds on the minute in which the
// span ended and on the span's Version.
type Counter interface {
	Count(span *schemas.Span, add func(objective string, good, total uint64))
}

// Traces follows the traces of one partition; processors/traces has it. What it
// gives to the sink is a pure function of the calls so far: no wall clock, no
// iteration over maps in random order. Calls come one at a time; at never
// decreases and is the stream time of the message (ns since 1970).
//
// A span points into the message and is reused: what is kept beyond the call
// has to be cloned.
type Traces interface {
	// Span takes a span that did not come before within the window of duplicates.
	Span(at int64, span *schemas.Span, to Sink)
	// Advance lets stream time pass: called once before the spans of each message
	// and for ticks. Traces whose time is up are closed here.
	Advance(at int64, to Sink)
	// Open says since when the oldest open trace is open: the stream time of its
	// first span. Without any, ok is false. A replay begins early enough to see all
	// spans from there on again; what is older has been given to the sink.
	Open() (since int64, ok bool)
}

// Sink takes what spans and closed traces amount to.
type Sink = traces.Sink

// Decode takes a message apart and calls fn for each span, which is valid until
// fn returns; otlpwire's Decoder does. What came before an error is counted.
type Decode func(chunk []byte, fn func(*schemas.Span) error) error

// Store has what was counted; *clickhouse.Store does.
type Store interface {
	SpanPositions(ctx context.Context) (map[int]clickhouse.SpanPosition, error)
	CountedUntil(ctx context.Context, since time.Time) (newest time.Time, sequence uint64, err error)
	LoadSpanCounts(ctx context.Context, partitions []int, minutes []time.Time) (*clickhouse.SpanCounts, error)
	InsertSpans(ctx context.Context, b *clickhouse.SpanBatch) error
	WriteSpanCounts(ctx context.Context, c *clickhouse.SpanCounts) error
	WriteSpanPositions(ctx context.Context, positions []clickhouse.SpanPosition) error
	KeepSpans(ctx context.Context, retention time.Duration) error
}

// Leases say which partitions are this process's; *jetstream.Leases does.
type Leases interface {
	Held() []string
	Changes() <-chan struct{}
}

// Publisher publishes ticks; *jetstream.Publisher does.
type Publisher interface {
	Publish(ctx context.Context, m jetstream.Message) (jetstream.Receipt, error)
}

// DeadLetters takes chunks that can't be decoded; runner.NewDeadLetters does.
type DeadLetters interface {
	Bury(ctx context.Context, stage string, m *jetstream.Received, reason error) error
}

var _ Store = (*clickhouse.Store)(nil)
var _ Leases = (*jetstream.Leases)(nil)
var _ Publisher = (*jetstream.Publisher)(nil)
var _ Traces = (*traces.Collector)(nil)
