SELECT objective::String AS objective, budgeting::String AS method, if(chosen, 'in force', '') AS chosen, good, total, sli AS indicator, remaining AS share
FROM slo_methods
WHERE at >= $__fromTime AND at <= $__toTime + 86400 AND {{template "scope.sql"}} AND {{template "objective.sql"}}
ORDER BY objective, indexOf(['Occurrences', 'Timeslices', 'RatioTimeslices'], method)
LIMIT 300
