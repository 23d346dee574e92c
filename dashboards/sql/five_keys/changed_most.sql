WITH
    {{template "days.sql"}},
    {{template "words.sql"}},
    {{template "bands.sql"}},
    {{template "figures.sql" "service"}},
    (metric, v) -> multiIf(metric = 'Deployment frequency', human_rate(v), metric IN ('Change lead time', 'Recovery time'), human_duration(v), human_ratio(v)) AS human
SELECT service, metric, (arrayMap(n -> human(metric, n), [v_before, v]) AS shown)[1] AS before, shown[2] AS now, moved(v, v_before, verdict) AS change, verdict
FROM (
    -- Words for the twelve that are shown only.
    SELECT key AS service, line.1 AS metric, line.2 AS v_before, line.3 AS v, line.4 AS verdict, abs(v - v_before) / greatest(v, v_before) AS moved_by
    FROM (
        SELECT key, arrayJoin([
            ('Deployment frequency', rate_before, rate_like, rate_verdict), ('Change lead time', lead_before, lead_like, lead_verdict),
            ('Change fail rate', fail_rate_before, fail_rate_like, failed_verdict), ('Recovery time', recovery_before, recovery_like, recovered_verdict),
            ('Rework rate', rework_rate_before, rework_rate_like, reworked_verdict)
        ]) AS line
        FROM figures
    )
    WHERE verdict IN ('better', 'worse')
    ORDER BY moved_by DESC, service, metric
    LIMIT 12
)
ORDER BY moved_by DESC, service, metric
