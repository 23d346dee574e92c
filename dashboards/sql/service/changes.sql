WITH
    {{template "days.sql"}}
SELECT deployed_at AS time, service, {{template "brief.sql" "changes.deployment_id"}} AS deployment_id,
    if(pull_request = 0, substring(sha, 1, 12), concat('#', toString(pull_request))) AS change,
    title, author::String AS author, lead_time_seconds, coding_seconds, pickup_seconds, review_seconds, deploy_seconds,
    replaceAll(excluded::String, '_', ' ') AS excluded
FROM changes
WHERE deployed_at >= range_start AND deployed_at < range_end AND {{template "scope.sql"}}
ORDER BY time DESC, service, changes.deployment_id, merged_at DESC
LIMIT 1000
