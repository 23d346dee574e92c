-- When an objective's budget was exhausted and when it was restored.
CREATE TABLE IF NOT EXISTS budget_event_facts {{on_cluster}} (
    objective LowCardinality(String),
    at        DateTime('UTC') CODEC(Delta, ZSTD(1)),
    state     LowCardinality(String),
    id        String CODEC(ZSTD(1)),
    slo       LowCardinality(String),
    service   LowCardinality(String),
    team      LowCardinality(String),
    remaining Float64,
    summary   String CODEC(ZSTD(1))
) ENGINE = {{engine "ReplacingMergeTree"}}
ORDER BY (objective, at, state)
{{settings}}
