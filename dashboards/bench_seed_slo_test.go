package dashboards

// What hangs together of objective o at minute m before now.
const (
	objective = `
		format('service-{}/availability', toString(o)) AS objective_name, format('service-{}', toString(o)) AS service_name, format('team-{}', toString(o % {teams})) AS team_name`

	// A hundred requests a minute; in one of eight minutes some are bad.
	fillMinutes = `INSERT INTO sli_minute_facts (objective, minute, release, partition, good, total, sequence)
		WITH intDiv(number, 1440) AS o, {from} * 1440 + number % 1440 + 1 AS m, cityHash64(o, m) AS h, ` + objective + `
		SELECT objective_name, {now} - m * 60, format('v{}', toString(intDiv(m, 1440 * 3))), 0, 100 - if(h % 8 = 0, h % 3, 0), 100, 1000000 - m
		FROM numbers({objectives} * 1440)`

	fillObjectives = `INSERT INTO slo_objective_facts (objective, slo, service, team, target, budgeting, time_window, window_seconds)
		WITH number AS o, ` + objective + `
		SELECT objective_name, objective_name, service_name, team_name, 0.999, 'Occurrences', '28d', 2419200 FROM numbers({objectives})`

	statusColumns = `objective, slo, service, team, at, window_from, window_to, target, budgeting, good, total, sli, remaining, remaining_minutes, budget_minutes,
		corrected, burn_windows, burn_rates, exhausted_at, methods, method_good, method_total, method_sli, method_remaining`
	status = objective + `, 4032000 AS whole, intDiv(whole, 1000) AS allowed, h % 6000 AS bad, 1 - bad / allowed AS rest
		SELECT objective_name, objective_name, service_name, team_name, at, at - 2419200, at, 0.999, 'Occurrences', whole - bad, whole, 1 - bad / whole, rest, rest * 40.32, 40.32,
			false, [300, 1800, 3600, 7200, 21600, 86400, 259200, 2419200], arrayMap(i -> (cityHash64(h, i) % 3000) / 1000, range(8)), if(rest <= 0, at - 3600, NULL),
			['Occurrences', 'Timeslices', 'RatioTimeslices'], [whole - bad, 40000, 40000], [whole, 40320, 40320], [1 - bad / whole, 0.99, 0.99], [rest, 0.5, 0.5]`

	fillStatuses = `INSERT INTO slo_status_facts (` + statusColumns + `)
		WITH number AS o, {now} AS at, cityHash64(o) AS h, ` + status + `
		FROM numbers({objectives})`

	// Every fifth minute.
	fillHistory = `INSERT INTO slo_status_history_facts (` + statusColumns + `)
		WITH number % {objectives} AS o, {now} - ({from} * 288 + intDiv(number, {objectives})) * 300 AS at, cityHash64(o, intDiv(number, {objectives} * 12)) AS h, ` + status + `
		FROM numbers({objectives} * 288)`

	fillBudgetEvents = `INSERT INTO budget_event_facts (objective, at, state, id, slo, service, team, remaining, summary)
		WITH intDiv(number, 4) AS o, number % 4 AS k, ` + objective + `
		SELECT objective_name, {now} - (20 - k * 5) * 86400 - o, ['exhausted', 'restored'][k % 2 + 1], toString(number), objective_name, service_name, team_name, 0, ''
		FROM numbers({objectives} * 4) WHERE o % 10 = 0`

	fillAlerts = `INSERT INTO alert_facts (objective, rule, started_at, id, slo, service, team, severity, resolved_at, long_window, short_window, factor, long_burn, short_burn, minutes_left, version)
		WITH intDiv(number, 8) AS o, number % 8 AS k, ` + objective + `
		SELECT objective_name, ['page-1h', 'ticket-3d'][k % 2 + 1], {now} - k * 259200 - o, toString(number), objective_name, service_name, team_name, ['page', 'ticket'][k % 2 + 1],
			if(k = 0 AND o % 50 = 0, NULL, {now} - k * 259200 - o + 1800), '1h', '5m', 14.4, 16, 20, 10, number
		FROM numbers({objectives} * 8)`

	// Five entries a team and week.
	fillToil = `INSERT INTO toil_log (source, id, time, known_at, data, precedence)
		WITH number % {teams} AS t, intDiv(number, {teams}) AS k
		SELECT 'tracker', toString(number), toDateTime64({today}, 3, 'UTC') - k * 120960 AS at, at,
			format('{{"team":"team-{}","category":"category {}","minutes":{},"title":"something","automatable":{} }}', toString(t), toString(number % 12), toString(number % 90 + 5), if(number % 3 = 0, 'true', 'false')), number
		FROM numbers({teams} * 104 * 5)`

	fillToilRules = `INSERT INTO toil_rules (team, valid_from, own, capacity_minutes, cap, written_at) SELECT '', toDate('2020-01-06'), true, 9600, 0.5, now64(3)`

	// Three processes, sampled every 30 s for a week.
	fillVitals = `INSERT INTO vital_log (at, process, metric, label, value)
		SELECT {now} - k * 30, process, series.1, series.2, if(endsWith(series.1, '_total'), 1000000 - k, cityHash64(series, k) % 1000)
		FROM (SELECT number AS k, arrayJoin(['a/1', 'b/1', 'c/1']) AS process, arrayJoin([('fivekeys_backlog_messages', 'stage=dora'), ('fivekeys_backlog_messages', 'stage=decode'),
			('fivekeys_backlog_messages', 'stage=archive'), ('fivekeys_dead_letters', ''), ('process_resident_memory_bytes', ''), ('fivekeys_spans_delay_seconds', ''),
			('fivekeys_ingest_requests_total', 'outcome=accepted,source=github'), ('fivekeys_ingest_requests_total', 'outcome=bad_signature,source=github'),
			('fivekeys_span_requests_total', 'outcome=accepted,protocol=otlp'), ('fivekeys_decode_deliveries_total', 'outcome=decoded,source=github'),
			('fivekeys_spans_received_total', 'result=accepted'), ('fivekeys_spans_received_total', 'result=rejected'), ('fivekeys_spans_total', 'outcome=counted')]) AS series
			FROM numbers(20160))`
)

// An hour of spans.
const (
	fillServiceMinutes = `INSERT INTO service_minute_facts (service, minute, operation, kind, partition, requests, errors, latency_buckets, latency_counts, sequence)
		WITH number % {traced} AS s, intDiv(number, {traced}) % 3 AS o, {from} * 60 + intDiv(number, 3 * {traced}) + 1 AS m, cityHash64(s, o, m) AS h,
			arrayMap(i -> 600 + h % 20 + i * 3, range(8)) AS buckets
		SELECT format('service-{}', toString(s)), toStartOfMinute({now} - m * 60), ['GET /', 'POST /orders', 'GET /orders'][o + 1], 'server', 0, 64, h % 50 = 0, buckets, [1, 5, 20, 20, 10, 5, 2, 1], 1000000 - m
		FROM numbers({traced} * 3 * 60)`

	fillDependencies = `INSERT INTO dependency_facts (caller, callee, minute, partition, calls, errors, latency_buckets, latency_counts, sequence)
		WITH number % {traced} AS s, intDiv(number, {traced}) % 2 AS o, {from} * 60 + intDiv(number, 2 * {traced}) + 1 AS m, cityHash64(s, o, m) AS h,
			arrayMap(i -> 600 + h % 20 + i * 3, range(8)) AS buckets
		SELECT format('service-{}', toString(s)), format('service-{}', toString((s * 7 + o + 1) % {traced})), toStartOfMinute({now} - m * 60), 0, 64, h % 50 = 0, buckets, [1, 5, 20, 20, 10, 5, 2, 1], 1000000 - m
		FROM numbers({traced} * 2 * 60)`

	// Traces of five spans, three a minute and service.
	fillSpans = `INSERT INTO span_log (service, name, start, trace_id, span_id, parent_id, kind, duration, status, release, attribute_keys, attribute_values, resource_keys, resource_values)
		WITH intDiv(number, 5) AS trace, cityHash64(trace, {from}) AS h, (trace + number % 5 * 17) % {traced} AS s
		SELECT format('service-{}', toString(s)), ['GET /', 'POST /orders', 'GET /orders'][h % 3 + 1], toDateTime64({now}, 9, 'UTC') - {from} * 3600 - 1 - h % 3600,
			toFixedString(lower(hex(MD5(toString(h)))), 32), toFixedString(substring(MD5(toString((h, number))), 1, 8), 8), toFixedString('', 8), if(number % 5 = 0, 'server', 'client'),
			h % 1000000000, if(h % 50 = 0, 'error', 'ok'), 'v1', 'http.method\0http.route', 'GET\0/orders', 'service.version', 'v1'
		FROM numbers({traced} * 60 * 3)`
)
