SELECT $__timeInterval(at) AS time, objective::String AS objective, greatest(-1, argMax(remaining_in_force, at)) AS remaining
FROM slo_status_history
WHERE $__timeFilter(at) AND remaining_in_force IS NOT NULL AND {{template "worst.sql"}}
GROUP BY time, objective
ORDER BY time, objective
