-- How many times longer than its longest gap of four weeks, and than six hours,
-- each source has been silent. A source of fewer than ten deliveries has no
-- rhythm to miss.
SELECT source, dateDiff('second', max(received_at), now64(3, 'UTC')) / greatest(arrayMax(arrayDifference(arraySort(groupArray(toUnixTimestamp(received_at))))), 21600) AS value
FROM deliveries
WHERE received_at > now() - INTERVAL 28 DAY
GROUP BY source
HAVING count() >= 10
