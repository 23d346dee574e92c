SELECT DISTINCT operation AS name
FROM service_minutes
WHERE $__timeFilter(minute) AND {{template "traced.sql"}}
ORDER BY name
