package dashboards

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/fivekeys/fivekeys/internal/engine"
	"github.com/fivekeys/fivekeys/internal/testkit"
)

const (
	panelTurns = 5
	// What is promised of all questions together, and of each.
	panelP95 = 200 * time.Millisecond
	panelMax = time.Second
	// plotWidth is how many points Grafana asks for at most.
	plotWidth = 1000
)

// BenchmarkFigures asks everything that the dashboards ask, of ten thousand
// services and two years, and prints who took how long. Like the figures of
// cmd/fivekeys it never fails for being slow.
//
//	go test -run '^$' -bench Figures/panels -benchtime 1x -timeout 60m ./dashboards
//
// FIVEKEYS_BENCH_SCALE=0.1 makes a tenth of all sizes, for a first look;
// FIVEKEYS_BENCH_PANELS is a pattern of the names to ask, for a closer one.
func BenchmarkFigures(b *testing.B) {
	scale := 1.0
	if text := os.Getenv("FIVEKEYS_BENCH_SCALE"); text != "" {
		var err error
		if scale, err = strconv.ParseFloat(text, 64); err != nil || scale <= 0 || scale > 1 {
			b.Fatalf("FIVEKEYS_BENCH_SCALE=%s: give a number above 0, up to 1", text)
		}
	}
	b.Run("panels", func(b *testing.B) {
		folder, now, filled := benchFolder(b)
		e, err := engine.Start(b.Context(), engine.Config{DataDir: folder, Writer: testkit.Writer, Reader: testkit.Reader})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = e.Close(context.WithoutCancel(b.Context())) })
		c := newCrowd(scale, now)
		if s := testkit.StoreOn(b, e); !filled {
			c.fill(b, s)
			if err := os.WriteFile(folder+benchFilled, []byte(c.now.Format(time.RFC3339)), 0o600); err != nil {
				b.Fatal(err)
			}
		}
		options := e.ClientOptions(testkit.Reader)
		options.Settings = clickhouse.Settings{"max_execution_time": 60} // as the plugin does
		reader, err := clickhouse.Open(options)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = reader.Close() })
		questioned := c.ask(b, reader)
		printAsked(b, questioned, scale)
	})
}

// benchFilled is the file that says for when a folder was filled.
const benchFilled = ".filled"

// benchFolder is where the rows are. FIVEKEYS_BENCH_DATA keeps them for another
// run, with the moment that was now: filling takes longer than asking.
func benchFolder(b *testing.B) (folder string, now time.Time, filled bool) {
	b.Helper()
	folder = os.Getenv("FIVEKEYS_BENCH_DATA")
	if folder == "" {
		return b.TempDir(), time.Now(), false
	}
	text, err := os.ReadFile(folder + benchFilled)
	if errors.Is(err, os.ErrNotExist) {
		return folder, time.Now(), false
	}
	if err == nil {
		now, err = time.Parse(time.RFC3339, string(text))
	}
	if err != nil {
		b.Fatal(err)
	}
	return folder, now, true
}

// asked is one statement with its variables set, and the times it took.
type asked struct {
	name, chosen string
	rows         int
	took         []time.Duration // sorted
	failed       error           // the engine's limits, mostly
}

// ask puts each statement with every choice of variables, some turns in a row
// as a dashboard that refreshes does. The first turn fills caches.
func (c crowd) ask(b *testing.B, reader driver.Conn) []asked {
	b.Helper()
	var trace string
	if err := reader.QueryRow(b.Context(), "SELECT trace_id FROM spans LIMIT 1").Scan(&trace); err != nil {
		b.Fatal(err)
	}
	only, err := regexp.Compile(os.Getenv("FIVEKEYS_BENCH_PANELS"))
	if err != nil {
		b.Fatal(err)
	}
	var out []asked
	for _, d := range All() {
		for _, choice := range d.choices() {
			for _, st := range statements(b) {
				if !d.owns(st) || !only.MatchString(st.name) {
					continue
				}
				p := choice.plugin
				p.from, p.to = moment(b, d.From, c.now), ending(b, d.To, c.now)
				p.interval = resolution(b, st, p.to.Sub(p.from))
				p = p.choose("trace", trace)
				one := asked{name: st.name, chosen: choice.name}
				for turn := range panelTurns + 1 {
					start := time.Now()
					rows, err := drain(b.Context(), reader, p.expand(b, st.sql))
					if err != nil {
						one.failed = err
						break
					}
					if one.rows = rows; turn > 0 {
						one.took = append(one.took, time.Since(start))
					}
				}
				slices.Sort(one.took)
				out = append(out, one)
			}
		}
	}
	return out
}

func drain(ctx context.Context, reader driver.Conn, sql string) (n int, err error) {
	rows, err := reader.Query(ctx, sql)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		n++
	}
	return n, rows.Err()
}

// owns says whether a statement is this dashboard's.
func (d Dashboard) owns(st statement) bool {
	return strings.HasPrefix(st.name, d.Title+", ")
}

type choice struct {
	name   string
	plugin plugin
}

// choices are everything, one team and one service, as far as the dashboard has
// such variables.
func (d Dashboard) choices() []choice {
	one := choice{"one service", plugin{}.choose("service", "service-7")}
	out := []choice{{"all", plugin{}}}
	for _, v := range d.Variables {
		switch v.Name {
		case "team":
			out = append(out, choice{"one team", plugin{}.choose("team", "team-7")})
		case "service":
			out = append(out, one)
		}
	}
	return out
}

var relative = regexp.MustCompile(`^now(?:-(\d+)([hdw]))?(?:/([dw]))?$`)

// moment is what Grafana makes of "now-90d/d" where a range begins.
func moment(tb testing.TB, text string, now time.Time) time.Time {
	tb.Helper()
	parts := relative.FindStringSubmatch(text)
	if parts == nil {
		tb.Fatalf("%q is no moment that this test knows", text)
	}
	unit := map[string]time.Duration{"h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour}
	n, _ := strconv.Atoi(parts[1])
	at := now.Add(-time.Duration(n) * unit[parts[2]])
	switch parts[3] {
	case "d":
		at = at.Truncate(24 * time.Hour)
	case "w":
		at = at.Truncate(7 * 24 * time.Hour) // the zero time was a Monday
	}
	return at
}

// ending is the same where a range ends: the rounded day or week belongs to it.
func ending(tb testing.TB, text string, now time.Time) time.Time {
	tb.Helper()
	at := moment(tb, text, now)
	switch text[len(text)-2:] {
	case "/d":
		return at.AddDate(0, 0, 1).Add(-time.Millisecond)
	case "/w":
		return at.AddDate(0, 0, 7).Add(-time.Millisecond)
	}
	return at
}

// resolution is the interval that Grafana chooses, or the narrowest the panel allows.
func resolution(tb testing.TB, st statement, length time.Duration) time.Duration {
	tb.Helper()
	interval := (length / plotWidth).Truncate(time.Second) + time.Second
	p, ok := st.panel.(TimeSeries)
	if !ok || p.MinInterval == "" {
		return interval
	}
	least := map[string]time.Duration{"1m": time.Minute, "5m": 5 * time.Minute, "1h": time.Hour, "1d": 24 * time.Hour}[p.MinInterval]
	if least == 0 {
		tb.Fatalf("%s: %s is no interval that this test knows", st.name, p.MinInterval)
	}
	return max(interval, least)
}

// printAsked prints the slowest first, then what was promised.
func printAsked(b *testing.B, all []asked, scale float64) {
	b.Helper()
	slices.SortStableFunc(all, func(x, y asked) int {
		if (x.failed == nil) != (y.failed == nil) {
			if x.failed != nil {
				return -1
			}
			return 1
		}
		return int(y.at(1) - x.at(1))
	})
	fmt.Printf("\nPanels, variables and annotations of all dashboards, %d turns each, scale %g\n\n", panelTurns, scale)
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 3, ' ', 0)
	_, _ = fmt.Fprintln(table, "WHAT\tOF\tP50\tP95\tMAX\tROWS")
	var every []time.Duration
	slow, failed := 0, 0
	for _, one := range all {
		if one.failed != nil {
			failed++
			_, _ = fmt.Fprintf(table, "%s\t%s\tfailed: %.120s\n", one.name, one.chosen, one.failed.Error())
			continue
		}
		every = append(every, one.took...)
		if one.at(1) > panelMax {
			slow++
		}
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%d\n", one.name, one.chosen, millis3(one.at(0.5)), millis3(one.at(0.95)), millis3(one.at(1)), one.rows)
	}
	_ = table.Flush()
	slices.Sort(every)
	whole := asked{took: every}
	fmt.Printf("\nof all %d: p50 %s, p95 %s (promised: < %s), longest %s; %d over %s (promised: none), %d failed\n\n", len(all), millis3(whole.at(0.5)),
		millis3(whole.at(0.95)), millis3(panelP95), millis3(whole.at(1)), slow, millis3(panelMax), failed)
	b.ReportMetric(float64(whole.at(0.5).Milliseconds()), "p50-ms")
	b.ReportMetric(float64(whole.at(0.95).Milliseconds()), "p95-ms")
	b.ReportMetric(float64(whole.at(1).Milliseconds()), "max-ms")
	b.ReportMetric(0, "ns/op")
}

// at is a quantile of the sorted times.
func (a asked) at(q float64) time.Duration {
	if len(a.took) == 0 {
		return 0
	}
	return a.took[min(int(q*float64(len(a.took))), len(a.took)-1)]
}

func millis3(d time.Duration) string { return fmt.Sprintf("%d ms", d.Milliseconds()) }
