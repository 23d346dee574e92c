    -- What arrives: deliveries of webhooks, and requests with events to the API of those who send no webhooks; a request's events
    -- have one moment. Neither what the product tells itself nor imported history, which is old, has a rhythm.
    arrivals AS (
        SELECT source::String AS source, 'webhook' AS way, received_at
        FROM deliveries
        WHERE {{.}}(received_at)
        UNION ALL
        SELECT DISTINCT source::String AS source, 'events' AS way, known_at AS received_at
        FROM event_arrivals
        WHERE {{.}}(known_at) AND known_at < time + INTERVAL 1 DAY AND splitByChar('/', source::String)[1] != 'fivekeys'
            AND splitByChar('/', source::String)[1] NOT IN (SELECT source::String FROM deliveries WHERE {{.}}(received_at))
    )
