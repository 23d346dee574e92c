SELECT trace_id::String AS trace, service, name::String AS operation, status_message::String AS message, duration_ns, {{template "brief.sql" "version"}} AS version, start AS time
FROM spans
WHERE $__timeFilter(start) AND status = 'error' AND {{template "traced.sql"}}
    AND $__conditionalAll(name IN (${operation:singlequote}), $operation)
ORDER BY start DESC, trace_id, span_id
LIMIT 1 BY trace_id
LIMIT 50
