package jetstream

import (
	"errors"
	"fmt"
	"log/slog"
	"time"
)

const (
	// DefaultPartitions is how many ways the events are split. Sixteen processes
	// can share the work; more partitions cost a consumer each.
	DefaultPartitions = 16
	// DefaultMaxPayload is the largest message the embedded server takes: GitHub
	// sends webhooks of up to 25 MB, and headers come on top.
	DefaultMaxPayload = 32 << 20
	// DefaultRemoteBytes is the budget of all streams on a server whose disk we
	// can't see.
	DefaultRemoteBytes = 4 << 30
	// DefaultAckWait is how long a message of a crashed process waits before
	// another gets it. Short, because a Subscription extends what it holds.
	DefaultAckWait = 30 * time.Second
	// DefaultMaxAckPending is twice the largest batch a processor inserts, so
	// that the next batch arrives while one is being inserted.
	DefaultMaxAckPending = 20_000
	// DefaultPinnedTTL is how long a partition stays with a silent process.
	DefaultPinnedTTL = 6 * time.Second

	defaultConnectTimeout = 5 * time.Second
	defaultMaxMemory      = 64 << 20

	// The embedded streams together may take this share of the disk that is free
	// (or already theirs), up to a limit: the rest belongs to ClickHouse.
	embeddedDiskShare = 4
	embeddedMaxBytes  = 64 << 30
	// Below this the embedded server isn't started: it would fail at once.
	minFreeDisk = 16 << 20
	// Below this it takes no more messages. nats-server doesn't recover from a
	// full disk: the stream refuses everything, removing messages too, until the
	// server is restarted. So we stop before, and the rest is for draining.
	reservedDisk = 64 << 20
)

// Config says where NATS is and what it should hold.
type Config struct {
	// URL of the server or, separated by commas, of several of a cluster.
	// Empty: a server embedded in this process, with its data in StoreDir.
	URL string
	// Name is what this connection is called in the server's monitoring.
	Name string

	// Credentials, at most one kind.
	User, Password string
	Token          string
	NKeySeedFile   string
	CredsFile      string
	TLS            TLS

	// StoreDir is the embedded server's folder; one process at a time.
	StoreDir string
	// MaxMemory and MaxStore limit the embedded server, in bytes. MaxStore 0
	// leaves room for Topology.MaxBytes.
	MaxMemory, MaxStore int64
	// MaxPayload is the largest message the embedded server takes, in bytes.
	MaxPayload int32
	// NoSync lets the embedded server acknowledge before fsync: faster, and a
	// power cut loses up to two minutes of acknowledged messages.
	NoSync bool

	// ConnectTimeout bounds the first connection to a URL.
	ConnectTimeout time.Duration

	Topology Topology

	// Logger gets what happens to connections and what the embedded server says.
	Logger *slog.Logger
}

// TLS are the certificates for a connection by URL. Any field set makes TLS a must.
type TLS struct {
	CAFile, CertFile, KeyFile string
	// ServerName is expected in the server's certificate where it isn't the URL's host.
	ServerName string
}

func (t TLS) enabled() bool { return t != TLS{} }

func (c *Config) defaults() error {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Name == "" {
		c.Name = "fivekeys"
	}
	setDefault(&c.ConnectTimeout, defaultConnectTimeout)
	setDefault(&c.MaxPayload, DefaultMaxPayload)
	setDefault(&c.MaxMemory, defaultMaxMemory)
	if c.URL == "" && c.StoreDir == "" {
		return errors.New("either a NATS URL or a store folder for the embedded server is required")
	}
	kinds := 0
	for _, set := range []bool{c.User != "", c.Token != "", c.NKeySeedFile != "", c.CredsFile != ""} {
		if set {
			kinds++
		}
	}
	if kinds > 1 {
		return errors.New("give one of user and password, token, nkey seed file and credentials file")
	}
	if (c.TLS.CertFile == "") != (c.TLS.KeyFile == "") {
		return errors.New("a TLS certificate and its key go together")
	}
	return c.Topology.defaults(c.URL == "")
}

func setDefault[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}

// Topology is what can be chosen about the streams and consumers. Processes
// that share a server must agree on Partitions.
type Topology struct {
	// Partitions of the events and spans; it may grow, never shrink.
	Partitions int
	// EventStages read EVENTS: each gets a durable consumer per partition, named
	// <stage>-<partition>.
	EventStages []string
	// SignalConsumers read SIGNALS: durable consumers by name.
	SignalConsumers []string
	// Protection adds the consumer that answers GitHub's deployment protection.
	Protection bool
	// MaxBytes is the size of all streams together. 0 keeps the size of streams
	// that exist; new ones get a share of the free disk (embedded) or of the
	// account's limit or DefaultRemoteBytes.
	MaxBytes int64
	// Replicas of each stream in a cluster; 0 keeps what exists, 1 for new ones.
	Replicas int
	// AckWait, MaxAckPending: see the defaults of the same names.
	AckWait       time.Duration
	MaxAckPending int
	// PinnedTTL is how soon another process takes a dead one's partitions over.
	// Negative: any process may take any message of a partition.
	PinnedTTL time.Duration
}

func (t *Topology) defaults(embedded bool) error {
	setDefault(&t.Partitions, DefaultPartitions)
	setDefault(&t.AckWait, DefaultAckWait)
	setDefault(&t.MaxAckPending, DefaultMaxAckPending)
	setDefault(&t.PinnedTTL, DefaultPinnedTTL)
	if t.EventStages == nil {
		t.EventStages = []string{StageDora}
	}
	if embedded {
		// One process owns an embedded server, so there is nobody to stand by,
		// and after a crash the dead process's pin would delay its successor.
		t.PinnedTTL = -1
		if t.Replicas > 1 {
			return errors.New("the embedded server keeps one replica; use a cluster's URL for more")
		}
	}
	switch {
	case t.Partitions < 1 || t.Partitions > 1024:
		return fmt.Errorf("partitions: %d is not between 1 and 1024", t.Partitions)
	case t.Replicas < 0 || t.Replicas > 5:
		return fmt.Errorf("replicas: %d is not between 1 and 5", t.Replicas)
	case t.MaxBytes < 0:
		return fmt.Errorf("max bytes: %d is negative", t.MaxBytes)
	case t.AckWait < time.Second:
		return fmt.Errorf("ack wait: %v is shorter than a second", t.AckWait)
	case t.PinnedTTL > 0 && t.PinnedTTL < time.Second:
		return fmt.Errorf("pinned TTL: %v is shorter than a second", t.PinnedTTL)
	}
	return nil
}
