WITH
    {{template "words.sql"}},
    {{template "backlog.sql"}},
    newest AS (SELECT count() AS n, max(minute) AS at FROM service_counts WHERE minute > now() - INTERVAL 1 DAY)
SELECT joined([if(n = 0, 'no request was counted for a day', concat('Newest minute with a request began ', ago(newest.at))), backlog_words(reporting, waiting)]) AS line
FROM newest CROSS JOIN backlog
