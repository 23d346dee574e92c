SELECT service, if(pull_request = 0, substring(sha, 1, 12), concat('#', toString(pull_request))) AS change, title, author::String AS author,
    merged_at AS time, greatest(0, dateDiff('millisecond', merged_at, now64(3, 'UTC')) / 1000) AS age
FROM changes
WHERE excluded = 'not_deployed' AND {{template "scope.sql"}}
ORDER BY time
LIMIT 500
