package jetstream

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/fivekeys/fivekeys/internal/testkit"
)

// mirror is what a watch has told.
type mirror struct {
	mu     sync.Mutex
	values map[string]string
	loads  int
	told   chan struct{}
}

func watch(t *testing.T, b *Bucket) *mirror {
	t.Helper()
	m := &mirror{values: make(map[string]string), told: make(chan struct{}, 1)}
	ctx, cancel := context.WithCancel(t.Context())
	var done sync.WaitGroup
	done.Go(func() {
		if err := b.Watch(ctx, m.tell); err != nil && !errors.Is(err, ErrClosed) {
			t.Errorf("Watch: %v", err)
		}
	})
	t.Cleanup(func() { cancel(); done.Wait() })
	return m
}

func (m *mirror) tell(c Change) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch c.Kind {
	case Put:
		m.values[c.Key] = string(c.Value)
	case Deleted:
		delete(m.values, c.Key)
	case Loaded:
		m.loads++
	}
	select {
	case m.told <- struct{}{}:
	default:
	}
}

// await waits until the watch has told what is wanted.
func (m *mirror) await(t *testing.T, loads int, want map[string]string) {
	t.Helper()
	for {
		m.mu.Lock()
		have, same := m.loads, maps.Equal(m.values, want)
		diff := cmp.Diff(want, m.values)
		m.mu.Unlock()
		if have >= loads && same {
			return
		}
		select {
		case <-m.told:
		case <-time.After(testkit.Patience):
			t.Fatalf("loaded %d times; (-want +got):\n%s", have, diff)
		}
	}
}

func bucket(t testing.TB, c *Client, cfg BucketConfig) *Bucket {
	t.Helper()
	b, err := c.Bucket(t.Context(), cfg)
	if err != nil {
		t.Fatalf("Bucket: %v", err)
	}
	return b
}

func put(t testing.TB, b *Bucket, key, value string) {
	t.Helper()
	if err := b.Put(t.Context(), key, []byte(value)); err != nil {
		t.Fatalf("Put: %v", err)
	}
}

func TestBucketWatchTellsWhatIsThereAndEveryChange(t *testing.T) {
	c := open(t, Config{NoSync: true})
	b := bucket(t, c, BucketConfig{Name: "test"})
	put(t, b, "checkout", "1")
	put(t, b, "acme/shöp", "1")
	put(t, b, "", "1")
	put(t, b, "gone", "1")
	if err := b.Delete(t.Context(), "gone"); err != nil {
		t.Fatal(err)
	}
	m := watch(t, b)
	m.await(t, 1, map[string]string{"checkout": "1", "acme/shöp": "1", "": "1"})
	put(t, b, "checkout", "2")
	put(t, b, "a.b *>", "3")
	if err := b.Delete(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	m.await(t, 1, map[string]string{"checkout": "2", "acme/shöp": "1", "a.b *>": "3"})
}

func TestBucketWatchOfAnEmptyBucketIsLoaded(t *testing.T) {
	c := open(t, Config{NoSync: true})
	watch(t, bucket(t, c, BucketConfig{Name: "test"})).await(t, 1, map[string]string{})
}

func TestBucketGetCreateAndDelete(t *testing.T) {
	c := open(t, Config{NoSync: true})
	b := bucket(t, c, BucketConfig{Name: "test", TTL: time.Hour})
	ctx := t.Context()
	if _, err := b.Get(ctx, "a"); !errors.Is(err, ErrNotFound) {
		t.Errorf("Get of what isn't there: %v", err)
	}
	for i, want := range []bool{true, false} {
		if first, err := b.Create(ctx, "a", fmt.Append(nil, i)); err != nil || first != want {
			t.Errorf("Create %d: %t, %v", i, first, err)
		}
	}
	if v, err := b.Get(ctx, "a"); err != nil || string(v) != "0" {
		t.Errorf("Get: %q, %v", v, err)
	}
	if err := b.Delete(ctx, "never was"); err != nil {
		t.Error(err)
	}
	// Opened again, by another part or another process, it is the same one.
	if v, err := bucket(t, c, BucketConfig{Name: "test", TTL: time.Hour}).Get(ctx, "a"); err != nil || string(v) != "0" {
		t.Errorf("Get: %q, %v", v, err)
	}
}

func TestBucketWatchSurvivesALostConnection(t *testing.T) {
	s := runServer(t, &server.Options{JetStream: true})
	p := newProxy(t, s.Addr().String())
	near := bucket(t, open(t, Config{URL: p.url()}), BucketConfig{Name: "test"})
	far := bucket(t, open(t, Config{URL: s.ClientURL()}), BucketConfig{Name: "test"})
	put(t, far, "stays", "1")
	put(t, far, "goes", "1")
	m := watch(t, near)
	m.await(t, 1, map[string]string{"stays": "1", "goes": "1"})
	p.hold() // nothing reaches the server, no reconnect either
	p.cut()
	put(t, far, "stays", "2")
	put(t, far, "comes", "1")
	if err := far.Delete(t.Context(), "goes"); err != nil {
		t.Fatal(err)
	}
	p.open()
	m.await(t, 2, map[string]string{"stays": "2", "comes": "1"})
	put(t, far, "comes", "2")
	m.await(t, 2, map[string]string{"stays": "2", "comes": "2"})
}

func TestBucketThatWasLostWithItsServerIsMadeAgain(t *testing.T) {
	opts := &server.Options{JetStream: true, StoreDir: t.TempDir()}
	first := runServer(t, opts)
	c := open(t, Config{URL: first.ClientURL()})
	b := bucket(t, c, BucketConfig{Name: "test"})
	put(t, b, "a", "1")
	m := watch(t, b)
	m.await(t, 1, map[string]string{"a": "1"})
	first.Shutdown()
	first.WaitForShutdown()
	<-c.disconnected()
	if err := b.Put(t.Context(), "a", nil); !errors.Is(err, ErrUnavailable) {
		t.Errorf("Put without a server: %v", err)
	}
	runServer(t, &server.Options{JetStream: true, Port: opts.Port}) // an empty one
	m.await(t, 2, map[string]string{})
	put(t, b, "b", "2")
	m.await(t, 2, map[string]string{"b": "2"})
}

func TestBucketKeepsTheReplicasThatItHas(t *testing.T) {
	c := open(t, Config{NoSync: true})
	b := bucket(t, c, BucketConfig{Name: "test", Description: "first", TTL: time.Hour})
	c.cfg.Topology.Replicas = 1
	bucket(t, c, BucketConfig{Name: "test"})
	status, err := b.kv.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := status.Config(); got.Replicas != 1 || got.TTL != time.Hour || got.Storage != jetstream.FileStorage || got.History != 1 {
		t.Errorf("%+v", got)
	}
}

func TestKeysAreReversible(t *testing.T) {
	for key, want := range map[string]string{
		"":           "=",
		"checkout":   "checkout",
		"acme/shop":  "acme/shop",
		"v1.2":       "v1=2E2",
		"=":          "=3D",
		"a b*>\x00é": "a=20b=2A=3E=00=C3=A9",
		"\xff":       "=FF",
	} {
		if got := encodeKey(key); got != want {
			t.Errorf("%q becomes %q, want %q", key, got, want)
		}
		if got := decodeKey(want); got != key {
			t.Errorf("%q is %q again, want %q", want, got, key)
		}
	}
	for _, foreign := range []string{"a.b", "=2e", "=4", "==", "=61", "x=ZZ"} {
		if got := decodeKey(foreign); got != foreign {
			t.Errorf("%q, which we never make, becomes %q", foreign, got)
		}
	}
}

func FuzzKeys(f *testing.F) {
	f.Add("acme/shöp", "=C3=B6")
	f.Fuzz(func(t *testing.T, key, foreign string) {
		encoded := encodeKey(key)
		if got := decodeKey(encoded); got != key {
			t.Errorf("%q becomes %q and that %q", key, encoded, got)
		}
		if !publishable(encoded) {
			t.Errorf("%q becomes %q, which is no token", key, encoded)
		}
		decodeKey(foreign)
	})
}
