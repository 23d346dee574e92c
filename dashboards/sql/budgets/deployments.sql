-- Of the objectives' windows as of now: a range that ended a day before has nothing.
SELECT place, service, if(deployment_id = '', 'no deployment known', if(version != '', version, substring(sha, 1, 12))) AS what, objective::String AS objective,
    finished_at AS time, minutes AS spent, share, bad, by_version / bad AS certain, deployment_id, {{template "address.sql"}} AS url
FROM deployment_budget
WHERE objective IN (SELECT objective FROM slo_status WHERE at >= $__fromTime AND at <= $__toTime + 86400 AND {{template "scope.sql"}}) AND {{template "scope.sql"}} AND {{template "objective.sql"}}
ORDER BY minutes DESC, objective, place
LIMIT 500
