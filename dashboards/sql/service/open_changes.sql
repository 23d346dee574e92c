WITH
    {{template "days.sql"}}
SELECT if(pull_request = 0, substring(sha, 1, 12), concat('#', toString(pull_request))) AS change, title, author::String AS author,
    merged_at AS time, dateDiff('millisecond', merged_at, as_of) / 1000 AS age
FROM changes
WHERE excluded = 'not_deployed' AND merged_at <= as_of AND {{template "scope.sql"}}
ORDER BY time
LIMIT 500
