SELECT $__timeInterval(at) AS time, objective::String AS objective, max(burn_1h) AS burn
FROM slo_status_history
WHERE $__timeFilter(at) AND burn_1h IS NOT NULL AND {{template "worst.sql"}}
GROUP BY time, objective
ORDER BY time, objective
