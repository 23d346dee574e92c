package jetstream

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// defaultBucketBytes bounds a bucket: some ten thousand values of some KiB.
const defaultBucketBytes = 128 << 20

// BucketConfig declares a bucket.
type BucketConfig struct {
	Name        string // letters, digits, _ and -
	Description string
	// TTL is how long a value stays; 0 is for ever.
	TTL time.Duration
	// MaxBytes is its size; 0 is the default.
	MaxBytes int64
}

// Bucket holds the last value of each key: what a process must know at its
// start without reading a stream. Keys are any text.
type Bucket struct {
	client *Client
	cfg    BucketConfig
	kv     jetstream.KeyValue
}

// Bucket opens a bucket, or makes it.
func (c *Client) Bucket(ctx context.Context, cfg BucketConfig) (*Bucket, error) {
	setDefault(&cfg.MaxBytes, defaultBucketBytes)
	b := &Bucket{client: c, cfg: cfg}
	err := c.patiently(ctx, "bucket "+cfg.Name, func(ctx context.Context) (err error) {
		b.kv, err = b.open(ctx)
		return err
	})
	return b, err
}

func (b *Bucket) open(ctx context.Context) (jetstream.KeyValue, error) {
	js, replicas := b.client.js, b.client.cfg.Topology.Replicas
	config := jetstream.KeyValueConfig{
		Bucket: b.cfg.Name, Description: b.cfg.Description, History: 1, TTL: b.cfg.TTL, MaxBytes: b.cfg.MaxBytes,
		Storage: jetstream.FileStorage, Replicas: max(replicas, 1),
	}
	kv, err := js.KeyValue(ctx, b.cfg.Name)
	if errors.Is(err, jetstream.ErrBucketNotFound) {
		kv, err = js.CreateKeyValue(ctx, config)
		if errors.Is(err, jetstream.ErrBucketExists) {
			kv, err = js.KeyValue(ctx, b.cfg.Name) // another process was faster
		}
	}
	if err != nil {
		return nil, wrap("open bucket "+b.cfg.Name, err)
	}
	// As with streams: what isn't configured stays as it is.
	if replicas > 0 {
		status, err := kv.Status(ctx)
		if err != nil {
			return nil, wrap("open bucket "+b.cfg.Name, err)
		}
		if status.Config().Replicas != replicas {
			if kv, err = js.UpdateKeyValue(ctx, config); err != nil {
				return nil, wrap("update bucket "+b.cfg.Name, err)
			}
		}
	}
	return kv, nil
}

// Put stores a key's value.
func (b *Bucket) Put(ctx context.Context, key string, value []byte) error {
	return b.do("put", key, func(encoded string) error {
		_, err := b.kv.Put(ctx, encoded, value)
		return err
	})
}

// Create stores the value of a key that has none. It says whether it did: of
// several processes one is first.
func (b *Bucket) Create(ctx context.Context, key string, value []byte) (first bool, err error) {
	err = b.do("create", key, func(encoded string) error {
		_, err := b.kv.Create(ctx, encoded, value)
		first = err == nil
		if errors.Is(err, jetstream.ErrKeyExists) {
			return nil
		}
		return err
	})
	return first, err
}

// Get gives a key's value; its error is ErrNotFound where there is none.
func (b *Bucket) Get(ctx context.Context, key string) (value []byte, err error) {
	err = b.do("get", key, func(encoded string) error {
		entry, err := b.kv.Get(ctx, encoded)
		if err != nil {
			return err
		}
		value = entry.Value()
		return nil
	})
	return value, err
}

// Delete removes a key; it need not exist.
func (b *Bucket) Delete(ctx context.Context, key string) error {
	return b.do("delete", key, func(encoded string) error { return b.kv.Delete(ctx, encoded) })
}

func (b *Bucket) do(verb, key string, do func(encoded string) error) error {
	op := fmt.Sprintf("%s %q of bucket %s", verb, key, b.cfg.Name)
	select {
	case <-b.client.disconnected():
		// nats.go would keep the message and send it after we said that it failed.
		return &Error{Op: op, Reason: ErrUnavailable, Cause: nats.ErrDisconnected, Hint: hintUnavailable}
	default:
	}
	err := do(encodeKey(key))
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return &Error{Op: op, Reason: ErrNotFound}
	}
	return wrap(op, err)
}

// Change is what a Watch tells.
type Change struct {
	Kind  ChangeKind
	Key   string
	Value []byte // with Put only
}

// ChangeKind is what became of a key.
type ChangeKind int

// The kinds.
const (
	// Put: the key has this value now.
	Put ChangeKind = iota
	// Deleted: it has none any more.
	Deleted
	// Loaded: everything that was there has been told. It comes again after each
	// lost connection.
	Loaded
)

// Watch tells what is in the bucket and then every change, one after another,
// until ctx ends. It survives lost connections, and a bucket that was lost with
// its server is made again: after each, everything is told once more, and as
// Deleted what has gone meanwhile.
func (b *Bucket) Watch(ctx context.Context, tell func(Change)) error {
	c := b.client
	known := make(map[string]bool)
	for backoff := readerBackoff; ; backoff = min(2*backoff, readerMaxBackoff) {
		loaded, err := b.watch(ctx, known, tell)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // the end of the context is what ended it
		}
		if loaded {
			backoff = readerBackoff
		}
		c.log.Debug("watching the bucket again", "bucket", b.cfg.Name, "after", backoff, "error", err)
		timer := time.NewTimer(backoff)
		select {
		case <-timer.C:
		case <-ctx.Done():
		case <-c.closedCh:
		}
		timer.Stop()
		if c.nc.IsClosed() && ctx.Err() == nil {
			return fmt.Errorf("watch bucket %s: %w", b.cfg.Name, ErrClosed)
		}
	}
}

// watch is one round: until the connection is lost.
func (b *Bucket) watch(ctx context.Context, known map[string]bool, tell func(Change)) (loaded bool, err error) {
	down := b.client.disconnected()
	kv, err := b.open(ctx)
	if err != nil {
		return false, err
	}
	watcher, err := kv.WatchAll(ctx)
	if err != nil {
		return false, wrap("watch bucket "+b.cfg.Name, err)
	}
	defer func() {
		_ = watcher.Stop()
		// Its callback may wait for a reader, and its end waits for the callback.
		go func() {
			for range watcher.Updates() {
				continue
			}
		}()
	}()
	seen := make(map[string]bool, len(known))
	for {
		select {
		case entry, open := <-watcher.Updates():
			switch {
			case !open:
				return loaded, errors.New("the watch has ended")
			case entry == nil:
				for key := range known {
					if !seen[key] {
						delete(known, key)
						tell(Change{Kind: Deleted, Key: key})
					}
				}
				loaded, seen = true, nil
				tell(Change{Kind: Loaded})
			default:
				b.tell(entry, known, tell)
				if !loaded {
					seen[decodeKey(entry.Key())] = true
				}
			}
		case <-down:
			return loaded, nats.ErrDisconnected
		case <-ctx.Done():
			return loaded, ctx.Err()
		case <-b.client.closedCh:
			return loaded, ErrClosed
		}
	}
}

func (b *Bucket) tell(entry jetstream.KeyValueEntry, known map[string]bool, tell func(Change)) {
	key := decodeKey(entry.Key())
	if entry.Operation() == jetstream.KeyValuePut {
		known[key] = true
		tell(Change{Kind: Put, Key: key, Value: entry.Value()})
		return
	}
	if known[key] {
		delete(known, key)
		tell(Change{Kind: Deleted, Key: key})
	}
}

// plainKey are the bytes of a key that stand for themselves. NATS allows these
// and ".", "/" and "="; a dot would make tokens that must not be empty.
const plainKey = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_/"

// emptyKey stands for the empty key, which NATS doesn't allow.
const emptyKey = "="

// encodeKey makes a key for NATS of any text: every other byte becomes "=" and
// two hex digits.
func encodeKey(key string) string {
	if key == "" {
		return emptyKey
	}
	var out strings.Builder
	for i := range len(key) {
		if strings.IndexByte(plainKey, key[i]) >= 0 {
			out.WriteByte(key[i])
		} else {
			fmt.Fprintf(&out, "=%02X", key[i])
		}
	}
	return out.String()
}

// decodeKey is the reverse. What encodeKey doesn't make stands for itself: a key
// that somebody else put there.
func decodeKey(encoded string) string {
	if encoded == emptyKey {
		return ""
	}
	var out strings.Builder
	for rest := encoded; rest != ""; {
		before, after, escaped := strings.Cut(rest, "=")
		out.WriteString(before)
		if !escaped {
			break
		}
		digits := after[:min(2, len(after))]
		b, err := strconv.ParseUint(digits, 16, 8)
		if err != nil {
			return encoded
		}
		out.WriteByte(byte(b))
		rest = after[len(digits):]
	}
	if encodeKey(out.String()) != encoded {
		return encoded
	}
	return out.String()
}
