package runner

import (
	"context"
	"time"

	"github.com/fivekeys/fivekeys/internal/envelope"
	"github.com/fivekeys/fivekeys/internal/jetstream"
)

// Publisher publishes durably; *jetstream.Publisher does.
type Publisher interface {
	Publish(ctx context.Context, m jetstream.Message) (jetstream.Receipt, error)
}

// deadLetterTimeout bounds the wait for a dead letter's receipt.
const deadLetterTimeout = 30 * time.Second

type graveyard struct {
	publisher Publisher
}

// NewDeadLetters publishes dead letters to deadletters.<stage>.
func NewDeadLetters(p Publisher) DeadLetters { return graveyard{p} }

// Bury publishes the message with its reason and waits until it is durable.
func (g graveyard) Bury(ctx context.Context, stage string, m *jetstream.Received, reason error) error {
	ctx, cancel := context.WithTimeout(ctx, deadLetterTimeout)
	defer cancel()
	letter := envelope.DeadLetter{
		Stage: stage, Reason: "malformed", Error: reason.Error(), At: time.Now().UTC(),
		Stream: m.Stream, Sequence: m.Sequence, Original: m.Message,
	}
	_, err := g.publisher.Publish(ctx, letter.Message())
	return err
}
