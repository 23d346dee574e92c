    -- What waits in the pipeline by the last reports, and whether anybody reports.
    backlog AS (
        SELECT count() AS reporting, sum(messages) AS waiting
        FROM (
            SELECT extract(label, '(?:^|,)stage=([^,]*)') AS stage, argMax(value, at) AS messages
            FROM pipeline_health
            WHERE metric = 'fivekeys_backlog_messages' AND at > now() - INTERVAL 5 MINUTE
            GROUP BY stage
        )
    ),
    (reporting, waiting) -> multiIf(reporting = 0, 'no process has reported for five minutes', waiting = 0, 'nothing waits to be processed',
        concat(counted(toUInt64(waiting), 'message waits', 'messages wait'), ' to be processed')) AS backlog_words,
    (at) -> concat(human_duration(greatest(0, dateDiff('second', at, now('UTC')))), ' ago (', formatDateTime(at, '%Y-%m-%d %H:%i', 'UTC'), ' UTC)') AS ago
