package dashboards

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"time"

	store "github.com/fivekeys/fivekeys/internal/clickhouse"
)

// An organisation of the size that the panels are promised for.
const (
	benchServices   = 10_000
	benchDays       = 730
	benchObjectives = 1_240 // of which each has a row for every minute of four weeks: 50 million
	benchBudgetDays = 28
	benchTraced     = 1_000 // services that send spans, of three operations each
	benchTeams      = 300
)

// crowd is that organisation at a scale, seen at a moment.
type crowd struct {
	services, objectives, traced int
	now                          time.Time
}

func newCrowd(scale float64, now time.Time) crowd {
	scaled := func(n int) int { return max(1, int(float64(n)*scale)) }
	return crowd{scaled(benchServices), scaled(benchObjectives), scaled(benchTraced), now.UTC().Truncate(time.Minute)}
}

// fill has the engine make all rows itself, in the pieces in which they would
// have come: a month, a day or an hour an insert. Then it waits for the merges.
func (c crowd) fill(tb testing.TB, s *store.Store) {
	tb.Helper()
	for from := 0; from < benchDays; from += 30 {
		for _, sql := range []string{fillDays, fillDeployments, fillChanges, fillIncidents, fillFailures, fillInferredToil, fillEvents} {
			c.exec(tb, s, sql, from, min(30, benchDays-from))
		}
		if from < 180 { // deliveries are kept for half a year
			c.exec(tb, s, fillDeliveries, from, 30)
		}
	}
	for from := range benchBudgetDays {
		c.exec(tb, s, fillMinutes, from, 1)
		c.exec(tb, s, fillHistory, from, 1)
	}
	for from := range 24 {
		c.exec(tb, s, fillServiceMinutes, from, 1)
		c.exec(tb, s, fillDependencies, from, 1)
		c.exec(tb, s, fillSpans, from, 1)
	}
	for _, sql := range []string{fillOpenChanges, fillObjectives, fillStatuses, fillBudgetEvents, fillAlerts, fillToil, fillToilRules, fillVitals} {
		c.exec(tb, s, sql, 0, 0)
	}
	settle(tb, s)
}

// exec puts the crowd's figures in a statement's braces. from and n count days
// or hours back from today.
func (c crowd) exec(tb testing.TB, s *store.Store, sql string, from, n int) {
	tb.Helper()
	today := c.now.Truncate(24 * time.Hour)
	sql = strings.NewReplacer(
		"{services}", strconv.Itoa(c.services), "{objectives}", strconv.Itoa(c.objectives), "{traced}", strconv.Itoa(c.traced),
		"{teams}", strconv.Itoa(benchTeams), "{from}", strconv.Itoa(from), "{n}", strconv.Itoa(n),
		"{today}", "toDate('"+today.Format(time.DateOnly)+"')",
		"{now}", "toDateTime('"+c.now.Format(time.DateTime)+"', 'UTC')",
		"{a}", "number % "+strconv.Itoa(c.services)+" AS s, intDiv(number, "+strconv.Itoa(c.services)+") + "+strconv.Itoa(from)+" AS d, cityHash64(s, d) AS h",
	).Replace(sql)
	if err := s.Conn().Exec(tb.Context(), sql); err != nil {
		tb.Fatalf("%v\n%s", err, sql)
	}
}

// settle waits until nothing is merged any more.
func settle(tb testing.TB, s *store.Store) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), 10*time.Minute)
	defer cancel()
	for quiet := 0; quiet < 3; {
		var merges uint64
		if err := s.Conn().QueryRow(ctx, "SELECT count() FROM system.merges").Scan(&merges); err != nil {
			tb.Fatal(err)
		}
		if quiet++; merges > 0 {
			quiet = 0
		}
		time.Sleep(time.Second)
	}
}

// A service deploys on 200 of 730 days, each time five changes; one of 16
// deployments is not production's, one of 23 breaks it.
const (
	deployed = `
		s % {teams} AS t, h % 730 < 200 AS live, h % 16 != 5 AS prod, h % 23 = 0 AND prod AS broke,
		format('service-{}', toString(s)) AS service_name, format('team-{}', toString(t)) AS team_name, format('{}-{}', toString(s), toString(d)) AS id,
		toDateTime64({today} - 1 - d, 3, 'UTC') + intDiv(h, 1000) % 86400 AS finished`

	fillDays = `INSERT INTO daily_facts (day, service, team, deployments, failed, rework, rollbacks, unrecovered, unresolved,
			changes, excluded, incidents, unattributed, open_incidents,
			lead_times, coding, pickup, review, deploy, recoveries, restores, acknowledges, version, deleted, digest)
		WITH {a}, ` + deployed + `, live AND prod AS counts,
			(seed, n) -> arrayMap(i -> round(exp(10 + (cityHash64(h, seed, i) % 1000) / 250), 3), range(n)) AS durations
		SELECT {today} - 1 - d, service_name, team_name, counts, counts AND broke, counts AND h % 31 = 0, counts AND h % 61 = 0, 0, 0, counts * 5, 0,
			counts AND broke, 0, 0, durations(1, counts * 5), durations(2, counts * 5), durations(3, counts * 5), durations(4, counts * 5),
			durations(5, counts * 5), durations(6, counts AND broke), durations(7, counts AND broke), durations(8, counts AND broke), 1, 0, h
		FROM numbers({services} * {n})`

	fillDeployments = `INSERT INTO deployment_facts (service, team, environment, production, deployment_id, sha, release, status, started_at, finished_at,
			changes, rollback, rework, failed, failure_method, recovered_at, url, actor, known_at, version, deleted, digest)
		WITH {a}, ` + deployed + `
		SELECT service_name, team_name, if(prod, 'production', 'staging'), prod, id, lower(hex(SHA1(id))), format('v{}', toString(d)), 'succeeded', finished - 60, finished,
			5, h % 61 = 0, h % 31 = 0, broke, if(broke, 'incident', ''), if(broke, finished + 3600, NULL),
			format('https://ci.example/runs/{}', id), format('person-{}', toString(h % 2000)), finished + 2, 1, 0, h
		FROM numbers({services} * {n}) WHERE live`

	fillChanges = `INSERT INTO change_facts (service, team, sha, pull_request, title, author, first_commit_at, committed_at, opened_at, first_review_at, merged_at,
			deployed_at, deployment_id, last_deployed_at, lead_time, coding, pickup, review, deploy, known_at, version, deleted, digest)
		WITH {a}, ` + deployed + `, cityHash64(h, i) AS g
		SELECT service_name, team_name, lower(hex(SHA1(format('{}/{}', id, toString(i))))), d * 5 + i, format('Change number {} of it', toString(g % 100000)),
			format('person-{}', toString(g % 2000)), finished - 86400 - g % 864000, finished - 86400 - g % 86400, finished - 80000, finished - 40000, finished - 20000,
			finished, id, finished, 86400 + g % 864000, 6400, 40000, 20000, 20000, finished + 2, 1, 0, g
		FROM (SELECT number, arrayJoin(range(5)) AS i FROM numbers({services} * {n})) WHERE live`

	// Three changes a service that no deployment contains yet.
	fillOpenChanges = `INSERT INTO change_facts (service, team, sha, merged_at, excluded, known_at, version, deleted, digest)
		WITH number % {services} AS s
		SELECT format('service-{}', toString(s)), format('team-{}', toString(s % {teams})), lower(hex(SHA1(toString(number)))),
			toDateTime64({today}, 3, 'UTC') - number % 864000, 'not_deployed', now64(3), 1, 0, number
		FROM numbers(3 * {services})`

	fillIncidents = `INSERT INTO incident_facts (service, team, incident_id, source, severity, title, environment, production, opened_at, acknowledged_at, resolved_at,
			restore, acknowledge, deployment_id, method, url, known_at, version, deleted, digest)
		WITH {a}, ` + deployed + `
		SELECT service_name, team_name, format('inc-{}', id), 'pagerduty', format('sev{}', toString(h % 4 + 1)), format('Trouble number {}', toString(h % 50)), 'production', true,
			finished + 600, finished + 600 + h % 900, if(h % 400 = 1, NULL, finished + 3600), if(h % 400 = 1, NULL, 3000), h % 900, id, 'time_window',
			format('https://incidents.example/{}', id), finished + 601, 1, 0, h
		FROM numbers({services} * {n}) WHERE live AND broke`

	fillFailures = `INSERT INTO failure_facts (service, team, deployment_id, method, incident_id, failed_at, recovered_at, recovery, version, deleted, digest)
		WITH {a}, ` + deployed + `
		SELECT service_name, team_name, id, 'time_window', format('inc-{}', id), finished, finished + 3600, 3600, 1, 0, h
		FROM numbers({services} * {n}) WHERE live AND broke`

	// Rollbacks by hand, as they are folded from the deployments.
	fillInferredToil = `INSERT INTO inferred_toil_facts (service, team, kind, subject, at, title, url, why, evidence, known_at, version, deleted, digest)
		WITH {a}, ` + deployed + `
		SELECT service_name, team_name, 'manual_rollback', id, finished, format('Rollback of {} in production', service_name), format('https://ci.example/runs/{}', id),
			format('person-{} went back to v{} in production', toString(h % 2000), toString(d)), id, finished + 2, 1, 0, h
		FROM numbers({services} * {n}) WHERE live AND prod AND h % 61 = 0`

	// The events behind: the deployment and its changes.
	fillEvents = `INSERT INTO event_log (service, source, id, type, time, known_at, data, precedence)
		WITH {a}, ` + deployed + `
		SELECT service_name, format('github/acme/service-{}', toString(s)), format('{}/{}', id, toString(i)), if(i = 0, 'fivekeys.deployment.v1', 'fivekeys.change.v1'),
			finished, finished + cityHash64(h, i) % 60, format('{{"deployment_id":"{}"}}', id), h
		FROM (SELECT number, arrayJoin(range(6)) AS i FROM numbers({services} * {n})) WHERE live`

	fillDeliveries = `INSERT INTO delivery_log (source, received_at, delivery_id, kind, body)
		WITH {a}, ` + deployed + `
		SELECT ['github', 'gitlab', 'jenkins'][i % 3 + 1], finished + cityHash64(h, i) % 60, format('{}/{}', id, toString(i)), 'push', '{}'
		FROM (SELECT number, arrayJoin(range(6)) AS i FROM numbers({services} * {n})) WHERE live`
)
