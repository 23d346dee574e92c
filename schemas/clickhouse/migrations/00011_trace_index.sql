-- When a trace happened: looking for it in span_log takes that part of it alone.
CREATE TABLE IF NOT EXISTS trace_index {{on_cluster}} (
    trace_id FixedString(32) CODEC(ZSTD(1)),
    day      Date CODEC(Delta, ZSTD(1)),
    first    SimpleAggregateFunction(min, DateTime64(9, 'UTC')) CODEC(Delta, ZSTD(1)),
    last     SimpleAggregateFunction(max, DateTime64(9, 'UTC')) CODEC(Delta, ZSTD(1))
) ENGINE = {{engine "AggregatingMergeTree"}}
PARTITION BY day
ORDER BY trace_id
TTL toDateTime(day) + toIntervalSecond(691200)
SETTINGS ttl_only_drop_parts = 1
