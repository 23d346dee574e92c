WITH
    {{template "words.sql"}},
    {{template "backlog.sql"}},
    -- The order of the table: only its end is read.
    newest AS (SELECT count() AS n, max(known_at) AS at FROM (SELECT known_at FROM event_arrivals ORDER BY known_at DESC LIMIT 1))
SELECT joined([if(n = 0, 'no event is known yet', concat('Newest event became known ', ago(newest.at))), backlog_words(reporting, waiting)]) AS line
FROM newest CROSS JOIN backlog
