WITH
    -- Of the objectives' windows as of now: a range that ended a day before has nothing. A composite objective has no events of its own.
    spenders AS (
        SELECT objective, service
        FROM slo_status
        WHERE at >= $__fromTime AND at <= $__toTime + 86400 AND objective IN (SELECT objective FROM slo_objectives WHERE empty(parts))
            AND {{template "scope.sql"}} AND {{template "objective.sql"}}
        ORDER BY budget_minutes - remaining_minutes DESC NULLS LAST, objective
        LIMIT 10
    )
SELECT place, objective::String AS objective, service, if(deployment_id = '', 'no deployment known', {{template "version.sql"}}) AS what,
    finished_at AS time, minutes AS spent, share, bad, by_version / bad AS certain, {{template "brief.sql" "deployment_id"}} AS deployment_id, {{template "address.sql"}} AS url
FROM deployment_budget
-- Named by objective, the minutes of all others are not read; named by service, their deployments aren't.
WHERE objective IN (SELECT objective FROM spenders) AND service IN (SELECT service FROM spenders)
ORDER BY minutes DESC, objective, place
LIMIT 500
