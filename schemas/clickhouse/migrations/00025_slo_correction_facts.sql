-- Corrections, the last event of each by time: version is the event's time in
-- milliseconds followed by a part of its precedence, so that it is a function
-- of the set of events.
CREATE TABLE IF NOT EXISTS slo_correction_facts {{on_cluster}} (
    correction_id String CODEC(ZSTD(1)),
    time          DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    data          String CODEC(ZSTD(1)),
    version       UInt64 CODEC(ZSTD(1)),
    written_at    DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta, ZSTD(1))
) ENGINE = {{engine "ReplacingMergeTree" "version"}}
ORDER BY correction_id
{{settings}}
