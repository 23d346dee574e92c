SELECT start AS time, service, name::String AS operation, duration_ns, if(status = 'error', 'error', 'ok') AS state, version::String AS version, trace_id::String AS trace
FROM spans
WHERE $__timeFilter(start) AND kind IN ('server', 'consumer') AND {{template "traced.sql"}}
    AND $__conditionalAll(name IN (${operation:singlequote}), $operation)
ORDER BY duration_ns DESC, trace_id, span_id
LIMIT 1 BY trace_id
LIMIT 50
