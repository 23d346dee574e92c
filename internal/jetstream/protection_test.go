package jetstream

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// What the protection doesn't read, other sources' deliveries, it must not keep
// either; and where no GitHub App is configured it must not be there at all.
func TestProtectionConsumer(t *testing.T) {
	for name, protection := range map[string]bool{"without a GitHub App": false, "with one": true} {
		t.Run(name, func(t *testing.T) {
			c := ready(t, Config{NoSync: true, Topology: Topology{Protection: protection}})
			consumers := []string{ConsumerDecode, ConsumerArchive}
			if protection {
				consumers = append(consumers, ConsumerProtection)
			}
			lags, err := c.Pending(t.Context(), StreamDeliveries)
			if err != nil || len(lags) != len(consumers) {
				t.Fatalf("%+v, %v", lags, err)
			}
			p := publisher(t, c, PublisherConfig{})
			mustPublish(t, p, Message{Subject: "deliveries.pagerduty"})
			mustPublish(t, p, Message{Subject: "deliveries.github"})
			mustPublish(t, p, Message{Subject: "deliveries.pagerduty"})
			for i, name := range consumers {
				n := 3
				if name == ConsumerProtection {
					n = 1
				}
				sub := subscribe(t, c, StreamDeliveries, name)
				for range n {
					if err := receive(t, sub).AckSync(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
				if err := c.Trim(t.Context()); err != nil {
					t.Fatal(err)
				}
				states, err := c.StreamStates(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if last := i == len(consumers)-1; (states[0].Messages == 0) != last {
					t.Errorf("%d messages are left after %s", states[0].Messages, name)
				}
			}
		})
	}
}

// Who removes the GitHub App leaves the consumer behind: the server forgets it,
// durable as it is.
func TestProtectionConsumerThatNobodyReadsIsForgotten(t *testing.T) {
	c := ready(t, Config{NoSync: true, Topology: Topology{Protection: true}})
	config := consumerInfo(t, c, StreamDeliveries, ConsumerProtection).Config
	if config.InactiveThreshold != protectionIdle {
		t.Errorf("%+v", config)
	}
	config.InactiveThreshold = 10 * time.Millisecond
	if _, err := c.js.UpdateConsumer(t.Context(), StreamDeliveries, config); err != nil {
		t.Fatal(err)
	}
	until(t, "forgotten", func(ctx context.Context) (bool, error) {
		_, err := c.js.Consumer(ctx, StreamDeliveries, ConsumerProtection)
		return errors.Is(err, jetstream.ErrConsumerNotFound), err
	})
	// Another start brings it back, and until then nothing is trimmed.
	if err := c.Trim(t.Context()); err != nil {
		t.Errorf("an empty stream: %v", err)
	}
	mustPublish(t, publisher(t, c, PublisherConfig{}), Message{Subject: "deliveries.github"})
	if err := c.Trim(t.Context()); err == nil {
		t.Error("trimmed although the protection has not read it")
	}
	if err := c.Ensure(t.Context()); err != nil {
		t.Fatal(err)
	}
	receive(t, subscribe(t, c, StreamDeliveries, ConsumerProtection))
}
