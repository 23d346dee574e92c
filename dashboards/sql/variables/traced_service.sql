SELECT DISTINCT service AS name
FROM (SELECT service FROM service_counts WHERE $__timeFilter(minute) UNION ALL SELECT arrayJoin([caller, callee]) AS service FROM dependency_counts WHERE $__timeFilter(minute))
WHERE name != ''
ORDER BY name
