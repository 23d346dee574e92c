package engine_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/fivekeys/fivekeys/internal/engine"
)

// resident is what the engine's process has in memory, in bytes.
func resident(t testing.TB, e *engine.Engine) uint64 {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", e.Pid()))
	if err != nil {
		t.Skip("no /proc here")
	}
	for _, line := range strings.Split(string(b), "\n") {
		if value, ok := strings.CutPrefix(line, "RssAnon:"); ok {
			kb, err := strconv.ParseUint(strings.Fields(value)[0], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return kb << 10
		}
	}
	t.Skip("no RssAnon here")
	return 0
}

func TestTenMillionRowsAreStreamedInBoundedMemory(t *testing.T) {
	e := start(t, t.TempDir())
	conn, ctx := open(t, e, writer), context.Background()
	before, peak := resident(t, e), uint64(0)
	began := time.Now()
	rows, err := conn.Query(ctx, "SELECT number, toString(number) AS text FROM numbers(10000000)")
	if err != nil {
		t.Fatal(err)
	}
	var n, sum, number uint64
	var text string
	for rows.Next() {
		if err := rows.Scan(&number, &text); err != nil {
			t.Fatal(err)
		}
		sum += number
		if n++; n%1_000_000 == 0 {
			peak = max(peak, resident(t, e))
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	if err := rows.Close(); err != nil {
		t.Fatal(err)
	}
	if n != 10_000_000 || sum != 10_000_000*9_999_999/2 {
		t.Fatalf("%d rows, sum %d", n, sum)
	}
	t.Logf("10 M rows scanned in %s; engine grew by %d MiB", time.Since(began), int64(peak-before)>>20)
	// The result is 230 MB; what is under way is a few blocks of 65k rows.
	if grown := int64(peak) - int64(before); grown > 100<<20 {
		t.Errorf("the engine grew by %d MiB", grown>>20)
	}
	t.Run("as text", func(t *testing.T) {
		began := time.Now()
		r, err := conn.QueryFormat(ctx, "TSV", "SELECT number FROM numbers(10000000)")
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		size, err := io.Copy(io.Discard, r)
		if err != nil || size != 78888890 {
			t.Fatalf("%d bytes, %v", size, err)
		}
		t.Logf("10 M rows, %d bytes in %s", size, time.Since(began))
	})
}

func TestManyClientsAtATime(t *testing.T) {
	e := shared(t)
	run(t, open(t, e, writer), "CREATE TABLE busy (client UInt8, n UInt64) ENGINE = MergeTree ORDER BY (client, n)")
	const clients, inserts = 24, 15 // more than may run at a time
	var all sync.WaitGroup
	for id := range clients {
		conn := open(t, e, writer)
		all.Go(func() {
			for i := range inserts {
				if err := conn.Exec(context.Background(), fmt.Sprintf("INSERT INTO busy SELECT %d, number FROM numbers(%d, 10)", id, i*10)); err != nil {
					t.Error(err)
				}
				var n uint64
				if err := conn.QueryRow(context.Background(), fmt.Sprintf("SELECT count() FROM busy WHERE client = %d", id)).Scan(&n); err != nil || n != uint64(i+1)*10 {
					t.Errorf("client %d sees %d of its rows after %d inserts: %v", id, n, i+1, err)
				}
			}
		})
	}
	all.Wait()
}

func BenchmarkInsert(b *testing.B) {
	e := start(b, b.TempDir())
	conn := open(b, e, writer)
	for _, size := range []int{100, 1000, 10_000, 100_000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			table := fmt.Sprintf("insert_%d", size)
			run(b, conn, "CREATE TABLE IF NOT EXISTS "+table+" (service LowCardinality(String), at DateTime64(3, 'UTC'), n UInt64, labels Map(String, String)) ENGINE = MergeTree ORDER BY (service, at)")
			at := time.Date(2025, 10, 1, 0, 0, 0, 0, time.UTC)
			labels := map[string]string{"env": "production"}
			b.ResetTimer()
			for range b.N {
				batch, err := conn.PrepareBatch(context.Background(), "INSERT INTO "+table)
				if err != nil {
					b.Fatal(err)
				}
				appendRows(b, batch, size, at, labels)
				if err := batch.Send(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N*size)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

func appendRows(b *testing.B, batch driver.Batch, n int, at time.Time, labels map[string]string) {
	b.Helper()
	for i := range n {
		if err := batch.Append("checkout", at.Add(time.Duration(i)*time.Millisecond), uint64(i), labels); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSelectOne(b *testing.B) {
	conn := open(b, shared(b), reader)
	for range b.N {
		count(b, conn, "SELECT toUInt64(1)")
	}
}

func BenchmarkStart(b *testing.B) {
	for range b.N {
		e, err := engine.Start(context.Background(), config(b.TempDir()))
		needLibrary(b, err)
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		if err := e.Close(context.Background()); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}
