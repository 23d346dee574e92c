package spanintake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/fivekeys/fivekeys/internal/jetstream"
	"github.com/fivekeys/fivekeys/internal/otlpwire"
	"github.com/fivekeys/fivekeys/schemas"
)

// accept returns once all spans that make sense are stored.
func (in *Intake) accept(ctx context.Context, data []byte) (otlpwire.Report, error) {
	chunks, report, err := otlpwire.Split(data, in.cfg.Partitions)
	if err != nil {
		return report, err
	}
	size := 0
	for _, c := range chunks {
		size += len(c.Data)
	}
	lease, err := in.Lease(size)
	if err != nil {
		return report, err
	}
	defer lease.Release()
	ctx, cancel := context.WithTimeout(ctx, publishTimeout)
	defer cancel()
	if _, err := in.cfg.Publisher.PublishBatch(ctx, messages(chunks)); err != nil {
		return report, fmt.Errorf("publish %d spans: %w", report.Accepted, err)
	}
	return report, nil
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
