SELECT trace_id::String AS trace, duration_ns, service, name::String AS operation, if(status = 'error', 'error', 'ok') AS state, {{template "brief.sql" "version"}} AS version
FROM spans
WHERE $__timeFilter(start) AND kind IN ('server', 'consumer') AND {{template "traced.sql"}}
    AND $__conditionalAll(name IN (${operation:singlequote}), $operation)
ORDER BY duration_ns DESC, trace_id, span_id
LIMIT 1 BY trace_id
LIMIT 50
