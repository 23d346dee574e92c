-- How many times longer than its longest gap of four weeks, and than six hours,
-- each source has been silent. A source of fewer than ten arrivals has no rhythm
-- to miss.
WITH
    (at) -> at > now() - INTERVAL 28 DAY AS lately,
    {{template "arrivals.sql" "lately"}}
SELECT source, dateDiff('second', max(received_at), now64(3, 'UTC')) / greatest(arrayMax(arrayDifference(arraySort(groupArray(toUnixTimestamp(received_at))))), 21600) AS value
FROM arrivals
GROUP BY source
HAVING count() >= 10
