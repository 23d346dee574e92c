package spanintake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/fivekeys/fivekeys/ingest/body"
	"github.com/fivekeys/fivekeys/internal/jetstream"
	"github.com/fivekeys/fivekeys/internal/otlpwire"
	"github.com/fivekeys/fivekeys/schemas"
)

// accept returns once all spans that make sense are stored. What it needs is
// leased before it is built, and the body is let go before it waits for storage.
func (in *Intake) accept(ctx context.Context, b *body.Body, format Format) (otlpwire.Report, error) {
	lease := in.bodies.Lease()
	defer lease.Release()
	data, left, err := format.read(ctx, b.Data, lease)
	if err != nil {
		return otlpwire.Report{}, err
	}
	chunks, report, err := otlpwire.Splitter{Partitions: in.cfg.Partitions, More: lease.More, Accepted: in.accepted()}.Split(data)
	if err != nil {
		return report, err
	}
	if report.Rejected += left.Rejected; left.Reason != nil {
		report.Reason = left.Reason
	}
	if report.Accepted+report.Rejected == 0 && format.Note != nil {
		report.Reason = format.Note(b.Data)
	}
	b.Release()
	if err := ctx.Err(); err != nil {
		return report, err // nobody waits for it any more
	}
	ctx, cancel := context.WithTimeout(ctx, publishTimeout)
	defer cancel()
	if _, err := in.cfg.Publisher.PublishBatch(ctx, messages(chunks)); err != nil {
		return report, fmt.Errorf("publish %d spans: %w", report.Accepted, err)
	}
	return report, nil
}

// accepted are the times that the stage behind the stream counts.
func (in *Intake) accepted() (r otlpwire.Range) {
	now := in.cfg.Now()
	r.To = now.Add(schemas.MaxSpanAhead)
	if in.cfg.Retention > 0 {
		r.From = now.Add(-in.cfg.Retention)
	}
	return r
}

func (f Format) read(ctx context.Context, data []byte, lease *body.Lease) ([]byte, otlpwire.Report, error) {
	if f.Cost != nil {
		cost, err := f.Cost(data)
		if err != nil {
			return nil, otlpwire.Report{}, err
		}
		if err := lease.More(cost); err != nil {
			return nil, otlpwire.Report{}, err
		}
	}
	if f.Convert == nil {
		return data, otlpwire.Report{}, nil
	}
	return f.Convert(ctx, data)
}

// messages gives each chunk an id made of its bytes: a request that is sent
// again, since its answer got lost, is then known to the stream.
func messages(chunks []otlpwire.Chunk) []jetstream.Message {
	msgs := make([]jetstream.Message, 0, len(chunks))
	seen := make(map[string]struct{}, len(chunks))
	for _, c := range chunks {
		sum := sha256.Sum256(c.Data)
		id := hex.EncodeToString(sum[:16])
		if _, twice := seen[id]; twice {
			continue // a batch that repeats an id is refused whole
		}
		seen[id] = struct{}{}
		msgs = append(msgs, jetstream.Message{Subject: schemas.SpanSubject(c.Partition), ID: id, Data: c.Data})
	}
	return msgs
}
