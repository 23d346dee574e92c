package gate_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/fivekeys/fivekeys/ingest/gate"
	budget "github.com/fivekeys/fivekeys/internal/gate"
	"github.com/fivekeys/fivekeys/internal/jetstream"
	"github.com/fivekeys/fivekeys/schemas"
)

// evaluated starts an embedded NATS and a board that has the budgets of so many
// services.
func evaluated(t testing.TB, services int) (*budget.Board, []schemas.BudgetStatus) {
	t.Helper()
	client, err := jetstream.Open(t.Context(), jetstream.Config{StoreDir: t.TempDir(), NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	bucket, err := budget.OpenBucket(t.Context(), client)
	if err != nil {
		t.Fatal(err)
	}
	board, err := budget.NewBoard(budget.BoardConfig{Bucket: bucket, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() {
		if err := board.Run(ctx); err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	t.Cleanup(func() { stop(); done.Wait(); _ = client.Close() })
	<-board.Loaded()
	statuses := make([]schemas.BudgetStatus, services)
	for i := range statuses {
		statuses[i] = status(fmt.Sprintf("service-%d", i), 12)
	}
	if err := board.Publish(t.Context(), statuses); err != nil {
		t.Fatal(err)
	}
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for board.Known("x").EvaluatedAt.IsZero() { // told last
		<-tick.C
	}
	return board, statuses
}

// Every answer is one of the two that are right, whatever the board learns
// meanwhile.
func TestAnswersWhileTheBoardChanges(t *testing.T) {
	const services, asking, questions, changes = 20, 8, 200, 60
	board, statuses := evaluated(t, services)
	h := newGate(t, func(c *gate.Config) { c.Budgets = board })
	var all sync.WaitGroup
	all.Go(func() {
		for i := range changes {
			changed := slices.Clone(statuses)
			for j := range changed {
				changed[j] = status(changed[j].Service, float64(12*(1-2*((i+j)%2))))
			}
			if err := board.Publish(t.Context(), changed); err != nil {
				t.Errorf("Publish: %v", err)
			}
		}
	})
	for range asking {
		all.Go(func() {
			for i := range questions {
				w := ask(h, fmt.Sprintf("%s?service=service-%d&status=1", gate.Path, i%services), nil)
				if w.Code != http.StatusOK && w.Code != http.StatusLocked {
					t.Errorf("status %d: %s", w.Code, w.Body)
				}
			}
		})
	}
	all.Wait()
}

// BenchmarkAnswer is the handler alone, with ten thousand services known.
func BenchmarkAnswer(b *testing.B) {
	board, _ := evaluated(b, 10_000)
	h := newGate(b, func(c *gate.Config) { c.Budgets = board })
	var (
		mu  sync.Mutex
		all []time.Duration
	)
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		var own []time.Duration
		for i := 0; pb.Next(); i++ {
			r := httptest.NewRequest(http.MethodGet, fmt.Sprintf("%s?service=service-%d", gate.Path, i*7%10_000), nil)
			r.RemoteAddr = "127.0.0.1:1"
			w := httptest.NewRecorder()
			start := time.Now()
			h.ServeHTTP(w, r)
			own = append(own, time.Since(start))
		}
		mu.Lock()
		defer mu.Unlock()
		all = append(all, own...)
	})
	percentiles(b, all)
}

// BenchmarkAnswerHTTP is the same over a socket, as CI asks it.
func BenchmarkAnswerHTTP(b *testing.B) {
	board, _ := evaluated(b, 10_000)
	server := httptest.NewServer(newGate(b, func(c *gate.Config) { c.Budgets = board }))
	defer server.Close()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	defer client.CloseIdleConnections()
	var (
		mu  sync.Mutex
		all []time.Duration
	)
	b.SetParallelism(8)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		var own []time.Duration
		for i := 0; pb.Next(); i++ {
			start := time.Now()
			response, err := client.Get(fmt.Sprintf("%s%s?service=service-%d", server.URL, gate.Path, i*7%10_000))
			if err != nil {
				b.Error(err)
				return
			}
			_, _ = io.Copy(io.Discard, response.Body)
			_ = response.Body.Close()
			own = append(own, time.Since(start))
		}
		mu.Lock()
		defer mu.Unlock()
		all = append(all, own...)
	})
	percentiles(b, all)
}

func percentiles(b *testing.B, all []time.Duration) {
	slices.Sort(all)
	at := func(share float64) float64 { return float64(all[int(share*float64(len(all)-1))].Nanoseconds()) / 1000 }
	b.ReportMetric(at(0.5), "p50-µs")
	b.ReportMetric(at(0.99), "p99-µs")
	b.ReportMetric(float64(len(all))/b.Elapsed().Seconds(), "answers/s")
	b.ReportMetric(0, "ns/op")
}
