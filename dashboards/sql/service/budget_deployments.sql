WITH
    {{template "days.sql"}}
SELECT place, service, {{template "version.sql"}} AS what, objective::String AS objective, finished_at AS time, minutes AS spent, share,
    {{template "brief.sql" "deployment_budget.deployment_id"}} AS deployment_id, {{template "address.sql"}} AS url
FROM deployment_budget
-- Named by objective, the minutes of all others are not read.
WHERE objective IN (SELECT objective FROM slo_status WHERE {{template "scope.sql"}}) AND finished_at >= range_start AND finished_at < range_end AND {{template "scope.sql"}}
ORDER BY minutes DESC, objective, place
LIMIT 200
