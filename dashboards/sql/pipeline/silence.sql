WITH
    least(now64(3, 'UTC'), toDateTime64($__toTime, 3, 'UTC')) AS as_of,
    {{template "arrivals.sql" "$__timeFilter"}}
SELECT if(count() = 0, 'nothing arrived in this range', concat('since ', formatDateTime(max(received_at), '%Y-%m-%d %H:%i', 'UTC'), ' UTC')) AS name,
    if(count() = 0, NULL, greatest(0, dateDiff('millisecond', max(received_at), as_of) / 1000)) AS value, 's' AS unit, {{grey}} AS color
FROM arrivals
WHERE {{template "source.sql"}}
