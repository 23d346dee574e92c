WITH
    {{template "words.sql"}},
    stages AS (
        SELECT extract(label, '(?:^|,)stage=([^,]*)') AS stage, argMax(value, at) AS messages
        FROM pipeline_health
        WHERE metric = 'fivekeys_backlog_messages' AND $__timeFilter(at)
        GROUP BY stage
    ),
    figures AS (SELECT count() AS n, sum(messages) AS waiting, argMax(stage, s.messages) AS most FROM stages AS s)
SELECT multiIf(n = 0, 'no process reported in this range', waiting = 0, 'nothing waits', concat('most for ', most)) AS name,
    if(n = 0, NULL, waiting) AS value, 'short' AS unit, multiIf(n = 0, {{grey}}, waiting > 1000, {{colour "Medium"}}, {{colour "Elite"}}) AS color
FROM figures
