CREATE OR REPLACE VIEW failures {{on_cluster}} (
    service          LowCardinality(String) COMMENT 'the service',
    team             LowCardinality(String) COMMENT 'its team, by the catalogue',
    deployment_id    String COMMENT 'the production deployment that failed',
    incident_id      String COMMENT 'the incident it caused, of method burn the alert; empty where none told of it',
    fix_id           String COMMENT 'the deployment that rolled back, reverted or fixed it; empty if none',
    method           LowCardinality(String) COMMENT 'how the cause was found: explicit, rollback, revert, hotfix, window, burn',
    failed_at        DateTime64(3, 'UTC') COMMENT 'when the failed deployment finished',
    recovered_at     Nullable(DateTime64(3, 'UTC')) COMMENT 'when service was restored; null while it is not',
    recovery_seconds Nullable(Float64) COMMENT 'recovered_at - failed_at, seconds'
) AS SELECT service, team, deployment_id, incident_id, fix_id, method, failed_at, recovered_at, recovery AS recovery_seconds
FROM failure_facts FINAL
