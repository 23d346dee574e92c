WITH
    {{template "days.sql"}},
    {{template "words.sql"}},
    {{template "bands.sql"}},
    {{template "figures.sql" "service"}}
SELECT key AS service, line.1 AS metric, line.2 AS before, line.3 AS now, line.4 AS change, line.5 AS verdict
FROM (
    SELECT key, arrayJoin([
        ('Deployment frequency', human_rate(rate_before), human_rate(rate), moved(rate, rate_before, rate_verdict), rate_verdict,
            abs(rate - rate_before) / greatest(rate, rate_before)),
        ('Change lead time', human_duration(lead_before), human_duration(lead), moved(lead, lead_before, lead_verdict), lead_verdict,
            abs(lead - lead_before) / greatest(lead, lead_before)),
        ('Change fail rate', human_ratio(fail_rate_before), human_ratio(fail_rate), moved(fail_rate, fail_rate_before, failed_verdict), failed_verdict,
            abs(fail_rate - fail_rate_before) / greatest(fail_rate, fail_rate_before)),
        ('Recovery time', human_duration(recovery_before), human_duration(recovery), moved(recovery, recovery_before, recovered_verdict), recovered_verdict,
            abs(recovery - recovery_before) / greatest(recovery, recovery_before)),
        ('Rework rate', human_ratio(rework_rate_before), human_ratio(rework_rate), moved(rework_rate, rework_rate_before, reworked_verdict), reworked_verdict,
            abs(rework_rate - rework_rate_before) / greatest(rework_rate, rework_rate_before))
    ]) AS line
    FROM figures
)
WHERE verdict IN ('better', 'worse')
ORDER BY line.6 DESC, service, metric
LIMIT 12
