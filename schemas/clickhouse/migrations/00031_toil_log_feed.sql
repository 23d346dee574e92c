-- Every insert into event_log passes here, repetitions too: they meet their
-- like in toil_log, by identity and precedence.
CREATE MATERIALIZED VIEW IF NOT EXISTS toil_log_feed {{on_cluster}} TO toil_log AS
SELECT source, id, time, known_at, data, precedence
FROM event_log WHERE type = 'fivekeys.toil.v1'
