package report

import (
	"fmt"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/fivekeys/fivekeys/internal/report/sample"
)

// countColumns are the columns that are summed.
var countColumns = []string{
	"deployments", "failed", "rework", "rollbacks", "unrecovered", "unresolved", "told",
	"changes", "excluded", "batches", "batch_changes", "incidents", "unattributed", "open_incidents",
}

// listColumn is a column whose lists are pooled, and where they are summarised.
type listColumn struct {
	name string
	of   func(*Totals) *sample.Summary
}

var listColumns = []listColumn{
	{"lead_time_seconds", func(t *Totals) *sample.Summary { return &t.LeadTime }},
	{"coding_seconds", func(t *Totals) *sample.Summary { return &t.Coding }},
	{"pickup_seconds", func(t *Totals) *sample.Summary { return &t.Pickup }},
	{"review_seconds", func(t *Totals) *sample.Summary { return &t.Review }},
	{"deploy_seconds", func(t *Totals) *sample.Summary { return &t.Deploy }},
	{"recovery_seconds", func(t *Totals) *sample.Summary { return &t.Recovery }},
	{"restore_seconds", func(t *Totals) *sample.Summary { return &t.Restore }},
	{"acknowledge_seconds", func(t *Totals) *sample.Summary { return &t.Acknowledge }},
}

// quantileLevels are those of sample.Summary.
const quantileLevels = "0.5, 0.75, 0.9, 0.95, 1"

// The buckets that a scope's rows are pooled in, beside the weeks 0, 1, …
// counted back from the end.
const (
	bucketLike   = -3 // of the period, of the services that are compared
	bucketNow    = -2
	bucketBefore = -1
)

// filters narrow rows to the query; an empty parameter doesn't.
const filters = `(empty({of_services:Array(String)}) OR service IN {of_services:Array(String)}) AND ` + teamFilter

const teamFilter = `(empty({of_teams:Array(String)}) OR team IN {of_teams:Array(String)})`

// scopes names the row's keys: the shown team and service it belongs to, NULL
// for all others, which count for the whole only.
const scopes = `if({all_teams:Bool} OR team IN {teams:Array(String)}, team::String, NULL) AS team_key,
    if({all_services:Bool} OR service IN {services:Array(String)}, service::String, NULL) AS service_key`

// knownSQL says since when what is known of each service.
const knownSQL = `SELECT service, team, known_since, deployed_since, changes_since, failure_signal_since FROM services WHERE ` + filters

// compared says whether a row's service was known before the period before began;
// where all were, nobody is looked up. told says whether somebody tells of its
// failures.
const (
	compared = `(NOT {mixed:Bool} OR service IN (SELECT service FROM services WHERE known_since <= toDateTime64({before:Date}, 3, 'UTC')))`
	told     = `if(service IN (SELECT service FROM services WHERE failure_signal_since IS NOT NULL), deployments, 0) AS told`
)

// namesSQL ranks who has rows in the period, and says how much there is to pool.
const namesSQL = `SELECT service, team, sum(deployments) AS total, max(day) AS latest, sum(dora_daily.changes)
FROM dora_daily
WHERE day >= {from:Date} AND day < {to:Date} AND ` + filters + `
GROUP BY service, team`

// wideBlocks has the engine read more rows at a time: names are decoded anew for
// every block, and there are thousands of them. They come with the request: a
// reader's statement has no settings.
var wideBlocks = clickhouse.Settings{"max_block_size": 262144, "preferred_block_size_bytes": 0}

// totalsSQL pools the daily rows with some of their lists. The rows, of which
// there may be millions, are read and grouped once, by week and shown names; each
// of those few groups then says which scopes and buckets it belongs to and is
// merged into all of them. Until then the lists are states of the quantiles,
// which hold every value: there is no median of medians. A state is shared where
// a group belongs to several scopes, a list would be copied for each.
func totalsSQL(lists []listColumn) string {
	var inner, outer, perDay []string
	for day := range DaysPerWeek {
		perDay = append(perDay, fmt.Sprintf("sumIf(deployments, ago %% %d = %d)", DaysPerWeek, day))
	}
	for _, c := range countColumns {
		inner = append(inner, "sum("+c+") AS n_"+c)
		outer = append(outer, "sum(n_"+c+")")
	}
	for _, c := range lists {
		inner = append(inner, "quantilesExactInclusiveArrayState("+quantileLevels+")("+c.name+") AS q_"+c.name,
			"sum(length("+c.name+")) AS n_"+c.name, "sumArray("+c.name+") AS s_"+c.name)
		outer = append(outer, "sum(n_"+c.name+")", "sum(s_"+c.name+")",
			"if(bucket = -2, quantilesExactInclusiveArrayMergeIf("+quantileLevels+")(q_"+c.name+", scope.3 = -2),"+
				" [quantileExactInclusiveArrayMergeIf(0.5)(q_"+c.name+", scope.3 != -2)])")
	}
	return `SELECT scope.1 AS kind, scope.2 AS name, scope.3 AS bucket,
    groupArrayIf((week, per_day), scope.3 = -2), min(first_unrecovered), min(first_open_incident),
    ` + strings.Join(outer, ",\n    ") + `
FROM (
    WITH dateDiff('day', day, {to:Date}) - 1 AS ago, ` + told + `
    SELECT ` + scopes + `,
    day < {from:Date} AS before, toInt32(intDiv(ago, 7)) AS week, ` + compared + ` AS compared,
    [` + strings.Join(perDay, ", ") + `] AS per_day,
    minOrNullIf(day, unrecovered > 0) AS first_unrecovered, minOrNullIf(day, open_incidents > 0) AS first_open_incident,
    ` + strings.Join(inner, ",\n    ") + `
    FROM dora_daily
    WHERE day >= {before:Date} AND day < {to:Date} AND ` + filters + `
    GROUP BY team_key, service_key, before, week, compared
)
ARRAY JOIN arrayFlatten([
    arrayMap(b -> ('whole', '', b), if(before, if(compared, [toInt32(-1)], []), arrayConcat([toInt32(-2)],
        if(week < {weeks:Int32}, [week], []), if({mixed:Bool} AND compared, [toInt32(-3)], []))) AS buckets),
    arrayMap(b -> ('team', ifNull(team_key, ''), b), if(isNull(team_key), [], buckets)),
    arrayMap(b -> ('service', ifNull(service_key, ''), b), if(isNull(service_key), [], buckets))
]) AS scope
GROUP BY scope`
}

// unfinished narrows changes to those without a lead time: what is open, and what
// was deployed in the period.
// Of a service of whose deployments no commit is known, what is open is not.
const unfinished = `excluded != '' AND if(excluded = 'not_deployed', toUnixTimestamp64Milli(merged_at) <= {at:Int64}
            AND service IN (SELECT service FROM services WHERE changes_since IS NOT NULL),
        deployed_at >= toDateTime64({from:Date}, 3, 'UTC') AND deployed_at < toDateTime64({to:Date}, 3, 'UTC'))`

// changesSQL counts the changes that have no lead time, by reason, and
// describes the ages of those that are open: merged and not in production.
// These are few among all changes ever made, of which the view would have to
// find the newest version first. So the facts say whose versions matter: of a
// change that is unfinished at least the newest says so. A change is identified
// by its sha, so that all its versions are found or none.
const changesSQL = `SELECT scope.1 AS kind, scope.2 AS name, excluded, count(),
    quantilesExactInclusive(` + quantileLevels + `)(age), sum(age)
FROM (
    SELECT ` + scopes + `, excluded::String AS excluded,
    ifNull(({at:Int64} - toUnixTimestamp64Milli(merged_at)) / 1000, 0) AS age
    FROM changes
    WHERE sha IN (SELECT sha FROM change_facts WHERE ` + unfinished + `)
    AND ` + unfinished + ` AND ` + filters + `
)
ARRAY JOIN arrayConcat([('whole', '')],
    if(isNull(team_key), [], [('team', ifNull(team_key, ''))]),
    if(isNull(service_key), [], [('service', ifNull(service_key, ''))])) AS scope
GROUP BY scope, excluded`

// budgetsSQL takes the figures in force: without what corrections exclude.
const budgetsSQL = `SELECT objective, service, team, at, target, corrected, if(corrected, corrected_sli, sli),
    remaining_in_force, if(corrected, corrected_remaining_minutes, remaining_minutes), budget_minutes, burn_1h, exhausted_at
FROM slo_status WHERE ` + filters + `
ORDER BY remaining_in_force ASC NULLS LAST, objective`

// toilWeeksSQL and toilCategoriesSQL read the weeks that lie at least partly in
// the period; from is a Monday.
const toilWeeksSQL = `SELECT team, week, minutes, capacity_minutes, cap, inferred_minutes, inferred_entries
FROM toil_weekly
WHERE week >= {from:Date} AND week < {to:Date} AND ` + teamFilter + `
ORDER BY team, week`

const toilCategoriesSQL = `SELECT team, category, sum(c.minutes) AS longest, sum(c.entries), sum(c.automatable_minutes)
FROM toil_categories AS c
WHERE confirmed AND week >= {from:Date} AND week < {to:Date} AND ` + teamFilter + `
GROUP BY team, category ORDER BY team, longest DESC, category`
