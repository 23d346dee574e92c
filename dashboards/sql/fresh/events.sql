WITH
    {{template "words.sql"}},
    {{template "backlog.sql"}},
    newest AS (SELECT count() AS n, max(known_at) AS at FROM event_arrivals WHERE known_at > now() - INTERVAL 30 DAY)
SELECT joined([if(n = 0, 'no event became known within 30 days', concat('Newest event became known ', ago(newest.at))), backlog_words(reporting, waiting)]) AS line
FROM newest CROSS JOIN backlog
