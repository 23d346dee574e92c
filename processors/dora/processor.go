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
	pins := map[string]string{} // of each consumer, the last
	return runner.ProcessorFunc(func(ctx context.Context, batch []*jetstream.Received) ([]runner.Outcome, error) {
		if handedOver(pins, batch) {
			stage.Forget()
		}
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

// handedOver says whether another process may have folded a partition since its
// last batch here.
func handedOver(pins map[string]string, batch []*jetstream.Received) bool {
	changed := false
	for _, m := range batch {
		last, known := pins[m.Consumer]
		changed = changed || known && last != m.Pin
		pins[m.Consumer] = m.Pin
	}
	return changed
}
