CREATE OR REPLACE VIEW service_dependencies {{on_cluster}} (
    caller     LowCardinality(String) COMMENT 'the service that calls',
    callee     LowCardinality(String) COMMENT 'the service that is called',
    minute     DateTime('UTC') COMMENT 'the minute in which the calls ended',
    calls      UInt64 COMMENT 'calls counted',
    errors     UInt64 COMMENT 'of these, failed ones',
    p50_ms     Float64 COMMENT 'median latency, milliseconds; within 2 %',
    p90_ms     Float64 COMMENT '90 % were at most as slow, milliseconds; within 2 %',
    p95_ms     Float64 COMMENT '95 % were at most as slow, milliseconds; within 2 %',
    p99_ms     Float64 COMMENT '99 % were at most as slow, milliseconds; within 2 %',
    latency_ns     Array(Int64) COMMENT 'latency of the histogram''s buckets, nanoseconds: to combine minutes, use quantileExactWeightedArray(0.99)(latency_ns, latency_counts)',
    latency_counts Array(UInt64) COMMENT 'calls in each bucket of latency_ns'
) AS
WITH (i) -> bitShiftLeft(toInt64(i) - 32 * greatest(intDiv(i, 32) - 1, 0), greatest(intDiv(i, 32) - 1, 0))
        + intDiv(bitShiftLeft(toInt64(1), greatest(intDiv(i, 32) - 1, 0)), 2) AS ns
SELECT caller, callee, minute, calls, errors,
    ns(quantiles[1]) / 1e6 AS p50_ms, ns(quantiles[2]) / 1e6 AS p90_ms, ns(quantiles[3]) / 1e6 AS p95_ms, ns(quantiles[4]) / 1e6 AS p99_ms,
    arrayMap(i -> ns(i), histogram.1) AS latency_ns, histogram.2 AS latency_counts
FROM (
    SELECT caller, callee, minute, sum(f.calls) AS calls, sum(f.errors) AS errors,
        quantilesExactWeightedArray(0.5, 0.9, 0.95, 0.99)(f.latency_buckets, f.latency_counts) AS quantiles,
        groupArrayArray(f.latency_buckets) AS buckets, groupArrayArray(f.latency_counts) AS counts,
        -- Most minutes were counted by one partition; only the others' histograms are put together.
        if(count() = 1, (buckets, counts), arrayReduce('sumMap', [buckets], [counts])) AS histogram
    FROM dependency_facts AS f FINAL
    GROUP BY caller, callee, minute
)
