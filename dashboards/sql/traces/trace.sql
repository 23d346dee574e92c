-- Digits are filled up to 32, as Zipkin's short ids are, but not by leftPad: with it the index of traces is not used. A trace may
-- begin before the range.
WITH
    lower(trim(${trace:singlequote})) AS typed
SELECT traceID, spanID, parentSpanID, serviceName, operationName, startTime, duration, tags, serviceTags, kind, statusCode, statusMessage
FROM (
    SELECT trace_id::String AS traceID, span_id AS spanID, parent_span_id AS parentSpanID, service::String AS serviceName, name::String AS operationName,
        toUnixTimestamp64Nano(start) / 1e6 AS startTime, duration_ns / 1e6 AS duration,
        arrayConcat(arrayMap(k -> map('key', k, 'value', attributes[k]), mapKeys(attributes)), if(status_message = '', [], [map('key', 'status message', 'value', toString(status_message))]),
            if(events = '', [], [map('key', 'events', 'value', events)])) AS tags,
        arrayMap(k -> map('key', k, 'value', resource_attributes[k]), mapKeys(resource_attributes)) AS serviceTags,
        kind, multiIf(status = 'error', 2, status = 'ok', 1, 0) AS statusCode, status_message::String AS statusMessage, false AS nothing
    FROM spans
    WHERE trace_id = right(concat(repeat('0', 32), lower(trim(${trace:singlequote}))), 32) AND start >= $__fromTime - 86400 AND start <= $__toTime + 86400
    UNION ALL
    -- Grafana has no words for a trace without spans: one span says them.
    SELECT 'none', 'none', '', 'no trace', if(typed = '', 'choose a trace above, or paste its id at the top', 'no span of this trace is stored around this range'),
        toUnixTimestamp(least(now('UTC'), toDateTime($__toTime, 'UTC'))) * 1000., 0., [], [], 'internal', 0, '', true
)
QUALIFY NOT nothing OR count() OVER () = 1
ORDER BY startTime, spanID
LIMIT 5000
