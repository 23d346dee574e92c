-- Since when an objective is known, and when its spent budget has something left again.
ALTER TABLE slo_status_facts {{on_cluster}}
    ADD COLUMN IF NOT EXISTS known_since Nullable(DateTime('UTC')) CODEC(ZSTD(1)) AFTER method_remaining,
    ADD COLUMN IF NOT EXISTS restored_at Nullable(DateTime('UTC')) CODEC(ZSTD(1)) AFTER known_since
