-- Toil that a service's deployments and incidents suggest, folded with them and
-- written by the same rules: among two million deployments the view would have to
-- look for it each time somebody asks. subject is the deployment or the incident,
-- evidence are ids joined by NUL.
CREATE TABLE IF NOT EXISTS inferred_toil_facts {{on_cluster}} (
    service  LowCardinality(String),
    team     LowCardinality(String),
    kind     LowCardinality(String),
    subject  String CODEC(ZSTD(1)),
    at       DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    title    String CODEC(ZSTD(1)),
    url      String CODEC(ZSTD(1)),
    why      String CODEC(ZSTD(1)),
    evidence String CODEC(ZSTD(1)),
    known_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    version UInt64 CODEC(ZSTD(1)),
    deleted UInt8,
    digest  UInt64 CODEC(NONE)
) ENGINE = {{engine "ReplacingMergeTree" "version, deleted"}}
ORDER BY (service, kind, subject)
{{settings}}
