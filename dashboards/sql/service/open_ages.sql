SELECT bucket.2 AS age, count() AS changes
FROM (
    SELECT multiIf(seconds < 86400, (1, 'under a day'), seconds < 604800, (2, '1–7 days'), seconds < 2592000, (3, '7–30 days'), (4, 'over 30 days')) AS bucket
    FROM (
        SELECT dateDiff('second', assumeNotNull(merged_at), now64(3, 'UTC')) AS seconds
        FROM changes
        WHERE excluded = 'not_deployed' AND merged_at IS NOT NULL AND {{template "scope.sql"}}
    )
)
GROUP BY bucket
ORDER BY bucket
