//go:build linux

package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/tabwriter"
	"time"
)

// BenchmarkFigures measures every promised figure of speed and memory in one
// run and prints them as a table. Nothing fails for being slow: machines differ
// and are busy with other things, so what can be a ratio within the run is one.
//
//	go test -run '^$' -bench Figures/rebuild -benchtime 1x ./cmd/fivekeys
//
// measures one of them; FIVEKEYS_BENCH_SCALE=0.1 makes all sizes and times a
// tenth, for a first look.
func BenchmarkFigures(b *testing.B) {
	f := &figures{scale: 1}
	if text := os.Getenv("FIVEKEYS_BENCH_SCALE"); text != "" {
		var err error
		if f.scale, err = strconv.ParseFloat(text, 64); err != nil || f.scale <= 0 || f.scale > 1 {
			b.Fatalf("FIVEKEYS_BENCH_SCALE=%s: give a number above 0, up to 1", text)
		}
	}
	b.Run("intake/unsynced", func(b *testing.B) { f.intake(b, false) })
	b.Run("intake/synced", func(b *testing.B) { f.intake(b, true) })
	b.Run("latency", f.latency)
	b.Run("rebuild", f.rebuild)
	b.Run("report", f.report)
	b.Run("spans", f.spans)
	b.Run("trace", f.traceByID)
	b.Run("slo", f.evaluation)
	b.Run("start", f.start)
	b.Run("idle", f.idle)
	f.print(os.Stdout)
}

// figures collects what was measured.
type figures struct {
	scale float64
	rows  []figure
}

type figure struct {
	what, measured, bar string
	reached             bool // means nothing without a bar
}

// promised records a figure that there is a bar for.
func (f *figures) promised(what, measured, bar string, reached bool) {
	f.rows = append(f.rows, figure{what, measured, bar, reached})
}

// beside records one that helps to read the others.
func (f *figures) beside(what, measured string) {
	f.rows = append(f.rows, figure{what: what, measured: measured})
}

// scaled is a number of things at the chosen scale, at least one.
func (f *figures) scaled(n int) int { return max(1, int(float64(n)*f.scale)) }

// lasting is a time at the chosen scale.
func (f *figures) lasting(d time.Duration) time.Duration {
	return time.Duration(float64(d) * f.scale)
}

func (f *figures) print(w io.Writer) {
	if len(f.rows) == 0 {
		return // all were filtered out
	}
	_, _ = fmt.Fprintf(w, "\n%s, %d processors, load %s, scale %g\n\n", runtime.Version(), runtime.GOMAXPROCS(0), loadAverage(), f.scale)
	table := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	_, _ = fmt.Fprintln(table, "WHAT\tMEASURED\tBAR\tREACHED")
	for _, r := range f.rows {
		reached := ""
		switch {
		case r.bar == "":
		case r.reached:
			reached = "yes"
		default:
			reached = "NO"
		}
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", r.what, r.measured, r.bar, reached)
	}
	_ = table.Flush()
	_, _ = fmt.Fprintln(w)
}

func loadAverage() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(text))[:3], " ")
}

// quantile is the nearest value of a sample that it sorts; 0.5 is the median.
func quantile[T int | float64 | time.Duration](sample []T, q float64) T {
	if len(sample) == 0 {
		return 0
	}
	slices.Sort(sample)
	return sample[min(int(q*float64(len(sample))), len(sample)-1)]
}

func median[T int | float64 | time.Duration](sample []T) T { return quantile(sample, 0.5) }

func perSecond(rate float64) string { return fmt.Sprintf("%.0f/s", rate) }

func milliseconds(d time.Duration) string {
	return strconv.FormatFloat(float64(d)/float64(time.Millisecond), 'f', 0, 64) + " ms"
}

func megabytes(bytes int) string { return fmt.Sprintf("%d MB", bytes/1_000_000) }
