-- Batch size needs the deployments whose contents are known, and their changes.
ALTER TABLE daily_facts {{on_cluster}}
    ADD COLUMN IF NOT EXISTS batches UInt32 CODEC(T64, ZSTD(1)) AFTER open_incidents,
    ADD COLUMN IF NOT EXISTS batch_changes UInt32 CODEC(T64, ZSTD(1)) AFTER batches
