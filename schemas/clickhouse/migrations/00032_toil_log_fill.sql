-- Toil that was accepted before there was a feed. Running it twice, or beside
-- the feed, leaves the same rows.
INSERT INTO toil_log (source, id, time, known_at, data, precedence)
SELECT source, id, time, known_at, data, precedence
FROM event_log WHERE type = 'fivekeys.toil.v1'
