-- One row per service and day with the exact lists of durations. Ordered by day
-- first: a report reads the range of its days and nothing else. Granules are
-- small, so that of a day a single service's report reads little of the others;
-- the lists are what every report unpacks, and LZ4 is three times as quick there
-- for a third more disk.
CREATE TABLE IF NOT EXISTS daily_facts {{on_cluster}} (
    day            Date CODEC(Delta, ZSTD(1)),
    service        LowCardinality(String),
    team           LowCardinality(String),
    deployments    UInt32 CODEC(T64, ZSTD(1)),
    failed         UInt32 CODEC(T64, ZSTD(1)),
    rework         UInt32 CODEC(T64, ZSTD(1)),
    rollbacks      UInt32 CODEC(T64, ZSTD(1)),
    unrecovered    UInt32 CODEC(T64, ZSTD(1)),
    unresolved     UInt32 CODEC(T64, ZSTD(1)),
    changes        UInt32 CODEC(T64, ZSTD(1)),
    excluded       UInt32 CODEC(T64, ZSTD(1)),
    incidents      UInt32 CODEC(T64, ZSTD(1)),
    unattributed   UInt32 CODEC(T64, ZSTD(1)),
    open_incidents UInt32 CODEC(T64, ZSTD(1)),
    lead_times     Array(Float64) CODEC(LZ4),
    coding         Array(Float64) CODEC(LZ4),
    pickup         Array(Float64) CODEC(LZ4),
    review         Array(Float64) CODEC(LZ4),
    deploy         Array(Float64) CODEC(LZ4),
    recoveries     Array(Float64) CODEC(LZ4),
    restores       Array(Float64) CODEC(LZ4),
    acknowledges   Array(Float64) CODEC(LZ4),
    version UInt64 CODEC(ZSTD(1)),
    deleted UInt8,
    digest  UInt64 CODEC(NONE)
) ENGINE = {{engine "ReplacingMergeTree" "version, deleted"}}
ORDER BY (day, service)
{{settings}}, index_granularity = 1024
