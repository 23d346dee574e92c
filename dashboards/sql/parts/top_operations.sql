(service, operation) IN (
        SELECT service, operation
        FROM service_counts
        WHERE $__timeFilter(minute) AND {{template "traced.sql"}} AND {{template "operation.sql"}}
        GROUP BY service, operation
        ORDER BY sum(requests) DESC, service, operation
        LIMIT 10
    )
