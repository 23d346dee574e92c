SELECT start AS time, service, name::String AS operation, duration_ns, status_message::String AS message, version::String AS version, trace_id::String AS trace
FROM spans
WHERE $__timeFilter(start) AND status = 'error' AND {{template "traced.sql"}}
    AND $__conditionalAll(name IN (${operation:singlequote}), $operation)
ORDER BY start DESC, trace_id, span_id
LIMIT 1 BY trace_id
LIMIT 50
