CREATE OR REPLACE VIEW deliveries {{on_cluster}} (
    source      LowCardinality(String) COMMENT 'the source that sent it, e.g. github',
    delivery_id String COMMENT 'the source''s own id of the delivery (GitHub: X-GitHub-Delivery)',
    kind        LowCardinality(String) COMMENT 'the source''s name for the payload (GitHub: X-GitHub-Event)',
    received_at DateTime64(3, 'UTC') COMMENT 'when the gateway accepted it',
    headers     Map(LowCardinality(String), String) COMMENT 'request headers worth keeping; never a secret'
) AS SELECT source, delivery_id, kind, received_at, headers FROM delivery_log FINAL
