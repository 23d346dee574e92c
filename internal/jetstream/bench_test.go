package jetstream

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
)

// benchBody is as long as a small webhook.
var benchBody = bytes.Repeat([]byte(`{"action":"opened"}`), 2048/19)

// BenchmarkFsync is the plain rate of the disk, to compare the others with.
func BenchmarkFsync(b *testing.B) {
	f, err := os.Create(filepath.Join(b.TempDir(), "f"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	for b.Loop() {
		if _, err := f.Write(benchBody); err != nil {
			b.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			b.Fatal(err)
		}
	}
	report(b, b.N)
}

// BenchmarkPublish compares the ways of sending what waits together.
func BenchmarkPublish(b *testing.B) {
	for _, sync := range []bool{true, false} {
		for _, callers := range []int{1, 8, 64, 256} {
			for name, mode := range map[string]GroupCommit{"auto": GroupCommitAuto, "batch": GroupCommitAlways, "single": GroupCommitNever} {
				if callers == 1 && mode != GroupCommitAuto {
					continue
				}
				b.Run(fmt.Sprintf("sync=%t/callers=%d/%s", sync, callers, name), func(b *testing.B) {
					c := ready(b, Config{NoSync: !sync, Topology: Topology{MaxBytes: 40 << 30}})
					p := publisher(b, c, PublisherConfig{GroupCommit: mode})
					concurrently(b, callers, func(i int) error {
						_, err := p.Publish(b.Context(), Message{Subject: "deliveries.bench", ID: strconv.Itoa(i), Data: benchBody})
						return err
					})
				})
			}
		}
	}
}

// BenchmarkPublishAsBefore is one request per message, as the client library
// does it.
func BenchmarkPublishAsBefore(b *testing.B) {
	for _, sync := range []bool{true, false} {
		b.Run(fmt.Sprintf("sync=%t/callers=64", sync), func(b *testing.B) {
			c := ready(b, Config{NoSync: !sync, Topology: Topology{MaxBytes: 40 << 30}})
			concurrently(b, 64, func(i int) error {
				_, err := c.js.PublishMsg(b.Context(), Message{Subject: "deliveries.bench", ID: strconv.Itoa(i), Data: benchBody}.toNATS(""))
				return err
			})
		})
	}
}

// BenchmarkPublishTCP is the same over a socket.
func BenchmarkPublishTCP(b *testing.B) {
	for _, sync := range []bool{true, false} {
		b.Run(fmt.Sprintf("sync=%t/callers=64", sync), func(b *testing.B) {
			s := runServer(b, &server.Options{JetStream: true, SyncAlways: sync})
			c := ready(b, Config{URL: s.ClientURL(), Topology: Topology{MaxBytes: 4 << 30}})
			p := publisher(b, c, PublisherConfig{})
			concurrently(b, 64, func(i int) error {
				_, err := p.Publish(b.Context(), Message{Subject: "deliveries.bench", ID: strconv.Itoa(i), Data: benchBody})
				return err
			})
		})
	}
}

func BenchmarkPublishBatch(b *testing.B) {
	for _, size := range []int{10, 100, 1000} {
		b.Run(strconv.Itoa(size), func(b *testing.B) {
			c := ready(b, Config{Topology: Topology{MaxBytes: 40 << 30}})
			p := publisher(b, c, PublisherConfig{})
			msgs := make([]Message, size)
			n := 0
			for b.Loop() {
				for i := range msgs {
					msgs[i] = Message{Subject: "events.bench.0", ID: strconv.Itoa(n), Data: benchBody}
					n++
				}
				if _, err := p.PublishBatch(b.Context(), msgs); err != nil {
					b.Fatal(err)
				}
			}
			report(b, n)
		})
	}
}

// BenchmarkConsume reads and acknowledges what is in the stream.
func BenchmarkConsume(b *testing.B) {
	for _, sync := range []bool{true, false} {
		b.Run(fmt.Sprintf("sync=%t", sync), func(b *testing.B) {
			c := ready(b, Config{NoSync: !sync, Topology: Topology{Partitions: 16, MaxBytes: 40 << 30}})
			p := publisher(b, c, PublisherConfig{})
			batch := make([]Message, 0, maxBatch)
			for i := range b.N {
				batch = append(batch, Message{Subject: fmt.Sprintf("events.bench.%d", i%16), Data: benchBody})
				if len(batch) == cap(batch) || i == b.N-1 {
					if _, err := p.PublishBatch(b.Context(), batch); err != nil {
						b.Fatal(err)
					}
					batch = batch[:0]
				}
			}
			sub := subscribe(b, c, StreamEvents, c.Topology().Consumers(StageDora)...)
			b.ResetTimer()
			for range b.N {
				if err := receive(b, sub).Ack(); err != nil {
					b.Fatal(err)
				}
			}
			until(b, "drained", drained(c, StreamEvents))
			report(b, b.N)
		})
	}
}

func concurrently(b *testing.B, callers int, do func(i int) error) {
	b.Helper()
	var next atomic.Int64
	var wg sync.WaitGroup
	b.ResetTimer()
	for range callers {
		wg.Go(func() {
			for i := int(next.Add(1)); i <= b.N; i = int(next.Add(1)) {
				if err := do(i); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	report(b, b.N)
}

func report(b *testing.B, n int) {
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "msgs/s")
	b.ReportMetric(0, "ns/op")
}
