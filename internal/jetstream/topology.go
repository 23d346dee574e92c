package jetstream

import (
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// The streams.
const (
	StreamDeliveries  = "DELIVERIES"  // raw bodies as they came in
	StreamEvents      = "EVENTS"      // domain events, by partition
	StreamDeadLetters = "DEADLETTERS" // what a stage couldn't process, kept until someone decides
	StreamSignals     = "SIGNALS"     // what happened to budgets and alerts, for whoever listens
	StreamSpans       = "SPANS"       // chunks of spans, by partition
)

// The durable consumers. Those of EVENTS are named <stage>-<partition>. SPANS has
// none: who reads it keeps its position beside what it counted, see ReadLog.
const (
	ConsumerDecode     = "decode"     // DELIVERIES → domain events
	ConsumerArchive    = "archive"    // DELIVERIES → the table of raw deliveries
	ConsumerProtection = "protection" // DELIVERIES → answers to GitHub; only with Topology.Protection
	StageDora          = "dora"       // EVENTS → facts
)

// eventFilter is the filter of the partitioned consumers.
const eventFilter = "events.*.%d"

const (
	// duplicateWindow is kept in the server's memory. It spares us most of a
	// sender's retries; identity in ClickHouse takes care of the rest.
	duplicateWindow = 2 * time.Minute
	// SignalsAge is how long signals are kept: they tell of changes, and nobody
	// wants last month's. They stay that long whether their consumers have them or
	// not.
	SignalsAge = 7 * 24 * time.Hour
	// signalsAckPending bounds what a receiver that is away makes us hold.
	signalsAckPending = 1000
	// protectionIdle is when the server forgets the protection's consumer. Whoever
	// removes the GitHub App from the configuration leaves it behind, and what
	// nobody reads would keep every delivery. Where the App is configured still,
	// the stream is not trimmed until the consumer is there again.
	protectionIdle = 24 * time.Hour
	// streamFormat is raised when an older version could not work with what a newer
	// one writes to the streams. Streams carry it, and an older version refuses them.
	streamFormat = 1
	formatKey    = "fivekeys_format"
	// pinnedGroup is the one priority group of a partitioned consumer.
	pinnedGroup = "active"
)

// streamSpec declares a stream.
type streamSpec struct {
	jetstream.StreamConfig
	share     int // of Topology.MaxBytes, in percent
	consumers []jetstream.ConsumerConfig
}

// streams declares everything. Why each stream keeps what it keeps:
//
// DELIVERIES and EVENTS keep a message until every consumer has acknowledged it;
// then Trim removes it. SPANS keeps it until TrimTo is told that it is counted.
// That is limits retention without an age, so that the longest outage of
// ClickHouse loses nothing. The server's own ways to remove acknowledged messages
// fail here:
//   - interest retention writes a tombstone for each acknowledgement, and where
//     writes are synced an fsync with it: 900 messages a second instead of
//     20,000. And it accepts and drops what no consumer's filter covers.
//   - a work queue allows one consumer per message, and decode and archive both
//     read every delivery.
//
// They discard new messages when full, so that a sender is told (503) and tries
// again, and are bounded by bytes alone: together with max_msgs, nats-server has
// lost acknowledged messages (nats-server #4771). One message that is never
// answered keeps all later ones in the stream: stages end poison with Term.
//
// DEADLETTERS has no age and discards new messages too: a dead letter that
// can't be stored leaves its message unacknowledged, which shows as lag, and
// nothing is forgotten because nobody looked for three months.
func (t Topology) streams() []streamSpec {
	specs := []streamSpec{
		{
			share: 30,
			StreamConfig: jetstream.StreamConfig{
				Name: StreamDeliveries, Subjects: []string{"deliveries.>"},
				Description: "Raw deliveries, until decoded and archived",
				Retention:   jetstream.LimitsPolicy, Discard: jetstream.DiscardNew,
				AllowAtomicPublish: true,
				// JSON bodies shrink to a fifth.
				Compression: jetstream.S2Compression,
			},
			consumers: t.deliveryConsumers(),
		},
		{
			share: 20,
			StreamConfig: jetstream.StreamConfig{
				Name: StreamEvents, Subjects: []string{"events.>"},
				Description: "Domain events by partition, until every stage has them",
				Retention:   jetstream.LimitsPolicy, Discard: jetstream.DiscardNew,
				AllowAtomicPublish: true,
				Compression:        jetstream.S2Compression,
			},
			consumers: t.partitioned(t.EventStages, eventFilter),
		},
		{
			share: 10,
			StreamConfig: jetstream.StreamConfig{
				Name: StreamDeadLetters, Subjects: []string{"deadletters.>"},
				Description: "What could not be processed, with its reason",
				Retention:   jetstream.LimitsPolicy, Discard: jetstream.DiscardNew,
				AllowAtomicPublish: true,
				Compression:        jetstream.S2Compression,
			},
		},
		{
			share: 5,
			StreamConfig: jetstream.StreamConfig{
				Name: StreamSignals, Subjects: []string{"signals.>"},
				Description: "Budgets exhausted, alerts firing",
				Retention:   jetstream.LimitsPolicy, Discard: jetstream.DiscardOld,
				MaxAge: SignalsAge, AllowAtomicPublish: true,
			},
			consumers: t.signalled(),
		},
		{
			// Of all the bulkiest, and some minutes of it stay for replay.
			share: 35,
			StreamConfig: jetstream.StreamConfig{
				Name: StreamSpans, Subjects: []string{"spans.>"},
				Description: "Chunks of spans by partition, until counted and no longer needed for replay",
				Retention:   jetstream.LimitsPolicy, Discard: jetstream.DiscardNew,
				// Synced like the others: with asynchronous persistence the server
				// acknowledges before it writes, and dies with this process where it is
				// embedded. A request's chunks share one sync.
				AllowAtomicPublish: true,
				// Attributes repeat: a third.
				Compression: jetstream.S2Compression,
			},
		},
	}
	for i := range specs {
		s := &specs[i].StreamConfig
		s.Storage = jetstream.FileStorage
		s.MaxMsgs, s.MaxMsgsPerSubject, s.MaxConsumers = -1, -1, -1
		s.Duplicates = duplicateWindow
		s.Replicas = max(t.Replicas, 1)
		s.Metadata = map[string]string{formatKey: strconv.Itoa(streamFormat)}
		s.MaxBytes = t.MaxBytes / 100 * int64(specs[i].share)
	}
	return specs
}

func (t Topology) deliveryConsumers() []jetstream.ConsumerConfig {
	all := []jetstream.ConsumerConfig{
		t.consumer(ConsumerDecode, "deliveries.>", "Raw deliveries to domain events"),
		t.consumer(ConsumerArchive, "deliveries.>", "Raw deliveries to ClickHouse"),
	}
	if t.Protection {
		c := t.consumer(ConsumerProtection, "deliveries.github", "Requests of GitHub's deployment protection to answers")
		c.InactiveThreshold = protectionIdle
		all = append(all, c)
	}
	return all
}

func (t Topology) partitioned(stages []string, filter string) []jetstream.ConsumerConfig {
	var out []jetstream.ConsumerConfig
	for _, stage := range stages {
		for p := range t.Partitions {
			c := t.consumer(partitionConsumer(stage, p), fmt.Sprintf(filter, p), fmt.Sprintf("Stage %s, partition %d", stage, p))
			if t.PinnedTTL > 0 {
				// One process is active, others stand by until it falls silent.
				c.PriorityPolicy = jetstream.PriorityPolicyPinned
				c.PriorityGroups = []string{pinnedGroup}
				c.PinnedTTL = t.PinnedTTL
			}
			out = append(out, c)
		}
	}
	return out
}

// signalled are the consumers of SIGNALS. A new one begins with what comes: who
// is told of signals for the first time doesn't want last week's.
func (t Topology) signalled() []jetstream.ConsumerConfig {
	var out []jetstream.ConsumerConfig
	for _, name := range t.SignalConsumers {
		c := t.consumer(name, "signals.>", "Signals for "+name)
		c.DeliverPolicy, c.MaxAckPending = jetstream.DeliverNewPolicy, min(signalsAckPending, t.MaxAckPending)
		out = append(out, c)
	}
	return out
}

// consumer is what all have in common. A message is tried without end: whether
// it is poison is for the stage to say, and the server would drop one silently.
func (t Topology) consumer(name, filter, description string) jetstream.ConsumerConfig {
	return jetstream.ConsumerConfig{
		Durable: name, Description: description, FilterSubject: filter,
		AckPolicy: jetstream.AckExplicitPolicy, DeliverPolicy: jetstream.DeliverAllPolicy,
		AckWait: t.AckWait, MaxAckPending: t.MaxAckPending, MaxDeliver: -1,
	}
}

func partitionConsumer(stage string, partition int) string {
	return fmt.Sprintf("%s-%d", stage, partition)
}

// Consumers are the names of a stage's consumers, one per partition.
func (t Topology) Consumers(stage string) []string {
	out := make([]string, max(t.Partitions, 0))
	for p := range out {
		out[p] = partitionConsumer(stage, p)
	}
	return out
}

// Topology is what this client works with, defaults filled in.
func (c *Client) Topology() Topology { return c.cfg.Topology }

// spec finds a declared stream by name; of another name it is empty.
func (t Topology) spec(stream string) streamSpec {
	for _, s := range t.streams() {
		if s.Name == stream {
			return s
		}
	}
	return streamSpec{}
}
