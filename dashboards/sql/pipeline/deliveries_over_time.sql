SELECT $__timeInterval(received_at) AS time, source::String AS source, count() AS deliveries
FROM deliveries
WHERE $__timeFilter(received_at) AND {{template "source.sql"}}
GROUP BY time, source
ORDER BY time, source
