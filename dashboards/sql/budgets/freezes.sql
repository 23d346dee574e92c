WITH
    least(now('UTC'), toDateTime($__toTime, 'UTC')) AS as_of,
    periods AS (
        SELECT objective, service, team, at AS exhausted_at, state,
            leadInFrame(toNullable(at)) OVER (PARTITION BY objective ORDER BY at ASC, state ASC ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS restored_at
        FROM budget_events
    ),
    made AS (SELECT objective, exhausted_at, count() AS deployments, countIf(rework) AS fixes FROM freeze_deployments GROUP BY objective, exhausted_at)
SELECT objective::String AS objective, service, exhausted_at AS time, restored_at, greatest(0, dateDiff('second', exhausted_at, coalesce(restored_at, as_of))) AS lasted,
    deployments, fixes
FROM periods LEFT JOIN made USING (objective, exhausted_at)
WHERE state = 'exhausted' AND exhausted_at <= $__toTime AND (restored_at IS NULL OR restored_at >= $__fromTime) AND {{template "scope.sql"}} AND {{template "objective.sql"}}
ORDER BY time DESC, objective
LIMIT 200
