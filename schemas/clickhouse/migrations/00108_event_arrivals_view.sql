CREATE OR REPLACE VIEW event_arrivals {{on_cluster}} (
    identity   UInt64 COMMENT 'a hash of the event''s service, source and id',
    source     LowCardinality(String) COMMENT 'who said so, e.g. github/acme/shop or api',
    type       LowCardinality(String) COMMENT 'the CloudEvents type, e.g. fivekeys.deployment.v1',
    time       DateTime64(3, 'UTC') COMMENT 'when it happened',
    known_at   DateTime64(3, 'UTC') COMMENT 'when we learnt of it; quick to choose by, which events is not',
    precedence UInt64 COMMENT 'an event that was sent again may be here again: a row with the largest is the one in events'
) AS SELECT identity, source, type, time, known_at, precedence
-- Without FINAL, which costs more than choosing among the few that came again.
FROM arrival_log
