WITH
    {{template "increases.sql" "'fivekeys_ingest_requests_total', 'fivekeys_span_requests_total', 'fivekeys_decode_deliveries_total'"}},
    {{template "outcomes.sql"}}
SELECT transform(metric::String, ['fivekeys_ingest_requests_total', 'fivekeys_span_requests_total', 'fivekeys_decode_deliveries_total'], ['intake', 'intake of spans', 'decoding'], '') AS stage,
    who, replaceAll(outcome, '_', ' ') AS outcome, sum(o.increase) AS times, maxIf(o.at, o.increase > 0) AS last
FROM outcomes AS o
WHERE bad
GROUP BY metric, who, o.outcome
HAVING times > 0
ORDER BY times DESC, stage, who, outcome
LIMIT 100
