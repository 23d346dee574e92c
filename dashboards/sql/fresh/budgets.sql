WITH
    {{template "words.sql"}},
    {{template "backlog.sql"}},
    newest AS (SELECT count() AS n, max(status.at) AS at FROM slo_status AS status)
SELECT joined([if(n = 0, 'no objective was evaluated yet', concat('Objectives were evaluated ', ago(newest.at))), backlog_words(reporting, waiting)]) AS line
FROM newest CROSS JOIN backlog
