-- The same of the statuses that are kept.
ALTER TABLE slo_status_history_facts {{on_cluster}}
    ADD COLUMN IF NOT EXISTS known_since Nullable(DateTime('UTC')) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS restored_at Nullable(DateTime('UTC')) CODEC(ZSTD(1))
