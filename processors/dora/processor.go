package dora

import (
	"context"

	"github.com/fivekeys/fivekeys/internal/envelope"
	"github.com/fivekeys/fivekeys/internal/jetstream"
	"github.com/fivekeys/fivekeys/internal/runner"
	"github.com/fivekeys/fivekeys/schemas"
)

// Processor lets a runner drive the stage.
func Processor(stage *Stage) runner.Processor {
	return runner.ProcessorFunc(func(ctx context.Context, batch []*jetstream.Received) ([]runner.Outcome, error) {
		outcomes := make([]runner.Outcome, len(batch))
		events := make([]schemas.Event, 0, len(batch))
		for i, m := range batch {
			e, err := envelope.ParseEvent(m.Message)
			if err != nil {
				outcomes[i].Poison = err
				continue
			}
			if e.KnownAt.IsZero() {
				e.KnownAt = m.Time // published by somebody else's client: known since it is in the stream
			}
			events = append(events, e)
		}
		return outcomes, stage.Process(ctx, events)
	})
}
