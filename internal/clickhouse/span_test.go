package clickhouse_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/fivekeys/fivekeys/internal/clickhouse"
	"github.com/fivekeys/fivekeys/internal/testkit"
	"github.com/fivekeys/fivekeys/schemas"
)

func TestCountedRowsComeBackAndTheLargerSequenceWins(t *testing.T) {
	s := testkit.Store(t)
	var latency schemas.Histogram
	for i := range int64(100) {
		latency.Add(i * i * 1_000_000)
	}
	of := func(sequence, n uint64) *clickhouse.SpanCounts {
		return &clickhouse.SpanCounts{
			Services: []clickhouse.Counted[schemas.ServiceMinute]{{Partition: 3, Sequence: sequence, Row: schemas.ServiceMinute{
				Service: "shop", Operation: "GET /cart", Kind: "server", Minute: noon, Requests: n, Errors: 1, Latency: latency,
			}}},
			Dependencies: []clickhouse.Counted[schemas.Dependency]{{Partition: 3, Sequence: sequence, Row: schemas.Dependency{
				Caller: "shop", Callee: "stock", Minute: noon, Calls: n, Latency: latency,
			}}},
			SLIs: []clickhouse.Counted[schemas.SLIMinute]{{Partition: 3, Sequence: sequence, Row: schemas.SLIMinute{
				Objective: "shop/fast", Minute: noon, Version: "1.2", Good: n, Total: n + 1,
			}}},
		}
	}
	other := of(7, 50)
	other.Services[0].Partition = 4
	for _, c := range []*clickhouse.SpanCounts{of(9, 100), of(5, 60), other} {
		if err := s.WriteSpanCounts(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.LoadSpanCounts(t.Context(), []int{2, 3}, []time.Time{noon, noon.Add(time.Minute)})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(of(9, 100), got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	newest, sequence, err := s.CountedUntil(t.Context(), noon.Add(-time.Hour))
	if err != nil || !newest.Equal(noon) || sequence != 9 {
		t.Errorf("%v, %d, %v", newest, sequence, err)
	}
	if newest, sequence, err := s.CountedUntil(t.Context(), noon.Add(time.Hour)); err != nil || newest.After(time.Unix(0, 0)) || sequence != 0 {
		t.Errorf("%v, %d, %v", newest, sequence, err)
	}
	// Both partitions together; the median of both is that of one.
	want := float64(latency.Quantile(0.5)) / 1e6
	var requests uint64
	var p50 float64
	if err := s.Conn().QueryRow(t.Context(), "SELECT requests, p50_ms FROM service_minutes WHERE service = 'shop'").Scan(&requests, &p50); err != nil {
		t.Fatal(err)
	}
	if requests != 150 || p50 < want*0.95 || p50 > want*1.05 {
		t.Errorf("%d requests, median %v, want 150 and %v", requests, p50, want)
	}
	// A minute that two partitions counted has each bucket once, in order, with the
	// counts of both; so has one that only one did.
	for _, view := range []string{"service_minutes", "service_dependencies"} {
		for _, check := range []string{
			"latency_ns = arraySort(arrayDistinct(latency_ns))", "length(latency_ns) = " + strconv.Itoa(len(latency)),
			"p99_ms = arrayReduce('quantileExactWeightedArray(0.99)', [latency_ns], [latency_counts]) / 1e6",
		} {
			if got := scalar(t, s, "SELECT toString("+check+") FROM "+view); got != "1" {
				t.Errorf("%s: it is not so that %s", view, check)
			}
		}
	}
	if got := scalar(t, s, "SELECT toString((c.n, c.ns) = (m.n, m.ns)) FROM "+
		"(SELECT sum(requests) AS n, sumMap(latency_ns, latency_counts) AS ns FROM service_counts) AS c, "+
		"(SELECT sum(requests) AS n, sumMap(latency_ns, latency_counts) AS ns FROM service_minutes) AS m"); got != "1" {
		t.Error("service_counts sums up to something else than service_minutes")
	}
	for _, i := range latency {
		if got := scalar(t, s, "SELECT toString(has(latency_ns, "+strconv.FormatInt(schemas.BucketValue(i.Index), 10)+")) FROM service_dependencies"); got != "1" {
			t.Fatalf("the view doesn't know bucket %d, %d ns", i.Index, schemas.BucketValue(i.Index))
		}
	}
}

func TestPositionsOnlyGoForward(t *testing.T) {
	s := testkit.Store(t)
	for _, p := range []clickhouse.SpanPosition{{Partition: 1, Sequence: 10, ReplayFrom: 4}, {Partition: 1, Sequence: 8, ReplayFrom: 9}, {Partition: 0, Sequence: 3, ReplayFrom: 1}, {Partition: 0, Sequence: 3, ReplayFrom: 2}} {
		if err := s.WriteSpanPositions(t.Context(), []clickhouse.SpanPosition{p}); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.SpanPositions(t.Context())
	want := map[int]clickhouse.SpanPosition{0: {Partition: 0, Sequence: 3, ReplayFrom: 2}, 1: {Partition: 1, Sequence: 10, ReplayFrom: 4}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestRetentionOfSpansIsSetOnce(t *testing.T) {
	s := testkit.Store(t)
	for _, keep := range []time.Duration{7 * 24 * time.Hour, 48 * time.Hour, 48 * time.Hour} {
		if err := s.KeepSpans(t.Context(), keep); err != nil {
			t.Fatal(err)
		}
	}
	var text string
	if err := s.Conn().QueryRow(t.Context(), "SELECT engine_full FROM system.tables WHERE database = currentDatabase() AND name = 'span_log'").Scan(&text); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(text, "toIntervalSecond(172800)") {
		t.Errorf("%s", text)
	}
}
