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
    minutes       Float64 COMMENT 'the same in minutes: bad / all events of the window x minutes of the window so far (since known_since of a younger objective)',
    share         Float64 COMMENT 'minutes / budget_minutes of the objective',
    by_version    UInt64 COMMENT 'of the bad events, those whose spans named its version or commit; the others happened while it was live',
    place         UInt64 COMMENT '1 for the deployment that spent most of the objective''s budget'
) AS
WITH
    assumeNotNull((SELECT min(window_from) FROM slo_status_facts)) AS oldest,
    assumeNotNull((SELECT max(at) FROM slo_status_facts)) AS newest,
    deployed AS (
        SELECT service, deployment_id, release, sha, assumeNotNull(finished_at) AS finished_at, url, toStartOfMinute(assumeNotNull(finished_at)) AS since
        FROM deployment_facts FINAL
        WHERE production AND status = 'succeeded' AND finished_at IS NOT NULL
            -- Of the services that have an objective: the others are not even read.
            AND service IN (SELECT service FROM slo_status_facts)
    ),
    -- Joined by equal keys, not ASOF: only through such does the engine carry a
    -- choice of services (WHERE service IN …) to where deployments are read. These
    -- have a row for each version and commit and one for each day, which lists
    -- what went live on it after what was.
    named AS (
        SELECT service, name, arraySort(groupArray((since, deployment_id))) AS deployments
        FROM (SELECT service, since, deployment_id, arrayJoin(arrayDistinct(arrayFilter(n -> n != '', [release, sha]))) AS name FROM deployed)
        GROUP BY service, name
    ),
    live AS (
        SELECT service, day, arraySort(groupArray((since, deployment_id))) AS deployments
        FROM (
            SELECT service, since, deployment_id, arrayJoin(range(intDiv(toUnixTimestamp(greatest(since, oldest)), 86400), intDiv(toUnixTimestamp(least(until, newest)), 86400) + 1)) AS day
            FROM (
                SELECT service, since, deployment_id,
                    leadInFrame(since, 1, newest) OVER (PARTITION BY service ORDER BY since ASC, deployment_id ASC ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS until
                FROM deployed))
        GROUP BY service, day
    ),
    budgets AS (SELECT objective, slo, service, team, window_from, greatest(window_from, ifNull(known_since, window_from)) AS judged_from, at, budget_minutes FROM slo_status_facts FINAL),
    minutes_of AS (
        SELECT objective, minute, release, good, total FROM sli_minute_facts FINAL WHERE minute >= oldest
        UNION ALL
        SELECT o.objective, r.minute, '' AS release, r.good, r.total
        FROM (SELECT slo, minute, good, total FROM sli_report_facts FINAL) AS r
        INNER JOIN (SELECT objective, arrayJoin(arrayDistinct([toString(objective), toString(slo)])) AS name FROM slo_objective_facts FINAL WHERE reported) AS o
            ON r.slo = o.name
    ),
    -- Few minutes are bad: these alone are looked at one by one.
    counted AS (
        SELECT m.objective AS objective, b.service AS service, sum(m.total) AS total, groupArrayIf((m.minute, m.release, m.total - m.good), m.total > m.good) AS listed
        FROM minutes_of AS m INNER JOIN budgets AS b ON m.objective = b.objective
        WHERE m.minute >= b.window_from AND m.minute < b.at
        GROUP BY service, objective
    ),
    bad_minutes AS (
        SELECT service, objective, total, m.1 AS minute, intDiv(toUnixTimestamp(m.1), 86400) AS day, m.2 AS release, m.3 AS bad
        FROM counted ARRAY JOIN listed AS m
    ),
    charged AS (
        SELECT c.service AS service, c.objective AS objective, c.total AS total, c.bad AS bad,
            arrayLast(d -> d.1 <= c.minute, n.deployments).2 AS named_id,
            arrayFirst(d -> d.1 >= c.minute AND d.1 <= c.minute + 86400, n.deployments).2 AS rollout_id,
            multiIf(named_id != '', named_id, rollout_id != '', rollout_id, arrayLast(d -> d.1 <= c.minute, l.deployments).2) AS deployment_id,
            if(named_id != '' OR rollout_id != '', c.bad, 0) AS by_version
        FROM bad_minutes AS c
        LEFT JOIN named AS n ON c.service = n.service AND c.release = n.name
        LEFT JOIN live AS l ON c.service = l.service AND c.day = l.day
    ),
    spent AS (
        SELECT g.service AS service, g.objective AS objective, g.deployment_id AS deployment_id, any(g.total) AS total, sum(g.bad) AS bad, sum(g.by_version) AS by_version
        FROM charged AS g
        GROUP BY service, objective, deployment_id
    )
SELECT s.objective AS objective, b.slo AS slo, s.service AS service, b.team AS team, s.deployment_id AS deployment_id,
    d.release AS version, d.sha AS sha, if(d.deployment_id = '', NULL, d.finished_at) AS finished_at, d.url AS url, s.bad AS bad,
    s.bad / s.total * (toUnixTimestamp(b.at) - toUnixTimestamp(b.judged_from)) / 60 AS minutes,
    minutes / b.budget_minutes AS share, s.by_version AS by_version,
    row_number() OVER (PARTITION BY s.service, s.objective ORDER BY s.bad DESC, s.deployment_id ASC) AS place
FROM spent AS s
INNER JOIN budgets AS b ON s.objective = b.objective
LEFT JOIN deployed AS d ON s.service = d.service AND s.deployment_id = d.deployment_id
