//go:build linux

package main

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/fivekeys/fivekeys/internal/clickhouse"
	"github.com/fivekeys/fivekeys/internal/report"
	"github.com/fivekeys/fivekeys/schemas"
)

const (
	reportServices = 10_000
	reportDays     = 730
	reportTurns    = 9
	reportTime     = 300 * time.Millisecond
)

// report asks for the figures of the default range and of the longest that two
// years of daily rows can be compared over, in a store that holds a row for
// each day of each of ten thousand services.
func (f *figures) report(b *testing.B) {
	s := newServing(b, &schemas.Catalog{})
	services, days := f.scaled(reportServices), reportDays
	end := time.Now().UTC().Truncate(report.Day)
	rows := s.fillDays(b, services, days, end)
	forget(b, s.folder)
	store, done := s.store(b, true)
	defer done()
	source := report.ClickHouse{Conn: store.Conn()}
	ask := func(n int) time.Duration {
		start := time.Now()
		r, err := report.Make(context.Background(), source, report.Query{Period: report.CompleteDays(end, n), At: end, Top: 20}, report.Options{})
		if err != nil {
			b.Fatal(err)
		}
		if r.ServiceCount != services || len(r.Services) != min(20, services) {
			b.Fatalf("%d services reported on, %d of them shown", r.ServiceCount, len(r.Services))
		}
		return time.Since(start)
	}
	const quarter, year = 90, 365
	cold := ask(quarter)
	var warm, long []time.Duration
	for range reportTurns {
		warm = append(warm, ask(quarter))
		long = append(long, ask(year))
	}
	took := median(warm)
	f.promised(fmt.Sprintf("Report on %d days, %d daily rows stored", quarter, rows), milliseconds(took), "< "+milliseconds(reportTime), took < reportTime)
	f.beside("  cold: a new engine, no file in memory", milliseconds(cold))
	f.beside(fmt.Sprintf("  on %d days, compared with the %d before", year, year), milliseconds(median(long)))
	b.ReportMetric(float64(took.Milliseconds()), "warm-ms")
	b.ReportMetric(float64(cold.Milliseconds()), "cold-ms")
	b.ReportMetric(0, "ns/op")
}

// fillDays writes a row per service and day, on which it is deployed once with
// one change and in one of 23 cases breaks, and the changes that have no lead
// time yet, inside the engine. A month at a time: that is how they come, and a
// statement's memory is bounded.
func (s *serving) fillDays(b *testing.B, services, days int, end time.Time) (rows uint64) {
	b.Helper()
	store, done := s.store(b, false)
	defer done()
	for from := 0; from < days; from += 30 {
		to := min(from+30, days)
		fill(b, store, fmt.Sprintf(`INSERT INTO daily_facts (day, service, team, deployments, failed, rework, rollbacks, unrecovered, unresolved,
			changes, excluded, incidents, unattributed, open_incidents,
			lead_times, coding, pickup, review, deploy, recoveries, restores, acknowledges, version, deleted, digest)
			WITH number %% %[1]d AS s, intDiv(number, %[1]d) + %[2]d AS d, cityHash64(number + %[2]d * 7919) AS h,
				h %% 23 = 0 AS broke,
				(seed, n) -> arrayMap(i -> round(exp(10 + (cityHash64(h, seed) %% 1000) / 250), 3), range(n)) AS durations
			SELECT toDate('%[3]s') - 1 - d, format('service-{}', toString(s)), format('team-{}', toString(s %% 300)),
				1, broke, h %% 31 = 0, h %% 61 = 0, 0, 0, 1, 0, broke, 0, 0,
				durations(1, 1), durations(2, 1), durations(3, 1), durations(4, 1), durations(5, 1),
				durations(6, broke), durations(7, broke), durations(8, broke), 1, 0, h
			FROM numbers(%[4]d)`, services, from, end.Format(time.DateOnly), services*(to-from)))
	}
	// Three open changes each, as of this morning.
	fill(b, store, fmt.Sprintf(`INSERT INTO change_facts (service, team, sha, merged_at, excluded, version, deleted, digest)
		WITH number %% %[1]d AS s
		SELECT format('service-{}', toString(s)), format('team-{}', toString(s %% 300)), lower(hex(SHA1(toString(number)))),
			toDateTime64('%[2]s', 3, 'UTC') - number %% 864000, 'not_deployed', 1, 0, number
		FROM numbers(%[3]d)`, services, end.Format(time.DateOnly), 3*services))
	if err := store.Conn().QueryRow(b.Context(), "SELECT count() FROM dora_daily").Scan(&rows); err != nil {
		b.Fatal(err)
	}
	return rows
}

func fill(b *testing.B, store *clickhouse.Store, sql string) {
	b.Helper()
	if err := store.Conn().Exec(b.Context(), sql); err != nil {
		b.Fatal(err)
	}
}
