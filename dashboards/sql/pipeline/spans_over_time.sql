WITH
    {{template "increases.sql" "'fivekeys_spans_total', 'fivekeys_spans_received_total'"}}
SELECT $__timeInterval(at) AS time, outcome, sum(increase) / $__interval_s AS spans
FROM (
    -- Those that reached the tables, and why others did not.
    SELECT at, increase, if(metric = 'fivekeys_spans_total', replaceAll(extract(label, '(?:^|,)outcome=([^,]*)'), '_', ' '), extract(label, '(?:^|,)result=([^,]*)')) AS outcome
    FROM increases
)
GROUP BY time, outcome
ORDER BY time, outcome
