// Package archive keeps every raw delivery for audit: it reads the deliveries
// beside the decode stage and inserts them into ClickHouse.
package archive

import (
	"context"

	"github.com/fivekeys/fivekeys/internal/envelope"
	"github.com/fivekeys/fivekeys/internal/jetstream"
	"github.com/fivekeys/fivekeys/internal/runner"
	"github.com/fivekeys/fivekeys/schemas"
)

// Stage names it in logs, metrics and dead letters.
const Stage = "archive"

// Store takes deliveries; taking one twice keeps one.
type Store interface {
	AppendDeliveries(ctx context.Context, deliveries []schemas.Delivery) error
}

// New is the processor.
func New(store Store) runner.Processor {
	return runner.ProcessorFunc(func(ctx context.Context, batch []*jetstream.Received) ([]runner.Outcome, error) {
		outcomes := make([]runner.Outcome, len(batch))
		deliveries := make([]schemas.Delivery, 0, len(batch))
		for i, m := range batch {
			d, err := envelope.ParseDelivery(m.Message)
			if err != nil {
				outcomes[i].Poison = err
				continue
			}
			deliveries = append(deliveries, d)
		}
		return outcomes, store.AppendDeliveries(ctx, deliveries)
	})
}
