CREATE OR REPLACE VIEW freeze_deployments {{on_cluster}} (
    service       LowCardinality(String) COMMENT 'the service deployed while a budget of it was spent',
    team          LowCardinality(String) COMMENT 'its team, by the catalogue',
    objective     LowCardinality(String) COMMENT 'the objective whose budget it was; a deployment has a row for each',
    exhausted_at  DateTime('UTC') COMMENT 'when the budget was spent',
    restored_at   Nullable(DateTime('UTC')) COMMENT 'when there was budget again; null while there is not',
    deployment_id String COMMENT 'the production deployment',
    version       String COMMENT 'its version',
    sha           String COMMENT 'its commit',
    actor         LowCardinality(String) COMMENT 'who or what deployed',
    finished_at   Nullable(DateTime64(3, 'UTC')) COMMENT 'when it was live, within the two above',
    rework        Bool COMMENT 'a rollback, revert, hotfix or fix: what a freeze is meant to let pass',
    url           String COMMENT 'its page'
) AS SELECT d.service AS service, d.team AS team, f.objective AS objective, f.exhausted_at AS exhausted_at, f.restored_at AS restored_at,
    d.deployment_id AS deployment_id, d.release AS version, d.sha AS sha, d.actor AS actor, d.finished_at AS finished_at,
    d.rework AS rework, d.url AS url
FROM (
    SELECT * FROM deployment_facts FINAL
    WHERE production AND status = 'succeeded' AND finished_at IS NOT NULL
        -- Of the services that had a budget spent: the others are not even read.
        AND service IN (SELECT service FROM budget_event_facts WHERE state = 'exhausted')
) AS d
INNER JOIN (
    SELECT objective, service, at AS exhausted_at, restored_at FROM (
        SELECT objective, service, at, state,
            leadInFrame(toNullable(at)) OVER (PARTITION BY objective ORDER BY at ASC, state ASC ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS restored_at
        FROM budget_event_facts FINAL)
    WHERE state = 'exhausted'
) AS f ON d.service = f.service
WHERE d.finished_at >= f.exhausted_at AND (f.restored_at IS NULL OR d.finished_at < f.restored_at)
