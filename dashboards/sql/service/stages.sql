WITH
    {{template "days.sql"}},
    pooled AS (
        SELECT arrayJoin([('coding', coding_seconds, 1), ('pickup', pickup_seconds, 2), ('review', review_seconds, 3), ('deploy', deploy_seconds, 4)]) AS part
        FROM dora_daily
        WHERE day >= first_day AND day <= last_day AND {{template "scope.sql"}}
    )
SELECT part.1 AS stage, quantileExactInclusiveArray(0.5)(part.2) AS median, quantileExactInclusiveArray(0.9)(part.2) AS "90th percentile"
FROM pooled
GROUP BY stage, part.3
HAVING sum(length(part.2)) > 0
ORDER BY part.3
