CREATE OR REPLACE VIEW events {{on_cluster}} (
    service  LowCardinality(String) COMMENT 'the service the event is about; empty for events of a team',
    source   LowCardinality(String) COMMENT 'who said so, e.g. github/acme/shop or api; source and id are the identity',
    id       String COMMENT 'unique within source; the same source and id is one event however often it was sent',
    type     LowCardinality(String) COMMENT 'the CloudEvents type, e.g. fivekeys.deployment.v1',
    time     DateTime64(3, 'UTC') COMMENT 'when it happened',
    known_at DateTime64(3, 'UTC') COMMENT 'when we first learnt of it',
    data     String COMMENT 'the payload as JSON, unknown fields included'
) AS SELECT service, source, id, type, time, known_at, data FROM event_log FINAL
