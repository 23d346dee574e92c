WITH
    {{template "words.sql"}},
    figures AS (
        SELECT count() AS all_of_them, countIf(resolved_at IS NULL) AS open, minIf(opened_at, resolved_at IS NULL) AS oldest
        FROM incidents
        WHERE production AND {{template "scope.sql"}} AND {{template "environment.sql"}}
    )
SELECT multiIf(all_of_them = 0, 'no incident was ever told', open = 0, concat('all resolved, ', toString(all_of_them), ' known'),
        concat('the oldest for ', human_duration(greatest(0, dateDiff('second', oldest, now64(3, 'UTC')))))) AS name,
    if(all_of_them = 0, NULL, open) AS value, 'none' AS unit,
    multiIf(all_of_them = 0, {{grey}}, open = 0, {{colour "Elite"}}, {{colour "Low"}}) AS color
FROM figures
