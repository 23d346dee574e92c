-- What an objective counted in each minute of an hour, all partitions and
-- versions together, packed by the evaluation so that its next start reads a
-- row an hour: 60 pairs of variable-length integers, bad and total. Minutes are
-- sli_minute_facts and sli_report_facts; this is a copy.
CREATE TABLE IF NOT EXISTS slo_hour_facts {{on_cluster}} (
    objective  LowCardinality(String),
    hour       DateTime('UTC') CODEC(Delta, ZSTD(1)),
    minutes    String CODEC(ZSTD(1)),
    written_at DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta, ZSTD(1))
) ENGINE = {{engine "ReplacingMergeTree" "written_at"}}
ORDER BY (objective, hour)
{{settings}}
