-- Events that were stored before there was a feed. Running it twice, or beside
-- the feed, leaves the same rows.
INSERT INTO arrival_log (known_at, identity, source, type, time, precedence)
SELECT known_at, cityHash64(service, source, id), source, type, time, precedence
FROM event_log
