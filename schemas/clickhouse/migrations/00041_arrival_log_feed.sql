-- Every insert into event_log passes here, repetitions too.
CREATE MATERIALIZED VIEW IF NOT EXISTS arrival_log_feed {{on_cluster}} TO arrival_log AS
SELECT known_at, cityHash64(service, source, id) AS identity, source, type, time, precedence
FROM event_log
