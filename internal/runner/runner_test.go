package runner_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/fivekeys/fivekeys/internal/jetstream"
	"github.com/fivekeys/fivekeys/internal/runner"
	"github.com/fivekeys/fivekeys/internal/testkit"
)

// stage is a runner over an embedded NATS with n messages waiting.
type stage struct {
	client    *jetstream.Client
	publisher *jetstream.Publisher
	sub       *jetstream.Subscription
	folder    string
	// burying takes dead letters; the publisher unless given.
	burying runner.DeadLetters
}

func newStage(t *testing.T, n int) *stage {
	t.Helper()
	s := &stage{folder: t.TempDir()}
	s.open(t)
	client := s.client
	publisher, err := client.NewPublisher(t.Context(), jetstream.PublisherConfig{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		if _, err := publisher.Publish(t.Context(), jetstream.Message{Subject: "deliveries.test", Data: []byte(strconv.Itoa(i))}); err != nil {
			t.Fatal(err)
		}
	}
	sub, err := client.Subscribe(t.Context(), jetstream.SubscribeConfig{
		Stream: jetstream.StreamDeliveries, Consumers: []string{jetstream.ConsumerArchive},
	})
	if err != nil {
		t.Fatal(err)
	}
	s.publisher, s.sub, s.burying = publisher, sub, runner.NewDeadLetters(publisher)
	return s
}

// open starts the server, also again after its client was closed.
func (s *stage) open(t *testing.T) {
	t.Helper()
	client, err := jetstream.Open(t.Context(), jetstream.Config{StoreDir: s.folder, NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	if err := client.Ensure(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.client = client
}

// run drives a processor until stop is closed.
func (s *stage) run(t *testing.T, stop <-chan struct{}, process runner.ProcessorFunc) {
	t.Helper()
	r, err := runner.New(runner.Config{
		Stage: "test", Subscription: s.sub, Processor: process, DeadLetters: s.burying,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var done sync.WaitGroup
	done.Go(func() {
		if err := r.Run(ctx); err != nil {
			t.Errorf("run: %v", err)
		}
	})
	testkit.Receive(t, "the batches are processed", stop)
	cancel()
	done.Wait()
	if err := s.sub.Close(); err != nil {
		t.Fatal(err)
	}
}

// awaitUnsettled waits until so many messages will come again. The server takes
// acknowledgements in, and counts what waits, some time after they were sent.
func (s *stage) awaitUnsettled(t *testing.T, want uint64) {
	t.Helper()
	testkit.AwaitState(t, strconv.FormatUint(want, 10)+" messages are unsettled", func() (bool, any) {
		left := s.unsettled(t)
		return left == want, left
	})
}

func (s *stage) unsettled(t *testing.T) (left uint64) {
	t.Helper()
	lags, err := s.client.Pending(t.Context(), jetstream.StreamDeliveries)
	if err != nil {
		t.Fatal(err)
	}
	for _, lag := range lags {
		if lag.Consumer == jetstream.ConsumerArchive {
			left += lag.Total()
		}
	}
	return left
}

func (s *stage) letters(t *testing.T) []jetstream.Stored {
	t.Helper()
	letters, err := s.client.ListMessages(t.Context(), jetstream.StreamDeadLetters, "", 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	return letters
}

func TestABatchThatFailsIsTriedAgainUntilItSucceeds(t *testing.T) {
	const messages, failures = 20, 2
	s := newStage(t, messages)
	stop := make(chan struct{})
	tries := 0
	var seen []string
	s.run(t, stop, func(_ context.Context, batch []*jetstream.Received) ([]runner.Outcome, error) {
		if tries++; tries <= failures {
			return nil, errors.New("the store is away")
		}
		for _, m := range batch {
			seen = append(seen, string(m.Data))
		}
		if len(seen) == messages {
			close(stop)
		}
		return nil, nil
	})
	slices.Sort(seen)
	if len(slices.Compact(seen)) != messages {
		t.Errorf("processed %v, want each of %d messages once", seen, messages)
	}
	s.awaitUnsettled(t, 0)
}

func TestPoisonBecomesADeadLetterAndTheRestIsDone(t *testing.T) {
	const messages = 5
	s := newStage(t, messages)
	stop := make(chan struct{})
	settled := 0
	s.run(t, stop, func(_ context.Context, batch []*jetstream.Received) ([]runner.Outcome, error) {
		outcomes := make([]runner.Outcome, len(batch))
		for i, m := range batch {
			if string(m.Data) == "3" {
				outcomes[i].Poison = errors.New("not understood")
			}
		}
		if settled += len(batch); settled == messages {
			close(stop)
		}
		return outcomes, nil
	})
	letters := s.letters(t)
	if len(letters) != 1 || string(letters[0].Data) != "3" || letters[0].Subject != "deadletters.test" {
		t.Errorf("dead letters: %+v", letters)
	}
	s.awaitUnsettled(t, 0)
}

func TestWhatIsNotSettledWhenItStopsComesAgain(t *testing.T) {
	const messages = 7
	s := newStage(t, messages)
	stop := make(chan struct{})
	var once sync.Once
	s.run(t, stop, func(context.Context, []*jetstream.Received) ([]runner.Outcome, error) {
		once.Do(func() { close(stop) })
		return nil, errors.New("the store is away")
	})
	s.awaitUnsettled(t, messages)
}

func TestAnIncompleteRunnerIsRefused(t *testing.T) {
	if _, err := runner.New(runner.Config{Stage: "test"}); err == nil {
		t.Error("a runner without a subscription was made")
	}
}

// unable takes no dead letters.
type unable struct{}

func (unable) Bury(context.Context, string, *jetstream.Received, error) error {
	return errors.New("the stream of dead letters is full")
}

func TestAMessageIsNotEndedBeforeItsDeadLetterIsStored(t *testing.T) {
	const messages = 5
	s := newStage(t, messages)
	s.burying = unable{}
	stop := make(chan struct{})
	settled := 0
	s.run(t, stop, func(_ context.Context, batch []*jetstream.Received) ([]runner.Outcome, error) {
		outcomes := make([]runner.Outcome, len(batch))
		for i, m := range batch {
			if string(m.Data) == "3" {
				outcomes[i].Poison = errors.New("not understood")
			}
		}
		if settled += len(batch); settled == messages {
			close(stop)
		}
		return outcomes, nil
	})
	// What was answered has reached the server when the client is closed.
	if err := s.client.Close(); err != nil {
		t.Fatal(err)
	}
	s.open(t)
	if left := s.unsettled(t); left != 1 {
		t.Errorf("%d messages are not settled, want that one", left)
	}
	if letters := s.letters(t); len(letters) > 0 {
		t.Errorf("dead letters: %+v", letters)
	}
}

func TestOutcomesThatDoNotMatchTheirMessagesSettleNothing(t *testing.T) {
	s := newStage(t, 3)
	r, err := runner.New(runner.Config{
		Stage: "test", Subscription: s.sub, DeadLetters: runner.NewDeadLetters(s.publisher),
		Processor: runner.ProcessorFunc(func(_ context.Context, batch []*jetstream.Received) ([]runner.Outcome, error) {
			return make([]runner.Outcome, len(batch)+1), nil
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Run(t.Context()); err == nil {
		t.Error("it goes on")
	}
	if err := s.sub.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.client.Close(); err != nil {
		t.Fatal(err)
	}
	s.open(t)
	if left := s.unsettled(t); left != 3 {
		t.Errorf("%d messages are not settled, want all 3", left)
	}
}
