    -- Each objective's last status of the range, its seconds of grace included: on a page whose range ends yesterday a budget
    -- is as of today. slo_status has only the last minute of all; the history is read of those whose last one is after the range.
    statuses AS (
        SELECT *
        FROM (
            SELECT * FROM slo_status WHERE at >= $__fromTime AND at <= $__toTime + {{.}}
            UNION ALL
            SELECT * FROM slo_status_history
            WHERE at >= greatest($__fromTime, $__toTime - 86400) AND at <= $__toTime + {{.}}
                AND objective IN (SELECT objective FROM slo_status WHERE at > $__toTime + {{.}} AND {{template "scope.sql"}})
        )
        WHERE objective IN (SELECT objective FROM slo_objectives) AND {{template "scope.sql"}}
        ORDER BY at DESC
        LIMIT 1 BY objective
    )
