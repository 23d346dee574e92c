SELECT $__timeInterval(at) AS time, process::String AS process, max(value) AS memory
FROM pipeline_health
WHERE metric = 'process_resident_memory_bytes' AND $__timeFilter(at)
GROUP BY time, process
ORDER BY time, process
