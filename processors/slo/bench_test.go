package slo

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/fivekeys/fivekeys/internal/clickhouse"
	"github.com/fivekeys/fivekeys/internal/testkit"
	"github.com/fivekeys/fivekeys/schemas"
)

const benchObjectives = 1000

func benchDefinitions() []schemas.Objective {
	all := make([]schemas.Objective, benchObjectives)
	for i := range all {
		key := fmt.Sprintf("slo-%d", i)
		all[i] = schemas.Objective{
			Key: key, SLO: key, Service: "shop", Target: 0.999, Budgeting: schemas.Occurrences, Window: schemas.Window{Rolling: 28 * day},
		}
	}
	return all
}

// BenchmarkEvaluation is the arithmetic of a thousand objectives with 28 full
// days, for one minute; the store is not part of it.
func BenchmarkEvaluation(b *testing.B) {
	accounts, _, err := newAccounts(benchDefinitions(), func(string) string { return "" })
	if err != nil {
		b.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	now := minuteOf(time.Date(2026, 3, 2, 12, 30, 0, 0, time.UTC))
	for _, a := range accounts {
		l := a.parts[0].ledger
		for m := hourOf(now-28*dayMinutes) * hourMinutes; m < now; m++ {
			l.Put(m, 100-uint64(m%7/6), 100)
		}
		l.Trim(0, hourOf(now-openMinutes), func(h int64) bool { return h == hourOf(now-28*dayMinutes) })
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	perObjective := float64(after.HeapAlloc-before.HeapAlloc) / benchObjectives
	for b.Loop() {
		for _, a := range accounts {
			a.step(now)
			_ = a.status(now)
		}
	}
	b.ReportMetric(perObjective, "B/objective")
}

// BenchmarkStore fills the engine with 28 days of a thousand objectives, counted
// in some partitions, and measures the start and the evaluation of a minute.
func BenchmarkStore(b *testing.B) {
	for _, partitions := range []int{1, 4} {
		b.Run(fmt.Sprintf("partitions=%d", partitions), func(b *testing.B) {
			store := testkit.Store(b)
			now := time.Now().UTC().Truncate(time.Minute)
			fill := func(objectives, minutes int, before, written time.Time) {
				for p := range partitions {
					if err := store.Conn().Exec(b.Context(), fmt.Sprintf(`INSERT INTO sli_minute_facts (objective, minute, release, partition, good, total, sequence, written_at)
						SELECT concat('slo-', toString(intDiv(number, %[1]d))), toDateTime(%[2]d - 60 * (number %% %[1]d), 'UTC'), 'v1', %[3]d, 97 + number %% 4, 100, %[2]d, fromUnixTimestamp64Milli(%[5]d, 'UTC')
						FROM numbers(%[4]d)`, minutes, before.Unix()-60, p, objectives*minutes, written.UnixMilli())); err != nil {
						b.Fatal(err)
					}
				}
			}
			fill(benchObjectives, 28*dayMinutes, now, now.Add(-6*time.Hour))
			// The engine merges; what is measured is a store at rest.
			if err := store.Conn().Exec(b.Context(), "OPTIMIZE TABLE sli_minute_facts FINAL"); err != nil {
				b.Fatal(err)
			}
			clock := now
			open := func(name string) *Evaluator {
				e, err := New(Config{
					Objectives: benchDefinitions(), Store: timed{store, b}, Publisher: &recorder{}, Partitions: 4, Catalog: &schemas.Catalog{},
					Grace: time.Second, Now: func() time.Time { return clock.Add(2 * time.Second) },
				})
				if err != nil {
					b.Fatal(err)
				}
				began := time.Now()
				if err := e.Load(b.Context()); err != nil {
					b.Fatal(err)
				}
				b.Logf("%s: loaded in %s", name, time.Since(began).Round(time.Millisecond))
				began = time.Now()
				if err := e.Evaluate(b.Context()); err != nil {
					b.Fatal(err)
				}
				b.Logf("%s: first evaluation in %s", name, time.Since(began).Round(time.Millisecond))
				return e
			}
			open("first start")
			e := open("restart")
			for b.Loop() {
				b.StopTimer()
				for range 4 { // flushes of the stage
					fill(benchObjectives, 2, clock.Add(time.Minute), time.Now())
				}
				clock = clock.Add(time.Minute)
				b.StartTimer()
				if err := e.Evaluate(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// timed tells which reading takes the time.
type timed struct {
	*clickhouse.Store
	b *testing.B
}

func (t timed) SLOChanges(ctx context.Context, since, before time.Time, each func(clickhouse.SLOMinute)) error {
	began, n := time.Now(), 0
	err := t.Store.SLOChanges(ctx, since, before, func(m clickhouse.SLOMinute) { n++; each(m) })
	t.b.Logf("changes: %d minutes in %s", n, time.Since(began).Round(time.Millisecond))
	return err
}

func (t timed) SLOHours(ctx context.Context, objectives []string, from, to time.Time, each func(clickhouse.SLOHour)) error {
	began, n := time.Now(), 0
	err := t.Store.SLOHours(ctx, objectives, from, to, func(h clickhouse.SLOHour) { n++; each(h) })
	t.b.Logf("hours: %d in %s", n, time.Since(began).Round(time.Millisecond))
	return err
}

func (t timed) SLOMinutes(ctx context.Context, q clickhouse.SLOQuery, each func(clickhouse.SLOMinute)) error {
	began, n := time.Now(), 0
	err := t.Store.SLOMinutes(ctx, q, func(m clickhouse.SLOMinute) { n++; each(m) })
	t.b.Logf("minutes: %d of %d objectives in %s", n, len(q.Objectives), time.Since(began).Round(time.Millisecond))
	return err
}

func (t timed) SaveStatuses(ctx context.Context, writer string, states []clickhouse.SLOState) error {
	began := time.Now()
	err := t.Store.SaveStatuses(ctx, writer, states)
	t.b.Logf("statuses: %d in %s", len(states), time.Since(began).Round(time.Millisecond))
	return err
}
