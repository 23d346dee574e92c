package jetstream

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/fivekeys/fivekeys/internal/testkit"
)

// A server that can be killed has to be a process of its own: this test binary,
// started again with these variables.
const (
	envServerDir  = "TEST_NATS_DIR"
	envServerPort = "TEST_NATS_PORT"
)

func serverProcess() {
	port, err := strconv.Atoi(os.Getenv(envServerPort))
	if err != nil {
		panic(err)
	}
	s, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: port, JetStream: true, StoreDir: os.Getenv(envServerDir), SyncAlways: true, NoLog: true, NoSigs: true,
	})
	if err != nil {
		panic(err)
	}
	s.Start()
	s.WaitForShutdown()
}

type crashable struct {
	t    *testing.T
	dir  string
	port int
	cmd  *exec.Cmd
}

func newCrashable(t *testing.T) *crashable {
	t.Helper()
	s := &crashable{t: t, dir: t.TempDir(), port: testkit.FreePort(t)}
	s.start()
	t.Cleanup(s.kill)
	return s
}

func (s *crashable) url() string { return fmt.Sprintf("nats://127.0.0.1:%d", s.port) }

func (s *crashable) start() {
	s.cmd = exec.Command(os.Args[0], "-test.run=^$")
	s.cmd.Env = append(os.Environ(), envServerDir+"="+s.dir, envServerPort+"="+strconv.Itoa(s.port))
	s.cmd.Stdout, s.cmd.Stderr = os.Stderr, os.Stderr
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	until(s.t, "server started", func(ctx context.Context) (bool, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", s.url()[len("nats://"):])
		if err == nil {
			_ = conn.Close()
		}
		return err == nil, err
	})
}

func (s *crashable) kill() {
	if s.cmd != nil {
		_ = s.cmd.Process.Kill()
		_ = s.cmd.Wait()
		s.cmd = nil
	}
}

// publishThroughCrashes has 64 callers publish everything, however often it
// takes, while the server is killed twice, and returns what was published.
func publishThroughCrashes(t *testing.T, s *crashable, c *Client, subject func(i int) string) (ids map[string]bool) {
	t.Helper()
	p := publisher(t, c, PublisherConfig{GroupCommit: GroupCommitAlways})
	const callers, total = 64, 6000
	var next, done atomic.Int64
	milestone := make(chan struct{}, 2)
	var mu sync.Mutex
	ids = map[string]bool{}
	sequences := map[uint64]string{}
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for i := int(next.Add(1)); i <= total; i = int(next.Add(1)) {
				id := strconv.Itoa(i)
				m := Message{Subject: subject(i), ID: id, Data: []byte(id)}
				var r Receipt
				until(t, "published", func(ctx context.Context) (bool, error) {
					var err error
					r, err = p.Publish(ctx, m)
					if err != nil && !errors.Is(err, ErrUnavailable) && !errors.Is(err, ErrOverloaded) {
						t.Errorf("publish: %v", err)
					}
					return err == nil, err
				})
				mu.Lock()
				if other, taken := sequences[r.Sequence]; taken {
					t.Errorf("sequence %d for %s and %s", r.Sequence, other, id)
				}
				ids[id], sequences[r.Sequence] = true, id
				mu.Unlock()
				if n := done.Add(1); n == total/3 || n == 2*total/3 {
					milestone <- struct{}{}
				}
			}
		})
	}
	for range 2 {
		<-milestone
		s.kill()
		s.start()
	}
	wg.Wait()
	return ids
}

func TestNothingAcknowledgedIsLostInACrash(t *testing.T) {
	s := newCrashable(t)
	c := ready(t, Config{URL: s.url(), Topology: Topology{MaxBytes: 4 << 30}})
	ids := publishThroughCrashes(t, s, c, func(int) string { return "deliveries.test" })
	s.kill()
	s.start()
	var all []Stored
	until(t, "listed", func(ctx context.Context) (bool, error) {
		var err error
		all, err = c.ListMessages(ctx, StreamDeliveries, "", 0, 2*len(ids))
		return err == nil, err
	})
	seen := map[string]bool{}
	for _, m := range all {
		if seen[m.ID] {
			t.Errorf("%s is stored twice", m.ID)
		}
		seen[m.ID] = true
		if m.ID != string(m.Data) {
			t.Errorf("%s has the data of %s", m.ID, m.Data)
		}
	}
	for id := range ids {
		if !seen[id] {
			t.Errorf("%s was acknowledged and is gone", id)
		}
	}
}

func TestReadersSurviveCrashes(t *testing.T) {
	for name, ttl := range map[string]time.Duration{"any process": -1, "pinned": time.Second} {
		t.Run(name, func(t *testing.T) {
			s := newCrashable(t)
			c := ready(t, Config{URL: s.url(), Topology: Topology{MaxBytes: 4 << 30, PinnedTTL: ttl, AckWait: time.Second}})
			sub := subscribe(t, c, StreamEvents, c.Topology().Consumers(StageDora)...)
			got := map[string]bool{}
			count := make(chan int)
			reading := make(chan struct{})
			go func() {
				defer close(reading)
				want := -1
				for want < 0 || len(got) < want {
					select {
					case m := <-sub.Messages():
						got[m.ID] = true
						_ = m.Ack() // lost with the server; then it comes again
					case want = <-count:
					case <-t.Context().Done():
						return
					}
				}
				// What was acknowledged while the server died comes again.
				for {
					select {
					case m, ok := <-sub.Messages():
						if !ok {
							return
						}
						_ = m.Ack()
					case <-t.Context().Done():
						return
					}
				}
			}()
			ids := publishThroughCrashes(t, s, c, func(i int) string { return fmt.Sprintf("events.test.%d", i%2) })
			count <- len(ids)
			until(t, "drained", drained(c, StreamEvents))
			if err := sub.Close(); err != nil {
				t.Fatal(err)
			}
			<-reading
			for id := range ids {
				if !got[id] {
					t.Errorf("%s never came", id)
				}
			}
		})
	}
}
