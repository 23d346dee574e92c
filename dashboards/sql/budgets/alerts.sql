WITH
    least(now('UTC'), toDateTime($__toTime, 'UTC')) AS as_of
SELECT if(resolved_at IS NULL, 'firing', 'over') AS state, severity::String AS severity, objective::String AS objective, rule::String AS rule,
    started_at AS time, greatest(0, dateDiff('second', started_at, coalesce(resolved_at, as_of))) AS lasted,
    concat(toString(round(long_burn, 1)), ' and ', toString(round(short_burn, 1)), ', of ', toString(round(factor, 1)), ' ×') AS burns, minutes_left AS time_left,
    if(version != '', {{template "brief.sql" "version"}}, {{template "brief.sql" "deployment_id"}}) AS deployment, summary, if(match(deployment_url, '^https?://'), deployment_url, '') AS url
FROM alerts
WHERE started_at <= $__toTime AND (resolved_at IS NULL OR resolved_at >= $__fromTime) AND {{template "scope.sql"}} AND {{template "objective.sql"}}
ORDER BY state, time DESC, objective, rule
LIMIT 500
