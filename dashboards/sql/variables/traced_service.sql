SELECT DISTINCT service AS name
FROM (SELECT service FROM service_minutes WHERE $__timeFilter(minute) UNION ALL SELECT arrayJoin([caller, callee]) AS service FROM service_dependencies WHERE $__timeFilter(minute))
WHERE name != ''
ORDER BY name
