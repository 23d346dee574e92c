package jetstream

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"
)

func TestEnsureIsIdempotentAndUpdates(t *testing.T) {
	s := runServer(t, &server.Options{JetStream: true})
	first := ready(t, Config{URL: s.ClientURL(), Topology: Topology{Partitions: 2}})
	if err := first.Ensure(t.Context()); err != nil {
		t.Fatal(err)
	}
	// Another process comes with more partitions, a bigger size and no pinning.
	second := ready(t, Config{URL: s.ClientURL(), Topology: Topology{
		Partitions: 4, MaxBytes: 2 << 30, AckWait: time.Minute, MaxAckPending: 500, PinnedTTL: -1, EventStages: []string{StageDora, "toil"},
	}})
	info := consumerInfo(t, second, StreamEvents, "dora-0").Config
	if info.AckWait != time.Minute || info.MaxAckPending != 500 || info.PriorityPolicy != jetstream.PriorityPolicyNone {
		t.Errorf("consumer %+v", info)
	}
	if info := consumerInfo(t, second, StreamEvents, "toil-3").Config; info.FilterSubject != "events.*.3" {
		t.Errorf("consumer %+v", info)
	}
	st, err := second.js.Stream(t.Context(), StreamDeliveries)
	if err != nil {
		t.Fatal(err)
	}
	if got := st.CachedInfo().Config; got.MaxBytes != (2<<30)/100*30 || !got.AllowAtomicPublish || got.Compression != jetstream.S2Compression ||
		got.Retention != jetstream.LimitsPolicy || got.Discard != jetstream.DiscardNew || got.MaxMsgs > 0 || got.Duplicates != duplicateWindow {
		t.Errorf("stream %+v", got)
	}
	lags, err := second.Pending(t.Context(), StreamEvents)
	if err != nil || len(lags) != 8 || lags[0].Consumer != "dora-0" {
		t.Errorf("%+v, %v", lags, err)
	}
	// The first, with fewer partitions, would leave events unread.
	wantError(t, first.Ensure(t.Context()), ErrIncompatible, "configure 4 partitions")
	// Pinning again.
	ready(t, Config{URL: s.ClientURL(), Topology: Topology{Partitions: 4}})
	if info := consumerInfo(t, second, StreamEvents, "dora-0").Config; info.PriorityPolicy != jetstream.PriorityPolicyPinned || info.PinnedTTL != DefaultPinnedTTL {
		t.Errorf("consumer %+v", info)
	}
}

func TestEnsureKeepsWhatOperatorsChose(t *testing.T) {
	s := runServer(t, &server.Options{JetStream: true})
	c := ready(t, Config{URL: s.ClientURL()})
	st, err := c.js.Stream(t.Context(), StreamDeliveries)
	if err != nil {
		t.Fatal(err)
	}
	cfg := st.CachedInfo().Config
	cfg.MaxBytes, cfg.MaxMsgs = 123<<20, 5 // a size of their own, and the trap of #4771
	cfg.Metadata = map[string]string{"team": "platform"}
	if _, err := c.js.UpdateStream(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	c.cfg.Topology.MaxBytes = 0 // not configured
	if err := c.Ensure(t.Context()); err != nil {
		t.Fatal(err)
	}
	st, err = c.js.Stream(t.Context(), StreamDeliveries)
	if err != nil {
		t.Fatal(err)
	}
	if got := st.CachedInfo().Config; got.MaxBytes != 123<<20 || got.Metadata["team"] != "platform" || got.MaxMsgs > 0 {
		t.Errorf("stream %+v", got)
	}
}

func TestEnsureRefusesWhatCannotWork(t *testing.T) {
	for name, tt := range map[string]struct {
		make func(*testing.T, *Client)
		hint string
	}{
		"another retention": {func(t *testing.T, c *Client) {
			create(t, c, jetstream.StreamConfig{Name: StreamEvents, Subjects: []string{"events.>"}, Retention: jetstream.WorkQueuePolicy})
		}, "remove the stream"},
		"memory storage": {func(t *testing.T, c *Client) {
			create(t, c, jetstream.StreamConfig{Name: StreamEvents, Subjects: []string{"events.>"}, Storage: jetstream.MemoryStorage})
		}, "remove the stream"},
		"no acknowledgements": {func(t *testing.T, c *Client) {
			create(t, c, jetstream.StreamConfig{Name: StreamDeliveries, Subjects: []string{"deliveries.>"}, NoAck: true})
		}, "remove the stream"},
		"acknowledged before it is on disk": {func(t *testing.T, c *Client) {
			create(t, c, jetstream.StreamConfig{Name: StreamDeliveries, Subjects: []string{"deliveries.>"}, PersistMode: jetstream.AsyncPersistMode})
		}, "remove the stream"},
		"our subjects in another stream": {func(t *testing.T, c *Client) {
			create(t, c, jetstream.StreamConfig{Name: "ALL", Subjects: []string{"events.*.*"}})
		}, "another stream"},
		"a consumer with another filter": {func(t *testing.T, c *Client) {
			create(t, c, jetstream.StreamConfig{Name: StreamDeliveries, Subjects: []string{"deliveries.>"}})
			if _, err := c.js.CreateConsumer(t.Context(), StreamDeliveries, jetstream.ConsumerConfig{Durable: ConsumerDecode, FilterSubject: "deliveries.github", AckPolicy: jetstream.AckExplicitPolicy}); err != nil {
				t.Fatal(err)
			}
		}, "remove the consumer"},
	} {
		t.Run(name, func(t *testing.T) {
			c := open(t, Config{})
			tt.make(t, c)
			wantError(t, c.Ensure(t.Context()), ErrIncompatible, tt.hint)
		})
	}
	t.Run("larger than the server's storage", func(t *testing.T) {
		c := open(t, Config{MaxStore: 1 << 20})
		wantError(t, c.Ensure(t.Context()), ErrDiskFull, "MiB")
	})
}

func TestDefaultSizeOfTheEmbeddedServer(t *testing.T) {
	dir := t.TempDir()
	c, err := Open(t.Context(), Config{StoreDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Ensure(t.Context()); err != nil {
		t.Fatal(err)
	}
	states, err := c.StreamStates(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	total := int64(0)
	for _, s := range states {
		total += s.MaxBytes
	}
	if free, _ := freeDisk(dir); total <= 0 || total > free/2 || total > embeddedMaxBytes {
		t.Errorf("the streams may take %d of %d bytes", total, free)
	}
	if len(states) != 5 {
		t.Errorf("%+v", states)
	}
}

func create(t *testing.T, c *Client, cfg jetstream.StreamConfig) {
	t.Helper()
	if _, err := c.js.CreateStream(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
}

func consumerInfo(t *testing.T, c *Client, stream, name string) *jetstream.ConsumerInfo {
	t.Helper()
	cons, err := c.js.Consumer(t.Context(), stream, name)
	if err != nil {
		t.Fatal(err)
	}
	return cons.CachedInfo()
}

func TestStreamsOfANewerVersionAreRefusedBeforeAnythingIsChanged(t *testing.T) {
	c := open(t, Config{})
	spec := c.Topology().spec(StreamSpans)
	spec.Metadata = map[string]string{formatKey: "2"}
	if _, err := c.js.CreateStream(t.Context(), spec.StreamConfig); err != nil {
		t.Fatal(err)
	}
	for what, do := range map[string]func(context.Context) error{"Check": c.Check, "Ensure": c.Ensure} {
		if err := do(t.Context()); !errors.Is(err, ErrNewer) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := c.js.Stream(t.Context(), StreamDeliveries); !errors.Is(err, jetstream.ErrStreamNotFound) {
		t.Errorf("other streams were made: %v", err)
	}
}
