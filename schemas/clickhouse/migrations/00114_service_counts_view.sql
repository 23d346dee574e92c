CREATE OR REPLACE VIEW service_counts {{on_cluster}} (
    service    LowCardinality(String) COMMENT 'the service',
    operation  LowCardinality(String) COMMENT 'the operation: name of its server or consumer spans',
    kind       LowCardinality(String) COMMENT 'server or consumer',
    minute     DateTime('UTC') COMMENT 'the minute in which the spans ended',
    partition  UInt16 COMMENT 'the partition of the span stream that counted them',
    requests   UInt64 COMMENT 'spans counted',
    errors     UInt64 COMMENT 'of these, failed ones',
    latency_ns     Array(Int64) COMMENT 'latency of the histogram''s buckets, nanoseconds: quantileExactWeightedArray(0.99)(latency_ns, latency_counts) is within 2 %',
    latency_counts Array(UInt64) COMMENT 'requests in each bucket of latency_ns'
) AS
-- Nothing is grouped here: who sums up hours of all services, as the dashboards do,
-- has one GROUP BY instead of two, and no histogram is put together that is taken
-- apart again.
WITH (i) -> bitShiftLeft(toInt64(i) - 32 * greatest(intDiv(i, 32) - 1, 0), greatest(intDiv(i, 32) - 1, 0))
        + intDiv(bitShiftLeft(toInt64(1), greatest(intDiv(i, 32) - 1, 0)), 2) AS ns
SELECT service, operation, kind, minute, partition, requests, errors,
    arrayMap(i -> ns(i), latency_buckets) AS latency_ns, latency_counts
FROM service_minute_facts FINAL
