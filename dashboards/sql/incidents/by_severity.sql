WITH
    {{template "days.sql"}}
SELECT if(severity = '', 'not said', severity) AS severity, count() AS incidents, countIf(resolved_at IS NULL) AS open, countIf(method = 'unattributed') AS unattributed,
    if(countIf(restore_seconds IS NOT NULL) = 0, NULL, quantileExactInclusiveIf(0.5)(assumeNotNull(restore_seconds), restore_seconds IS NOT NULL)) AS restore,
    if(countIf(restore_seconds IS NOT NULL) = 0, NULL, quantileExactInclusiveIf(0.9)(assumeNotNull(restore_seconds), restore_seconds IS NOT NULL)) AS restore_p90,
    if(countIf(acknowledge_seconds IS NOT NULL) = 0, NULL, quantileExactInclusiveIf(0.5)(assumeNotNull(acknowledge_seconds), acknowledge_seconds IS NOT NULL)) AS acknowledge
FROM incidents
WHERE production AND opened_at >= range_start AND opened_at < range_end AND {{template "scope.sql"}} AND {{template "environment.sql"}}
GROUP BY severity
ORDER BY incidents DESC, severity
LIMIT 500
