package gate_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"go.uber.org/goleak"

	"github.com/fivekeys/fivekeys/internal/gate"
	"github.com/fivekeys/fivekeys/internal/jetstream"
	"github.com/fivekeys/fivekeys/internal/testkit"
	"github.com/fivekeys/fivekeys/schemas"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// natsServer runs one as an operator would; its port stays over a restart.
func natsServer(t *testing.T, opts *server.Options) *server.Server {
	t.Helper()
	opts.Host, opts.JetStream, opts.NoLog, opts.NoSigs = "127.0.0.1", true, true, true
	if opts.Port == 0 {
		opts.Port = server.RANDOM_PORT
	}
	s, err := server.NewServer(opts)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	if !s.ReadyForConnections(time.Minute) {
		t.Fatal("the server is not ready")
	}
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	return s
}

// counting is a bucket that knows how often it was written.
type counting struct {
	gate.Bucket
	puts, deletes atomic.Int64
}

func (c *counting) Put(ctx context.Context, key string, value []byte) error {
	c.puts.Add(1)
	return c.Bucket.Put(ctx, key, value)
}

func (c *counting) Delete(ctx context.Context, key string) error {
	c.deletes.Add(1)
	return c.Bucket.Delete(ctx, key)
}

// clock is set by the test.
type clock struct{ ns atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.ns.Store(now.UnixNano())
	return c
}

func (c *clock) now() time.Time           { return time.Unix(0, c.ns.Load()).UTC() }
func (c *clock) advance(by time.Duration) { c.ns.Add(int64(by)) }

// process is one of several that have a board.
type process struct {
	client *jetstream.Client
	bucket *counting
	board  *gate.Board
	clock  *clock
}

func newProcess(t *testing.T, url string, c *clock) *process {
	t.Helper()
	config := jetstream.Config{URL: url}
	if url == "" {
		config.StoreDir, config.NoSync = t.TempDir(), true
	}
	client, err := jetstream.Open(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	bucket, err := gate.OpenBucket(t.Context(), client)
	if err != nil {
		t.Fatal(err)
	}
	p := &process{client: client, bucket: &counting{Bucket: bucket}, clock: c}
	if p.board, err = gate.NewBoard(gate.BoardConfig{Bucket: p.bucket, Now: c.now}); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() {
		if err := p.board.Run(ctx); err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	t.Cleanup(func() {
		stop()
		done.Wait()
		if err := client.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	testkit.Receive(t, "the board is loaded", p.board.Loaded())
	return p
}

func (p *process) publish(t *testing.T, statuses ...schemas.BudgetStatus) {
	t.Helper()
	if err := p.board.Publish(t.Context(), statuses); err != nil {
		t.Fatalf("Publish: %v", err)
	}
}

// await polls the board, which tells nobody of its changes.
func (p *process) await(t *testing.T, what string, is func(gate.Known) bool) {
	t.Helper()
	testkit.Await(t, what, func() bool { return is(p.board.Known("checkout")) })
}

func of(service, objective string, left float64) schemas.BudgetStatus {
	return with(status(objective, left), func(s *schemas.BudgetStatus) { s.Service = service })
}

func TestBoardsFollowTheEvaluator(t *testing.T) {
	s := natsServer(t, &server.Options{StoreDir: t.TempDir()})
	c := newClock()
	evaluator, intake := newProcess(t, s.ClientURL(), c), newProcess(t, s.ClientURL(), c)
	evaluator.publish(t, of("checkout", "a", 12), of("checkout", "b", 40), of("search", "a", 1))
	intake.await(t, "two budgets", func(k gate.Known) bool { return len(k.Statuses) == 2 && !k.EvaluatedAt.IsZero() })
	// A process that starts later knows them too.
	late := newProcess(t, s.ClientURL(), c)
	if k := late.board.Known("checkout"); len(k.Statuses) != 2 || !k.EvaluatedAt.Equal(now) || *k.Statuses[0].RemainingMinutes != 12 {
		t.Errorf("a late process knows %+v", k)
	}
	evaluator.publish(t, of("checkout", "a", -1), of("search", "a", 1))
	intake.await(t, "exhausted", func(k gate.Known) bool { return len(k.Statuses) == 1 && k.Statuses[0].Exhausted() })
	evaluator.publish(t, of("search", "a", 1))
	intake.await(t, "no objective any more", func(k gate.Known) bool { return len(k.Statuses) == 0 })
	if v := gate.Decide("checkout", intake.board.Known("checkout"), schemas.Policy{Freeze: true}, c.now()); v.Ground != gate.NoBudget {
		t.Errorf("%+v", v)
	}
}

// late is a bucket that tells of nothing but of what was there before.
type late struct{ counting }

func (l *late) Watch(ctx context.Context, tell func(jetstream.Change)) error {
	return l.Bucket.Watch(ctx, func(c jetstream.Change) {
		if c.Kind == jetstream.Loaded {
			tell(c)
		}
	})
}

// What was just published comes back to the board that published it some time
// later. Until then it has to know what it has to remove.
func TestAServiceWithoutObjectivesIsRemovedThoughItsBudgetsHaveNotComeBack(t *testing.T) {
	c := newClock()
	p := newProcess(t, "", c)
	bucket := &late{counting{Bucket: p.bucket.Bucket}}
	board, err := gate.NewBoard(gate.BoardConfig{Bucket: bucket, Now: c.now})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var done sync.WaitGroup
	done.Go(func() { _ = board.Run(ctx) })
	defer done.Wait()
	defer stop()
	testkit.Receive(t, "the board is loaded", board.Loaded())
	for i, statuses := range [][]schemas.BudgetStatus{{of("checkout", "a", 12)}, nil, nil} {
		if err := board.Publish(t.Context(), statuses); err != nil {
			t.Fatal(err)
		}
		if want := int64(min(i, 1)); bucket.deletes.Load() != want {
			t.Errorf("after %d publications %d services were removed, want %d", i+1, bucket.deletes.Load(), want)
		}
	}
}

func TestPublishWritesWhatChangedAndTheRestOnceAMinute(t *testing.T) {
	c := newClock()
	p := newProcess(t, "", c)
	writes := func() (int64, int64) { return p.bucket.puts.Swap(0), p.bucket.deletes.Swap(0) }
	for _, step := range []struct {
		after         time.Duration
		statuses      []schemas.BudgetStatus
		puts, deletes int64
		why           string
	}{
		{0, []schemas.BudgetStatus{of("checkout", "a", 12), of("search", "a", 1)}, 3, 0, "both services and the time"},
		{20 * time.Second, []schemas.BudgetStatus{of("checkout", "a", 11.5), of("search", "a", 1)}, 0, 0, "figures moved a little"},
		{20 * time.Second, []schemas.BudgetStatus{of("search", "a", 1), of("checkout", "a", -1)}, 1, 0, "one is exhausted"},
		{time.Second, []schemas.BudgetStatus{of("checkout", "b", 2), of("checkout", "a", -1), of("search", "a", 1)}, 1, 0, "an objective more"},
		{15 * time.Second, []schemas.BudgetStatus{of("checkout", "a", -1), of("checkout", "b", 2), of("search", "a", 1)}, 2, 0, "it is time for search and for the time; another order is no change"},
		{15 * time.Second, []schemas.BudgetStatus{of("checkout", "a", -1), of("checkout", "b", 2)}, 0, 1, "search has no objective any more"},
		{time.Minute, nil, 1, 1, "nobody has"},
		{time.Minute, nil, 1, 0, "the time is still told"},
	} {
		c.advance(step.after)
		p.publish(t, step.statuses...)
		if puts, deletes := writes(); puts != step.puts || deletes != step.deletes {
			t.Errorf("%s: %d puts and %d deletes, want %d and %d", step.why, puts, deletes, step.puts, step.deletes)
		}
		want := 0
		for _, s := range step.statuses {
			if s.Service == "checkout" {
				want++
			}
		}
		p.await(t, step.why, func(k gate.Known) bool { return len(k.Statuses) == want })
		p.settle(t)
	}
}

// settle waits until the board has what was published: a marker comes last.
func (p *process) settle(t *testing.T) {
	t.Helper()
	if err := p.bucket.Bucket.Put(t.Context(), "service/marker", []byte(`{"statuses":[{}]}`)); err != nil {
		t.Fatal(err)
	}
	testkit.Await(t, "the marker", func() bool { return len(p.board.Known("marker").Statuses) > 0 })
	if err := p.bucket.Bucket.Delete(t.Context(), "service/marker"); err != nil {
		t.Fatal(err)
	}
	testkit.Await(t, "the marker's end", func() bool { return len(p.board.Known("marker").Statuses) == 0 })
}

// With NATS away the last budgets stay and grow older; with it back they are new.
func TestBoardAnswersWhileNATSIsAway(t *testing.T) {
	opts := &server.Options{StoreDir: t.TempDir()}
	s := natsServer(t, opts)
	c := newClock()
	p := newProcess(t, s.ClientURL(), c)
	budget := of("checkout", "a", 12)
	p.publish(t, budget)
	p.await(t, "known", func(k gate.Known) bool { return len(k.Statuses) == 1 })
	s.Shutdown()
	s.WaitForShutdown()

	closed := schemas.Policy{Freeze: true, MaxAge: 10 * time.Minute}
	for _, step := range []struct {
		after  time.Duration
		allow  bool
		ground gate.Ground
		age    time.Duration
	}{
		{0, true, gate.WithinBudget, time.Minute},
		{9 * time.Minute, true, gate.WithinBudget, 10 * time.Minute},
		{time.Second, false, gate.Unknown, 10*time.Minute + time.Second},
	} {
		c.advance(step.after)
		v := gate.Decide("checkout", p.board.Known("checkout"), closed, c.now())
		if v.Allow != step.allow || v.Ground != step.ground || *v.Age != step.age {
			t.Errorf("after %v: %+v of age %v", step.age, v, *v.Age)
		}
	}
	if err := p.board.Publish(t.Context(), []schemas.BudgetStatus{budget}); !errors.Is(err, jetstream.ErrUnavailable) {
		t.Errorf("Publish without NATS: %v", err)
	}
	natsServer(t, &server.Options{StoreDir: opts.StoreDir, Port: opts.Port})
	fresh := with(budget, func(s *schemas.BudgetStatus) { s.At = c.now() })
	testkit.Await(t, "connected again", func() bool { return p.board.Publish(t.Context(), []schemas.BudgetStatus{fresh}) == nil })
	p.await(t, "fresh again", func(k gate.Known) bool { return k.Statuses[0].At.Equal(fresh.At) })
	if v := gate.Decide("checkout", p.board.Known("checkout"), closed, c.now()); !v.Allow || *v.Age != 0 {
		t.Errorf("%+v", v)
	}
}

func TestBoardKeepsWhatItKnewWhereAValueIsNotUnderstood(t *testing.T) {
	p := newProcess(t, "", newClock())
	p.publish(t, of("checkout", "a", 12))
	p.settle(t) // the bucket holds a key's last value only
	for key, value := range map[string]string{"service/checkout": "{", "evaluated": "yesterday", "other": "?"} {
		if err := p.bucket.Bucket.Put(t.Context(), key, []byte(value)); err != nil {
			t.Fatal(err)
		}
	}
	p.settle(t)
	if k := p.board.Known("checkout"); len(k.Statuses) != 1 || !k.EvaluatedAt.Equal(now) {
		t.Errorf("%+v", k)
	}
}

func TestABoardWithoutABucketIsRefused(t *testing.T) {
	if _, err := gate.NewBoard(gate.BoardConfig{}); err == nil {
		t.Error("a board that follows nothing was made")
	}
}

// BenchmarkPublish is a minute's worth of writing for many services.
func BenchmarkPublish(b *testing.B) {
	client, err := jetstream.Open(b.Context(), jetstream.Config{StoreDir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer client.Close()
	bucket, err := gate.OpenBucket(b.Context(), client)
	if err != nil {
		b.Fatal(err)
	}
	c := newClock()
	board, err := gate.NewBoard(gate.BoardConfig{Bucket: bucket, Now: c.now})
	if err != nil {
		b.Fatal(err)
	}
	statuses := make([]schemas.BudgetStatus, 10_000)
	for i := range statuses {
		statuses[i] = of(fmt.Sprintf("service-%d", i), "a", 12)
	}
	for b.Loop() {
		c.advance(time.Minute)
		if err := board.Publish(b.Context(), statuses); err != nil {
			b.Fatal(err)
		}
	}
}
