-- How far each partition of the span stream is counted, and from where a reader
-- that starts anew has to read for what it must remember (duplicates, open traces).
CREATE TABLE IF NOT EXISTS span_positions {{on_cluster}} (
    partition   UInt16,
    sequence    UInt64,
    replay_from UInt64,
    written_at  DateTime64(3, 'UTC') DEFAULT now64(3)
) ENGINE = {{engine "ReplacingMergeTree" "sequence"}}
ORDER BY partition
{{settings}}
