-- What each process of the pipeline says of itself, sampled: the same figures
-- as /metrics, so that Grafana needs no second data source to see it unwell.
CREATE TABLE IF NOT EXISTS vital_log {{on_cluster}} (
    at      DateTime('UTC') CODEC(Delta, ZSTD(1)),
    process LowCardinality(String),
    metric  LowCardinality(String),
    label   LowCardinality(String),
    value   Float64 CODEC(Gorilla, ZSTD(1))
) ENGINE = {{engine "ReplacingMergeTree"}}
ORDER BY (metric, label, process, at)
TTL at + INTERVAL 30 DAY DELETE
