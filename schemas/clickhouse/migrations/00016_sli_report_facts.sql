-- Counts that senders report themselves (fivekeys.sli.v1), one row an event.
CREATE TABLE IF NOT EXISTS sli_report_facts {{on_cluster}} (
    slo        LowCardinality(String),
    minute     DateTime('UTC') CODEC(Delta, ZSTD(1)),
    source     LowCardinality(String),
    id         String CODEC(ZSTD(1)),
    good       UInt64 CODEC(T64, ZSTD(1)),
    total      UInt64 CODEC(T64, ZSTD(1)),
    precedence UInt64 CODEC(ZSTD(1)),
    written_at DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta, ZSTD(1)),
    INDEX written written_at TYPE minmax GRANULARITY 1
) ENGINE = {{engine "ReplacingMergeTree" "precedence"}}
ORDER BY (slo, source, id)
{{settings}}
