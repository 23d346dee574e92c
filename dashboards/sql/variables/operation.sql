SELECT DISTINCT operation AS name
FROM service_counts
WHERE $__timeFilter(minute) AND {{template "traced.sql"}}
ORDER BY name
