WITH
    {{template "known.sql"}}
SELECT replaceRegexpAll(type, '^fivekeys\\.|\\.v[0-9]+$', '') AS type, source::String AS source, count() AS events, max(time) AS last_happened, max(known_at) AS last_known,
    quantileExactInclusive(0.5)(dateDiff('millisecond', time, known_at) / 1000) AS delay, quantileExactInclusive(0.95)(dateDiff('millisecond', time, known_at) / 1000) AS delay_p95
FROM known
GROUP BY type, source
ORDER BY events DESC, type, source
LIMIT 200
