CREATE OR REPLACE VIEW incidents {{on_cluster}} (
    service             LowCardinality(String) COMMENT 'the service that suffered',
    team                LowCardinality(String) COMMENT 'its team, by the catalogue',
    incident_id         String COMMENT 'the source''s own id',
    source              LowCardinality(String) COMMENT 'who told of it',
    severity            LowCardinality(String) COMMENT 'as the source says it',
    title               String COMMENT 'title',
    environment         LowCardinality(String) COMMENT 'where it happened, where the source says so',
    production          Bool COMMENT 'whether it counts for DORA: in production, or nothing else said',
    opened_at           DateTime64(3, 'UTC') COMMENT 'opened',
    acknowledged_at     Nullable(DateTime64(3, 'UTC')) COMMENT 'first acknowledged',
    resolved_at         Nullable(DateTime64(3, 'UTC')) COMMENT 'resolved for good; null while open, also after a reopening',
    restore_seconds     Nullable(Float64) COMMENT 'resolved_at - opened_at, seconds',
    acknowledge_seconds Nullable(Float64) COMMENT 'acknowledged_at - opened_at, seconds',
    deployment_id       String COMMENT 'the deployment it is attributed to; empty if none',
    method              LowCardinality(String) COMMENT 'how: explicit, rollback, revert, hotfix, window or unattributed',
    url                 String COMMENT 'the source''s page',
    known_at            DateTime64(3, 'UTC') COMMENT 'when we learnt of its last status'
) AS SELECT service, team, incident_id, source, severity, title, environment, production, opened_at, acknowledged_at, resolved_at,
    restore AS restore_seconds, acknowledge AS acknowledge_seconds, deployment_id, method, url, known_at
FROM incident_facts FINAL
