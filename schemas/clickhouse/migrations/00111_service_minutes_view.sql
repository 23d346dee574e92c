CREATE OR REPLACE VIEW service_minutes {{on_cluster}} (
    service    LowCardinality(String) COMMENT 'the service',
    operation  LowCardinality(String) COMMENT 'the operation: name of its server or consumer spans',
    kind       LowCardinality(String) COMMENT 'server or consumer',
    minute     DateTime('UTC') COMMENT 'the minute in which the spans ended',
    requests   UInt64 COMMENT 'spans counted',
    errors     UInt64 COMMENT 'of these, failed ones',
    p50_ms     Float64 COMMENT 'median latency, milliseconds; within 2 %',
    p90_ms     Float64 COMMENT '90 % were at most as slow, milliseconds; within 2 %',
    p95_ms     Float64 COMMENT '95 % were at most as slow, milliseconds; within 2 %',
    p99_ms     Float64 COMMENT '99 % were at most as slow, milliseconds; within 2 %',
    latency_ns     Array(Int64) COMMENT 'latency of the histogram''s buckets, nanoseconds: to combine minutes and operations, use quantileExactWeightedArray(0.99)(latency_ns, latency_counts)',
    latency_counts Array(UInt64) COMMENT 'requests in each bucket of latency_ns'
) AS SELECT service, operation, kind, minute, requests, errors,
    quantiles[1] / 1e6 AS p50_ms, quantiles[2] / 1e6 AS p90_ms, quantiles[3] / 1e6 AS p95_ms, quantiles[4] / 1e6 AS p99_ms,
    latency_ns, latency_counts
FROM (
    SELECT service, operation, kind, minute, sum(f.requests) AS requests, sum(f.errors) AS errors,
        quantilesExactWeightedArray(0.5, 0.9, 0.95, 0.99)(ns, f.latency_counts) AS quantiles,
        sumMap(ns, f.latency_counts) AS buckets, buckets.1 AS latency_ns, buckets.2 AS latency_counts
    FROM (
        SELECT *, arrayMap(i -> bitShiftLeft(toInt64(i) - 32 * greatest(intDiv(i, 32) - 1, 0), greatest(intDiv(i, 32) - 1, 0))
            + intDiv(bitShiftLeft(toInt64(1), greatest(intDiv(i, 32) - 1, 0)), 2), latency_buckets) AS ns
        FROM service_minute_facts FINAL
    ) AS f
    GROUP BY service, operation, kind, minute
)
