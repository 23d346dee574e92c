CREATE OR REPLACE VIEW toil {{on_cluster}} (
    team        LowCardinality(String) COMMENT 'whose work it was; empty for inferred toil of a service without a team',
    time        DateTime64(3, 'UTC') COMMENT 'when it was done: started_at, else ended_at, else the event''s time',
    week        Date COMMENT 'the Monday of that week, UTC; an entry belongs whole to the week it began in',
    category    LowCardinality(String) COMMENT 'what kind of work',
    minutes     Float64 COMMENT 'how long it took; of inferred toil an assumption per kind: rollback 30, repeated alert 15, pipeline re-run 10',
    service     LowCardinality(String) COMMENT 'the service it was done for, where one is named',
    trigger     LowCardinality(String) COMMENT 'what set it off, as the source says',
    automatable Bool COMMENT 'whether a machine could do it',
    automated   Bool COMMENT 'whether a machine does it by now: counted apart, in no ratio',
    confirmed   Bool COMMENT 'reported by somebody; false for inferred toil, which is in no ratio',
    inferred    LowCardinality(String) COMMENT 'what it was inferred from: manual_rollback, repeated_alert, pipeline_rerun; empty where confirmed',
    source      LowCardinality(String) COMMENT 'who said so; fivekeys where it was inferred from deployments or incidents',
    id          String COMMENT 'identity within source: the entry_id, else the event''s id',
    title       String COMMENT 'what it was, in the source''s words',
    url         String COMMENT 'the source''s page',
    why         String COMMENT 'of inferred toil, why it is held for toil',
    evidence    Array(String) COMMENT 'the deployments, incidents or events behind it',
    known_at    DateTime64(3, 'UTC') COMMENT 'when we learnt of it'
) AS
-- Reported, and what a source inferred itself. Events of one entry: the last is
-- in force; of two of one time the one that withdraws. Keys are read without
-- case, as they were when the event was accepted.
SELECT team, at AS time, toMonday(at) AS week, category, minutes, service, trigger, automatable, automated,
    (inferred = '')::Bool AS confirmed, inferred, source, entry AS id, title, url,
    if(inferred = '', '', concat('inferred by ', source, ' from ', if(trigger = '', inferred, trigger))) AS why,
    if(inferred = '', [], [event_id]) AS evidence, known_at
FROM (
    SELECT source, id AS event_id, known_at, team, category, service, trigger, inferred, title, url, automatable, automated, withdrawn, entry, minutes,
        coalesce(started_at, ended_at, time) AS at
    FROM toil_log FINAL
    ORDER BY source, entry, time DESC, withdrawn DESC, event_id DESC
    LIMIT 1 BY source, entry
)
WHERE NOT withdrawn
UNION ALL
-- Inferred from deployments and incidents as their facts were written.
SELECT team, at AS time, toMonday(at) AS week, if(kind = 'manual_rollback', 'rollback', 'repeated alert') AS category, if(kind = 'manual_rollback', 30, 15) AS minutes,
    service, if(kind = 'manual_rollback', 'rollback', 'alert') AS trigger, true AS automatable, false AS automated, false AS confirmed, kind AS inferred,
    'fivekeys' AS source, concat(if(kind = 'manual_rollback', 'rollback/', 'alert/'), service, '/', subject) AS id, title, url, why,
    splitByChar('\0', evidence) AS evidence, known_at
FROM inferred_toil_facts FINAL
