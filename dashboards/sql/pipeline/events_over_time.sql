SELECT $__timeInterval(known_at) AS time, replaceRegexpAll(type, '^fivekeys\\.|\\.v[0-9]+$', '') AS type, count() AS events
FROM events
WHERE $__timeFilter(known_at) AND {{template "source.sql"}}
GROUP BY time, type
ORDER BY time, type
