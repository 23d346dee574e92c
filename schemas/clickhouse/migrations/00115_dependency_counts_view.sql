CREATE OR REPLACE VIEW dependency_counts {{on_cluster}} (
    caller     LowCardinality(String) COMMENT 'the service that calls',
    callee     LowCardinality(String) COMMENT 'the service that is called',
    minute     DateTime('UTC') COMMENT 'the minute in which the calls ended',
    partition  UInt16 COMMENT 'the partition of the span stream that counted them',
    calls      UInt64 COMMENT 'calls counted',
    errors     UInt64 COMMENT 'of these, failed ones',
    latency_ns     Array(Int64) COMMENT 'latency of the histogram''s buckets, nanoseconds: quantileExactWeightedArray(0.99)(latency_ns, latency_counts) is within 2 %',
    latency_counts Array(UInt64) COMMENT 'calls in each bucket of latency_ns'
) AS
WITH (i) -> bitShiftLeft(toInt64(i) - 32 * greatest(intDiv(i, 32) - 1, 0), greatest(intDiv(i, 32) - 1, 0))
        + intDiv(bitShiftLeft(toInt64(1), greatest(intDiv(i, 32) - 1, 0)), 2) AS ns
SELECT caller, callee, minute, partition, calls, errors,
    arrayMap(i -> ns(i), latency_buckets) AS latency_ns, latency_counts
FROM dependency_facts FINAL
