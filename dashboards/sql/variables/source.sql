SELECT DISTINCT splitByChar('/', source)[1] AS name
FROM (SELECT source FROM deliveries WHERE $__timeFilter(received_at) UNION ALL SELECT source FROM event_arrivals WHERE $__timeFilter(known_at))
ORDER BY name
