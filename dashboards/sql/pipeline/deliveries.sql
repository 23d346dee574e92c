SELECT if(count() = 0, 'nothing arrived in this range', concat('from ', toString(uniqExact(source)), if(uniqExact(source) = 1, ' source', ' sources'))) AS name,
    if(count() = 0, NULL, count()) AS value, 'short' AS unit, {{grey}} AS color
FROM deliveries
WHERE $__timeFilter(received_at) AND {{template "source.sql"}}
