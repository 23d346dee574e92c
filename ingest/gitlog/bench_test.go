package gitlog_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/fivekeys/fivekeys/ingest/gitlog"
	"github.com/fivekeys/fivekeys/internal/testkit/gitrepo"
)

// big makes a history of merged pull requests and squashed ones, tagged evenly.
func big(b *testing.B, commits, tags int) string {
	b.Helper()
	rnd := rand.New(rand.NewPCG(1, 2))
	r := gitrepo.New(b, "--bare")
	r.Step = 10 * time.Minute
	r.Commit("main", "Start")
	for made, tagged, pr := 1, 0, 1; made < commits; pr++ {
		if rnd.IntN(10) < 6 {
			r.Branch("feature", "main")
			for range 1 + rnd.IntN(6) {
				r.Commit("feature", fmt.Sprintf("Work on %d\n\n%0500d", made, made))
				made++
			}
			r.Merge("main", fmt.Sprintf("Merge pull request #%d from ann/feature\n\nFeature %d", pr, pr), "feature")
		} else {
			r.Commit("main", fmt.Sprintf("Repair a thing (#%d)\n\n%0500d", pr, made))
		}
		made++
		for ; tagged < tags && made >= (tagged+1)*commits/tags; tagged++ {
			if name := fmt.Sprintf("v1.%d.0", tagged); tagged%2 == 0 {
				r.Tag(name, "main")
			} else {
				r.AnnotatedTag(name, "main")
			}
		}
	}
	return r.Path()
}

// BenchmarkRead measures Read and Events on 50,000 commits and 2,000 tags, or
// on the clone that FIVEKEYS_BENCH_CLONE names.
func BenchmarkRead(b *testing.B) {
	path := os.Getenv("FIVEKEYS_BENCH_CLONE")
	if path == "" {
		path = big(b, 50_000, 2_000)
	}
	var commits, events int
	var read, told time.Duration
	var kept uint64
	for b.Loop() {
		before := memory()
		start := time.Now()
		h, err := gitlog.Read(b.Context(), path, gitlog.Options{Service: "shop"})
		if err != nil {
			b.Fatal(err)
		}
		read += time.Since(start)
		kept = memory() - before
		start = time.Now()
		for _, err := range h.Events() {
			if err != nil {
				b.Fatal(err)
			}
			events++
		}
		told += time.Since(start)
		commits += h.Commits
	}
	b.ReportMetric(float64(commits)/read.Seconds(), "commits-read/s")
	b.ReportMetric(float64(events)/told.Seconds(), "events/s")
	b.ReportMetric(float64(kept)/(1<<20), "MB-kept")
}

func memory() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
