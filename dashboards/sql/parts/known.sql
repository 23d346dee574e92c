    -- The events first known in the range, each once. Those that were sent again are few: looked for by half of the hash, which
    -- finds some too many, and then by the whole. Where the range holds a whole history just imported, it is quicker to read all.
    (SELECT count() FROM event_arrivals WHERE $__timeFilter(known_at)) > 1000000 AS imported,
    repeated AS (
        SELECT identity, max(precedence) AS winner
        FROM event_arrivals
        WHERE NOT imported AND known_at <= $__toTime AND toUInt32(identity) IN (SELECT toUInt32(identity) FROM event_arrivals WHERE NOT imported AND $__timeFilter(known_at))
        GROUP BY identity
        HAVING count() > 1
    ),
    known AS (
        SELECT type, source, time, known_at
        FROM event_arrivals ANY LEFT JOIN repeated USING (identity)
        WHERE NOT imported AND $__timeFilter(known_at) AND {{template "source.sql"}} AND (winner = 0 OR winner = precedence)
        LIMIT 1 BY identity
        UNION ALL
        SELECT type, source, time, known_at
        FROM events
        WHERE imported AND $__timeFilter(known_at) AND {{template "source.sql"}}
    )
