WITH
    shown AS (SELECT objective FROM slo_status WHERE {{template "scope.sql"}} AND {{template "objective.sql"}} ORDER BY remaining_in_force ASC NULLS LAST, objective LIMIT 20),
    figures AS (
        SELECT $__timeInterval(at) AS time, objective::String AS objective, max(burn_1h) AS burn
        FROM slo_status_history
        WHERE $__timeFilter(at) AND burn_1h IS NOT NULL AND objective IN (SELECT objective FROM shown)
        GROUP BY time, objective
    ),
    -- The factors of their alerts about an hour, from the first to the last of these times.
    factors AS (
        SELECT DISTINCT JSONExtractFloat(alert, 'factor') AS factor
        FROM (SELECT arrayJoin(JSONExtractArrayRaw(alerts)) AS alert FROM slo_objectives WHERE objective IN (SELECT objective FROM shown))
        WHERE JSONExtractFloat(alert, 'long_seconds') = 3600
        ORDER BY factor
        LIMIT 3
    ),
    ends AS (SELECT arrayJoin(arrayDistinct([min(time), max(time)])) AS time FROM figures HAVING count() > 0)
SELECT time, objective, burn
FROM (
    SELECT time, objective, assumeNotNull(burn) AS burn FROM figures
    UNION ALL
    SELECT time, concat('alert from ', toString(round(factor, 2)), ' ×') AS objective, factor AS burn FROM ends CROSS JOIN factors
)
ORDER BY time, objective
