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
-- A rollback by hand: by somebody who is named and is no machine.
SELECT team, coalesce(finished_at, started_at, known_at) AS time, toMonday(time) AS week, 'rollback' AS category, 30 AS minutes,
    service, 'rollback' AS trigger, true AS automatable, false AS automated, false AS confirmed, 'manual_rollback' AS inferred,
    'fivekeys' AS source, concat('rollback/', service, '/', deployment_id) AS id,
    concat('Rollback of ', service, ' in ', environment) AS title, url,
    concat(actor, ' went back to ', if(version = '', substring(sha, 1, 12), version), ' in ', environment) AS why,
    [deployment_id] AS evidence, known_at
FROM deployments
WHERE rollback AND production AND actor != '' AND NOT match(actor, '(?i)(\\[bot\\]|[-_. ]bot|^(bot|ci|system|automation|github-actions|gitlab-ci|jenkins|argo-?cd|flux(cd)?|spinnaker|harness|octopus( deploy)?))$')
UNION ALL
-- The same alert again and again: three of one service and title within seven
-- days, each acknowledged and resolved, and no deployment between the first and
-- the last of them. All of such a three are toil.
SELECT team, opened_at AS time, toMonday(time) AS week, 'repeated alert' AS category, 15 AS minutes,
    service, 'alert' AS trigger, true AS automatable, false AS automated, false AS confirmed, 'repeated_alert' AS inferred,
    'fivekeys' AS source, concat('alert/', service, '/', incident_id) AS id, title, url,
    concat(toString(length(evidence)), ' alerts like it were acknowledged and resolved around then with no deployment in between') AS why,
    arrayDistinct(arrayConcat(if(is_last, [before2, before1, incident_id], []), if(is_middle, [before1, incident_id, after1], []),
        if(is_first, [incident_id, after1, after2], []))) AS evidence,
    known_at
FROM (
    SELECT team, service, incident_id, title, url, known_at, opened_at,
        lagInFrame(incident_id, 1) OVER run AS before1, lagInFrame(incident_id, 2) OVER run AS before2,
        leadInFrame(incident_id, 1) OVER run AS after1, leadInFrame(incident_id, 2) OVER run AS after2,
        lagInFrame(toNullable(opened_at), 1) OVER run AS opened_before1, lagInFrame(toNullable(opened_at), 2) OVER run AS opened_before2,
        leadInFrame(toNullable(opened_at), 1) OVER run AS opened_after1, leadInFrame(toNullable(opened_at), 2) OVER run AS opened_after2,
        ifNull(opened_at <= opened_before2 + INTERVAL 7 DAY, false) AS is_last,
        ifNull(opened_after1 <= opened_before1 + INTERVAL 7 DAY, false) AS is_middle,
        ifNull(opened_after2 <= opened_at + INTERVAL 7 DAY, false) AS is_first
    FROM (
        SELECT i.team AS team, i.service AS service, i.incident_id AS incident_id, i.title AS title, i.url AS url,
            i.known_at AS known_at, i.opened_at AS opened_at, d.nth AS deployments_before
        FROM (
            SELECT * FROM incidents WHERE title != '' AND acknowledged_at IS NOT NULL AND resolved_at IS NOT NULL
        ) AS i
        ASOF LEFT JOIN (
            SELECT service, assumeNotNull(finished_at) AS live_at, row_number() OVER (PARTITION BY service ORDER BY finished_at) AS nth
            FROM deployments WHERE production AND status = 'succeeded' AND finished_at IS NOT NULL
                -- Of the few services that had an alert three times.
                AND service IN (SELECT service FROM incidents WHERE title != '' AND acknowledged_at IS NOT NULL AND resolved_at IS NOT NULL
                    GROUP BY service, title HAVING count() > 2)
        ) AS d ON i.service = d.service AND i.opened_at >= d.live_at
    )
    WINDOW run AS (PARTITION BY service, title, deployments_before ORDER BY opened_at, incident_id
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
)
WHERE is_first OR is_middle OR is_last
