-- Whose version is it? Spans name the version they ran under; where a deployment
-- of the service has it as its version or commit, the bad events are its, also
-- those of a roll-out before it finished (up to a day). Otherwise they are
-- those of the deployment that was live.
CREATE OR REPLACE VIEW deployment_budget {{on_cluster}} (
    objective     LowCardinality(String) COMMENT 'the objective''s key',
    slo           LowCardinality(String) COMMENT 'its SLO',
    service       LowCardinality(String) COMMENT 'the service',
    team          LowCardinality(String) COMMENT 'its team, by the catalogue',
    deployment_id String COMMENT 'the production deployment charged; empty for what no deployment is known for',
    version       String COMMENT 'its version',
    sha           String COMMENT 'its commit',
    finished_at   Nullable(DateTime64(3, 'UTC')) COMMENT 'when it was live',
    url           String COMMENT 'its page',
    bad           UInt64 COMMENT 'bad events charged to it within the objective''s window, as recorded',
    minutes       Float64 COMMENT 'the same in minutes: bad / all events of the window x minutes of the window so far',
    share         Float64 COMMENT 'minutes / budget_minutes of the objective',
    by_version    UInt64 COMMENT 'of the bad events, those whose spans named its version or commit; the others happened while it was live',
    place         UInt64 COMMENT '1 for the deployment that spent most of the objective''s budget'
) AS
WITH
    live AS (
        SELECT service, deployment_id, release, sha, assumeNotNull(finished_at) AS finished_at, url, toStartOfMinute(assumeNotNull(finished_at)) AS since
        FROM deployment_facts FINAL
        WHERE production AND status = 'succeeded' AND finished_at IS NOT NULL
            -- Of the services that have an objective: the others are not even read.
            AND service IN (SELECT service FROM slo_status_facts)
    ),
    named AS (SELECT *, arrayJoin(arrayDistinct(arrayFilter(n -> n != '', [release, sha]))) AS name FROM live),
    budgets AS (SELECT objective, slo, service, team, window_from, at, budget_minutes FROM slo_status_facts FINAL),
    minutes_of AS (
        SELECT objective, minute, release, good, total FROM sli_minute_facts FINAL
        UNION ALL
        SELECT o.objective, r.minute, '' AS release, r.good, r.total
        FROM (SELECT slo, minute, good, total FROM sli_report_facts FINAL) AS r
        INNER JOIN (SELECT objective, arrayJoin(arrayDistinct([toString(objective), toString(slo)])) AS name FROM slo_objective_facts FINAL WHERE reported) AS o
            ON r.slo = o.name
    ),
    -- Few minutes are bad: these alone are looked at one by one.
    bad_minutes AS (
        SELECT b.objective AS objective, b.service AS service, m.minute AS minute, m.release AS release, m.bad AS bad
        FROM (SELECT objective, minute, release, total - good AS bad FROM minutes_of WHERE total > good) AS m
        INNER JOIN budgets AS b ON m.objective = b.objective
        WHERE m.minute >= b.window_from AND m.minute < b.at
    ),
    charged AS (
        SELECT c.objective AS objective, c.bad AS bad,
            multiIf(v.deployment_id != '', 'version', n.deployment_id != '' AND n.since <= c.minute + 86400, 'rollout', 'live') AS how,
            multiIf(how = 'version', v.deployment_id, how = 'rollout', n.deployment_id, l.deployment_id) AS deployment_id
        FROM bad_minutes AS c
        ASOF LEFT JOIN named AS v ON c.service = v.service AND c.release = v.name AND c.minute >= v.since
        ASOF LEFT JOIN named AS n ON c.service = n.service AND c.release = n.name AND c.minute <= n.since
        ASOF LEFT JOIN live AS l ON c.service = l.service AND c.minute >= l.since
    ),
    totals AS (
        SELECT m.objective AS objective, sum(m.total) AS total
        FROM (SELECT objective, minute, total FROM minutes_of) AS m INNER JOIN budgets AS b ON m.objective = b.objective
        WHERE m.minute >= b.window_from AND m.minute < b.at
        GROUP BY objective
    ),
    spent AS (SELECT g.objective AS objective, g.deployment_id AS deployment_id, sum(g.bad) AS bad, sumIf(g.bad, g.how != 'live') AS by_version FROM charged AS g GROUP BY objective, deployment_id)
SELECT s.objective AS objective, b.slo AS slo, b.service AS service, b.team AS team, s.deployment_id AS deployment_id,
    d.release AS version, d.sha AS sha, if(d.deployment_id = '', NULL, d.finished_at) AS finished_at, d.url AS url, s.bad AS bad,
    s.bad / t.total * (toUnixTimestamp(b.at) - toUnixTimestamp(b.window_from)) / 60 AS minutes,
    minutes / b.budget_minutes AS share, s.by_version AS by_version,
    row_number() OVER (PARTITION BY s.objective ORDER BY s.bad DESC, s.deployment_id ASC) AS place
FROM spent AS s
INNER JOIN totals AS t ON s.objective = t.objective
INNER JOIN budgets AS b ON s.objective = b.objective
LEFT JOIN live AS d ON b.service = d.service AND s.deployment_id = d.deployment_id
