WITH
    {{template "known.sql"}}
SELECT $__timeInterval(known_at) AS time, replaceRegexpAll(type, '^fivekeys\\.|\\.v[0-9]+$', '') AS type, count() AS events
FROM known
GROUP BY time, type
ORDER BY time, type
