CREATE OR REPLACE VIEW deployments {{on_cluster}} (
    service        LowCardinality(String) COMMENT 'the service deployed',
    team           LowCardinality(String) COMMENT 'its team, by the catalogue',
    environment    LowCardinality(String) COMMENT 'where to',
    production     Bool COMMENT 'whether the environment is production; only such deployments count for DORA',
    deployment_id  String COMMENT 'the source''s id; unique within the service',
    sha            String COMMENT 'the commit deployed',
    version        String COMMENT 'the version deployed, where the source names one',
    status         LowCardinality(String) COMMENT 'started, succeeded, failed or cancelled',
    started_at     Nullable(DateTime64(3, 'UTC')) COMMENT 'when it started',
    finished_at    Nullable(DateTime64(3, 'UTC')) COMMENT 'time of the first success, or of the end of one that never succeeded',
    changes        UInt32 COMMENT 'changes in it that no earlier deployment to the same environment contained',
    baseline       Bool COMMENT 'the first deployment seen in its environment; its changes have no lead time',
    unresolved     Bool COMMENT 'its commit is on no branch we know, so its contents are unknown',
    redeploy       Bool COMMENT 'its commit had been live in this environment before',
    rollback       Bool COMMENT 'it went back to an earlier commit',
    rework         Bool COMMENT 'unplanned: a rollback, a revert, a hotfix or the fix of an incident',
    rework_reason  LowCardinality(String) COMMENT 'rollback, revert, hotfix, or explicit for a fix that names an incident',
    failed         Bool COMMENT 'it broke production; failures tells why',
    failure_method LowCardinality(String) COMMENT 'strongest attribution: explicit, rollback, revert, hotfix, window, burn',
    recovered_at   Nullable(DateTime64(3, 'UTC')) COMMENT 'earliest of: incident resolved, rollback finished, fix finished; null while not recovered',
    url            String COMMENT 'the source''s page',
    actor          LowCardinality(String) COMMENT 'who or what deployed',
    known_at       DateTime64(3, 'UTC') COMMENT 'when we learnt of its final status'
) AS SELECT service, team, environment, production, deployment_id, sha, release AS version, status, started_at, finished_at,
    changes, baseline, unresolved, redeploy, rollback, rework, rework_reason, failed, failure_method, recovered_at, url, actor, known_at
FROM deployment_facts FINAL
-- A condition on the service is decided before the other columns are read.
SETTINGS optimize_move_to_prewhere_if_final = 1
