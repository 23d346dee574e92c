package jetstream

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"
)

const (
	// DefaultLeaseTTL is how long the names of a dead process wait for another.
	DefaultLeaseTTL = 8 * time.Second
	// leaseRounds are the rounds within a TTL: three may fail before a lease ends.
	leaseRounds = 4
	leaseBytes  = 1 << 20

	bucketLeases = "fivekeys_leases"
)

// LeaseConfig says what is to be shared among the processes of a server.
type LeaseConfig struct {
	// Group is shared by those who share names: one word.
	Group string
	// Names to hold: of partitions, or of a job that one process does.
	Names []string
	// TTL is the default's unless given; the processes should agree.
	TTL time.Duration
}

// Leases spread names over the live processes: each name is held by one, and of n
// processes each holds about an n-th. They save work and don't guard it: a process
// that was paused works on for a moment beside its successor. So only work whose
// result is the same whoever does it, and however often, may rest on them.
type Leases struct {
	client  *Client
	cfg     LeaseConfig
	kv      jetstream.KeyValue // nil: the server is ours alone, so are all names
	member  string
	changes chan struct{}

	cancel context.CancelFunc
	done   sync.WaitGroup
	once   sync.Once

	mu      sync.Mutex
	held    map[string]uint64 // name to the revision of its key
	renewed time.Time
}

// Lease takes part in sharing names. With the embedded server there is no other
// process, and everything is held at once.
func (c *Client) Lease(ctx context.Context, cfg LeaseConfig) (*Leases, error) {
	setDefault(&cfg.TTL, DefaultLeaseTTL)
	if cfg.Group == "" || strings.ContainsAny(cfg.Group, ".*> ") || len(cfg.Names) == 0 {
		return nil, fmt.Errorf("lease: a group of one word and names are required, not %q and %q", cfg.Group, cfg.Names)
	}
	l := &Leases{
		client: c, cfg: cfg, member: nuid.Next(), changes: make(chan struct{}, 1), held: make(map[string]uint64),
		cancel: func() {},
	}
	if c.embedded != nil {
		for _, name := range cfg.Names {
			l.held[name] = 0
		}
		l.changes <- struct{}{}
		return l, c.adopt(l)
	}
	if err := c.patiently(ctx, "bucket "+bucketLeases, l.open); err != nil {
		return nil, err
	}
	if err := c.patiently(ctx, "leases of "+cfg.Group, l.round); err != nil {
		return nil, err
	}
	background, cancel := context.WithCancel(context.Background())
	l.cancel = cancel
	if err := c.adopt(l); err != nil {
		cancel()
		return nil, err
	}
	l.done.Go(func() { l.run(background) })
	return l, nil
}

func (l *Leases) open(ctx context.Context) error {
	op, js := "create bucket "+bucketLeases, l.client.js
	// As with streams: what isn't configured stays as it is.
	replicas := l.client.cfg.Topology.Replicas
	if replicas == 0 {
		existing, err := js.Stream(ctx, "KV_"+bucketLeases)
		switch {
		case err == nil:
			replicas = existing.CachedInfo().Config.Replicas
		case !errors.Is(err, jetstream.ErrStreamNotFound):
			return wrap(op, err)
		}
	}
	var err error
	// One TTL for the bucket: whoever is silent for as long loses its keys.
	l.kv, err = js.CreateOrUpdateKeyValue(ctx, jetstream.KeyValueConfig{
		Bucket: bucketLeases, Description: "Which process works on what", TTL: l.cfg.TTL, History: 1,
		MaxBytes: leaseBytes, Replicas: max(replicas, 1),
	})
	return wrap(op, err)
}

// Held are the names this process holds, sorted.
func (l *Leases) Held() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Sorted(maps.Keys(l.held))
}

// Changes has a value when Held may be another than before.
func (l *Leases) Changes() <-chan struct{} { return l.changes }

// Close gives everything back, so that others need not wait for the TTL.
func (l *Leases) Close() error {
	l.once.Do(func() {
		l.cancel()
		l.done.Wait()
		l.client.drop(l)
		if l.kv == nil {
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), closeTimeout/2)
		defer cancel()
		for name := range l.held {
			l.release(ctx, name) // or the TTL does
		}
		_ = l.kv.Delete(ctx, l.memberKey())
	})
	return nil
}

func (l *Leases) run(ctx context.Context) {
	tick := time.NewTicker(l.cfg.TTL / leaseRounds)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		bounded, cancel := context.WithTimeout(ctx, l.cfg.TTL/2)
		err := l.round(bounded)
		cancel()
		if err != nil && ctx.Err() == nil {
			l.client.log.Debug("leases are not renewed", "group", l.cfg.Group, "error", err)
			l.lapse()
		}
	}
}

// lapse gives up what others may have by now.
func (l *Leases) lapse() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.held) > 0 && time.Since(l.renewed) > l.cfg.TTL {
		clear(l.held)
		l.signal()
	}
}

// round renews what is held, gives back what is too much and takes what is free.
func (l *Leases) round(ctx context.Context) error {
	op := "renew the leases of " + l.cfg.Group
	start := time.Now()
	if _, err := l.kv.Put(ctx, l.memberKey(), nil); err != nil {
		return wrap(op, err)
	}
	members, taken, err := l.look(ctx)
	if err != nil {
		return wrap(op, err)
	}
	// Names that don't divide evenly stay with those who have them, as long as
	// everybody has the rest.
	least := len(l.cfg.Names) / len(members)
	share := (len(l.cfg.Names) + len(members) - 1) / len(members)
	keep := share
	for _, count := range members {
		if count < least {
			keep = least
		}
	}
	before := l.Held()
	for _, name := range before {
		l.mu.Lock()
		revision, count := l.held[name], len(l.held)
		l.mu.Unlock()
		if count > keep {
			l.release(ctx, name)
			continue
		}
		revision, err := l.kv.Update(ctx, l.leaseKey(name), []byte(l.member), revision)
		switch {
		case err == nil:
			l.set(name, revision)
		case lostKey(err):
			l.unset(name)
		default:
			return wrap(op, err)
		}
	}
	for _, name := range l.order() {
		if len(l.Held()) >= share {
			break
		}
		if taken[name] {
			continue
		}
		revision, err := l.kv.Create(ctx, l.leaseKey(name), []byte(l.member))
		switch {
		case err == nil:
			l.set(name, revision)
		case !errors.Is(err, jetstream.ErrKeyExists):
			return wrap(op, err)
		}
	}
	l.mu.Lock()
	l.renewed = start
	l.mu.Unlock()
	if !slices.Equal(before, l.Held()) {
		l.signal()
	}
	return nil
}

// lostKey tells that a key is another's by now, or nobody's.
func lostKey(err error) bool {
	return errors.Is(err, jetstream.ErrKeyRevisionMismatch) || errors.Is(err, jetstream.ErrKeyExists) || errors.Is(err, jetstream.ErrKeyNotFound)
}

// look counts what the live members hold and lists the names that are taken. A
// look each round and no watcher: keys that expire are not told to watchers.
func (l *Leases) look(ctx context.Context) (members map[string]int, taken map[string]bool, err error) {
	watcher, err := l.kv.Watch(ctx, l.cfg.Group+".>", jetstream.IgnoreDeletes())
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = watcher.Stop() }()
	members, taken = map[string]int{l.member: 0}, make(map[string]bool)
	holders := make(map[string]int)
	for {
		select {
		case entry, ok := <-watcher.Updates():
			if !ok {
				return nil, nil, cmp.Or(ctx.Err(), nats.ErrDisconnected)
			}
			if entry == nil {
				for member := range members {
					members[member] = holders[member]
				}
				return members, taken, nil
			}
			key := strings.TrimPrefix(entry.Key(), l.cfg.Group+".")
			if name, ok := strings.CutPrefix(key, "lease."); ok {
				taken[name] = true
				holders[string(entry.Value())]++
			} else if member, ok := strings.CutPrefix(key, "member."); ok {
				members[member] = 0
			}
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		}
	}
}

// order starts at another name in each process, so that those who start together
// don't all try for the same.
func (l *Leases) order() []string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(l.member))
	at := int(h.Sum32() % uint32(len(l.cfg.Names)))
	return slices.Concat(l.cfg.Names[at:], l.cfg.Names[:at])
}

func (l *Leases) release(ctx context.Context, name string) {
	l.mu.Lock()
	revision := l.held[name]
	l.mu.Unlock()
	_ = l.kv.Delete(ctx, l.leaseKey(name), jetstream.LastRevision(revision))
	l.unset(name)
}

func (l *Leases) memberKey() string           { return l.cfg.Group + ".member." + l.member }
func (l *Leases) leaseKey(name string) string { return l.cfg.Group + ".lease." + name }

func (l *Leases) set(name string, revision uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.held[name] = revision
}

func (l *Leases) unset(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.held, name)
}

func (l *Leases) signal() {
	select {
	case l.changes <- struct{}{}:
	default:
	}
}
